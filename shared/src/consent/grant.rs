//! The grant: what reads live on, and its tokens.

use super::{BankRevocation, Claim, Clocks, Consent, Refused};
use crate::types::{AccessToken, BankConsentId, Digest, RefreshToken, Signal, Span, Timestamp};

/// What reads live on.
#[derive(Debug)]
pub enum Grant {
    /// Nobody has signed yet.
    None,
    /// Signed and claimed.
    Active(Box<Active>),
    /// Was active; the bank or a clock ended it. A new attempt can bring it back.
    Lapsed {
        /// Why.
        reason: LapseReason,
        /// Since when.
        at: Timestamp,
        /// Of its last tokens: generations never restart.
        generation: u32,
        /// What the bank said, if it was the bank that ended it.
        signal: Option<Signal>,
        /// The consent at the bank that they belonged to: it may live on there.
        bank_consent: BankConsentId,
    },
    /// Ended by its owner, for ever.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// What became of it at the bank.
        bank: BankRevocation,
    },
}

/// A living grant.
#[derive(Clone, Debug)]
pub struct Active {
    /// The consent at the bank that the tokens belong to.
    pub bank_consent: BankConsentId,
    /// What opens it.
    pub tokens: Tokens,
    /// Counts token sets over the whole life of the consent.
    pub generation: u32,
    /// When it ends.
    pub clocks: Clocks,
    /// Whether somebody is refreshing.
    pub refresh: Refresh,
    /// How often its access token has been replaced.
    pub refreshes: u32,
    /// How often the refresh token of this generation may have reached the bank without a usable answer.
    pub uses: u8,
    /// Who vouches that the person who signed is the owner; `None` after a redirect, where the handle shows it.
    pub identity: Option<Identity>,
    /// Keyed hash of the handle that claimed it, so that claiming twice gives the same answer.
    pub handle: Option<Digest>,
    /// When it became active.
    pub since: Timestamp,
}

/// An access token and, with most grants, the refresh token that makes new ones.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Opens the accounts.
    pub access: AccessToken,
    /// When it was asked for: its life counts from there.
    pub access_asked: Timestamp,
    /// Until when, by the bank's own figure.
    pub access_expires: Timestamp,
    /// This bank sends it once and keeps it valid; one in a refresh answer replaces it.
    pub refresh: Option<RefreshToken>,
    /// Until when it lives, if the answer that brought it said so (never seen at this bank). Kept in [`Clocks`].
    pub refresh_expires: Option<Timestamp>,
}

/// Who vouches that the person who signed with BankID is the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The personal number came from a verified claim of the owner's token.
    Verified,
    /// The caller sent it.
    Asserted,
}

/// Whether somebody is spending the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Nobody.
    Idle,
    /// Somebody, until the lease is over.
    Claimed(Claim),
}

/// Why a grant ended without its owner's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LapseReason {
    /// The bank does not take the refresh token any more.
    RefreshRefused,
    /// The refresh token was sent twice and no answer ever told what became of it.
    RefreshUnknown,
    /// What was sealed does not open: its key was dropped, or it was altered or moved.
    Unreadable,
    /// The table was put back to an earlier state: which refresh tokens are still good nobody knows.
    Restored,
}

impl LapseReason {
    /// All of them. A row holds the place in this list: new ones go to the end, none is ever removed.
    pub const ALL: &[Self] = &[Self::RefreshRefused, Self::RefreshUnknown, Self::Unreadable, Self::Restored];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RefreshRefused => "refresh_refused",
            Self::RefreshUnknown => "refresh_unknown",
            Self::Unreadable => "tokens_unreadable",
            Self::Restored => "restored",
        }
    }
}

impl Tokens {
    /// The same with the bank's own figure for the refresh token, counted from the request too.
    #[must_use]
    pub fn refreshable_for(self, lifetime: Option<Span>) -> Self {
        let refresh_expires = lifetime.map(|lifetime| self.access_asked + lifetime);
        Self { refresh_expires, ..self }
    }

    /// What the bank sent for a request that was made at `asked`: lifetimes count from there.
    pub fn new(access: AccessToken, lifetime: Span, refresh: Option<RefreshToken>, asked: Timestamp) -> Self {
        let access_expires = asked + lifetime;
        Self { access, access_asked: asked, access_expires, refresh, refresh_expires: None }
    }
}

impl Consent {
    /// The grant, if data may be read with it now.
    pub fn readable(&self, now: Timestamp) -> Result<&Active, Refused> {
        match &self.grant {
            Grant::None => Err(Refused::NotActive),
            Grant::Revoked { .. } => Err(Refused::Revoked),
            Grant::Lapsed { .. } => Err(Refused::GrantOver),
            Grant::Active(active) if now >= active.clocks.expires_at() => Err(Refused::GrantOver),
            Grant::Active(active) => Ok(active),
        }
    }

    /// The generation that the next grant begins with.
    pub(super) fn next_generation(&self) -> u32 {
        match &self.grant {
            Grant::Active(active) => active.generation.saturating_add(1),
            Grant::Lapsed { generation, .. } => generation.saturating_add(1),
            Grant::None | Grant::Revoked { .. } => 1,
        }
    }
}
