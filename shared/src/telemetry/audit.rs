//! The audit line: every access to a customer's data at the bank leaves exactly one.

use crate::types::{ConsentId, OwnerId};
use serde::Serialize;

/// One access to a customer's data at the bank (PSD2 article 67, GDPR article 5): who, whose, what, how, and how it
/// ended. No payload.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// The end user.
    pub owner: String,
    /// The consent it rests on.
    pub consent_id: String,
    /// `accounts`, `account`, `transactions`, `card_accounts`, `card_transactions`.
    pub resource: &'static str,
    /// Our id of the account, where one account was read.
    pub account_id: Option<String>,
    /// Whether the PSU was there and asking.
    pub present: bool,
    /// Whether the bank's own objects were handed on (`include=source`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub source: bool,
    /// `ok`, or the class of the bank's refusal.
    pub outcome: &'static str,
}

impl Audit {
    /// Leaves the audit line of one access.
    pub fn record(owner: &OwnerId, consent: &ConsentId, what: Access<'_>, outcome: &'static str) {
        let line = Self {
            owner: owner.to_string(),
            consent_id: consent.to_string(),
            resource: what.resource,
            account_id: what.account.map(str::to_owned),
            present: what.present,
            source: what.source,
            outcome,
        };
        super::keep(line);
    }
}

/// What was read, for the audit line.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Kind of resource.
    pub resource: &'static str,
    /// Our id of the account, where it is one.
    pub account: Option<&'a str>,
    /// Whether the PSU was there and asking.
    pub present: bool,
    /// Whether the bank's own objects were handed on.
    pub source: bool,
}

#[derive(Serialize)]
pub(super) struct AuditLine<'a> {
    pub(super) level: &'static str,
    pub(super) trace_id: &'a str,
    pub(super) audit: Audit,
}
