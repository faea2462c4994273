//! What the outside sees: a pure function of grant, attempt and time.

use super::{Attempt, Consent, Grant, LimitedBy, Reason};
use crate::types::Timestamp;

/// The public status. Clients must tolerate words that are not in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Asked for; nobody is signing yet.
    Created,
    /// The browser is at the bank.
    AwaitingRedirect,
    /// The BankID app is asking.
    AwaitingApproval,
    /// Signed, waiting for the handle.
    Signed,
    /// Data can be read.
    Active,
    /// A clock or the bank ended it, or nobody signed in time.
    Expired,
    /// The attempt failed, and there is no grant.
    Rejected,
    /// Ended by its owner.
    Revoked,
}

impl Status {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingRedirect => "awaiting_redirect",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Signed => "signed",
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
        }
    }
}

impl Consent {
    /// The status now. A living grant outshines whatever an attempt beside it does.
    pub fn status(&self, now: Timestamp) -> Status {
        match &self.grant {
            Grant::Revoked { .. } => Status::Revoked,
            Grant::Lapsed { .. } => Status::Expired,
            Grant::Active(active) if now >= active.clocks.expires_at() => Status::Expired,
            Grant::Active(_) => Status::Active,
            Grant::None => self.attempt_status(now),
        }
    }

    /// Why it is expired or rejected, as a stable code.
    pub fn status_reason(&self, now: Timestamp) -> Option<&'static str> {
        match &self.grant {
            Grant::None => self.failure(now).map(Reason::code),
            Grant::Lapsed { reason, .. } => Some(reason.code()),
            Grant::Active(active) if now >= active.clocks.expires_at() => {
                Some(match active.clocks.limited_by() {
                    LimitedBy::RefreshToken => "refresh_token_expired",
                    LimitedBy::Consent => "consent_expired",
                })
            }
            Grant::Active(_) | Grant::Revoked { .. } => None,
        }
    }

    /// Why the present attempt is over, if it is.
    pub fn failure(&self, now: Timestamp) -> Option<Reason> {
        match &self.attempt {
            Attempt::Failed { reason, .. } => Some(*reason),
            attempt => attempt.overdue(now),
        }
    }

    fn attempt_status(&self, now: Timestamp) -> Status {
        match (self.failure(now), &self.attempt) {
            (Some(Reason::TooLate | Reason::NotClaimed), _) => Status::Expired,
            (Some(_), _) => Status::Rejected,
            (None, Attempt::AwaitingRedirect(_) | Attempt::Redeeming { .. }) => Status::AwaitingRedirect,
            (None, Attempt::AwaitingApproval(_)) => Status::AwaitingApproval,
            (None, Attempt::Signed(_)) => Status::Signed,
            (None, _) => Status::Created,
        }
    }
}
