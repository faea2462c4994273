//! The usual rule, for comparison: a hash of date, amount and text as they came names a row. A model, written here.

use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Date, amount and text as they came.
type Hashed = (Option<Date>, String, Option<String>);

/// A caller that keeps rows by the usual rule.
#[derive(Default)]
pub(super) struct Usual(BTreeSet<Hashed>);

impl Usual {
    pub(super) fn take(&mut self, rows: &[Transaction]) {
        self.0.extend(rows.iter().map(|row| (row.day(), row.amount.amount_text(), row.text.clone())));
    }
}

/// Rows over many ledgers, and how many of them the usual rule loses and doubles.
#[derive(Default)]
pub(super) struct Tally {
    rows: usize,
    lost: usize,
    doubled: usize,
}

impl Tally {
    pub(super) fn add(&mut self, truth: &[Transaction], usual: &Usual) {
        let mut there: BTreeMap<_, usize> = BTreeMap::new();
        for (day, amount, text) in &usual.0 {
            let amount: Decimal = amount.parse().unwrap();
            *there.entry((*day, amount.normalize(), text.clone())).or_default() += 1;
        }
        let mut true_count: BTreeMap<_, usize> = BTreeMap::new();
        for row in truth {
            *true_count.entry((row.day(), row.amount.amount.normalize(), row.text.clone())).or_default() += 1;
        }
        self.rows += truth.len();
        for (says, count) in true_count {
            let kept = there.get(&says).copied().unwrap_or_default();
            self.lost += count.saturating_sub(kept);
            self.doubled += kept.saturating_sub(count);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, lost, doubled } = self;
        write!(
            f,
            "{rows} rows; ours: 0 lost, 0 doubled; hash of date, amount and text: {lost} lost, {doubled} doubled"
        )
    }
}
