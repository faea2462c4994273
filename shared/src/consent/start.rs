//! How an attempt begins: the bank consent is registered, a method is chosen, a BankID order is started.

use super::{
    Approval, Attempt, Claim, Consent, Fingerprint, Grant, Method, Reason, Redirecting, Refused,
    Registration, Timeline,
};
use crate::types::{AppId, ConsentId, Country, Digest, OwnerId, PsuType, Reference, Signal, Timestamp};

/// Everything that is known when a consent is first asked for.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Derived from owner and `Idempotency-Key`.
    pub id: ConsentId,
    /// The end user.
    pub owner: OwnerId,
    /// The country of the bank's customer.
    pub country: Country,
    /// Private person or company.
    pub psu_type: PsuType,
    /// Keyed hash of the corporate id.
    pub corporate: Option<Digest>,
    /// The caller's own word.
    pub reference: Option<Reference>,
    /// Keyed hash of the request body.
    pub body: Digest,
    /// The request, if it chose a method at once.
    pub start: Option<Fingerprint>,
    /// The app to return to, if a method was chosen at once.
    pub app: Option<AppId>,
}

impl Consent {
    /// The claim of a start: written before the bank is asked.
    pub fn begin(beginning: Beginning, claim: Claim, now: Timestamp) -> Self {
        let Beginning { id, owner, country, psu_type, corporate, reference, body, start, app } = beginning;
        let (grant, attempt) = (Grant::None, Attempt::Registering { claim });
        Self {
            id,
            owner,
            country,
            psu_type,
            corporate,
            reference,
            created: now,
            body,
            app,
            ordinal: 1,
            start,
            trouble: None,
            grant,
            attempt,
            timeline: Timeline::default(),
        }
    }

    /// A start whose request provably never left is claimed again by a repeat of it.
    pub fn begin_again(self, claim: Claim, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match consent.attempt {
            // Only the first start: a renewal that was not taken belongs to another key.
            Attempt::Failed { reason: Reason::StartNotTaken, .. } if matches!(consent.grant, Grant::None) => {
                Ok(Self { attempt: Attempt::Registering { claim }, created: now, trouble: None, ..consent })
            }
            Attempt::Registering { claim: held } if held.by == claim.by => Ok(consent),
            Attempt::Registering { .. } => Err(Refused::InFlight),
            _ => Err(Refused::WrongState),
        }
    }

