//! One day's rows as a trail of running balances. Each row leads from the balance before it to the balance after it; the
//! day closes if some order of its rows is one unbroken trail. The bank may list a day in any order, so all orders
//! count: a trail through all rows exists exactly if they hang together and every balance is reached as often as left,
//! but for where the day begins and ends (Euler), which takes one pass to see.

use crate::account::Transaction;
use rust_decimal::Decimal;
use std::collections::{HashMap, HashSet};

/// Where a day's trail leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trail {
    /// A row lacks its running balance: nothing can be said.
    Unknown,
    /// No order of the rows is a trail: one is missing among them.
    Broken,
    /// From the balance that the day begins with to the one it ends with.
    From(Decimal, Decimal),
    /// The day ends where it begins: at any of these.
    Round(HashSet<Decimal>),
}

/// From the balance before a row to the one after it.
pub(super) type Step = (Decimal, Decimal);

impl Trail {
    /// Of a day, newest row first. `undated` are rows that may belong to any day: one that mends a broken trail is taken
    /// from them.
    pub(super) fn of(rows: &[Transaction], undated: &mut Vec<Step>) -> Self {
        let Some(mut steps) = rows.iter().map(step).collect::<Option<Vec<Step>>>() else {
            return Self::Unknown;
        };
        if let Some(listed) = as_listed(&steps) {
            return listed;
        }
        loop {
            let balances = Balances::of(&steps);
            let trail = balances.trail();
            if trail != Self::Broken {
                return trail;
            }
            let Some(mend) = balances.mend(undated) else { return trail };
            steps.push(mend);
        }
    }
}

pub(super) fn step(row: &Transaction) -> Option<Step> {
    let after = row.balance_after.filter(|balance| balance.currency == row.amount.currency)?.amount;
    Some((after.checked_sub(row.amount.amount)?, after))
}

/// The trail in the bank's own order, newest first, if it is one that does not end where it begins.
fn as_listed(steps: &[Step]) -> Option<Trail> {
    let unbroken = steps.iter().zip(steps.iter().skip(1)).all(|(newer, older)| newer.0 == older.1);
    let ((begins, _), (_, ends)) = (steps.last()?, steps.first()?);
    (unbroken && begins != ends).then_some(Trail::From(*begins, *ends))
}

/// The balances of a day: how often each is left more often than reached, and where each leads.
struct Balances {
    excess: HashMap<Decimal, i64>,
    beside: HashMap<Decimal, Vec<Decimal>>,
}

impl Balances {
    fn of(steps: &[Step]) -> Self {
        let mut balances = Self { excess: HashMap::new(), beside: HashMap::new() };
        for (before, after) in steps {
            *balances.excess.entry(*before).or_default() += 1;
            *balances.excess.entry(*after).or_default() -= 1;
            balances.beside.entry(*before).or_default().push(*after);
            balances.beside.entry(*after).or_default().push(*before);
        }
        balances
    }

    fn trail(&self) -> Trail {
        let uneven: Vec<_> = self.excess.iter().filter(|(_, excess)| **excess != 0).collect();
        match uneven.as_slice() {
            _ if !self.hang_together() => Trail::Broken,
            [] => Trail::Round(self.excess.keys().copied().collect()),
            [(one, 1), (other, -1)] | [(other, -1), (one, 1)] => Trail::From(**one, **other),
            _ => Trail::Broken,
        }
    }

    fn hang_together(&self) -> bool {
        let mut reached: HashSet<Decimal> = HashSet::new();
        let mut waiting: Vec<Decimal> = self.beside.keys().take(1).copied().collect();
        while let Some(balance) = waiting.pop() {
            if reached.insert(balance) {
                waiting.extend(self.beside.get(&balance).into_iter().flatten());
            }
        }
        reached.len() == self.beside.len()
    }

    /// A row without a date that leads from where the trail ends to where it goes on.
    fn mend(&self, undated: &mut Vec<Step>) -> Option<Step> {
        let excess = |balance: &Decimal| self.excess.get(balance).copied().unwrap_or_default();
        let leads = |(before, after): &Step| excess(before) < 0 && excess(after) > 0;
        let place = undated.iter().position(leads)?;
        Some(undated.swap_remove(place))
    }
}
