//! The audit line: every access to a customer's data at the bank leaves exactly one.

use crate::types::{ConsentId, OwnerId};

/// One access to a customer's data at the bank (PSD2 article 67, GDPR article 5): who, whose, what, how, and how it
/// ended. No payload.
#[derive(Clone, Debug)]
pub struct Audit {
    owner: String,
    consent_id: String,
    resource: &'static str,
    account_id: Option<String>,
    present: bool,
    source: bool,
    outcome: &'static str,
}

/// What was read, for the audit line.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// `accounts`, `account`, `transactions`, `card_accounts`, `card_transactions`.
    pub resource: &'static str,
    /// Our id of the account, where it is one.
    pub account: Option<&'a str>,
    /// Whether the PSU was there and asking.
    pub present: bool,
    /// Whether the bank's own objects were handed on (`include=source`).
    pub source: bool,
}

impl Audit {
    /// Leaves the audit line of one access. `outcome`: `ok`, or the class of the bank's refusal.
    pub fn record(owner: &OwnerId, consent: &ConsentId, what: Access<'_>, outcome: &'static str) {
        super::keep(Self {
            owner: owner.to_string(),
            consent_id: consent.to_string(),
            resource: what.resource,
            account_id: what.account.map(str::to_owned),
            present: what.present,
            source: what.source,
            outcome,
        });
    }

    /// Into the subscriber in force. The field `audit` names the resource; no other line has that field.
    pub(super) fn say(&self, trace_id: &str) {
        tracing::info!(
            audit = self.resource,
            trace_id,
            owner = self.owner,
            consent_id = self.consent_id,
            account_id = self.account_id.as_deref(),
            present = self.present,
            source = self.source.then_some(true),
            outcome = self.outcome,
        );
    }
}
