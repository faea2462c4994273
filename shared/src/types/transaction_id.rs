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

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, hash) = match self {
            Self::Booked(hash) => ("t1_", hash),
            Self::Pending(hash) => ("p1_", hash),
        };
        write!(f, "{prefix}{}", BASE64URL_NOPAD.encode(hash))
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
