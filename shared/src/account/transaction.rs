//! A row of an account or of a card. The bank gives rows no id (documented).

use super::Money;
use crate::types::Date;
use std::fmt;

/// Whether a row is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In the ledger.
    Booked,
    /// Expected. It comes back with another text when booked (recorded), so it is replaced, never matched.
    Pending,
}

/// One transaction, of the Accounts API or of the Card API.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Booked or pending.
    pub status: Status,
    /// Signed from `creditDebit`: what was debited is negative.
    pub amount: Money,
    /// `ledgerDate` (SE) or `bookingDate` (FI, cards). Pending rows have none, and GB rows neither.
    pub booking_date: Option<Date>,
    /// When it happened; in SE, may be missing.
    pub transaction_date: Option<Date>,
    /// GB only.
    pub value_date: Option<Date>,
    /// `remittanceInformation`, for cards `transactionDetails`.
    pub text: Option<String>,
    /// `debtorName`, else `creditorName` (FI only in recordings).
    pub counterparty: Option<String>,
    /// Running balance after this row: recent booked rows in SE only.
    pub balance_after: Option<Money>,
    /// The card that was used; card rows only.
    pub masked_pan: Option<String>,
    /// The bank's own object, byte for byte; only where it was asked for.
    pub source: Option<Box<str>>,
}

impl Transaction {
    /// The day a row belongs to in a list: booking date, else value date (GB), else transaction date (pending).
    pub fn day(&self) -> Option<Date> {
        self.booking_date.or(self.value_date).or(self.transaction_date)
    }
}

// What somebody bought, and for how much, is not for logs.
impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("status", &self.status)
            .field("day", &self.day())
            .finish_non_exhaustive()
    }
}
