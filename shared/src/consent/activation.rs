//! From a signature to the grant, and the end of both.

use super::{
    Active, Attempt, BankRevocation, Claim, Consent, Fingerprint, Grant, Identity, Proof, Reason, Refresh,
    Refused, SIGNED_LIFETIME, Signature,
};
use crate::types::{AppId, BankConsentId, Digest, Timestamp};

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
                (Some(_), None) => Err(Refused::WrongState),
                _ => Err(Refused::OtherHandle),
            },
            (_, Attempt::Failed { reason: Reason::NotClaimed | Reason::TooLate, .. }) => {
                Err(Refused::TooLate)
            }
            _ => Err(Refused::WrongState),
        }
    }

    /// Whether this bank consent is what reads live on.
    pub fn lives_on(&self, bank_consent: &BankConsentId) -> bool {
        matches!(&self.grant, Grant::Active(active) if active.bank_consent == *bank_consent)
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

    /// A new attempt on the same consent, beside a living grant or after a lapsed one: the claim of a renewal. The very
    /// request that began the latest attempt begins none again, unless the bank did not take it then.
    pub fn renew(
        self,
        start: Fingerprint,
        claim: Claim,
        app: &AppId,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let consent = self.at(now);
        let repeated = consent.repeated(&start)?;
        match (&consent.grant, &consent.attempt) {
            (Grant::Revoked { .. }, _) => Err(Refused::Revoked),
            (Grant::None, _) => Err(Refused::WrongState),
            (_, Attempt::Registering { claim: held }) if held.by == claim.by => Ok(consent),
            (_, Attempt::Registering { .. }) if repeated => Err(Refused::InFlight),
            (_, Attempt::Failed { reason: Reason::StartNotTaken, .. }) => {
                Ok(consent.renewing(start, claim, app))
            }
            // Its twin was faster, or it comes late: there is nothing to begin.
            _ if repeated => Err(Refused::AlreadySo),
            (_, Attempt::None | Attempt::Failed { .. }) => Ok(consent.renewing(start, claim, app)),
            _ => Err(Refused::WrongState),
        }
    }

    fn renewing(self, start: Fingerprint, claim: Claim, app: &AppId) -> Self {
        Self {
            attempt: Attempt::Registering { claim },
            ordinal: self.ordinal.saturating_add(1),
            start: Some(start),
            trouble: None,
            app: Some(app.clone()),
            ..self
        }
    }

    /// What a renewal waits with: signed, not over, and the proof is there. The grant that it would replace is to be held
    /// against it before [`activate`](Self::activate).
    pub fn renewal_signed(&self, handle: Option<&Digest>, now: Timestamp) -> Option<&Signature> {
        let renewal = matches!(self.grant, Grant::Active(_) | Grant::Lapsed { .. });
        match &self.attempt {
            Attempt::Signed(signature) if renewal && self.failure(now).is_none() => {
                signature.proof.is_shown_by(handle).then_some(signature)
            }
            _ => None,
        }
    }

    /// A renewal that somebody else signed: its tokens are destroyed, the old grant stays.
    pub fn renewed_by_another(self, now: Timestamp) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::Signed(_) => {
                let attempt = Attempt::failed(Reason::RenewalOtherCustomer, now);
                Ok(Self { attempt, ..self })
            }
            Attempt::Failed { reason: Reason::RenewalOtherCustomer, .. } => Ok(self),
            _ => Err(Refused::WrongState),
        }
    }

    /// Ends everything for ever: grant, attempt and all tokens. Whatever settles later is refused and drops its own. At the
    /// bank nothing is done; see [`Consent::revoke_at_bank`].
    pub fn revoke(self, now: Timestamp) -> Result<Self, Refused> {
        match self.grant {
            Grant::Revoked { .. } => Err(Refused::AlreadySo),
            _ => {
                let grant = Grant::Revoked { at: now, bank: BankRevocation::NotSupported };
                Ok(Self { grant, attempt: Attempt::None, ..self })
            }
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
        if !proof.is_shown_by(handle) {
            return Err(Refused::OtherHandle);
        }
        let (identity, handle): (Option<Identity>, Option<Digest>) = match proof {
            Proof::Handle { handle, .. } => (None, Some(handle)),
            Proof::Identity(identity) => (Some(identity), None),
        };
        Ok(Self {
            bank_consent,
            tokens,
            generation,
            clocks,
            refresh: Refresh::Idle,
            refreshes: 0,
            uses: 0,
            identity,
            handle,
            since: now,
        })
    }
}
