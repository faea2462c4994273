//! Repeats are a share of what goes well, so that a bank in trouble is never asked twice as much as a sound one. Pure.

/// What a repeat costs, in tenths of a repeat.
const COST: u32 = 10;
/// So many repeats in a row, when nothing went well in between.
const MOST: u32 = 10 * COST;

/// What is left for repeats.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryBudget {
    tenths: u32,
}

impl RetryBudget {
    pub(super) const fn full() -> Self {
        Self { tenths: MOST }
    }

    /// Takes a repeat, if there is one left.
    pub(super) const fn take(&mut self) -> bool {
        let enough = self.tenths >= COST;
        if enough {
            self.tenths -= COST;
        }
        enough
    }

    /// A repeat went well and costs nothing after all: the connection was dead, not the bank.
    pub(super) fn give_back(&mut self) {
        self.tenths = self.tenths.saturating_add(COST).min(MOST);
    }

    /// A call went well at once: a tenth of a repeat.
    pub(super) fn earn(&mut self) {
        self.tenths = self.tenths.saturating_add(1).min(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_repeats_in_vain_are_all_there_are_and_ten_good_calls_are_worth_one_more() {
        let mut budget = RetryBudget::full();
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.take());
        budget.earn();
        assert!(budget.take());
        assert!(!budget.take());
    }

    #[test]
    fn repeats_that_went_well_never_run_out_and_never_pile_up() {
        let mut budget = RetryBudget::full();
        for _ in 0..1_000 {
            assert!(budget.take());
            budget.give_back();
        }
        (0..1_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
    }
}
