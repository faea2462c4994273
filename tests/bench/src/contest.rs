//! Contestants that take turns.

use std::time::{Duration, Instant};

/// Times of one contestant, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Half of the rounds took no longer.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The fastest round: what it takes when nobody else wants the machine.
    pub(crate) fn fastest(&self) -> Duration {
        self.percentile(0)
    }

    /// What all but the fastest and the slowest tenth of the rounds took.
    pub(crate) fn spread(&self) -> (Duration, Duration) {
        (self.percentile(10), self.percentile(90))
    }

    /// So many of a hundred rounds took no longer.
    pub(crate) fn percentile(&self, hundredths: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * hundredths / 100).copied().unwrap_or_default()
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
    times.into_iter().map(Times::of).collect()
}
