//! Which row is which. The published rule is `docs/identity.md`.
//!
//! A booked row's id is a keyed hash of our account id, what the row says (day of booking, signed amount by value,
//! currency, text, transaction date) and its number among the rows of that whole day that say the same, counted from the
//! oldest. Windows are whole days, so any window counts the same, in any split and in whatever order the bank lists the
//! day; the running balance, which older windows lack, plays no part. Twins stay two.

use super::{
    Window,
    rows::{Rows, Saying},
};
use crate::{
    account::{Currency, Transaction},
    types::{AccountId, Date, DayText, IdentityKey, TransactionId},
};
use rust_decimal::Decimal;
use std::{cmp::Reverse, collections::HashMap};

/// A pending row is booked within so many days, or its hint is not given. Recorded: one or two.
const SETTLES_WITHIN_DAYS: usize = 10;

/// Of more booked rows with one amount, none is hinted at: a hint among so many would be a guess.
const MOST_ALIKE: usize = 100;

/// How much an id can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The whole day was seen: the id is the same in every answer.
    Stable,
    /// Not all rows of that day may have been seen: there may be more rows that say the same than were counted. Ids that
    /// were given stay good; some may be missing.
    PartialDay,
    /// The row has no date at all. Rows that say the same are counted within one answer of the bank: two of them that
    /// come in different answers pass for one.
    Undated,
}

impl Identity {
    /// As our API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::PartialDay => "partial_day",
            Self::Undated => "undated",
        }
    }
}

/// A booked row and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// `t1_…`.
    pub id: TransactionId,
    /// How much the id can be relied on.
    pub identity: Identity,
    /// The one pending row of this answer that this can be the settlement of. A hint: both rows stay.
    pub may_settle: Option<TransactionId>,
    /// The row.
    pub row: Transaction,
}

/// A pending row. Its name is good for one answer: the list is replaced whole at each read, because a row comes back
/// with another text when it is booked (recorded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// `p1_…`.
    pub id: TransactionId,
    /// The row.
    pub row: Transaction,
}

/// Names the rows: booked ones newest day first, undated ones last. `is_whole` says whether all of a day was seen.
pub(super) fn name(
    rows: Rows,
    key: &IdentityKey,
    account: &AccountId,
    is_whole: impl Fn(Date) -> bool,
) -> (Vec<Booked>, Vec<Pending>) {
    let ids = |rows: &[Transaction]| numbered(rows, |says, ordinal| key.transaction(account, says, ordinal));
    let mut booked = Vec::with_capacity(rows.days.values().map(Vec::len).sum::<usize>() + rows.undated.len());
    let mut take = |rows: Vec<Transaction>, identity: Identity| {
        let named = ids(&rows).into_iter().zip(rows);
        booked.extend(named.map(|(id, row)| Booked { id, identity, may_settle: None, row }));
    };
    for (day, rows) in rows.days.into_iter().rev() {
        take(rows, if is_whole(day) { Identity::Stable } else { Identity::PartialDay });
    }
    take(rows.undated, Identity::Undated);
    let ids = numbered(&rows.pending, |says, ordinal| key.pending(account, says, ordinal));
    let named = ids.into_iter().zip(rows.pending);
    let pending: Vec<_> = named.map(|(id, row)| Pending { id, row }).collect();
    hint(&mut booked, &pending);
    (booked, pending)
}

/// The ids of a list that is newest first. Rows that say the same are interchangeable but for what is no part of the id;
/// they are counted in the order of that, then from the oldest, so that a new row does not renumber those before it.
fn numbered(rows: &[Transaction], id: impl Fn(&[&[u8]], u32) -> TransactionId) -> Vec<TransactionId> {
    let of = |(place, row)| (Saying::of(row), beside(row), Reverse(place));
    let mut order: Vec<_> = rows.iter().enumerate().map(of).collect();
    order.sort_unstable();
    let mut ids: Vec<(usize, TransactionId)> = Vec::with_capacity(rows.len());
    for alike in order.chunk_by(|(one, ..), (other, ..)| one == other) {
        for (ordinal, (saying, _, Reverse(place))) in (0..).zip(alike) {
            ids.push((*place, written(saying, |says| id(says, ordinal))));
        }
    }
    ids.sort_unstable_by_key(|(place, _)| *place);
    ids.into_iter().map(|(_, id)| id).collect()
}

/// What tells rows that say the same apart, but for their place.
fn beside(row: &Transaction) -> (Option<Date>, Option<&str>, Option<&str>) {
    (row.value_date, row.counterparty.as_deref(), row.masked_pan.as_deref())
}

/// What a row says, as bytes: dates as `YYYY-MM-DD` or nothing, the amount without needless zeros.
fn written<T>(saying: &Saying<'_>, then: impl Fn(&[&[u8]]) -> T) -> T {
    let (day, transaction_date) = (saying.day.map(DayText::of), saying.transaction_date.map(DayText::of));
    let amount = saying.amount.normalize().to_string();
    then(&[
        day.as_ref().map_or("", DayText::as_str).as_bytes(),
        amount.as_bytes(),
        saying.currency.as_str().as_bytes(),
        saying.text.as_bytes(),
        transaction_date.as_ref().map_or("", DayText::as_str).as_bytes(),
    ])
}

/// Says which booked row may be the settlement of a pending one, where exactly one can be and of exactly one. Only rows of
/// the same money are held against each other, and of those not more than [`MOST_ALIKE`]: no answer of the bank makes
/// this work grow with the square of its rows.
fn hint(booked: &mut [Booked], pending: &[Pending]) {
    let mut of_money: HashMap<(Decimal, Currency), Vec<usize>> =
        pending.iter().map(|waiting| (money(&waiting.row), Vec::new())).collect();
    if of_money.is_empty() {
        return;
    }
    for (place, booked) in booked.iter().enumerate() {
        if let Some(places) = of_money.get_mut(&money(&booked.row)) {
            places.push(place);
        }
    }
    let mut of_booked: HashMap<usize, Vec<TransactionId>> = HashMap::new();
    for waiting in pending {
        let alike = of_money.get(&money(&waiting.row)).filter(|places| places.len() <= MOST_ALIKE);
        let settles =
            |place: &&usize| booked.get(**place).is_some_and(|one| can_settle(&one.row, &waiting.row));
        let mut can = alike.into_iter().flatten().filter(settles);
        if let (Some(place), None) = (can.next(), can.next()) {
            of_booked.entry(*place).or_default().push(waiting.id);
        }
    }
    for (place, of) in of_booked {
        if let (Some(booked), [only]) = (booked.get_mut(place), of.as_slice()) {
            booked.may_settle = Some(*only);
        }
    }
}

fn money(row: &Transaction) -> (Decimal, Currency) {
    (row.amount.amount, row.amount.currency)
}

/// Same money, booked soon after, and nothing that speaks against it: another day of purchase, another card. Texts differ
/// (recorded) and are not looked at.
fn can_settle(booked: &Transaction, pending: &Transaction) -> bool {
    let wait = booked.day().zip(pending.day()).and_then(|(day, seen)| Window::new(seen, day));
    booked.amount == pending.amount
        && wait.is_some_and(|wait| wait.days() <= SETTLES_WITHIN_DAYS + 1)
        && agree(booked.transaction_date, pending.transaction_date)
        && agree(booked.masked_pan.as_deref(), pending.masked_pan.as_deref())
}

/// Two things that are both known and differ do not agree.
fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}
