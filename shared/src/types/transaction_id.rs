//! Ids of rows. The bank gives them none (documented).

use data_encoding::BASE64URL_NOPAD;
use std::fmt;

/// A row as this API names it: 16 bytes of a keyed hash behind `t1_` or `p1_`, URL-safe. The digit is the version of the
/// rule that made it (`ledger/identity.rs`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionId {
    /// `t1_`: a booked row, the same in every answer.
    Booked([u8; 16]),
    /// `p1_`: a pending row, good for one answer.
    Pending([u8; 16]),
}

/// Prefix and base64url of 16 bytes.
const LENGTH: usize = 25;

impl TransactionId {
    /// Hands its text to `then`, without an allocation: long answers are made of ids.
    pub fn with_text<T>(&self, then: impl FnOnce(&str) -> T) -> T {
        let (prefix, hash) = match self {
            Self::Booked(hash) => (b"t1_", hash),
            Self::Pending(hash) => (b"p1_", hash),
        };
        let mut text = [0; LENGTH];
        let (front, back) = text.split_at_mut(prefix.len());
        front.copy_from_slice(prefix);
        BASE64URL_NOPAD.encode_mut(hash, back);
        then(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
