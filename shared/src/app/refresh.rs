//! A new access token, single-flight over all functions in the world: claim, spend, settle. Nobody sends a refresh token
//! without having claimed its generation in the table, and one is sent twice at most, the second time only if nobody knows
//! what became of the first.

use super::Invocation;
use crate::{
    bank::{Client, Fault, Granted},
    consent::{Claim, Consent, Freshness, Grant, Refresh, Refused, Tokens},
    http::{Code, Problem},
    store::{StoreError, Stored, UpdateError},
    telemetry::{self, Metric},
    types::{ConsentId, OwnerId, RefreshToken, Signal},
};
use std::time::Duration;

/// Before reading again what somebody else is refreshing; the last one is repeated.
const PAUSES_MS: &[u64] = &[50, 100, 200, 400, 800];
/// Waiting ends when no more than this is left, for the read itself and for the answer.
const READ_RESERVE: Duration = Duration::from_secs(3);

/// How one try to refresh ended.
enum Tried {
    /// With tokens that are good: ours, or somebody else's.
    Fresh(Stored),
    /// Somebody else is at it.
    Held,
    /// The bank brought nothing, and the old tokens are as they were.
    Unchanged(Stored, Fault),
}

/// One claimed refresh.
#[derive(Clone, Copy)]
struct Refreshing {
    generation: u32,
    claim: Claim,
    id: ConsentId,
    owner: OwnerId,
}

