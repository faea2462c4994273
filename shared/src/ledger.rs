//! The rows of an account, money-safe: which row is which, whether all are there, what to ask next. The bank gives rows
//! no id and knows no pages (documented), and what it does at its row cap is unknown. Functions of rows and windows: no
//! I/O, no clock.
//!
//! | part | what it decides |
//! |---|---|
//! | `window` | days, both ends included, in the bank's zone |
//! | `rows` | the union of several answers: nothing lost, nothing doubled |
//! | `identity` | ids of rows, and how much they can be relied on |
//! | `chain` | where running balances join, and where rows must be missing |
//! | `coverage` | which windows are complete, and how that is known |
//! | `plan` | which windows to ask for, with `cap` and `forecast` |
//! | `cursor` | where a reader goes on |

mod cap;
mod chain;
mod coverage;
mod cursor;
mod finding;
mod forecast;
mod identity;
mod plan;
mod rows;
mod window;

pub use cap::{Cap, Over};
pub use coverage::{Covered, Proof};
pub use cursor::{Bound, Cursor, OVERLAP_DAYS, Position};
pub use finding::Finding;
pub use identity::{Booked, Identity, Pending};
pub use plan::{Plan, Stuck};
pub use rows::Answer;
pub use window::Window;

use crate::{
    account::Transaction,
    types::{AccountId, Date, IdentityKey},
};
use coverage::Coverage;
use rows::Rows;

/// What a plan has read; its rows have no names yet.
#[derive(Debug)]
pub struct Reading {
    rows: Rows,
    coverage: Coverage,
    findings: Vec<Finding>,
    /// Where the bank refused older days: the oldest that it showed.
    pub moved_to: Option<Date>,
    /// The older days of the range that are still to be read: the time was over.
    pub rest: Option<Window>,
}

/// Rows of an account, with what is known about them.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// Newest day first, rows without any date last.
    pub booked: Vec<Booked>,
    /// Those of one read (all its answers together) replace those of the read before, for the days of the range.
    pub pending: Vec<Pending>,
    /// The windows asked for, newest first.
    pub coverage: Vec<Covered>,
    /// What was odd.
    pub findings: Vec<Finding>,
}

impl Reading {
    /// Names the rows.
    pub fn statement(self, key: &IdentityKey, account: &AccountId) -> Statement {
        let Self { rows, coverage, findings, .. } = self;
        let (booked, pending) = identity::name(rows, key, account, |day| coverage.is_whole(day));
        Statement { booked, pending, coverage: coverage.windows, findings }
    }
}

impl Statement {
    /// The first day of which something is missing that asking again could bring. A day at the bank's cap stays as it is,
    /// however often it is asked for.
    pub fn missing_from(&self) -> Option<Date> {
        let missing = |finding: &Finding| match finding {
            Finding::ChainBreaks(days) | Finding::NotAsked(days) => Some(days.from()),
            _ => None,
        };
        self.findings.iter().filter_map(missing).min()
    }

    /// Where it would begin if only about `kept` of its rows, the newest, were left: with a whole day, and with one day at
    /// least. Nothing if it has no second day.
    pub fn beginning(&self, kept: usize) -> Option<Date> {
        let days = || self.booked.iter().filter_map(|booked| booked.row.day());
        let (newest, oldest) = (days().next()?, days().next_back()?);
        let first = days().nth(kept).and_then(|day| day.tomorrow().ok()).filter(|day| *day <= newest);
        (oldest < newest).then_some(first.unwrap_or(newest))
    }

    /// Only its days from `day` on, and the rows without any date.
    #[must_use]
    pub fn since(mut self, day: Date) -> Self {
        let kept = |row: &Transaction| row.day().is_none_or(|of| of >= day);
        self.booked.retain(|booked| kept(&booked.row));
        self.pending.retain(|pending| kept(&pending.row));
        let coverage = self.coverage.iter();
        self.coverage = coverage
            .filter_map(|covered| Some(Covered { window: covered.window.since(day)?, ..*covered }))
            .collect();
        self.findings = self.findings.iter().filter_map(|finding| finding.since(day)).collect();
        self
    }
}

#[cfg(test)]
mod tests;
