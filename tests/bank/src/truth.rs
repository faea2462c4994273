//! What the bank knows and an answer may leave out, for whoever compares. No part of the bank's interface.

use crate::clock::civil_day;
use crate::customers::CUSTOMERS;
use crate::history::of_account;

/// A booked row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrueRow {
    /// The day it is booked on, `YYYY-MM-DD`.
    pub booked: String,
    /// The day it happened on.
    pub transacted: String,
    /// Minor units, negative when debited.
    pub minor: i64,
    /// Its text.
    pub text: String,
}

/// All booked rows of the account with this IBAN, oldest first; none if there is no such account.
pub(crate) fn booked(iban: &str, now_ms: i64) -> Vec<TrueRow> {
    let rows = CUSTOMERS.iter().flat_map(|customer| {
        let accounts = customer.accounts.iter().filter(|account| account.iban == iban);
        accounts.flat_map(|account| {
            let today = civil_day(now_ms, &customer.country.zone());
            of_account(account, customer.country, today).booked
        })
    });
    rows.map(|row| TrueRow {
        booked: row.ledger.to_string(),
        transacted: row.transacted.to_string(),
        minor: row.minor,
        text: row.text,
    })
    .collect()
}
