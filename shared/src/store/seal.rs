//! How a secret rests: AES-256-GCM under the newest key of the ring, tied to the place where it was put.
//!
//! ```text
//! 1 byte   version of this format (1)
//! 1 byte   length n of the key's id
//! n bytes  the key's id
//! 12 bytes nonce, random
//! rest     ciphertext and 16 bytes of tag
//! ```
//!
//! Associated data are the six parts of a [`Place`], each behind its length: a ciphertext moved to another row, another
//! attribute or another environment does not open, and neither does one put back into a row that has moved on to a newer
//! generation.

use crate::types::{Country, KeyRing, SealingKey};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

const VERSION: u8 = 1;

/// Seals and opens with one ring, in one environment.
pub(super) struct Sealer<'a> {
    ring: &'a KeyRing,
    environment: &'a str,
}

/// Where a sealed value belongs: five of the six parts, the environment being the sealer's own.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The partition: the consent's id, or the name of a partition that belongs to nobody.
    pub(super) partition: &'a [u8],
    /// The owner's id; empty where there is none.
    pub(super) owner: &'a [u8],
    /// The consent's country; absent where the value belongs to none.
    pub(super) country: Option<Country>,
    /// Which secret of the row: `grant`, `signed`, `session`, `client_token`.
    pub(super) purpose: &'static str,
    /// The grant's generation or the attempt's ordinal.
    pub(super) generation: u64,
}

/// Why a sealed value did not open. It names no key and no byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sealed {
    /// Not of the format above.
    Malformed,
    /// Sealed with a key that the ring does not hold (any more).
    UnknownKey,
    /// Altered, or sealed for another place.
    Foreign,
    /// The cipher itself failed, or the ring is empty.
    Cipher,
}

/// How old a key is, seen from a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    /// The one that seals.
    Newest,
    /// One that still opens.
    Older,
    /// Not there: dropped, or newer than this ring.
    Unknown,
}

impl<'a> Sealer<'a> {
    /// A sealer of this environment.
    pub(super) const fn new(ring: &'a KeyRing, environment: &'a str) -> Self {
        Self { ring, environment }
    }

    /// Seals with the newest key. Two seals of the same value differ.
    pub(super) fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Sealed> {
        let key = self.ring.newest().ok_or(Sealed::Cipher)?;
        let id_length = u8::try_from(key.id.len()).map_err(|_| Sealed::Cipher)?;
        let mut text = plain.to_vec();
        let nonce = cipher(key)?
            .seal_in_place_append_tag(Aad::from(self.associated(place)), &mut text)
            .map_err(|_| Sealed::Cipher)?;
        let mut blob = vec![VERSION, id_length];
        blob.extend_from_slice(key.id.as_bytes());
        blob.extend_from_slice(nonce.as_ref());
        blob.append(&mut text);
        Ok(blob)
    }

    /// Opens with whichever key of the ring the value names.
    pub(super) fn open(&self, place: &Place<'_>, blob: &[u8]) -> Result<Vec<u8>, Sealed> {
        let (head, rest) = blob.split_at_checked(2).ok_or(Sealed::Malformed)?;
        let &[VERSION, id_length] = head else { return Err(Sealed::Malformed) };
        let (id, rest) = rest.split_at_checked(usize::from(id_length)).ok_or(Sealed::Malformed)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(Sealed::Malformed)?;
        let id = std::str::from_utf8(id).map_err(|_| Sealed::Malformed)?;
        let key = self.ring.find(id).ok_or(Sealed::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Sealed::Malformed)?;
        let mut text = text.to_vec();
        let plain = cipher(key)?
            .open_in_place(nonce, Aad::from(self.associated(place)), &mut text)
            .map_err(|_| Sealed::Foreign)?;
        Ok(plain.to_vec())
    }

    /// How old the key is that a value names. What names none is as unknown as a key that a newer ring may hold.
    pub(super) fn age_of(&self, blob: &[u8]) -> Age {
        let id = match blob {
            [VERSION, length, rest @ ..] => rest.get(..usize::from(*length)),
            _ => None,
        };
        let id = id.and_then(|id| std::str::from_utf8(id).ok());
        let newest = self.ring.newest().map(|key| key.id.as_str());
        match id.and_then(|id| self.ring.find(id)) {
            Some(key) if Some(key.id.as_str()) == newest => Age::Newest,
            Some(_) => Age::Older,
            None => Age::Unknown,
        }
    }

