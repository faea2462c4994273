//! What holds calls back: a breaker for each service of the bank, and one budget for repeats.

use super::{Fault, faults::Service};
use crate::{
    bank::{breaker::Breaker, retry_budget::RetryBudget},
    types::Timestamp,
};
use aws_lc_rs::rand;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What one client has learnt of the bank in this process.
pub(super) struct Restraint {
    breakers: Mutex<[Breaker; Service::COUNT]>,
    repeats: Mutex<RetryBudget>,
}

impl Restraint {
    /// With breakers that open after so many failures in a row; 0: never.
    pub(super) fn new(limit: u32) -> Self {
        let breakers = [Breaker::new(limit); Service::COUNT];
        Self { breakers: Mutex::new(breakers), repeats: Mutex::new(RetryBudget::full()) }
    }

    /// Whether a call may go out.
    pub(super) fn admit(&self, service: Service, now: Timestamp) -> Result<(), Fault> {
        self.on(service, |breaker| breaker.admit(now)).map_err(|rest| Fault::Resting { rest })
    }

    /// What a call says about its service.
    pub(super) fn note<T>(&self, service: Service, outcome: &Result<T, Fault>, now: Timestamp) {
        match outcome {
            Err(Fault::NotSent | Fault::Lost | Fault::ProxyError) => {
                self.on(service, |breaker| breaker.failed(None, now));
            }
            Err(Fault::Unavailable { retry_after }) => {
                self.on(service, |breaker| breaker.failed(*retry_after, now));
            }
            // Of our own making, or about the certificate: nothing was asked.
            Err(Fault::NoTime | Fault::Misconfigured | Fault::CertificateRefused | Fault::Resting { .. }) => {
            }
            _ => self.on(service, Breaker::answered),
        }
    }

    /// Takes a repeat out of the budget, and waits a little: not all that lost a connection come back at once.
    pub(super) async fn may_repeat(&self) -> bool {
        let allowed = lock(&self.repeats).take();
        if allowed {
            let mut chance = [0_u8];
            // Without randomness the pause is none.
            let _ = rand::fill(&mut chance);
            tokio::time::sleep(Duration::from_millis(u64::from(chance[0]) / 8)).await;
        }
        allowed
    }

    /// The repeat went well.
    pub(super) fn repeated_well(&self) {
        lock(&self.repeats).give_back();
    }

    /// A call went well at once.
    pub(super) fn went_well(&self) {
        lock(&self.repeats).earn();
    }

    fn on<T>(&self, service: Service, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let [token, order, gateway] = &mut *lock(&self.breakers);
        act(match service {
            Service::Token => token,
            Service::Order => order,
            Service::Gateway => gateway,
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
