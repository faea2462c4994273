//! The browser's way back: exchange early, activate late.
//!
//! The callback arrives in a browser that has no session with us. A true state with a code claims the attempt, the
//! code is exchanged at once, and the result waits as [`Attempt::Signed`] for whoever can show both the owner's token
//! and the handle.

use super::{Attempt, Claim, Consent, Grant, Reason, Refused, Signature};
use crate::types::{Digest, Signal, Timestamp};

/// What a callback with a proved state means for this consent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Spend the code.
    Redeem,
    /// Somebody is spending this very code: read again shortly.
    Wait,
    /// This very code was spent: repeat the answer, handle included.
    Repeat,
    /// The owner has claimed it already: signed, without a handle.
    Done,
    /// Another code under the same state: end the attempt.
    Conflict,
    /// The bank sent an error: note it, end nothing.
    NoteDenial,
    /// An error that changes nothing any more.
    Denied,
    /// Too late, cancelled, failed.
    Over,
}

impl Consent {
    /// Decides about a callback with a proved state of attempt `ordinal`; `code` is the keyed hash of its code, or
    /// nothing if it brought an error.
    pub fn callback(&self, ordinal: u16, code: Option<&Digest>, now: Timestamp) -> Step {
        if ordinal != self.ordinal || self.attempt.overdue(now).is_some() {
            return Step::Over;
        }
        match (&self.attempt, code) {
            (Attempt::AwaitingRedirect(_), Some(_)) => Step::Redeem,
            (Attempt::AwaitingRedirect(redirecting), None) if redirecting.denied => Step::Denied,
            (Attempt::AwaitingRedirect(_), None) => Step::NoteDenial,
            (Attempt::Redeeming { .. } | Attempt::Signed(_), None) => Step::Denied,
            (Attempt::Redeeming { code: held, .. }, Some(code)) if held.matches(code) => Step::Wait,
            (Attempt::Signed(signature), Some(code)) if signature.is_of(code) => Step::Repeat,
            (Attempt::Redeeming { .. } | Attempt::Signed(_), Some(_)) => Step::Conflict,
            (Attempt::None, Some(_)) if matches!(self.grant, Grant::Active(_)) => Step::Done,
            _ => Step::Over,
        }
    }

    /// Notes that the bank reported an error. It ends nothing: a valid code still wins.
    pub fn note_denial(mut self, ordinal: u16, signal: Signal, now: Timestamp) -> Result<Self, Refused> {
        self = self.at(now);
        match &mut self.attempt {
            _ if ordinal != self.ordinal => Err(Refused::WrongState),
            Attempt::AwaitingRedirect(redirecting) if redirecting.denied => Err(Refused::AlreadySo),
            Attempt::AwaitingRedirect(redirecting) => {
                redirecting.denied = true;
                self.trouble = Some(signal);
                Ok(self)
            }
            _ => Err(Refused::WrongState),
        }
    }

    /// Claims the attempt `ordinal` for one code. A second code under the same state ends the attempt instead and destroys
    /// what the first brought: one of the two came from somebody else.
    pub fn redeem(self, ordinal: u16, code: Digest, claim: Claim, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        if ordinal != consent.ordinal {
            return Err(Refused::WrongState);
        }
        let conflict = Attempt::failed(Reason::CodeConflict, now);
        match consent.attempt {
            Attempt::AwaitingRedirect(redirecting) => {
                Ok(Self { attempt: Attempt::Redeeming { redirecting, claim, code }, ..consent })
            }
            Attempt::Redeeming { code: held, claim: holder, .. } if held.matches(&code) => {
                if holder.by == claim.by { Ok(consent) } else { Err(Refused::InFlight) }
            }
            Attempt::Signed(signature) if signature.is_of(&code) => Err(Refused::AlreadySigned),
            Attempt::Redeeming { .. } | Attempt::Signed(_) => Ok(Self { attempt: conflict, ..consent }),
            Attempt::Failed { reason: Reason::TooLate, .. } => Err(Refused::TooLate),
            _ => Err(Refused::WrongState),
        }
    }

    /// Whether the browser is at the bank without a code challenge.
    pub const fn is_unprotected(&self) -> bool {
        matches!(&self.attempt, Attempt::AwaitingRedirect(redirecting) if !redirecting.pkce)
    }

    /// No code of an attempt that began without a challenge is taken any more: the attempt fails, nothing is spent.
    pub fn refuse_unprotected(self, ordinal: u16, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match &consent.attempt {
            Attempt::AwaitingRedirect(_) if ordinal == consent.ordinal && consent.is_unprotected() => {
                Ok(Self { attempt: Attempt::failed(Reason::PkceMissing, now), ..consent })
            }
            _ => Err(Refused::WrongState),
        }
    }

    /// The bank took the code. Refused if the claim ran out or the attempt was ended meanwhile: the tokens are then
    /// dropped.
    pub fn sign(self, claim: Claim, signature: Signature, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match &consent.attempt {
            Attempt::Redeeming { claim: held, code, .. } if held.by == claim.by && signature.is_of(code) => {
                Ok(Self { attempt: Attempt::Signed(signature), ..consent })
            }
            Attempt::Signed(known) if known.proof == signature.proof => Ok(consent),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The bank did not take the code, or its answer was lost.
    pub fn redeem_failed(
        self,
        claim: Claim,
        (reason, signal): (Reason, Signal),
        now: Timestamp,
    ) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::Redeeming { claim: held, .. } if held.by == claim.by => {
                Ok(Self { attempt: Attempt::failed_at_the_bank(reason, signal, now), ..self })
            }
            Attempt::Failed { .. } => Ok(self),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The request with the code provably never left: the code is as good as before.
    pub fn redeem_again(self, claim: Claim, signal: Signal, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match consent.attempt {
            Attempt::Redeeming { redirecting, claim: held, .. } if held.by == claim.by => {
                let attempt = Attempt::AwaitingRedirect(redirecting);
                Ok(Self { attempt, trouble: Some(signal), ..consent })
            }
            _ => Err(Refused::ClaimLost),
        }
    }
}
