//! Contestants that take turns.

use std::time::{Duration, Instant};

/// Times of one contestant, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Half of the rounds took no longer.
    pub(crate) fn median(&self) -> Duration {
        self.at(5)
    }

    /// The fastest round: what it takes when nobody else wants the machine.
    pub(crate) fn fastest(&self) -> Duration {
        self.at(0)
    }

    /// What all but the fastest and the slowest tenth of the rounds took.
    pub(crate) fn spread(&self) -> (Duration, Duration) {
        (self.at(1), self.at(9))
    }

    fn at(&self, tenths: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * tenths / 10).copied().unwrap_or_default()
    }
}

/// Lets each contestant run once per round, in turn, after one round that does not count.
pub(crate) fn in_turns(rounds: usize, contestants: &[&dyn Fn() -> usize]) -> Vec<Times> {
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..=rounds {
        for (contestant, times) in contestants.iter().zip(&mut times) {
            let begun = Instant::now();
            std::hint::black_box(contestant());
            if round > 0 {
                times.push(begun.elapsed());
            }
        }
    }
    let sorted = times.into_iter().map(|mut times| {
        times.sort_unstable();
        Times(times)
    });
    sorted.collect()
}
