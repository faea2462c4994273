//! The API's throttle: a token bucket as the template sets it, and refusals on demand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::template::Throttle;
use crate::wire::locked;

#[derive(Debug)]
pub(super) struct Throttling {
    limit: Option<Throttle>,
    /// Thousandths of a request that may pass, and since when.
    bucket: Mutex<(u128, Instant)>,
    refusals: AtomicU32,
}

impl Throttling {
    pub(super) fn new(limit: Option<Throttle>) -> Self {
        let full = limit.map_or(0, |limit| u128::from(limit.burst) * 1000);
        Self { limit, bucket: Mutex::new((full, Instant::now())), refusals: AtomicU32::new(0) }
    }

    pub(super) fn refuse_next(&self, requests: u32) {
        self.refusals.fetch_add(requests, Ordering::Relaxed);
    }

    pub(super) fn refuses(&self) -> bool {
        let taken =
            self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        taken.is_ok() || self.limit.is_some_and(|limit| self.empty(limit))
    }

    fn empty(&self, limit: Throttle) -> bool {
        let mut bucket = locked(&self.bucket);
        let now = Instant::now();
        // rate per second is rate thousandths per millisecond
        let refill = now.duration_since(bucket.1).as_millis() * u128::from(limit.rate);
        if refill > 0 {
            *bucket = ((bucket.0 + refill).min(u128::from(limit.burst) * 1000), now);
        }
        match bucket.0.checked_sub(1000) {
            Some(left) => {
                bucket.0 = left;
                false
            }
            None => true,
        }
    }
}
