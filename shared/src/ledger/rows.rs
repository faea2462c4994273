//! Several answers of the bank about one account, as one set of rows.

use super::Window;
use crate::{
    account::{Currency, Status, Transaction},
    types::Date,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};

/// One answer of the bank.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked for.
    pub window: Window,
    /// In the bank's order: newest first (recorded).
    pub rows: Vec<Transaction>,
}

/// What a row says of itself. Rows that say the same cannot be told apart for certain: amounts compare by value, and the
/// running balance is left out because older windows lack it (recorded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Saying<'a> {
    pub(super) day: Option<Date>,
    pub(super) amount: Decimal,
    pub(super) currency: Currency,
    pub(super) text: &'a str,
    pub(super) transaction_date: Option<Date>,
}

impl<'a> Saying<'a> {
    pub(super) fn of(row: &'a Transaction) -> Self {
        Self {
            day: row.day(),
            amount: row.amount.amount,
            currency: row.amount.currency,
            text: row.text.as_deref().unwrap_or(""),
            transaction_date: row.transaction_date,
        }
    }
}

/// The rows of an account: the union of answers. A row that came in several answers is there once; rows that say the
/// same are there as often as the answer that has most of them has them. So nothing of any answer is lost, and no answer
/// that comes again, or overlaps, doubles anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Booked, by day; each day in the bank's order, newest first.
    pub(super) days: BTreeMap<Date, Vec<Transaction>>,
    /// Booked, without any date.
    pub(super) undated: Vec<Transaction>,
    pub(super) pending: Vec<Transaction>,
}

impl Rows {
    /// Where answers differ, the order of the earlier one leads.
    pub(super) fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut union = Self::default();
        for answer in answers {
            let mut days: BTreeMap<Date, Vec<Transaction>> = BTreeMap::new();
            let (mut undated, mut pending) = (Vec::new(), Vec::new());
            for row in answer.rows {
                match (row.status, row.day()) {
                    (Status::Pending, _) => pending.push(row),
                    (Status::Booked, None) => undated.push(row),
                    (Status::Booked, Some(day)) => days.entry(day).or_default().push(row),
                }
            }
            add(&mut union.undated, undated);
            add(&mut union.pending, pending);
            for (day, rows) in days {
                add(union.days.entry(day).or_default(), rows);
            }
        }
        union
    }
}

/// Adds what is not there yet.
fn add(rows: &mut Vec<Transaction>, more: Vec<Transaction>) {
    if rows.is_empty() {
        *rows = more;
        return;
    }
    let mut there: HashMap<Saying<'_>, usize> = HashMap::new();
    for row in &*rows {
        *there.entry(Saying::of(row)).or_default() += 1;
    }
    let mut is_new = Vec::with_capacity(more.len());
    for row in &more {
        let left = there.get_mut(&Saying::of(row)).filter(|count| **count > 0);
        is_new.push(left.is_none());
        left.into_iter().for_each(|count| *count -= 1);
    }
    rows.extend(more.into_iter().zip(is_new).filter_map(|(row, new)| new.then_some(row)));
}