    /// The bank registered the consent; the PSU has yet to choose.
    pub fn registered(
        self,
        claim: Claim,
        registration: Registration,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let consent = self.at(now);
        match &consent.attempt {
            Attempt::Registering { claim: held } if held.by == claim.by => {
                Ok(Self { attempt: Attempt::Registered(registration), ..consent })
            }
            Attempt::Registered(known) if known.bank_consent == registration.bank_consent => Ok(consent),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The bank registered the consent and redirect was chosen with the start.
    pub fn registered_for_redirect(
        self,
        claim: Claim,
        redirecting: Redirecting,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let consent = self.at(now);
        match &consent.attempt {
            Attempt::Registering { claim: held } if held.by == claim.by => {
                Ok(Self { attempt: Attempt::AwaitingRedirect(redirecting), ..consent })
            }
            Attempt::AwaitingRedirect(known) if known.registration.is_of(&redirecting.registration) => {
                Ok(consent)
            }
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The PSU chose the browser for a registered consent; `pkce` says whether a code challenge goes with it.
    pub fn choose_redirect(
        self,
        start: Fingerprint,
        app: &AppId,
        pkce: bool,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let consent = self.choosing(Method::Redirect, start, now)?;
        let Attempt::Registered(registration) = consent.attempt else { return Ok(consent) };
        let attempt = Attempt::AwaitingRedirect(Redirecting { registration, denied: false, pkce });
        Ok(Self { attempt, start: Some(start), app: Some(app.clone()), ..consent })
    }

    /// The PSU chose BankID for a registered consent: the order is claimed before it is started.
    pub fn choose_decoupled(
        self,
        start: Fingerprint,
        app: &AppId,
        claim: Claim,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        if let Attempt::Initiating { claim: held, .. } = &self.attempt
            && held.by == claim.by
        {
            return Ok(self);
        }
        let consent = self.choosing(Method::Decoupled, start, now)?;
        let Attempt::Registered(registration) = consent.attempt else { return Ok(consent) };
        let attempt = Attempt::Initiating { registration, claim };
        Ok(Self { attempt, start: Some(start), app: Some(app.clone()), ..consent })
    }

    /// The BankID order is running.
    pub fn approval_begun(self, claim: Claim, approval: Approval, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match &consent.attempt {
            Attempt::Registering { claim: held } | Attempt::Initiating { claim: held, .. }
                if held.by == claim.by =>
            {
                Ok(Self { attempt: Attempt::AwaitingApproval(approval), ..consent })
            }
            Attempt::AwaitingApproval(known) if known.registration.is_of(&approval.registration) => {
                Ok(consent)
            }
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The bank did not take the BankID order, and nobody can sign it: the PSU may choose again.
    pub fn choose_again(self, claim: Claim, signal: Signal, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match consent.attempt {
            Attempt::Initiating { registration, claim: held, .. } if held.by == claim.by => {
                let (attempt, trouble) = (Attempt::Registered(registration), Some(signal));
                Ok(Self { attempt, trouble, start: None, app: None, ..consent })
            }
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The start failed, for a reason, after what the bank said or did not say.
    pub fn start_failed(
        self,
        claim: Claim,
        (reason, signal): (Reason, Signal),
        now: Timestamp,
    ) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::Registering { claim: held } | Attempt::Initiating { claim: held, .. }
                if held.by == claim.by =>
            {
                Ok(Self { attempt: Attempt::failed_at_the_bank(reason, signal, now), ..self })
            }
            Attempt::Failed { .. } => Ok(self),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The caller ends the attempt; the grant is untouched. Ending what is over already changes nothing
    /// ([`Refused::AlreadySo`]).
    pub fn cancel(self, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match consent.attempt {
            Attempt::None | Attempt::Failed { .. } => Err(Refused::AlreadySo),
            _ => Ok(Self { attempt: Attempt::failed(Reason::Cancelled, now), ..consent }),
        }
    }

    /// Whether this very request has started the present attempt already, so that its answer can be built again.
    pub fn repeats(&self, start: &Fingerprint, now: Timestamp) -> bool {
        let open = matches!(&self.attempt, Attempt::AwaitingRedirect(_) | Attempt::AwaitingApproval(_));
        open && self.start.as_ref() == Some(start) && self.failure(now).is_none()
    }

    /// Whether this request chose how to sign in the latest attempt, whatever has become of that.
    ///
    /// # Errors
    /// [`Refused::OtherBody`] if its key did, with another body.
    pub fn repeated(&self, start: &Fingerprint) -> Result<bool, Refused> {
        match &self.start {
            Some(begun) if begun.key == start.key && begun.body == start.body => Ok(true),
            Some(begun) if begun.key == start.key => Err(Refused::OtherBody),
            _ => Ok(false),
        }
    }

    /// Whether a method can be chosen now. A repeat of the very request that chose is let through: its answer can be
    /// built again.
    fn choosing(self, method: Method, start: Fingerprint, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match &consent.attempt {
            Attempt::Registered(registration) => {
                let offered = registration.methods().contains(&method);
                return if offered { Ok(consent) } else { Err(Refused::NotOffered) };
            }
            Attempt::Failed { reason: Reason::TooLate, .. } => return Err(Refused::TooLate),
            Attempt::Registering { .. } => return Err(Refused::InFlight),
            Attempt::AwaitingRedirect(_) | Attempt::AwaitingApproval(_) | Attempt::Initiating { .. } => {}
            _ => return Err(Refused::WrongState),
        }
        match (consent.repeated(&start)?, &consent.attempt) {
            (true, Attempt::Initiating { .. }) => Err(Refused::InFlight),
            (true, _) => Ok(consent),
            (false, _) => Err(Refused::WrongState),
        }
    }
}
