//! A new access token for a living grant: when one is due, and the single-flight claim, settle and end of getting it.

use super::{Active, Claim, Consent, Grant, LapseReason, Refresh, Refused, Tokens};
use crate::types::{Signal, Span, Timestamp};

/// An access token is treated as expired this long before it is, so that it does not die on the way to the bank.
const ACCESS_SLACK: Span = Span::seconds(10);
/// Of its life, the last part in which an access token is replaced ahead of time: the last hour of a day.
const AGEING_PART: i64 = 24;
/// How often one refresh token may have been sent without an answer that tells what became of it. A bank that rotates takes
/// a third try for a theft.
const MOST_USES: u8 = 2;

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
    /// Claims the refresh token of one generation. As long as it lives, a claim of ours counts as this one: the answer of the
    /// write may have been lost. Once it is over, its token may have been sent: claiming again counts again, whoever does.
    pub fn claim_refresh(mut self, generation: u32, claim: Claim, now: Timestamp) -> Result<Self, Refused> {
        self.readable(now)?;
        let active = self.active_mut()?;
        if active.generation != generation {
            return Err(Refused::Superseded);
        }
        match active.refresh {
            Refresh::Claimed(ours) if ours.by == claim.by && ours.live(now) => Ok(self),
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
    /// Its tokens are destroyed, whoever is refreshing, also those that do not open: their key may come back.
    pub fn restored(mut self, now: Timestamp) -> Result<Self, Refused> {
        match &mut self.grant {
            Grant::Lapsed { reason: reason @ LapseReason::Unreadable, at, .. } => {
                (*reason, *at) = (LapseReason::Restored, now);
                Ok(self)
            }
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
    /// with its key; only its owner's word, a new grant or a restored table removes it.
    pub const fn is_unreadable(&self) -> bool {
        matches!(&self.grant, Grant::Lapsed { reason: LapseReason::Unreadable, .. })
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
