//! How an attempt begins: the bank consent is registered, a method is chosen, a BankID order is started.

use super::{
    Approval, Attempt, Claim, Consent, Fingerprint, Grant, Method, Reason, Redirecting, Refused, Registration,
};
use crate::types::{AppId, ConsentId, Country, Digest, OwnerId, PsuType, Reference, Timestamp};

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
    /// The app to return to, if a method was chosen at once.
    pub app: Option<AppId>,
}

impl Consent {
    /// The claim of a start: written before the bank is asked.
    pub fn begin(beginning: Beginning, claim: Claim, now: Timestamp) -> Self {
        let Beginning { id, owner, country, psu_type, corporate, reference, body, app } = beginning;
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
            grant,
            attempt,
        }
    }

    /// A start whose request provably never left is claimed again by a repeat of it.
    pub fn begin_again(self, claim: Claim, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match consent.attempt {
            // Only the first start: a renewal that was not taken belongs to another key.
            Attempt::Failed { reason: Reason::StartNotTaken, .. } if matches!(consent.grant, Grant::None) => {
                Ok(Self { attempt: Attempt::Registering { claim }, created: now, ..consent })
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
            Attempt::AwaitingRedirect(known) if known.start == redirecting.start => Ok(consent),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The PSU chose the browser for a registered consent.
    pub fn choose_redirect(self, start: Fingerprint, app: &AppId, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.choosing(Method::Redirect, start, now)?;
        let Attempt::Registered(registration) = consent.attempt else { return Ok(consent) };
        let attempt = Attempt::AwaitingRedirect(Redirecting { registration, start, denied: false });
        Ok(Self { attempt, app: Some(app.clone()), ..consent })
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
        let attempt = Attempt::Initiating { registration, start, claim };
        Ok(Self { attempt, app: Some(app.clone()), ..consent })
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
            Attempt::AwaitingApproval(known) if known.start == approval.start => Ok(consent),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The request to start a BankID order provably never left: the PSU may choose again.
    pub fn choose_again(self, claim: Claim, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        match consent.attempt {
            Attempt::Initiating { registration, claim: held, .. } if held.by == claim.by => {
                Ok(Self { attempt: Attempt::Registered(registration), app: None, ..consent })
            }
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The start failed, for a reason.
    pub fn start_failed(self, claim: Claim, reason: Reason, now: Timestamp) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::Registering { claim: held } | Attempt::Initiating { claim: held, .. }
                if held.by == claim.by =>
            {
                Ok(Self { attempt: Attempt::Failed { reason, at: now }, ..self })
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
            _ => Ok(Self { attempt: Attempt::Failed { reason: Reason::Cancelled, at: now }, ..consent }),
        }
    }

    /// Whether this very request has started the present attempt already, so that its answer can be built again.
    pub fn repeats(&self, start: &Fingerprint, now: Timestamp) -> bool {
        let begun = match &self.attempt {
            Attempt::AwaitingRedirect(redirecting) => &redirecting.start,
            Attempt::AwaitingApproval(approval) => &approval.start,
            _ => return false,
        };
        begun == start && self.failure(now).is_none()
    }

    /// Whether a method can be chosen now. A repeat of the very request that chose is let through: its answer can be
    /// built again.
    fn choosing(self, method: Method, start: Fingerprint, now: Timestamp) -> Result<Self, Refused> {
        let consent = self.at(now);
        let begun = match &consent.attempt {
            Attempt::Registered(registration) => {
                let offered = registration.methods().contains(&method);
                return if offered { Ok(consent) } else { Err(Refused::NotOffered) };
            }
            Attempt::Failed { reason: Reason::TooLate, .. } => return Err(Refused::TooLate),
            Attempt::Registering { .. } => return Err(Refused::InFlight),
            Attempt::AwaitingRedirect(redirecting) => redirecting.start,
            Attempt::AwaitingApproval(approval) => approval.start,
            Attempt::Initiating { start, .. } => *start,
            _ => return Err(Refused::WrongState),
        };
        match (begun.key == start.key, begun.body == start.body, &consent.attempt) {
            (true, true, Attempt::Initiating { .. }) => Err(Refused::InFlight),
            (true, true, _) => Ok(consent),
            (true, false, _) => Err(Refused::OtherBody),
            (false, ..) => Err(Refused::WrongState),
        }
    }
}
