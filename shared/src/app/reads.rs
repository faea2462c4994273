//! A read without the PSU is counted before the bank is called (RTS on SCA article 36(5)(b)), whichever function reads.

use super::{App, Invocation};
use crate::{
    budget::{Reserved, Standing, Subject},
    http::{Code, Problem},
    telemetry::{self, Metric},
    types::{ClaimId, OwnerId, Timestamp},
};

/// One read that has been counted.
#[derive(Debug)]
pub struct Reservation {
    subject: String,
    by: ClaimId,
    /// When; absent if it had been counted before, so that it is nobody's to give back.
    at: Option<Timestamp>,
    standing: Standing,
}

impl Reservation {
    /// What is left after it.
    pub const fn standing(&self) -> Standing {
        self.standing
    }
}

impl Invocation<'_> {
    /// Counts one read of this owner's data. One exchange with the table.
    ///
    /// # Errors
    /// `unattended_budget_exhausted`, with when the next one is free: nothing was counted, nothing may be called.
    pub async fn reserve(&self, owner: &OwnerId, subject: &Subject) -> Result<Reservation, Problem> {
        let subject = subject.key(&self.material.identity, owner);
        let (limit, now, by) = (self.app.config.unattended_reads, self.now(), self.claim().by);
        match self.app.store.reserve(owner, &subject, by, (limit, now)).await? {
            Reserved::Granted(standing) => Ok(Reservation { subject, by, at: Some(now), standing }),
            Reserved::Again(standing) => Ok(Reservation { subject, by, at: None, standing }),
            Reserved::Exhausted(standing) => {
                telemetry::count(Metric::BudgetExhausted);
                let wait = standing.next_at.map(|at| at.after(now));
                Err(Problem::new(Code::UnattendedBudgetExhausted).retry_after(wait))
            }
        }
    }
}

impl App {
    /// Nothing was read: the call provably never left, or there was no token for it.
    pub async fn give_back(&self, owner: &OwnerId, reservation: Option<Reservation>) {
        let Some(Reservation { subject, by, at: Some(at), .. }) = reservation else { return };
        if let Err(error) = self.store.unreserve(owner, &subject, by, at).await {
            telemetry::cause(&error);
        }
    }
}
