//! The end that its owner wants. Access ends here by one write, which destroys the tokens; what becomes of the consent at
//! the bank comes after, and can neither delay nor undo it.

use super::{Attempt, Consent, Grant, Refused};
use crate::types::{BankConsentId, Timestamp};

/// What becomes at the bank of a consent that was revoked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankRevocation {
    /// No way to revoke there is switched on: the consent runs out by itself.
    NotSupported,
    /// Nothing there belonged to it.
    Nothing,
    /// These are being deleted. Whoever was to write down the outcome may have died: nobody knows.
    Pending(Vec<BankConsentId>),
    /// The bank has deleted them.
    Done,
    /// The bank did not say that it has deleted these.
    Failed(Vec<BankConsentId>),
}

impl BankRevocation {
    /// Nobody knows what became of it there.
    pub const UNKNOWN: &str = "unknown";

    /// As the API spells it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotSupported => "not_supported",
            Self::Nothing => "nothing_to_revoke",
            Self::Pending(_) => Self::UNKNOWN,
            Self::Done => "done",
            Self::Failed(_) => "failed",
        }
    }

    /// What is still to be deleted there, as far as anybody knows.
    pub fn left(&self) -> &[BankConsentId] {
        match self {
            Self::Pending(left) | Self::Failed(left) => left,
            Self::NotSupported | Self::Nothing | Self::Done => &[],
        }
    }
}

impl Consent {
    /// Ends everything for ever, and says what is to be deleted at the bank: of this very state, because an attempt may
    /// have moved on in the same moment. Where an earlier try at the bank came to nothing, it is to be tried again.
    pub fn revoke_at_bank(self, now: Timestamp) -> Result<Self, Refused> {
        match &self.grant {
            Grant::Revoked { bank, .. } if bank.left().is_empty() => return Err(Refused::AlreadySo),
            Grant::Revoked { at, bank } => {
                let again = Grant::Revoked { at: *at, bank: BankRevocation::Pending(bank.left().to_vec()) };
                return Ok(Self { grant: again, ..self });
            }
            _ => {}
        }
        let consent = self.at(now);
        let there = consent.at_the_bank();
        let bank = if there.is_empty() { BankRevocation::Nothing } else { BankRevocation::Pending(there) };
        Ok(Self { grant: Grant::Revoked { at: now, bank }, attempt: Attempt::None, ..consent })
    }

    /// Whether its owner has ended it.
    pub const fn is_revoked(&self) -> bool {
        matches!(self.grant, Grant::Revoked { .. })
    }

    /// What the bank made of it. Once done it stays done, whatever a second try at the same time says.
    pub fn bank_revoked(self, outcome: &BankRevocation) -> Result<Self, Refused> {
        match &self.grant {
            Grant::Revoked { bank, .. } if bank.left().is_empty() => Err(Refused::AlreadySo),
            Grant::Revoked { at, .. } => {
                Ok(Self { grant: Grant::Revoked { at: *at, bank: outcome.clone() }, ..self })
            }
            _ => Err(Refused::WrongState),
        }
    }

    /// The consents at the bank that this one stands on: of its grant, and of what its attempt is signing or has signed.
    fn at_the_bank(&self) -> Vec<BankConsentId> {
        let granted = match &self.grant {
            Grant::Active(active) => Some(&active.bank_consent),
            Grant::Lapsed { bank_consent, .. } => Some(bank_consent),
            Grant::None | Grant::Revoked { .. } => None,
        };
        let tried = self.attempt.bank_consent().filter(|tried| Some(*tried) != granted);
        granted.into_iter().chain(tried).cloned().collect()
    }
}
