//! The API's throttle: a token bucket as the template sets it, by the clock that stamps the events, and refusals on
//! demand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::template::Throttle;
use crate::wire::locked;

#[derive(Debug)]
pub(super) struct Throttling {
    limit: Option<Throttle>,
    /// Thousandths of a request that may pass, and when that was counted (ms).
    bucket: Mutex<(u64, Option<i64>)>,
    refusals: AtomicU32,
}

impl Throttling {
    pub(super) fn new(limit: Option<Throttle>) -> Self {
        let full = limit.map_or(0, |limit| u64::from(limit.burst) * 1000);
        Self { limit, bucket: Mutex::new((full, None)), refusals: AtomicU32::new(0) }
    }

    pub(super) fn refuse_next(&self, requests: u32) {
        self.refusals.fetch_add(requests, Ordering::Relaxed);
    }

    pub(super) fn refuses(&self, now_ms: i64) -> bool {
        let taken =
            self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        taken.is_ok() || self.limit.is_some_and(|limit| self.empty(limit, now_ms))
    }

    fn empty(&self, limit: Throttle, now_ms: i64) -> bool {
        let mut bucket = locked(&self.bucket);
        let since = bucket.1.unwrap_or(now_ms);
        // rate per second is rate thousandths per millisecond
        let passed = u64::try_from(now_ms.saturating_sub(since)).unwrap_or(0);
        let refilled = bucket.0.saturating_add(passed.saturating_mul(u64::from(limit.rate)));
        *bucket = (refilled.min(u64::from(limit.burst) * 1000), Some(now_ms));
        match bucket.0.checked_sub(1000) {
            Some(left) => {
                bucket.0 = left;
                false
            }
            None => true,
        }
    }
}
