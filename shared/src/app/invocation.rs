//! One request: its time, its trace, the keys in force, and the few moves that every function makes with them.

use super::{App, banks::Place};
use crate::{
    bank,
    consent::{Claim, Consent, Refused},
    http::{self, Caller, Clock, Code, Problem},
    secrets::{Material, Standing},
    store::{Budget, Loaded, StoreError, Stored, UpdateError, Writer},
    telemetry::{self, Metric},
    types::{ConsentId, Country, OwnerId, SessionLink, Timestamp, TraceId},
};
use futures_util::future::BoxFuture;
use lambda_http::Request;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Before a settle is tried again; doubled each time.
const SETTLE_PAUSE: Duration = Duration::from_millis(50);
/// A settle is not tried again if less than this is left.
const SETTLE_RESERVE: Duration = Duration::from_secs(1);

/// One request in progress.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// What the process has.
    pub app: &'a App,
    /// Event time and deadline.
    pub clock: Clock,
    /// Our request id.
    pub trace: TraceId,
    /// The keys and certificates in force.
    pub material: Arc<Material>,
    /// When these were last known to be in force.
    checked: Timestamp,
}

/// What was ended here, and what is left to do at the bank.
#[derive(Debug)]
pub struct Ended {
    /// As it stands now; nothing if it was so already, or is gone.
    pub stored: Option<Stored>,
    country: Country,
    order: Option<SessionLink>,
}

impl App {
    /// Begins a request whose input has been parsed.
    pub async fn begin(&self, request: &Request) -> Result<Invocation<'_>, Problem> {
        let clock = Clock::of(request, self.config.timeout);
        let trace = http::trace_id(request)?;
        if self.thaw.noticed(clock.now()) {
            self.banks.forget_connections();
            self.aws.forget_connections();
        }
        let standing = self.secrets.standing(clock.now()).await?;
        note(&standing, clock.now());
        let Standing { material, checked, .. } = standing;
        Ok(Invocation { app: self, clock, trace, material, checked })
    }
}

/// What the line says about the keys and certificates in force.
fn note(standing: &Standing, now: Timestamp) {
    if let Some(days) = standing.material.days_left(now) {
        telemetry::certificate_days(days);
    }
    for (metric, holds) in
        [(Metric::SecretStale, standing.stale), (Metric::SecretRefused, standing.refused())]
    {
        if holds {
            telemetry::count(metric);
        }
    }
}

/// A certificate that the bank refuses is replaced while the call that showed it waits: it has not left.
impl bank::Standby for Invocation<'_> {
    fn instead_of(&self, refused: u64) -> BoxFuture<'_, Option<Arc<bank::Client>>> {
        Box::pin(async move {
            telemetry::count(Metric::CertificateRefused);
            let Place { version, set, client } = self.app.banks.place_of(refused)?;
            let material = self.app.secrets.instead_of(&version, self.now()).await?;
            let other = self.app.banks.of_set(&material, material.sets.get(&set)?).ok()?;
            // The call was made for this registration: another one could not stand behind it.
            other.is_registered_as(&client).then_some(other)
        })
    }
}

