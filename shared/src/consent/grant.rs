//! The grant: tokens, their two clocks, and the single-flight refresh.

use super::{BankRevocation, Claim, Consent, Refused};
use crate::types::{
    AccessToken, BankConsentId, Country, Digest, Lifetimes, RefreshToken, Signal, Span, Timestamp,
};

/// An access token is treated as expired this long before it is, so that it does not die on the way to the bank.
const ACCESS_SLACK: Span = Span::seconds(10);
/// Of its life, the last part in which an access token is replaced ahead of time: the last hour of a day.
const AGEING_PART: i64 = 24;
/// How often one refresh token may have been sent without an answer that tells what became of it. A bank that rotates takes
/// a third try for a theft.
const MOST_USES: u8 = 2;

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

/// The two clocks of a grant: the refresh token's and the consent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// End of the refresh token.
    pub refresh_expires: Timestamp,
    /// End of the consent.
    pub consent_expires: Timestamp,
    /// How long before the earlier of the two the caller should ask for a renewal.
    pub renew_ahead: Span,
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
    /// For a grant signed at `at`. The bank's own figure for the refresh token rules where its answer gives one; without
    /// a refresh token the access token is all there is.
    pub fn new(country: Country, tokens: &Tokens, at: Timestamp, lifetimes: &Lifetimes) -> Self {
        let consent_expires = at + lifetimes.of_consent(country);
        let refresh_expires = match (&tokens.refresh, tokens.refresh_expires) {
            (Some(_), Some(by_the_bank)) => by_the_bank,
            (Some(_), None) => at + lifetimes.refresh,
            (None, _) => tokens.access_expires,
        };
        Self { refresh_expires, consent_expires, renew_ahead: lifetimes.renew_ahead }
    }

    /// The earlier of the two.
    pub fn expires_at(&self) -> Timestamp {
        self.refresh_expires.min(self.consent_expires)
    }

    /// From when on the caller should ask for a renewal.
    pub fn renew_by(&self) -> Timestamp {
        self.expires_at() - self.renew_ahead
    }

    /// Whether it is time to ask for a renewal.
    pub fn renewal_due(&self, now: Timestamp) -> bool {
        now >= self.renew_by()
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

/// How long an access token will still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Long enough.
    Fresh,
    /// It works, and somebody should replace it while it does; nobody waits for that.
    Ageing,
    /// It does not work any more, or not for long enough.
    Over,
}

impl Active {
    /// How long the access token will still do. Without a refresh token nothing can replace it, so it is never ageing.
    /// Consents of the same age do not age in the same moment: `spread` (any number) decides where in the last hour.
    pub fn freshness(&self, spread: u8, now: Timestamp) -> Freshness {
        let Tokens { access_asked, access_expires, refresh, .. } = &self.tokens;
        if refresh.is_none() {
            return Freshness::Fresh;
        }
        let last_part = access_expires.after(*access_asked).as_millis() / AGEING_PART;
        let ageing = *access_expires - Span::millis(last_part - last_part * i64::from(spread) / 512);
        match now {
            _ if now + ACCESS_SLACK >= *access_expires => Freshness::Over,
            // One try without an answer is enough as long as there is no need.
            _ if now >= ageing && self.uses == 0 && !self.is_refreshing(now) => Freshness::Ageing,
            _ => Freshness::Fresh,
        }
    }

    fn is_refreshing(&self, now: Timestamp) -> bool {
        matches!(self.refresh, Refresh::Claimed(claim) if claim.live(now))
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
            Refresh::Claimed(ours) if ours.by == claim.by => Ok(self),
            Refresh::Claimed(other) if other.live(now) => Err(Refused::InFlight),
            // Who held it and never settled may have sent it.
            _ if active.uses >= MOST_USES => Err(Refused::Exhausted),
            _ => {
                active.refresh = Refresh::Claimed(claim);
                active.uses = active.uses.saturating_add(1);
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
        // A new refresh token brings its own end; without a figure the old one's is the careful guess.
        active.clocks.refresh_expires = fresh.refresh_expires.unwrap_or(active.clocks.refresh_expires);
        active.generation = generation.saturating_add(1);
        active.refreshes = active.refreshes.saturating_add(1);
        active.refresh = Refresh::Idle;
        active.uses = 0;
        Ok(self)
    }

    /// Gives the claim back. `executed` is whether the bank may have done what it was asked: then the refresh token counts as
    /// used once; otherwise it is as good as before.
    pub fn release_refresh(mut self, generation: u32, claim: Claim, executed: bool) -> Result<Self, Refused> {
        let active = self.claimed_refresh(generation, claim)?;
        active.refresh = Refresh::Idle;
        if !executed {
            active.uses = active.uses.saturating_sub(1);
        }
        Ok(self)
    }

    /// The refresh token was sent as often as it may be, and nobody knows what became of it: tokens are destroyed.
    pub fn give_up(mut self, generation: u32, now: Timestamp) -> Result<Self, Refused> {
        let active = self.active_mut()?;
        match active {
            _ if active.generation != generation => Err(Refused::Superseded),
            _ if active.is_refreshing(now) => Err(Refused::InFlight),
            _ if active.uses < MOST_USES => Err(Refused::WrongState),
            _ => {
                let (reason, bank_consent) = (LapseReason::RefreshUnknown, active.bank_consent.clone());
                self.grant =
                    Grant::Lapsed { reason, at: now, generation, signal: Some(Signal::Lost), bank_consent };
                Ok(self)
            }
        }
    }

    /// The bank does not take the refresh token any more, or there is none: tokens are destroyed.
    pub fn lapse(
        mut self,
        generation: u32,
        claim: Claim,
        signal: Option<Signal>,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let bank_consent = self.claimed_refresh(generation, claim)?.bank_consent.clone();
        self.grant =
            Grant::Lapsed { reason: LapseReason::RefreshRefused, at: now, generation, signal, bank_consent };
        Ok(self)
    }

    /// The table was put back to an earlier state: a grant that is active in it may have been refreshed or revoked since.
    /// Its tokens are destroyed, whoever is refreshing.
    pub fn restored(mut self, now: Timestamp) -> Result<Self, Refused> {
        match &self.grant {
            Grant::Active(active) => {
                let (reason, generation) = (LapseReason::Restored, active.generation);
                let (signal, bank_consent) = (None, active.bank_consent.clone());
                self.grant = Grant::Lapsed { reason, at: now, generation, signal, bank_consent };
                Ok(self)
            }
            _ => Err(Refused::AlreadySo),
        }
    }

    /// Whether the tokens of a grant rest here and do not open. It is over as far as anybody can tell, and would be back
    /// with its key; only its owner's word or a new grant removes it.
    pub const fn is_unreadable(&self) -> bool {
        matches!(&self.grant, Grant::Lapsed { reason: LapseReason::Unreadable, .. })
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
