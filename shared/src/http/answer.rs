//! A consent as callers see it. Built from the state each time; nothing of it is stored.

mod authorization;
mod opening;

pub use authorization::AuthorizationAnswer;
pub use opening::Opening;

use crate::{
    budget::{Standing, Subject},
    consent::{Consent, Entry, Grant, Identity, LimitedBy, Timeline},
    types::{Signal, Timestamp},
};
use serde::Serialize;

/// One consent.
#[derive(Debug, Serialize)]
pub struct ConsentAnswer {
    /// Our id.
    pub consent_id: String,
    /// See [`crate::consent::Status`].
    pub status: &'static str,
    /// Why it is expired or rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<&'static str>,
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// `individual` or `corporate`.
    pub psu_type: &'static str,
    /// The caller's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// End of the grant: the earlier of its two clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// End of the refresh token: one of the two clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_expires_at: Option<String>,
    /// End of the consent: the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_expires_at: Option<String>,
    /// Whether it is time for a renewal; reads still work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal_due: Option<bool>,
    /// From when on a renewal should be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_by: Option<String>,
    /// `refresh_token` or `consent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<&'static str>,
    /// `verified` or `asserted`: who vouched for the personal number. Absent after a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'static str>,
    /// When its owner revoked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// What became of it at the bank, see [`crate::consent::BankRevocation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_revocation: Option<&'static str>,
    /// How often the access token of the present grant has been replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refreshes: Option<u32>,
    /// Where the attempt stands.
    pub authorization: AuthorizationAnswer,
    /// What of the unattended budget was used in the last 24 hours; only where one consent is read. Resources that are not
    /// listed were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Vec<BudgetAnswer>>,
    /// What has happened, newest first; only where one consent is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<EventAnswer>>,
}

/// The unattended budget of one resource.
#[derive(Debug, Serialize)]
pub struct BudgetAnswer {
    /// `accounts`, `account`, `transactions`, `card_accounts`, `card_transactions`.
    pub resource: &'static str,
    /// Our id of the account, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Reads in the last 24 hours.
    pub used: u8,
    /// Reads that are left now.
    pub left: u8,
    /// When the next one is free again, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
}

/// One event of the timeline.
#[derive(Debug, Serialize)]
pub struct EventAnswer {
    /// RFC 3339.
    pub at: String,
    /// See [`crate::consent::Event`].
    pub event: &'static str,
    /// Why, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What the bank said: see [`crate::types::Signal`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<&'static str>,
    /// The request of ours that made it.
    pub trace_id: String,
}

impl ConsentAnswer {
    /// As it stands now.
    pub fn of(consent: &Consent, now: Timestamp) -> Self {
        let (active, revoked) = match &consent.grant {
            Grant::Active(active) => (Some(active), None),
            Grant::Revoked { at, bank } => (None, Some((*at, bank))),
            Grant::None | Grant::Lapsed { .. } => (None, None),
        };
        Self {
            consent_id: consent.id.to_string(),
            status: consent.status(now).as_str(),
            status_reason: consent.status_reason(now),
            country: consent.country.code(),
            psu_type: consent.psu_type.as_str(),
            reference: consent.reference.as_ref().map(|reference| reference.as_str().to_owned()),
            created_at: consent.created.rfc3339(),
            expires_at: active.map(|active| active.clocks.expires_at().rfc3339()),
            refresh_token_expires_at: active.map(|active| active.clocks.refresh_expires.rfc3339()),
            consent_expires_at: active.map(|active| active.clocks.consent_expires.rfc3339()),
            renewal_due: active.map(|active| active.clocks.renewal_due(now)),
            renew_by: active.map(|active| active.clocks.renew_by().rfc3339()),
            limited_by: active.map(|active| match active.clocks.limited_by() {
                LimitedBy::RefreshToken => "refresh_token",
                LimitedBy::Consent => "consent",
            }),
            identity: active.and_then(|active| active.identity).map(|identity| match identity {
                Identity::Verified => "verified",
                Identity::Asserted => "asserted",
            }),
            revoked_at: revoked.map(|(at, _)| at.rfc3339()),
            bank_revocation: revoked.map(|(_, bank)| bank.as_str()),
            refreshes: active.map(|active| active.refreshes),
            authorization: AuthorizationAnswer::of(consent, now),
            budget: None,
            timeline: None,
        }
    }

    /// With what has happened so far, newest first.
    #[must_use]
    pub fn with_timeline(mut self, timeline: &Timeline) -> Self {
        self.timeline = Some(timeline.entries().rev().map(EventAnswer::of).collect());
        self
    }

    /// With what opens the attempt; for the answer to a start.
    #[must_use]
    pub fn opened_by(mut self, opening: Option<Opening>) -> Self {
        self.authorization.opening = opening;
        self
    }
}

impl BudgetAnswer {
    /// Of what was counted for a subject.
    pub fn of(subject: Subject, standing: Standing) -> Self {
        Self {
            resource: subject.resource,
            account_id: subject.account.map(|account| account.as_str().to_owned()),
            used: standing.used,
            left: standing.left,
            next_at: standing.next_at.map(Timestamp::rfc3339),
        }
    }
}

impl EventAnswer {
    fn of(entry: &Entry) -> Self {
        Self {
            at: entry.at.rfc3339(),
            event: entry.event.code(),
            reason: entry.event.reason(),
            bank_code: entry.event.signal().map(Signal::code),
            trace_id: entry.by.trace_id(),
        }
    }
}
