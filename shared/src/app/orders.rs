//! Claiming a BankID start: the consent, the limits and the number's one order in one transaction. If the number's guard
//! is in the way, its consent says what becomes of it.

use super::Invocation;
use crate::{
    consent::{Consent, InTheWay, OrderGuard, Refused},
    store::{Denied, InsertError, Reservation, StoreError, Stored, UpdateError, Writer},
    telemetry::{self, Metric},
    types::{OwnerId, PersonalNumber},
};

/// How often a guard is taken over that then turns out to be another's again.
const TAKEOVERS: u32 = 3;

impl Invocation<'_> {
    /// What an order to this number reserves.
    pub fn reservation(&self, owner: &OwnerId, number: &PersonalNumber) -> Reservation {
        Reservation::new(&self.material.identity, owner, number, self.app.config.start_limits)
    }

    /// Puts a new consent there: the claim of a start, with what it reserves if it is one with BankID.
    pub async fn insert(
        &self,
        begin: impl Fn() -> Consent + Send + Sync,
        mut reservation: Option<Reservation>,
    ) -> Result<Stored, InsertError> {
        let (begun, store) = (begin(), &self.app.store);
        let owner = begun.owner;
        let mut inserted = store.insert(self.reserving(reservation.as_ref()), begun).await;
        for _ in 0..TAKEOVERS {
            let Err(InsertError::Denied(denied)) = inserted else { break };
            let over = self.make_way(denied, &owner).await?.ok_or(denied)?;
            reservation = reservation.map(|reservation| reservation.over(over));
            inserted = store.insert(self.reserving(reservation.as_ref()), begin()).await;
        }
        inserted
    }

    /// Applies a transition that may claim a BankID start, with what that reserves: one conditional write.
    pub async fn apply_reserving(
        &self,
        stored: Stored,
        mut reservation: Option<Reservation>,
        transition: impl Fn(Consent) -> Result<Consent, Refused> + Send + Sync,
    ) -> Result<Stored, UpdateError> {
        let (id, owner, store) = (stored.id, stored.owner, &self.app.store);
        let mut applied = store.apply(self.reserving(reservation.as_ref()), stored, &transition).await;
        for _ in 0..TAKEOVERS {
            let Err(UpdateError::Denied(denied)) = applied else { break };
            let over = self.make_way(denied, &owner).await?.ok_or(denied)?;
            reservation = reservation.map(|reservation| reservation.over(over));
            applied = store.update(self.reserving(reservation.as_ref()), &id, &transition).await;
        }
        self.count_lost(&applied);
        applied
    }

    fn reserving<'a>(&'a self, reserves: Option<&'a Reservation>) -> Writer<'a> {
        Writer { reserves, ..self.writer() }
    }

    /// The guard that a start of this owner may take over, if it was a guard that denied it and that can make way. An
    /// older order of the same person is ended first, here and at the bank.
    async fn make_way(&self, denied: Denied, owner: &OwnerId) -> Result<Option<OrderGuard>, StoreError> {
        let Denied::Ordered { guard, .. } = denied else { return Ok(None) };
        let now = self.now();
        let holder = self.app.store.get(&self.material.ring, &guard.consent, now).await?;
        let holder = holder.map(|loaded| loaded.stored);
        match (guard.against(owner, holder.as_deref(), now), holder) {
            (InTheWay::Stays, _) => Ok(None),
            (InTheWay::Superseded, Some(older)) => {
                telemetry::count(Metric::OrdersSuperseded);
                let ended = self.end(older, |consent| consent.supersede(guard.ordinal, now)).await;
                // Why is in the log line already.
                let ended = ended.map_err(|_| StoreError::Unavailable)?;
                Box::pin(self.cancel_order(&ended)).await;
                Ok(Some(guard))
            }
            (InTheWay::Superseded, None) | (InTheWay::Over, _) => Ok(Some(guard)),
        }
    }
}
