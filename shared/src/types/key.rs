//! The two kinds of key from the secret. The identity key names things (it never rotates, or every id would change);
//! the sealing ring hides things (it rotates: the newest seals, older ones still open).

use super::{
    AccountId, BankAccountId, CodeVerifier, ConsentId, CorporateId, Digest, Handle, Nonce, OwnerId,
    TransactionId, id::Malformed,
};
use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE64URL_NOPAD;
use std::fmt;

/// Makes every derived name of the system with HMAC-SHA-256 over length-prefixed parts, cut to 16 bytes (the code
/// verifier is whole).
pub struct IdentityKey(hmac::Key);

impl IdentityKey {
    /// From exactly 32 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() == 32 { Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))) } else { Err(Malformed) }
    }

    /// Owner of a consent: issuer, tenant claim (empty where none is configured) and subject of the caller's token.
    pub fn owner(&self, issuer: &str, tenant: &str, subject: &str) -> OwnerId {
        OwnerId(self.derive("owner", &[issuer.as_bytes(), tenant.as_bytes(), subject.as_bytes()]))
    }

    /// Id of the consent that this owner starts with this `Idempotency-Key`.
    pub fn consent(&self, owner: &OwnerId, idempotency_key: &str) -> ConsentId {
        ConsentId(
            self.derive("consent", &[owner.as_bytes(), b"POST /v1/consents", idempotency_key.as_bytes()]),
        )
    }

    /// The secret half of `state` for one attempt: derived, so nothing secret is stored.
    pub fn nonce(&self, consent: &ConsentId, attempt: u16) -> Nonce {
        let hash = self.derive("nonce", &[consent.as_bytes(), &attempt.to_be_bytes()]);
        Nonce::new(BASE64URL_NOPAD.encode(&hash))
    }

    /// What the app trades for the grant: bound to consent, attempt and the very code.
    pub fn handle(&self, consent: &ConsentId, attempt: u16, code: &str) -> Handle {
        let hash = self.derive("handle", &[consent.as_bytes(), &attempt.to_be_bytes(), code.as_bytes()]);
        Handle::new(BASE64URL_NOPAD.encode(&hash))
    }

    /// The code verifier of one attempt (RFC 7636 section 4.1): all 32 bytes, 43 characters. Derived, so nothing rests.
    pub fn verifier(&self, consent: &ConsentId, attempt: u16) -> CodeVerifier {
        let hash = self.derive_whole("pkce", &[consent.as_bytes(), &attempt.to_be_bytes()]);
        CodeVerifier::new(BASE64URL_NOPAD.encode(&hash))
    }

    /// A keyed hash of something that must not rest itself. `purpose` keeps equal values of different kinds apart.
    pub fn digest(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        Digest(self.derive(purpose, parts))
    }

    /// What rests of a corporate id: a sole trader's is a personal number.
    pub fn corporate(&self, id: &CorporateId) -> Digest {
        self.digest("corporate", &[id.expose().as_bytes()])
    }

    /// Our id of an account: owner, its number (IBAN, else clearing and BBAN) and currency.
    pub fn account(&self, owner: &OwnerId, number: &str, currency: &str) -> AccountId {
        let hash = self.derive("account", &[owner.as_bytes(), number.as_bytes(), currency.as_bytes()]);
        AccountId::account(&hash)
    }

    /// Our id of a card account: owner, product, currency and sorted masked card numbers (`identity: derived`).
    pub fn card(&self, owner: &OwnerId, product: &str, currency: &str, masked_pans: &[&str]) -> AccountId {
        let mut parts: Vec<&[u8]> = vec![owner.as_bytes(), product.as_bytes(), currency.as_bytes()];
        let mut sorted = masked_pans.to_vec();
        sorted.sort_unstable();
        parts.extend(sorted.iter().map(|pan| pan.as_bytes()));
        AccountId::card(&self.derive("card", &parts))
    }

    /// Our id of a card account that nothing else tells apart from others: the bank's id, and so good as long as the bank's
    /// consent (`identity: bank_id`).
    pub fn bank_named_card(&self, owner: &OwnerId, bank_id: &BankAccountId) -> AccountId {
        AccountId::card(&self.derive("bank_named_card", &[owner.as_bytes(), bank_id.as_str().as_bytes()]))
    }

    /// Whether this is the same key.
    pub fn is(&self, other: &Self) -> bool {
        self.digest("identity", &[]).matches(&other.digest("identity", &[]))
    }

    /// Our id of a booked row: account (and so owner), what the row says, and its number among the rows of its day that
    /// say the same.
    pub fn transaction(&self, account: &AccountId, says: &[&[u8]], ordinal: u32) -> TransactionId {
        TransactionId::Booked(self.row("transaction", account, says, ordinal))
    }

    /// Our passing id of a pending row: of the same parts, and good for one answer.
    pub fn pending(&self, account: &AccountId, says: &[&[u8]], ordinal: u32) -> TransactionId {
        TransactionId::Pending(self.row("pending", account, says, ordinal))
    }

    fn row(&self, purpose: &str, account: &AccountId, says: &[&[u8]], ordinal: u32) -> [u8; 16] {
        let ordinal = ordinal.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![account.as_str().as_bytes(), &ordinal];
        parts.extend(says);
        self.derive(purpose, &parts)
    }

    fn derive(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut out = [0; 16];
        out.iter_mut().zip(self.derive_whole(purpose, parts)).for_each(|(to, from)| *to = from);
        out
    }

    fn derive_whole(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // Hashed in one go: sixteen small updates cost more than the hash.
        let all = || std::iter::once(purpose.as_bytes()).chain(parts.iter().copied());
        let mut text = Vec::with_capacity(all().map(|part| part.len() + size_of::<u64>()).sum());
        for part in all() {
            // The length in front keeps ("ab","c") and ("a","bc") apart.
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        let mut out = [0; 32];
        out.iter_mut().zip(hmac::sign(&self.0, &text).as_ref()).for_each(|(to, from)| *to = *from);
        out
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(redacted)")
    }
}

