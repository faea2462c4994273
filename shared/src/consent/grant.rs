//! The grant: tokens, their two clocks, and the single-flight refresh.

use super::{Claim, Consent, RENEW_AHEAD, Refused};
use crate::types::{AccessToken, BankConsentId, Country, Digest, RefreshToken, Signal, Span, Timestamp};

/// An access token is treated as expired this long before it is, so that it does not die on the way to the bank.
const ACCESS_SLACK: Span = Span::seconds(10);

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
    },
    /// Ended by its owner, for ever.
    Revoked {
        /// Since when.
        at: Timestamp,
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
    /// Until when, by the bank's own figure.
    pub access_expires: Timestamp,
    /// This bank sends it once and keeps it valid; one in a refresh answer replaces it.
    pub refresh: Option<RefreshToken>,
}

/// The two clocks of a grant: the refresh token's and the consent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// End of the refresh token.
    pub refresh_expires: Timestamp,
    /// End of the consent.
    pub consent_expires: Timestamp,
}

/// Which clock ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// The refresh token (90 days).
    RefreshToken,
    /// The consent (180 days; GB 90).
    Consent,
}

impl Clocks {
    /// For a grant signed at `at`. Without a refresh token the access token is all there is.
    pub fn new(country: Country, tokens: &Tokens, at: Timestamp) -> Self {
        let refreshable = at + country.refresh_lifetime();
        let refresh_expires = if tokens.refresh.is_some() { refreshable } else { tokens.access_expires };
        Self { refresh_expires, consent_expires: at + country.consent_lifetime() }
    }

    /// The earlier of the two.
    pub fn expires_at(&self) -> Timestamp {
        self.refresh_expires.min(self.consent_expires)
    }

    /// From when on the caller should ask for a renewal.
    pub fn renew_by(&self) -> Timestamp {
        self.expires_at() - RENEW_AHEAD
    }

    /// Which of the two is the earlier.
    pub fn limited_by(&self) -> LimitedBy {
        if self.refresh_expires < self.consent_expires { LimitedBy::RefreshToken } else { LimitedBy::Consent }
    }
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
}

impl LapseReason {
    /// All of them. A row holds the place in this list: new ones go to the end, none is ever removed.
    pub const ALL: &[Self] = &[Self::RefreshRefused];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RefreshRefused => "refresh_refused",
        }
    }
}

impl Tokens {
    /// What the bank sent for a request that was made at `asked`: lifetimes count from there.
    pub fn new(access: AccessToken, lifetime: Span, refresh: Option<RefreshToken>, asked: Timestamp) -> Self {
        Self { access, access_expires: asked + lifetime, refresh }
    }
}

impl Active {
    /// Whether the access token is expired, or too near to it, and can be replaced.
    pub fn needs_refresh(&self, now: Timestamp) -> bool {
        self.tokens.refresh.is_some() && now + ACCESS_SLACK >= self.tokens.access_expires
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

    /// Claims the refresh token of one generation. Ours already counts as claimed: the answer of a write may be lost.
    pub fn claim_refresh(mut self, generation: u32, claim: Claim, now: Timestamp) -> Result<Self, Refused> {
        self.readable(now)?;
        let active = self.active_mut()?;
        if active.generation != generation {
            return Err(Refused::Superseded);
        }
        match active.refresh {
            Refresh::Claimed(other) if other.by != claim.by && other.live(now) => Err(Refused::InFlight),
            _ => {
                active.refresh = Refresh::Claimed(claim);
                Ok(self)
            }
        }
    }

    /// Stores what a refresh brought. Only the holder of the claim settles, only for the generation that was claimed,
    /// and an answer without a refresh token keeps the old one.
    pub fn settle_refresh(mut self, generation: u32, claim: Claim, fresh: &Tokens) -> Result<Self, Refused> {
        let active = self.claimed_refresh(generation, claim)?;
        let refresh = fresh.refresh.clone().or_else(|| active.tokens.refresh.clone());
        active.tokens = Tokens { refresh, ..fresh.clone() };
        active.generation = generation.saturating_add(1);
        active.refreshes = active.refreshes.saturating_add(1);
        active.refresh = Refresh::Idle;
        Ok(self)
    }

    /// Gives the claim back: the request provably never left, or the bank did not answer usably.
    pub fn release_refresh(mut self, generation: u32, claim: Claim) -> Result<Self, Refused> {
        self.claimed_refresh(generation, claim)?.refresh = Refresh::Idle;
        Ok(self)
    }

    /// The bank does not take the refresh token any more, or there is none: tokens are destroyed.
    pub fn lapse(
        mut self,
        generation: u32,
        claim: Claim,
        signal: Option<Signal>,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        self.claimed_refresh(generation, claim)?;
        self.grant = Grant::Lapsed { reason: LapseReason::RefreshRefused, at: now, generation, signal };
        Ok(self)
    }

    /// The generation that the next grant begins with.
    pub(super) fn next_generation(&self) -> u32 {
        match &self.grant {
            Grant::Active(active) => active.generation.saturating_add(1),
            Grant::Lapsed { generation, .. } => generation.saturating_add(1),
            Grant::None | Grant::Revoked { .. } => 1,
        }
    }

    fn active_mut(&mut self) -> Result<&mut Active, Refused> {
        match &mut self.grant {
            Grant::Active(active) => Ok(active),
            Grant::None => Err(Refused::NotActive),
            Grant::Lapsed { .. } => Err(Refused::GrantOver),
            Grant::Revoked { .. } => Err(Refused::Revoked),
        }
    }

    fn claimed_refresh(&mut self, generation: u32, claim: Claim) -> Result<&mut Active, Refused> {
        let active = self.active_mut()?;
        match active.refresh {
            Refresh::Claimed(held) if held.by == claim.by && active.generation == generation => Ok(active),
            _ => Err(Refused::ClaimLost),
        }
    }
}