impl Invocation<'_> {
    /// Now, in event time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A claim of this request.
    pub fn claim(&self) -> Claim {
        Claim { by: self.trace.claim_id(), until: self.clock.lease() }
    }

    /// The end user whom the gateway has verified.
    pub fn caller(&self, request: &Request) -> Result<Caller, Problem> {
        Caller::of(request, &self.material.identity, &self.app.config)
    }

    /// Whether the caller's own token is fresh enough for its user to be there.
    pub fn is_attended(&self, caller: &Caller) -> bool {
        let oldest = self.now() - self.app.config.attended_token_age;
        caller.issued_at().is_some_and(|at| at >= oldest)
    }

    /// The bank of a country.
    pub fn bank(&self, country: Country) -> Result<Arc<bank::Client>, Problem> {
        let client = self.app.banks.client(&self.material, country)?;
        client.ok_or(
            Problem::new(Code::CountryNotServed).about("country", "one that this service is configured for"),
        )
    }

    /// What a call to the bank needs to know of this request. Each use is one exchange.
    pub fn exchange(&self) -> bank::Call<'_> {
        telemetry::count(Metric::BankCalls);
        bank::Call {
            trace: &self.trace,
            now: self.now(),
            deadline: self.clock.deadline(),
            standby: Some(self),
        }
    }

    /// A consent of this owner. A foreign one is answered exactly as an unknown one.
    pub async fn load(&self, owner: &OwnerId, id: &ConsentId) -> Result<Loaded, Problem> {
        telemetry::concerns(id);
        let loaded = self.app.store.get(&self.material.ring, id, self.now()).await?;
        let loaded = loaded.filter(|loaded| loaded.stored.belongs_to(owner));
        let loaded = loaded.ok_or(Problem::new(Code::ConsentNotFound))?;
        self.opened(&loaded.stored)?;
        Ok(loaded)
    }

    /// The same with the owner's unattended budget.
    pub async fn load_with_budget(
        &self,
        owner: &OwnerId,
        id: &ConsentId,
    ) -> Result<(Loaded, Budget), Problem> {
        telemetry::concerns(id);
        let found = self.app.store.get_with_budget(&self.material.ring, id, owner, self.now()).await?;
        let found = found.filter(|(loaded, _)| loaded.stored.belongs_to(owner));
        let (loaded, budget) = found.ok_or(Problem::new(Code::ConsentNotFound))?;
        self.opened(&loaded.stored)?;
        Ok((loaded, budget))
    }

    /// What does not open may have been sealed by a process that has newer keys than this one: then it is only a matter
    /// of fetching them. If it was there when our keys were last looked at, no newer ones will open it.
    fn opened(&self, stored: &Stored) -> Result<(), Problem> {
        if stored.does_not_open() {
            telemetry::count(Metric::SealsUnopened);
            if stored.may_open_later(self.checked) {
                self.app.secrets.hurry();
                return Err(Problem::new(Code::ServiceUnavailable));
            }
        }
        Ok(())
    }

    /// Who writes, and when.
    pub fn writer(&self) -> Writer<'_> {
        Writer { ring: &self.material.ring, trace: &self.trace, now: self.now(), reserves: None }
    }

    /// Applies a transition to the consent at hand: one conditional write.
    pub async fn apply(
        &self,
        stored: Stored,
        transition: impl Fn(Consent) -> Result<Consent, Refused> + Send + Sync,
    ) -> Result<Stored, UpdateError> {
        let applied = self.app.store.apply(self.writer(), stored, transition).await;
        self.count_lost(&applied);
        applied
    }

    pub(super) fn count_lost(&self, applied: &Result<Stored, UpdateError>) {
        if matches!(applied, Err(UpdateError::Refused(Refused::ClaimLost | Refused::InFlight))) {
            telemetry::count(Metric::ClaimsLost);
        }
    }

    /// Ends an attempt, or the whole consent: here, and nowhere else yet. What is left to do at the bank is taken from the
    /// state that the transition was applied to, because an order may begin in the same moment. Ending what is over
    /// already is fine.
    pub async fn end(
        &self,
        stored: Stored,
        ending: impl Fn(Consent) -> Result<Consent, Refused> + Send + Sync,
    ) -> Result<Ended, Problem> {
        let country = stored.country;
        let order = Mutex::new(None);
        let end = |consent: Consent| {
            let link = consent.order_to_cancel().cloned();
            let ended = ending(consent)?;
            *order.lock().unwrap_or_else(PoisonError::into_inner) = link;
            Ok(ended)
        };
        match self.settle(stored, end).await {
            Ok(stored) => {
                let order = order.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(Ended { stored: Some(stored), country, order })
            }
            Err(UpdateError::Refused(Refused::AlreadySo) | UpdateError::Absent) => {
                Ok(Ended { stored: None, country, order: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Cancels the BankID order that was really ended, if there was one. What the bank makes of it changes nothing.
    pub async fn cancel_order(&self, ended: &Ended) {
        let Some(link) = &ended.order else { return };
        let cancelled = match self.bank(ended.country) {
            Ok(bank) => bank.cancel(&self.exchange(), link).await.is_ok(),
            Err(_) => false,
        };
        if !cancelled {
            telemetry::count(Metric::CancelFailures);
        }
    }

    /// Settles what has been spent: the same, but a table that is away for a moment is asked again as long as there is
    /// time, because what is in hand cannot be had a second time. Settles find their own result and leave it.
    pub async fn settle(
        &self,
        stored: Stored,
        transition: impl Fn(Consent) -> Result<Consent, Refused> + Send + Sync,
    ) -> Result<Stored, UpdateError> {
        let id = stored.id;
        let mut settled = self.apply(stored, &transition).await;
        let mut pause = SETTLE_PAUSE;
        while matches!(settled, Err(UpdateError::Store(StoreError::Unavailable | StoreError::Contended)))
            && self.clock.left() > pause + SETTLE_RESERVE
        {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SETTLE_RESERVE);
            settled = self.app.store.update(self.writer(), &id, &transition).await;
        }
        settled
    }
}
