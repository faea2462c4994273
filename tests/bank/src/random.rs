//! Seeded chance: the same seed gives the same ids, tokens and orders.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// A stream of numbers (`SplitMix64`): small, seeded, and its state is one number that can rest on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream that depends on a name and a number only.
    pub(crate) fn of(name: &str, number: i64) -> Self {
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let named = name.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, mix);
        let mut stream = Self::new(number.to_le_bytes().iter().fold(named, mix));
        stream.next();
        stream
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `bound`.
    pub(crate) fn below(&mut self, bound: u32) -> i64 {
        i64::try_from(self.next() % u64::from(bound.max(1))).unwrap_or(0)
    }

    /// A version 4 UUID (RFC 9562 section 5.4).
    pub(crate) fn uuid(&mut self) -> String {
        let high = (self.next() & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (self.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        let (h, l) = (format!("{high:016x}"), format!("{low:016x}"));
        let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        [part(&h, 0, 8), part(&h, 8, 12), part(&h, 12, 16), part(&l, 0, 4), part(&l, 4, 16)].join("-")
    }

    /// Base64 of `AT:` or `RT:` and a UUID: 52 characters (inferred from documented examples).
    pub(crate) fn token(&mut self, prefix: &str) -> String {
        BASE64.encode(format!("{prefix}:{}", self.uuid()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    #[test]
    fn tokens_have_52_characters_and_repeat_with_the_seed() {
        let (mut one, mut same) = (Chance::new(7), Chance::new(7));
        let token = one.token("AT");
        assert_eq!(token.len(), 52);
        assert!(token.starts_with("QVQ6"));
        assert_eq!(token, same.token("AT"));
        assert_ne!(token, one.token("AT"));
        assert_eq!(one.uuid().len(), 36);
    }
}
