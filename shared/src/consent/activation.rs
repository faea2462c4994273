//! From a signature to the grant, and the end of both.

use super::{
    Active, Attempt, Claim, Consent, Grant, Identity, Proof, Reason, Refresh, Refused, SIGNED_LIFETIME,
    Signature,
};
use crate::types::{AppId, Digest, Timestamp};

impl Consent {
    /// The owner claims what was signed: it becomes the grant. After a redirect that needs the handle, after a BankID
    /// renewal the owner's token is enough. Claiming again changes nothing ([`Refused::AlreadySo`]).
    pub fn activate(self, handle: Option<&Digest>, now: Timestamp) -> Result<Self, Refused> {
        let generation = self.next_generation();
        let consent = self.at(now);
        match (&consent.grant, consent.attempt) {
            (Grant::Revoked { .. }, _) => Err(Refused::Revoked),
            (_, Attempt::Signed(signature)) => {
                let active = Active::of(signature, handle, generation, now)?;
                Ok(Self { grant: Grant::Active(Box::new(active)), attempt: Attempt::None, ..consent })
            }
            (Grant::Active(active), Attempt::None) => match (&active.handle, handle) {
                (Some(claimed), Some(handle)) if claimed.matches(handle) => Err(Refused::AlreadySo),
                (None, None) => Err(Refused::AlreadySo),
                _ => Err(Refused::OtherHandle),
            },
            (_, Attempt::Failed { reason: Reason::NotClaimed | Reason::TooLate, .. }) => {
                Err(Refused::TooLate)
            }
            _ => Err(Refused::WrongState),
        }
    }

    /// Writes down what time alone has done, so that the tokens of a signature that nobody claimed do not rest.
    pub fn buried(self, now: Timestamp) -> Result<Self, Refused> {
        if self.attempt.overdue(now).is_some() { Ok(self.at(now)) } else { Err(Refused::AlreadySo) }
    }

    /// Until when what was signed can be claimed, if something is waiting.
    pub fn claim_by(&self) -> Option<Timestamp> {
        match &self.attempt {
            Attempt::Signed(signature) => Some(signature.at + SIGNED_LIFETIME),
            _ => None,
        }
    }

    /// A new attempt on the same consent, beside a living grant or after a lapsed one: the claim of a renewal.
    pub fn renew(self, claim: Claim, app: Option<&AppId>, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match (&consent.grant, &consent.attempt) {
            (Grant::Revoked { .. }, _) => Err(Refused::Revoked),
            (_, Attempt::Registering { claim: held }) if held.by == claim.by => Ok(consent),
            (_, Attempt::Registering { .. }) => Err(Refused::InFlight),
            (_, Attempt::None | Attempt::Failed { .. }) => Ok(Self {
                attempt: Attempt::Registering { claim },
                ordinal: consent.ordinal.saturating_add(1),
                app: app.cloned().or(consent.app),
                ..consent
            }),
            _ => Err(Refused::WrongState),
        }
    }

    /// A renewal that somebody else signed: its tokens are destroyed, the old grant stays.
    pub fn renewed_by_another(self, now: Timestamp) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::Signed(_) => {
                let attempt = Attempt::Failed { reason: Reason::RenewalOtherCustomer, at: now };
                Ok(Self { attempt, ..self })
            }
            Attempt::Failed { reason: Reason::RenewalOtherCustomer, .. } => Ok(self),
            _ => Err(Refused::WrongState),
        }
    }

    /// Ends everything for ever: grant, attempt and all tokens. Whatever settles later is refused and drops its own.
    pub fn revoke(self, now: Timestamp) -> Result<Self, Refused> {
        match self.grant {
            Grant::Revoked { .. } => Err(Refused::AlreadySo),
            _ => Ok(Self { grant: Grant::Revoked { at: now }, attempt: Attempt::None, ..self }),
        }
    }
}

impl Active {
    /// A grant of what was signed, if the proof is there.
    fn of(
        signature: Signature,
        handle: Option<&Digest>,
        generation: u32,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let Signature { bank_consent, tokens, clocks, proof, .. } = signature;
        let (identity, handle): (Option<Identity>, Option<Digest>) = match (proof, handle) {
            (Proof::Handle { handle: known, .. }, Some(handle)) if known.matches(handle) => {
                (None, Some(known))
            }
            (Proof::Identity(identity), None) => (Some(identity), None),
            _ => return Err(Refused::OtherHandle),
        };
        Ok(Self {
            bank_consent,
            tokens,
            generation,
            clocks,
            refresh: Refresh::Idle,
            identity,
            handle,
            since: now,
        })
    }
}