impl Nonce {
    /// Whether a presented nonce is this one, in constant time.
    pub fn matches(&self, presented: &Self) -> bool {
        constant_time::verify_slices_are_equal(self.expose().as_bytes(), presented.expose().as_bytes())
            .is_ok()
    }
}

impl Digest {
    /// Whether two digests are equal, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// One key of the ring: an id that stands in front of each ciphertext, and 32 bytes.
pub struct SealingKey {
    /// 1 to 16 bytes of visible ASCII.
    pub id: String,
    /// AES-256.
    pub key: [u8; 32],
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({}, redacted)", self.id)
    }
}

/// The sealing keys, newest first. Never empty.
#[derive(Debug)]
pub struct KeyRing(Vec<SealingKey>);

impl KeyRing {
    /// Newest first; at least one, ids distinct and 1 to 16 visible characters.
    pub fn new(keys: Vec<SealingKey>) -> Result<Self, Malformed> {
        let ids: std::collections::BTreeSet<_> = keys.iter().map(|key| key.id.as_str()).collect();
        let well_formed = keys.iter().all(|key| {
            (1..=16).contains(&key.id.len()) && key.id.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if keys.is_empty() || ids.len() != keys.len() || !well_formed {
            Err(Malformed)
        } else {
            Ok(Self(keys))
        }
    }

    /// The key that seals.
    pub fn newest(&self) -> Option<&SealingKey> {
        self.0.first()
    }

    /// Whether what an older ring seals opens with this one: the key that seals there is here, and no id has changed
    /// its key.
    pub fn continues(&self, older: &Self) -> bool {
        let same = |key: &SealingKey, here: &SealingKey| {
            constant_time::verify_slices_are_equal(&key.key, &here.key).is_ok()
        };
        let known = |key: &SealingKey| self.find(&key.id).map(|here| same(key, here));
        older.newest().is_some_and(|key| known(key) == Some(true))
            && older.0.iter().all(|key| known(key) != Some(false))
    }

    /// The key that a ciphertext names.
    pub fn find(&self, id: &str) -> Option<&SealingKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> IdentityKey {
        IdentityKey::new(&[1; 32]).unwrap()
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(key().owner("ab", "", "c"), key().owner("a", "b", "c"));
        assert_ne!(key().owner("ab", "", "c"), key().owner("a", "", "bc"));
    }

    #[test]
    fn another_attempt_has_another_nonce_and_another_code_another_handle() {
        let consent = ConsentId([3; 16]);
        assert!(key().nonce(&consent, 1).matches(&key().nonce(&consent, 1)));
        assert!(!key().nonce(&consent, 1).matches(&key().nonce(&consent, 2)));
        assert_ne!(key().handle(&consent, 1, "a").expose(), key().handle(&consent, 1, "b").expose());
    }

    #[test]
    fn another_attempt_has_another_verifier_and_none_of_it_is_cut() {
        let consent = ConsentId([3; 16]);
        let verifier = |attempt| key().verifier(&consent, attempt).expose().to_owned();
        assert_eq!(verifier(1), verifier(1));
        assert_ne!(verifier(1), verifier(2));
        assert_eq!(verifier(1).len(), 43);
    }

    #[test]
    fn a_card_is_the_same_in_whatever_order_its_cards_come() {
        let owner = OwnerId([9; 16]);
        assert_eq!(
            key().card(&owner, "Platinum", "SEK", &["5213********0001", "5213********0002"]),
            key().card(&owner, "Platinum", "SEK", &["5213********0002", "5213********0001"])
        );
    }

    #[test]
    fn a_ring_continues_another_if_what_that_one_seals_opens_with_it() {
        let ring = |keys: &[(&str, u8)]| {
            let key = |&(id, byte): &(&str, u8)| SealingKey { id: id.to_owned(), key: [byte; 32] };
            KeyRing::new(keys.iter().map(key).collect()).unwrap()
        };
        let older = ring(&[("k2", 2), ("k1", 1)]);
        for (newer, continues) in [
            (&[("k2", 2), ("k1", 1)][..], true),
            (&[("k3", 3), ("k2", 2), ("k1", 1)], true),
            (&[("k2", 2), ("k3", 3)], true),
            (&[("k2", 2)], true),
            (&[("k3", 3), ("k1", 1)], false),
            (&[("k2", 9), ("k1", 1)], false),
            (&[("k2", 2), ("k1", 9)], false),
        ] {
            assert_eq!(ring(newer).continues(&older), continues, "{newer:?}");
        }
    }

    #[test]
    fn a_ring_is_never_empty_and_its_ids_are_distinct() {
        let one = |id: &str| SealingKey { id: id.to_owned(), key: [0; 32] };
        assert!(KeyRing::new(vec![]).is_err());
        assert!(KeyRing::new(vec![one("k1"), one("k1")]).is_err());
        assert!(KeyRing::new(vec![one("k2"), one("k1")]).is_ok());
    }
}
