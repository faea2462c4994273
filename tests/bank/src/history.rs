//! Transactions as a pure function of account and day: nothing is stored, and moving the clock forward only adds rows.

mod habits;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::customers::{Account, Card, Country};
use crate::random::Chance;
use habits::{movements, spent};

/// Before this day nothing happened.
const OPENED: Date = date(2023, 1, 1);
/// Purchases made now are booked up to so many days later.
const PENDING_DAYS: i64 = 2;

/// A movement. Minor units, negative when debited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) ledger: Date,
    pub(crate) transacted: Date,
    pub(crate) minor: i64,
    pub(crate) text: String,
    /// The balance after this row (card rows: 0).
    pub(crate) balance: i64,
}

/// The rows of an account as they stand on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History {
    /// Oldest first.
    pub(crate) booked: Vec<Row>,
    /// Made, not yet booked; oldest first.
    pub(crate) pending: Vec<Row>,
}

impl History {
    fn split(rows: Vec<Row>, today: Date) -> Self {
        let (booked, later): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.ledger <= today);
        let pending = later.into_iter().filter(|row| row.transacted <= today).collect();
        Self { booked, pending }
    }

    /// The balance after the newest booked row.
    pub(crate) fn balance(&self) -> i64 {
        self.booked.last().map_or(0, |row| row.balance)
    }

    /// What the pending rows will take away or bring.
    pub(crate) fn reserved(&self) -> i64 {
        self.pending.iter().map(|row| row.minor).sum()
    }
}

/// The rows of an account.
pub(crate) fn of_account(account: &Account, country: Country, today: Date) -> History {
    let mut rows: Vec<Row> = Vec::new();
    let mut balance = account.level;
    for day in days_until(today) {
        for (minor, text, transacted) in movements(account, country, day, balance) {
            balance += minor;
            rows.push(Row { ledger: day, transacted, minor, text, balance });
        }
    }
    History::split(rows, today)
}

/// The rows of a card: purchases and, on the last day of the month, the payment of a card with a limit.
pub(crate) fn of_card(card: &Card, today: Date) -> History {
    let rows = days_until(today).flat_map(|day| {
        let payment = (card.limit.is_some() && is_month_end(day)).then(|| Row {
            ledger: day,
            transacted: day,
            minor: undebited(card.key, day),
            text: "INBETALNING".to_owned(),
            balance: 0,
        });
        card_purchases(card.key, day).into_iter().chain(payment)
    });
    History::split(rows.collect(), today)
}

/// Card purchases of the month that the account has not been debited for yet: none after the month's last day.
pub(crate) fn open_purchases(card_key: &str, today: Date) -> i64 {
    if is_month_end(today) { 0 } else { undebited(card_key, today) }
}

fn undebited(card_key: &str, day: Date) -> i64 {
    let month = days(day.first_of_month(), day);
    -month.flat_map(|day| card_purchases(card_key, day)).map(|row| row.minor).sum::<i64>()
}

fn days_until(today: Date) -> impl Iterator<Item = Date> {
    days(OPENED, today.saturating_add(PENDING_DAYS.days()))
}

fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |day| day.tomorrow().ok()).take_while(move |day| *day <= to)
}

fn is_month_end(day: Date) -> bool {
    day == day.last_of_month()
}

fn before(day: Date, count: i64) -> Date {
    day.saturating_sub(count.days())
}

fn number(day: Date) -> i64 {
    OPENED.until(day).map_or(0, |span| i64::from(span.get_days()))
}

/// Zero to two purchases a day, booked one day after they were made.
fn card_purchases(card_key: &str, day: Date) -> Vec<Row> {
    let mut chance = Chance::of(card_key, number(day));
    let count = if number(day) % 5 == 0 { 2 } else { chance.below(2) };
    (0..count)
        .map(|_| {
            let (minor, text, transacted) = spent(&mut chance, Country::Se, before(day, 1));
            Row { ledger: day, transacted, minor, text, balance: 0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{History, of_account};
    use crate::customers::{Country, Customer};

    fn allkonto(day: jiff::civil::Date) -> History {
        of_account(&Customer::by_key("se-anna").unwrap().accounts[0], Country::Se, day)
    }

    #[test]
    fn a_later_day_only_adds_booked_rows() {
        let (monday, later) = (allkonto(date(2026, 3, 2)), allkonto(date(2026, 5, 30)));
        assert_eq!(monday.booked, later.booked[..monday.booked.len()]);
        assert!(later.booked.len() > monday.booked.len() + 100);
    }

    #[test]
    fn every_balance_is_the_one_before_and_the_amount() {
        let rows = allkonto(date(2026, 3, 2)).booked;
        assert!(rows.windows(2).all(|pair| pair[0].balance + pair[1].minor == pair[1].balance));
    }

    #[test]
    fn pending_rows_are_booked_on_a_later_day() {
        let (today, soon) = (allkonto(date(2026, 3, 2)), allkonto(date(2026, 3, 4)));
        assert!(!today.pending.is_empty());
        assert!(today.pending.iter().all(|row| soon.booked.contains(row)));
    }

    #[test]
    fn there_are_twins_late_bookings_and_more_than_600_rows_in_fifteen_months() {
        let rows = allkonto(date(2026, 3, 2)).booked;
        let recent: Vec<_> = rows.iter().filter(|row| row.ledger >= date(2024, 12, 2)).collect();
        assert!(recent.len() > 600, "{}", recent.len());
        assert!(
            recent.windows(2).any(|pair| pair[0].ledger == pair[1].ledger && pair[0].text == "TESTKIOSKEN")
        );
        assert!(recent.iter().any(|row| row.transacted < row.ledger));
        assert!(recent.iter().any(|row| row.transacted > row.ledger));
    }
}
