//! Which windows are complete, and how that is known.

use super::{Window, chain::Chain, rows::Rows};
use crate::types::Date;

/// How it is known that nothing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The answer had fewer rows than the bank's cap: good as long as the cap is what it is taken for.
    UnderCap,
    /// The running balances join over the window and beyond both its ends: good whatever the cap is.
    BalanceChain,
}

impl Proof {
    /// As our API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnderCap => "under_cap",
            Self::BalanceChain => "balance_chain",
        }
    }
}

/// A window of a read. It is complete exactly if there is a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The days.
    pub window: Window,
    /// Why nothing is missing; `None`: something may be.
    pub proof: Option<Proof>,
}

/// What came of asking for a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    UnderCap,
    AtCap,
    /// Not asked, or not answered.
    Open,
}

/// Coverage of a read.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    /// From the newest on.
    pub(super) windows: Vec<Covered>,
    /// The days between which the chain of balances does not close, and no cap explains it.
    pub(super) breaks: Vec<Window>,
    /// Days of which rows may be missing.
    doubtful: Vec<Window>,
}

impl Coverage {
    /// `asked` are the windows of a read; no two have a day in common.
    pub(super) fn of(rows: &Rows, mut asked: Vec<(Window, Outcome)>) -> Self {
        asked.sort_by_key(|(window, _)| std::cmp::Reverse(*window));
        let chain = Chain::of(rows);
        let open =
            asked.iter().filter(|(window, outcome)| *outcome != Outcome::UnderCap && !chain.proves(*window));
        let mut doubtful: Vec<Window> = open.map(|(window, _)| *window).collect();
        // Where rows are known to be missing, it is no finding that the balances do not join.
        let known = |gap: &Window| doubtful.iter().any(|window| window.touches(*gap));
        let breaks: Vec<Window> = chain.breaks.iter().filter(|gap| !known(gap)).copied().collect();
        doubtful.extend(&breaks);
        let proof = |window: Window| {
            if chain.proves(window) {
                return Some(Proof::BalanceChain);
            }
            (!doubtful.iter().any(|days| days.touches(window))).then_some(Proof::UnderCap)
        };
        let windows =
            asked.iter().map(|(window, _)| Covered { window: *window, proof: proof(*window) }).collect();
        Self { windows, breaks, doubtful }
    }

    /// Whether all rows of a day were seen.
    pub(super) fn is_whole(&self, day: Date) -> bool {
        let asked = self.windows.iter().any(|covered| covered.window.holds(day));
        asked && !self.doubtful.iter().any(|days| days.holds(day))
    }
}
