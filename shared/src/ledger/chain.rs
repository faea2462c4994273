//! The chain of running balances (recorded as exact): the balance after a row less its amount is the balance after the
//! row before it. Between two days whose balances join nothing is missing, whatever the row cap is; where they do not
//! join, something is.

mod trail;

use super::{Window, rows::Rows};
use crate::types::Date;
use rust_decimal::Decimal;
use std::collections::HashSet;
use trail::{Step, Trail, step};

/// What the balances say of the days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Runs of days whose balances join. Nothing is missing between a run's first and last day; of these two themselves
    /// the far side is open.
    pub(super) runs: Vec<Window>,
    /// Where the chain does not close: rows are missing on or between these days.
    pub(super) breaks: Vec<Window>,
}

/// The balance that a day ends with.
enum Close {
    At(Decimal),
    /// The day ends where it began, and where that was is open.
    Among(HashSet<Decimal>),
}

impl Chain {
    pub(super) fn of(rows: &Rows) -> Self {
        let mut undated: Vec<Step> = rows.undated.iter().filter_map(step).collect();
        let mut chain = Self::default();
        let mut last: Option<(Date, Close)> = None;
        for (day, rows) in &rows.days {
            let trail = Trail::of(rows, &mut undated);
            let before = last.take();
            if trail == Trail::Broken {
                chain.breaks.extend(Window::new(*day, *day));
            }
            let Some(alone) = Close::of(&trail) else { continue };
            let joined = before.map(|(older, close)| (older, close.joins(&trail, &mut undated)));
            if let Some((older, None)) = &joined {
                chain.breaks.extend(Window::new(*older, *day));
            }
            let close = match joined {
                Some((_, Some(close))) => {
                    let run = chain.runs.pop().and_then(|run| Window::new(run.from(), *day));
                    chain.runs.extend(run);
                    close
                }
                _ => {
                    chain.runs.extend(Window::new(*day, *day));
                    alone
                }
            };
            last = Some((*day, close));
        }
        chain
    }

    /// Whether the balances prove that nothing of a window is missing.
    pub(super) fn proves(&self, window: Window) -> bool {
        self.runs.iter().any(|run| run.from() < window.from() && window.to() < run.to())
    }
}

impl Close {
    /// Of a day that stands alone.
    fn of(trail: &Trail) -> Option<Self> {
        match trail {
            Trail::Unknown | Trail::Broken => None,
            Trail::From(_, to) => Some(Self::At(*to)),
            Trail::Round(balances) => Some(Self::Among(balances.clone())),
        }
    }

    /// Of the next day, if it begins where this one ends. Rows without any date may lie between them.
    fn joins(&self, next: &Trail, undated: &mut Vec<Step>) -> Option<Self> {
        self.begins(next).or_else(|| {
            let place = undated.iter().position(|(before, _)| self.may_be(before))?;
            let (_, after) = undated.swap_remove(place);
            Self::At(after).joins(next, undated)
        })
    }

    fn begins(&self, next: &Trail) -> Option<Self> {
        match next {
            Trail::Unknown | Trail::Broken => None,
            Trail::From(from, to) => self.may_be(from).then_some(Self::At(*to)),
            Trail::Round(balances) => {
                let common: HashSet<Decimal> =
                    balances.iter().filter(|balance| self.may_be(balance)).copied().collect();
                (!common.is_empty()).then_some(Self::Among(common))
            }
        }
    }

    fn may_be(&self, balance: &Decimal) -> bool {
        match self {
            Self::At(at) => at == balance,
            Self::Among(all) => all.contains(balance),
        }
    }
}