    fn associated(&self, place: &Place<'_>) -> Vec<u8> {
        let generation = place.generation.to_be_bytes();
        let parts: [&[u8]; 6] = [
            place.partition,
            place.owner,
            self.environment.as_bytes(),
            place.country.map_or("", Country::code).as_bytes(),
            place.purpose.as_bytes(),
            &generation,
        ];
        let mut associated = Vec::with_capacity(128);
        for part in parts {
            // The length in front keeps neighbouring parts from running into each other.
            associated.extend_from_slice(&(part.len() as u64).to_be_bytes());
            associated.extend_from_slice(part);
        }
        associated
    }
}

fn cipher(key: &SealingKey) -> Result<RandomizedNonceKey, Sealed> {
    RandomizedNonceKey::new(&AES_256_GCM, &key.key).map_err(|_| Sealed::Cipher)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ids: &[&str]) -> KeyRing {
        let key = |id: &&str| SealingKey { id: (*id).to_owned(), key: [id.len() as u8; 32] };
        KeyRing::new(ids.iter().map(key).collect()).unwrap()
    }

    const HERE: Place<'_> = Place {
        partition: b"consent-1",
        owner: b"owner-1",
        country: Some(Country::Se),
        purpose: "grant",
        generation: 7,
    };

    #[test]
    fn a_sealed_value_opens_where_it_was_sealed_and_does_not_show_through() {
        let ring = ring(&["k1"]);
        let sealer = Sealer::new(&ring, "live");
        let blob = sealer.seal(&HERE, b"a token of the bank").unwrap();
        assert_eq!(sealer.open(&HERE, &blob).unwrap(), b"a token of the bank");
        assert!(!blob.windows(7).any(|window| window == b"a token"));
    }

    #[test]
    fn each_of_the_six_parts_holds_it_in_its_place() {
        let ring = ring(&["k1"]);
        let blob = Sealer::new(&ring, "live").seal(&HERE, b"secret").unwrap();
        for elsewhere in [
            Place { partition: b"consent-2", ..HERE },
            Place { owner: b"owner-2", ..HERE },
            Place { country: Some(Country::Nl), ..HERE },
            Place { country: None, ..HERE },
            Place { purpose: "signed", ..HERE },
            Place { generation: 8, ..HERE },
            Place { partition: b"consent-1o", owner: b"wner-1", ..HERE },
        ] {
            assert_eq!(Sealer::new(&ring, "live").open(&elsewhere, &blob), Err(Sealed::Foreign));
        }
        assert_eq!(Sealer::new(&ring, "sandbox").open(&HERE, &blob), Err(Sealed::Foreign));
    }

    #[test]
    fn a_value_that_was_cut_or_altered_anywhere_does_not_open() {
        let ring = ring(&["k1"]);
        let sealer = Sealer::new(&ring, "live");
        let blob = sealer.seal(&HERE, b"secret").unwrap();
        for length in 0..blob.len() {
            assert!(sealer.open(&HERE, &blob[..length]).is_err(), "{length} bytes");
        }
        for at in 0..blob.len() {
            let mut altered = blob.clone();
            altered[at] ^= 1;
            assert!(sealer.open(&HERE, &altered).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_newest_key_seals_an_older_one_still_opens_and_a_dropped_one_does_not() {
        let (before, after, dropped) = (ring(&["old"]), ring(&["newer", "old"]), ring(&["newer"]));
        let blob = Sealer::new(&before, "live").seal(&HERE, b"secret").unwrap();
        assert_eq!(Sealer::new(&after, "live").open(&HERE, &blob).unwrap(), b"secret");
        assert_eq!(Sealer::new(&dropped, "live").open(&HERE, &blob), Err(Sealed::UnknownKey));
        for (ring, age) in [(&before, Age::Newest), (&after, Age::Older), (&dropped, Age::Unknown)] {
            assert_eq!(Sealer::new(ring, "live").age_of(&blob), age);
        }
        assert_eq!(Sealer::new(&before, "live").age_of(&blob[..4]), Age::Unknown);
        let fresh = Sealer::new(&after, "live").seal(&HERE, b"secret").unwrap();
        assert_eq!(Sealer::new(&dropped, "live").open(&HERE, &fresh).unwrap(), b"secret");
    }

    #[test]
    fn two_seals_of_the_same_value_differ() {
        let ring = ring(&["k1"]);
        let sealer = Sealer::new(&ring, "live");
        assert_ne!(sealer.seal(&HERE, b"secret").unwrap(), sealer.seal(&HERE, b"secret").unwrap());
    }
}
