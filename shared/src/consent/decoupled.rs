//! Mobile BankID: the caller polls us, and we poll the bank no faster than it asked for.

use super::{Approval, Attempt, Claim, Clocks, Consent, Grant, Proof, Reason, Refused, Signature, Tokens};
use crate::types::{BankConsentId, QrData, SessionLink, Signal, Timestamp};

impl Consent {
    /// Where a live BankID order is cancelled at the bank, if there is one and the bank said where.
    pub const fn order_to_cancel(&self) -> Option<&SessionLink> {
        match &self.attempt {
            Attempt::AwaitingApproval(approval) => approval.session.cancel.as_ref(),
            _ => None,
        }
    }

    /// Claims the next poll: no other reaches the bank before the pause that the bank asked for is over.
    pub fn claim_poll(mut self, now: Timestamp) -> Result<Self, Refused> {
        self = self.at(now);
        match &mut self.attempt {
            Attempt::AwaitingApproval(approval) if now < approval.next_poll => {
                Err(Refused::TooEarly { wait: approval.next_poll.after(now) })
            }
            Attempt::AwaitingApproval(approval) => {
                approval.next_poll = now + approval.sleep;
                Ok(self)
            }
            Attempt::Failed { reason: Reason::TooLate, .. } => Err(Refused::TooLate),
            _ => Err(Refused::WrongState),
        }
    }

    /// The bank is slower than its own pause: the poll that is under way holds back the next one until its lease is
    /// over, so that two answers to one order cannot cross.
    pub fn hold_poll(mut self, order: &BankConsentId, claim: Claim) -> Result<Self, Refused> {
        self.awaited(order)?.next_poll = claim.until;
        Ok(self)
    }

    /// The slow poll is over and ends nothing: the bank's pause counts from now.
    pub fn release_poll(mut self, order: &BankConsentId, now: Timestamp) -> Result<Self, Refused> {
        let approval = self.awaited(order)?;
        approval.next_poll = now + approval.sleep;
        Ok(self)
    }

    /// The PSU approved. A first grant is there at once, since the personal number in the order ties it to the owner; a
    /// renewal waits as signed, so that it can be held against the old grant. Refused if the attempt was ended
    /// meanwhile: the tokens are then dropped.
    pub fn approved(
        self,
        order: &BankConsentId,
        tokens: &Tokens,
        clocks: Clocks,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let consent = self.at(now);
        match (&consent.grant, &consent.attempt) {
            (Grant::Revoked { .. }, _) => Err(Refused::Revoked),
            (grant, Attempt::AwaitingApproval(approval)) if approval.registration.bank_consent == *order => {
                let signature = Signature {
                    bank_consent: order.clone(),
                    tokens: tokens.clone(),
                    clocks,
                    proof: Proof::Identity(approval.identity),
                    at: now,
                };
                let renewal = !matches!(grant, Grant::None);
                let signed = Self { attempt: Attempt::Signed(signature), ..consent };
                if renewal { Ok(signed) } else { signed.activate(None, now) }
            }
            (Grant::Active(active), Attempt::None) if active.bank_consent == *order => Ok(consent),
            (_, Attempt::Signed(known)) if known.bank_consent == *order => Ok(consent),
            _ => Err(Refused::ClaimLost),
        }
    }

    /// The bank gave a terminal answer for this order.
    pub fn not_approved(
        self,
        order: &BankConsentId,
        (reason, signal): (Reason, Signal),
        now: Timestamp,
    ) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::AwaitingApproval(approval) if approval.registration.bank_consent == *order => {
                Ok(Self { attempt: Attempt::failed_at_the_bank(reason, signal, now), ..self })
            }
            _ => Err(Refused::ClaimLost),
        }
    }

    /// A poll brought nothing that ends the order: noted once, until the bank says something else.
    pub fn note_trouble(self, order: &BankConsentId, signal: Signal) -> Result<Self, Refused> {
        match &self.attempt {
            Attempt::AwaitingApproval(_) if self.trouble == Some(signal) => Err(Refused::AlreadySo),
            Attempt::AwaitingApproval(approval) if approval.registration.bank_consent == *order => {
                Ok(Self { trouble: Some(signal), ..self })
            }
            _ => Err(Refused::ClaimLost),
        }
    }

    /// Keeps the newest code for the other device.
    pub fn show_qr(mut self, order: &BankConsentId, qr: QrData) -> Result<Self, Refused> {
        self.awaited(order)?.session.qr = Some(qr);
        Ok(self)
    }

    /// The order that an answer of the bank is about, if it still runs: an older one's answer may come late, and is
    /// nothing to the order that has taken its place.
    fn awaited(&mut self, order: &BankConsentId) -> Result<&mut Approval, Refused> {
        match &mut self.attempt {
            Attempt::AwaitingApproval(approval) if approval.registration.bank_consent == *order => {
                Ok(approval)
            }
            _ => Err(Refused::ClaimLost),
        }
    }
}
