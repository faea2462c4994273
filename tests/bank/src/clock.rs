//! The bank's clock: it governs every expiry and every date in the answers, and which client certificates are valid. The
//! bank's own certificate alone is valid by the machine's time, by which its callers check it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A handle to the bank's clock. Clones show and move the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    hands: Arc<Mutex<Hands>>,
}

#[derive(Debug, Clone, Copy)]
struct Hands {
    set_to_ms: i64,
    set_at: Instant,
    ticking: bool,
}

impl Hands {
    fn now_ms(&self) -> i64 {
        let passed = if self.ticking { self.set_at.elapsed().as_millis() } else { 0 };
        self.set_to_ms.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}

impl Clock {
    pub(crate) fn new(starts_at_ms: i64, ticking: bool) -> Self {
        let hands = Hands { set_to_ms: starts_at_ms, set_at: Instant::now(), ticking };
        Self { hands: Arc::new(Mutex::new(hands)) }
    }

    /// The bank's time in Unix milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner).now_ms()
    }

    /// Moves the clock by so many milliseconds; a negative number moves it back.
    pub fn advance_ms(&self, by: i64) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        let to = hands.now_ms().saturating_add(by);
        *hands = Hands { set_to_ms: to, set_at: Instant::now(), ticking: hands.ticking };
    }

    /// Sets the clock to a Unix time in milliseconds.
    pub fn set_ms(&self, to: i64) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        *hands = Hands { set_to_ms: to, set_at: Instant::now(), ticking: hands.ticking };
    }
}

/// The civil day at an instant in the zone where a customer banks.
pub(crate) fn civil_day(at_ms: i64, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date()
}

/// An HTTP date (RFC 9110 section 5.6.7) of the bank's time.
pub(crate) fn http_date(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