impl Invocation<'_> {
    /// The grant with an access token that will do. One that is over is replaced, or waited for if somebody else is
    /// replacing it; one that is ageing is replaced by whoever comes first, and everybody else goes on with it.
    ///
    /// # Errors
    /// [`Code::ConsentExpired`] if the bank ended the grant; [`Code::RefreshInFlight`] if waiting took too long.
    pub async fn usable(&self, bank: &Client, stored: Stored) -> Result<Stored, Problem> {
        let spread = stored.id.as_bytes().first().copied().unwrap_or(0);
        match stored.readable(self.now())?.freshness(spread, self.now()) {
            Freshness::Fresh => Ok(stored),
            // Boxed: few requests come here, and none of the others should carry the room for it.
            Freshness::Over => Box::pin(self.refresh(bank, stored)).await,
            Freshness::Ageing => {
                let (owner, id) = (stored.owner, stored.id);
                match Box::pin(self.try_refresh(bank, stored)).await? {
                    Tried::Fresh(stored) | Tried::Unchanged(stored, _) => Ok(stored),
                    Tried::Held => Ok(self.load(&owner, &id).await?.stored),
                }
            }
        }
    }

    /// Replaces the access token of this generation, whatever its age: the bank says that it is over.
    ///
    /// # Errors
    /// As [`usable`](Self::usable), and the bank's fault if it brought nothing.
    pub async fn refresh(&self, bank: &Client, mut stored: Stored) -> Result<Stored, Problem> {
        let (owner, id) = (stored.owner, stored.id);
        let generation = stored.readable(self.now())?.generation;
        let mut pauses = PAUSES_MS.iter().copied().chain(std::iter::repeat(800)).map(Duration::from_millis);
        loop {
            match Box::pin(self.try_refresh(bank, stored)).await? {
                Tried::Fresh(stored) => return Ok(stored),
                Tried::Unchanged(_, fault) => return Err(fault.into()),
                Tried::Held => telemetry::count(Metric::RefreshWaits),
            }
            let pause = pauses.next().unwrap_or_default();
            if self.clock.left() < pause + READ_RESERVE {
                return Err(Problem::new(Code::RefreshInFlight));
            }
            tokio::time::sleep(pause).await;
            stored = self.load(&owner, &id).await?.stored;
            if self.over(&stored)?.generation != generation {
                return Ok(stored);
            }
        }
    }

    async fn try_refresh(&self, bank: &Client, stored: Stored) -> Result<Tried, Problem> {
        let (id, owner, now) = (stored.id, stored.owner, self.now());
        let active = self.over(&stored)?;
        let refreshing = Refreshing { generation: active.generation, claim: self.claim(), id, owner };
        let Some(token) = active.tokens.refresh.clone() else {
            // The access token was all there was.
            return Box::pin(self.lapse(stored, refreshing, None)).await;
        };
        // Whoever sees that somebody is at it writes nothing; this very request too, if its first try was not answered.
        if matches!(active.refresh, Refresh::Claimed(held) if held.live(now)) {
            return Ok(Tried::Held);
        }
        let Refreshing { generation, claim, .. } = refreshing;
        match self.apply(stored, |consent| consent.claim_refresh(generation, claim, now)).await {
            Ok(claimed) => Box::pin(self.spend(bank, claimed, refreshing, &token)).await,
            Err(UpdateError::Refused(Refused::Superseded)) => self.fresh(refreshing).await,
            Err(UpdateError::Refused(Refused::InFlight)) => Ok(Tried::Held),
            Err(UpdateError::Refused(Refused::Exhausted)) => Box::pin(self.give_up(refreshing)).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn spend(
        &self,
        bank: &Client,
        claimed: Stored,
        refreshing: Refreshing,
        token: &RefreshToken,
    ) -> Result<Tried, Problem> {
        let Refreshing { generation, claim, .. } = refreshing;
        let asked = self.now();
        match bank.refresh(&self.exchange(), token).await {
            Ok(Granted { access, access_lifetime, refresh, refresh_lifetime }) => {
                let fresh =
                    Tokens::new(access, access_lifetime, refresh, asked).refreshable_for(refresh_lifetime);
                match self.settle(claimed, |consent| settled(consent, generation, claim, &fresh)).await {
                    Ok(settled) => {
                        telemetry::count(Metric::Refreshes);
                        Ok(Tried::Fresh(settled))
                    }
                    Err(UpdateError::Refused(_)) => {
                        telemetry::count(Metric::TokensDropped);
                        Ok(Tried::Held)
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Err(Fault::RefreshRefused { says }) => {
                Box::pin(self.lapse(claimed, refreshing, Some(says))).await
            }
            Err(fault) => Box::pin(self.not_refreshed(claimed, refreshing, fault)).await,
        }
    }

    /// The bank brought nothing usable. The claim goes back, except if the answer was lost: then the bank may still be
    /// working on it, so the claim stays until its lease is over.
    async fn not_refreshed(
        &self,
        claimed: Stored,
        refreshing: Refreshing,
        fault: Fault,
    ) -> Result<Tried, Problem> {
        telemetry::count(Metric::BankFaults);
        if fault == Fault::Lost {
            return Ok(Tried::Unchanged(claimed, fault));
        }
        let Refreshing { generation, claim, id, owner } = refreshing;
        // An answer of success that cannot be read may have spent the token.
        let executed = matches!(fault, Fault::Malformed | Fault::TooLarge | Fault::Unrecognised { .. });
        let released = |consent: Consent| consent.release_refresh(generation, claim, executed);
        match self.apply(claimed, released).await {
            Ok(stored) => Ok(Tried::Unchanged(stored, fault)),
            Err(UpdateError::Store(StoreError::Unavailable | StoreError::Contended)) => Err(fault.into()),
            Err(UpdateError::Refused(_)) => Ok(Tried::Unchanged(self.load(&owner, &id).await?.stored, fault)),
            Err(error) => Err(error.into()),
        }
    }

    /// The bank does not take the refresh token any more. The write that says so reads again first: if somebody else has
    /// brought newer tokens meanwhile, those are good.
    async fn lapse(
        &self,
        claimed: Stored,
        refreshing: Refreshing,
        signal: Option<Signal>,
    ) -> Result<Tried, Problem> {
        let (Refreshing { generation, claim, id, .. }, now) = (refreshing, self.now());
        let lapse = |consent: Consent| match signal {
            Some(_) => consent.lapse(generation, claim, signal, now),
            None => consent.claim_refresh(generation, claim, now)?.lapse(generation, claim, None, now),
        };
        match self.settle(claimed, lapse).await {
            Ok(_) => {
                telemetry::count(Metric::RefreshFailures);
                Err(Problem::from(Refused::GrantOver).begins_again(&id))
            }
            Err(UpdateError::Refused(_)) => self.fresh(refreshing).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn give_up(&self, refreshing: Refreshing) -> Result<Tried, Problem> {
        let (Refreshing { generation, id, .. }, now) = (refreshing, self.now());
        let given_up =
            self.app.store.update(self.writer(), &id, |consent| consent.give_up(generation, now)).await;
        match given_up {
            Ok(_) => {
                telemetry::count(Metric::RefreshFailures);
                Err(Problem::from(Refused::GrantOver).begins_again(&id))
            }
            Err(UpdateError::Refused(_)) => self.fresh(refreshing).await,
            Err(error) => Err(error.into()),
        }
    }

    /// What the table holds now, if it is of another generation; else somebody is still at it.
    async fn fresh(&self, refreshing: Refreshing) -> Result<Tried, Problem> {
        let stored = self.load(&refreshing.owner, &refreshing.id).await?.stored;
        let newer = self.over(&stored)?.generation != refreshing.generation;
        Ok(if newer { Tried::Fresh(stored) } else { Tried::Held })
    }

    /// The grant, or the problem that names the call which brings it back.
    fn over<'s>(&self, stored: &'s Stored) -> Result<&'s crate::consent::Active, Problem> {
        stored.readable(self.now()).map_err(|refused| Problem::from(refused).begins_again(&stored.id))
    }
}

/// The settle of a write whose answer was lost finds its own result and leaves it.
fn settled(consent: Consent, generation: u32, claim: Claim, fresh: &Tokens) -> Result<Consent, Refused> {
    match &consent.grant {
        Grant::Active(active)
            if active.generation == generation.saturating_add(1)
                && active.refresh == Refresh::Idle
                && active.tokens.access.expose() == fresh.access.expose() =>
        {
            Ok(consent)
        }
        _ => consent.settle_refresh(generation, claim, fresh),
    }
}
