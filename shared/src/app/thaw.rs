//! Lambda freezes a process between two requests. What it held open may be dead afterwards without anybody having said so.

use crate::types::{Span, Timestamp};
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// If event time ran ahead of the monotonic clock by more than this, the process was frozen in between.
const THAW: Span = Span::seconds(2);

/// When the last request began, by both clocks.
#[derive(Debug, Default)]
pub(super) struct Thaw(Mutex<Option<(Instant, Timestamp)>>);

impl Thaw {
    /// Whether the process was frozen between the last request and the one that begins now.
    pub(super) fn noticed(&self, now: Timestamp) -> bool {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace((Instant::now(), now));
        before.is_some_and(|(instant, event)| {
            let elapsed = Span::millis(i64::try_from(instant.elapsed().as_millis()).unwrap_or(i64::MAX));
            now > event + elapsed + THAW
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thaw_is_event_time_that_ran_ahead_by_more_than_two_seconds() {
        let thaw = Thaw::default();
        let at = |seconds: i64| Timestamp::from_millis(1_768_464_000_000 + seconds * 1000);
        let noticed: Vec<_> = [0, 1, 60, 61, 30, 31].into_iter().map(|now| thaw.noticed(at(now))).collect();
        assert_eq!(noticed, [false, false, true, false, false, false]);
    }
}
