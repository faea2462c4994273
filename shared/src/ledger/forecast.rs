//! How many rows days are likely to have, from those seen so far. A wrong forecast costs calls, never rows.

use super::{Answer, Cap, Window};
use crate::{
    account::{Status, Transaction},
    types::Date,
};
use std::collections::BTreeMap;

/// So many rows would have to be missing before the silence of older days is odd: with rows at random it happens once in
/// hundreds of millions of answers.
const ODD: usize = 20;
/// Parts of a row, so that days may have less than one.
const PARTS: usize = 1000;

/// Rows over days.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    parts: usize,
    days: usize,
}

#[derive(Debug, Default)]
pub(super) struct Forecast {
    /// Rows per day as answers at the cap showed them.
    seen: BTreeMap<Date, usize>,
    /// Of answers under the cap, the later ones weighing more.
    pace: Option<Pace>,
    /// Of the last answer at the cap: a first guess.
    guess: Option<Pace>,
}

impl Forecast {
    /// The newest days of a window that one call should ask for. Where nothing is known yet: as many as are allowed.
    pub(super) fn part(&self, window: Window, cap: Cap, most_days: usize) -> Window {
        let Some(pace) = self.pace.or(self.guess) else { return window.newest(most_days) };
        let usual = pace.parts / pace.days.max(1);
        let parts_of = |day: &Date| self.seen.get(day).map_or(usual, |rows| rows * PARTS);
        let newest_first = || std::iter::successors(Some(window.to()), |day| day.yesterday().ok());
        let all = window.days();
        let total: usize = newest_first().take(all).map(|day| parts_of(&day)).sum();
        let calls = total.div_ceil(cap.goal() * PARTS).max(1);
        let share = total.div_ceil(calls);
        let mut sum = 0;
        let fits = |day: &Date| {
            sum += parts_of(day);
            sum <= share
        };
        window.newest(newest_first().take(all.min(most_days)).take_while(fits).count())
    }

    /// An answer under the cap.
    pub(super) fn learn(&mut self, window: Window, rows: usize) {
        let before = self.pace.unwrap_or_default();
        self.pace =
            Some(Pace { parts: before.parts / 2 + rows * PARTS, days: before.days / 2 + window.days() });
    }

    /// An answer at the cap: its days but the oldest are taken to be whole, since the bank lists the newest first.
    pub(super) fn learn_at_cap(&mut self, answer: &Answer) {
        let mut days: BTreeMap<Date, usize> = BTreeMap::new();
        for day in answer.rows.iter().filter_map(Transaction::day).filter(|day| answer.window.holds(*day)) {
            *days.entry(day).or_default() += 1;
        }
        let Some(listed) = days.keys().next().and_then(|oldest| answer.window.since(*oldest)) else { return };
        let usual = answer.rows.len() / listed.days();
        if let Some(mut oldest) = days.first_entry() {
            *oldest.get_mut() += usual;
        }
        for day in std::iter::successors(Some(listed.to()), |day| day.yesterday().ok()).take(listed.days()) {
            let least = self.seen.entry(day).or_default();
            *least = days.get(&day).copied().unwrap_or_default().max(*least);
        }
        self.guess = Some(Pace { parts: answer.rows.len() * PARTS, days: listed.days() });
    }
}

/// The older days of a window that an answer shows no row of, although it has so many rows on the newer ones that some
/// were to be expected. An account that began with nothing on its first day is no surprise.
pub(super) fn silent_days(answer: &Answer, cap: Cap) -> Option<Window> {
    let booked = || answer.rows.iter().filter(|row| row.status == Status::Booked);
    let oldest = booked().filter_map(Transaction::day).min()?;
    let (silent, listed) = (answer.window.before(oldest)?, answer.window.since(oldest)?);
    let opens = |row: &Transaction| row.balance_after.is_some_and(|balance| balance == row.amount);
    let began = booked().filter(|row| row.day() == Some(oldest)).any(opens);
    let rows = answer.rows.len();
    let odd = rows >= cap.many() && rows * silent.days() >= ODD * listed.days();
    (odd && !began).then_some(silent)
}
