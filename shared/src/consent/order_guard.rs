//! One live BankID order per personal number: two prompts at once on one phone cannot be told apart by the person who
//! holds it. The number's guard names the attempt that has the order. Nobody takes it down when the order ends, that
//! would cost every order a write; whoever finds it in the way looks whether that attempt still has an order.

use super::{Attempt, Consent, Reason, Refused};
use crate::types::{ClaimId, ConsentId, OwnerId, Span, Timestamp};

/// How long a BankID order can live at most, from its claim. Inferred: the app must be opened within about 30 s and the
/// code entered within three minutes; the bank documents neither.
pub const ORDER_LIFETIME: Span = Span::minutes(3);

/// Which attempt has the order of a personal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderGuard {
    /// The consent.
    pub consent: ConsentId,
    /// Its attempt.
    pub ordinal: u16,
    /// Until when it stands whatever became of the attempt.
    pub until: Timestamp,
    /// The write that put it there: tells it from a later guard that reads the same.
    pub write: [u8; 16],
}

/// What can be done about a guard that is in the way of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InTheWay {
    /// Nothing has to be: the attempt has no order any more.
    Over,
    /// The same person has begun anew: the older attempt is ended first.
    Superseded,
    /// Somebody else's order: it stays.
    Stays,
}

impl OrderGuard {
    /// What becomes of it when `owner` starts an order: by what its consent is now, if that is there at all.
    pub fn against(&self, owner: &OwnerId, holder: Option<&Consent>, now: Timestamp) -> InTheWay {
        match holder {
            Some(holder) if holder.has_order(self.ordinal, now) => {
                if holder.belongs_to(owner) {
                    InTheWay::Superseded
                } else {
                    InTheWay::Stays
                }
            }
            _ => InTheWay::Over,
        }
    }
}

impl Consent {
    /// Whether this attempt may have a live BankID order at the bank.
    pub fn has_order(&self, ordinal: u16, now: Timestamp) -> bool {
        let kind = matches!(
            self.attempt,
            Attempt::Registering { .. } | Attempt::Initiating { .. } | Attempt::AwaitingApproval(_)
        );
        kind && self.ordinal == ordinal && self.attempt.overdue(now).is_none()
    }

    /// A newer start of the same person ends this attempt, if it still has an order. What the order has already brought,
    /// and whatever was begun since, stays ([`Refused::AlreadySo`]).
    pub fn supersede(self, ordinal: u16, now: Timestamp) -> Result<Self, Refused> {
        if self.has_order(ordinal, now) {
            Ok(Self { attempt: Attempt::failed(Reason::Cancelled, now), ..self })
        } else {
            Err(Refused::AlreadySo)
        }
    }

    /// Whether its attempt is a start that this invocation has claimed.
    pub fn start_claimed_by(&self, by: ClaimId) -> bool {
        match &self.attempt {
            Attempt::Registering { claim } | Attempt::Initiating { claim, .. } => claim.by == by,
            _ => false,
        }
    }
}
