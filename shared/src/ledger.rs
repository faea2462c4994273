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

mod cap;
mod chain;
mod coverage;
mod finding;
mod forecast;
mod identity;
mod plan;
mod rows;
mod window;

pub use cap::Cap;
pub use coverage::{Covered, Proof};
pub use finding::Finding;
pub use identity::{Booked, Identity, Pending};
pub use plan::{Plan, Stuck};
pub use rows::Answer;
pub use window::Window;

use crate::types::{AccountId, Date, IdentityKey};
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
}

/// Rows of an account, with what is known about them.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// Newest day first, rows without any date last.
    pub booked: Vec<Booked>,
    /// Replaces the pending rows of every earlier answer.
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

#[cfg(test)]
mod tests;
