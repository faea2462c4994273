//! A bank that is down is left alone for a while: it recovers sooner, and callers get their answer at once instead of
//! after a timeout. Pure; one per client and service, so per process.

use crate::types::{Span, Timestamp};

/// How long nothing is asked.
const REST: Span = Span::seconds(30);

/// Opens after so many failures in a row; closed again by any answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breaker {
    /// Failures in a row that open it; 0: never.
    limit: u32,
    failures: u32,
    rests_until: Option<Timestamp>,
}

impl Breaker {
    pub(super) const fn new(limit: u32) -> Self {
        Self { limit, failures: 0, rests_until: None }
    }

    /// Whether a call may go out; else for how long none may. After a rest one may, and no other before another rest is
    /// over or that one has brought an answer: nobody has to report that a probe was given up.
    pub(super) fn admit(&mut self, now: Timestamp) -> Result<(), Span> {
        match self.rests_until {
            Some(until) if now < until => Err(until.after(now)),
            Some(_) => {
                self.rests_until = Some(now + REST);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The bank has answered, whatever it said.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
        self.rests_until = None;
    }

    /// The bank was not reached, kept silent, or said that it is down. With a wish of its own for how long to be left
    /// alone (`Retry-After`), that rules once the limit is reached, but never for longer than ten rests.
    pub(super) fn failed(&mut self, wish: Option<Span>, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.limit > 0 && self.failures >= self.limit {
            let rest = wish.map_or(REST, |wish| wish.clamp(REST, Span::minutes(5)));
            self.rests_until = Some(now + rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn open_at_zero() -> Breaker {
        let mut breaker = Breaker::new(5);
        for _ in 0..5 {
            assert_eq!(breaker.admit(at(0)), Ok(()));
            breaker.failed(None, at(0));
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_thirty_seconds() {
        let mut breaker = open_at_zero();
        assert_eq!(breaker.admit(at(0)), Err(Span::seconds(30)));
        assert_eq!(breaker.admit(at(29)), Err(Span::seconds(1)));
        assert_eq!(breaker.admit(at(30)), Ok(()));
    }

    #[test]
    fn an_answer_between_failures_counts_from_the_beginning() {
        let mut breaker = Breaker::new(5);
        for _ in 0..20 {
            for _ in 0..4 {
                breaker.failed(None, at(0));
            }
            breaker.answered();
        }
        assert_eq!(breaker.admit(at(0)), Ok(()));
    }

    #[test]
    fn one_probe_goes_out_at_a_time_and_its_outcome_decides() {
        let mut breaker = open_at_zero();
        assert_eq!(breaker.admit(at(30)), Ok(()), "the probe");
        assert!(breaker.admit(at(30)).is_err(), "and nobody beside it");
        breaker.failed(None, at(31));
        assert_eq!(breaker.admit(at(60)), Err(Span::seconds(1)));
        assert_eq!(breaker.admit(at(61)), Ok(()));
        breaker.answered();
        assert_eq!((breaker.admit(at(61)), breaker.admit(at(61))), (Ok(()), Ok(())));
    }

    #[test]
    fn a_probe_that_was_given_up_does_not_keep_it_open_for_ever() {
        let mut breaker = open_at_zero();
        assert_eq!(breaker.admit(at(30)), Ok(()));
        assert_eq!(breaker.admit(at(60)), Ok(()));
    }

    #[test]
    fn the_banks_own_wish_rules_within_bounds() {
        for (wish, rest) in [(1, 30), (60, 60), (86_400, 300)] {
            let mut breaker = open_at_zero();
            breaker.failed(Some(Span::seconds(wish)), at(0));
            assert_eq!(breaker.admit(at(0)), Err(Span::seconds(rest)), "{wish}");
        }
    }

    #[test]
    fn switched_off_it_never_opens() {
        let mut breaker = Breaker::new(0);
        for _ in 0..1_000 {
            breaker.failed(None, at(0));
        }
        assert_eq!(breaker.admit(at(0)), Ok(()));
    }
}
