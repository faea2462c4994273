//! Transactions as a pure function of account and day: nothing is stored, and moving the clock forward only adds rows.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::customers::{Account, Card, Country, Habit};
use crate::random::Chance;
use crate::texts;

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

type Movement = (i64, String, Date);

/// What is booked on an account on one day, given the balance before it.
fn movements(account: &Account, country: Country, day: Date, balance: i64) -> Vec<Movement> {
    let mut chance = Chance::of(account.key, number(day));
    let mut list = match account.habit {
        Habit::Household => household(&mut chance, country, day),
        Habit::Savings => savings(country, day),
        Habit::Foreign => foreign(&mut chance, country, day),
        Habit::Allkort => allkort(account, country, day),
        Habit::Business => business(&mut chance, country, day),
        Habit::Modest => modest(&mut chance, country, day),
    };
    if is_month_end(day) && account.habit != Habit::Savings {
        let surplus = balance + list.iter().map(|(minor, ..)| minor).sum::<i64>() - account.level;
        // Booked before its transaction date, as one recorded row: ledger 30 May, transaction 1 June.
        let next = day.tomorrow().unwrap_or(day);
        list.push((-surplus, texts::transfer(country).to_owned(), next));
    }
    list
}

/// One evening purchase a day (booked the day after), sometimes a slow one, sometimes two that are identical.
fn household(chance: &mut Chance, country: Country, day: Date) -> Vec<Movement> {
    let mut list = vec![spent(chance, country, before(day, 1))];
    if chance.below(2) == 0 {
        list.push(spent(chance, country, day));
    }
    if chance.below(6) == 0 {
        list.push(spent(chance, country, before(day, 2)));
    }
    if number(day) % 13 == 5 {
        let twin = (-2_500, "TESTKIOSKEN".to_owned(), day);
        list.extend([twin.clone(), twin]);
    }
    match day.day() {
        1 => list.push((-985_000, "Hyra Exempelgatan 1".to_owned(), day)),
        25 => list.push((3_125_000, texts::wages(country).to_owned(), day)),
        28 => list.push((-64_350, "Autogiro Provel".to_owned(), day)),
        _ => {}
    }
    list
}

fn savings(country: Country, day: Date) -> Vec<Movement> {
    let transfer = (day.day() == 26).then(|| (200_000, texts::transfer(country).to_owned(), day));
    let interest = (day.day() == 31 && day.month() == 12).then(|| (123_456, "Ränta".to_owned(), day));
    transfer.into_iter().chain(interest).collect()
}

fn foreign(chance: &mut Chance, country: Country, day: Date) -> Vec<Movement> {
    if number(day) % 9 != 4 {
        return Vec::new();
    }
    let minor = 1_000 + chance.below(9_000);
    vec![if chance.below(3) == 0 {
        (minor, "Insättning EUR".to_owned(), day)
    } else {
        (-minor, texts::purchase(country, chance.next()).to_owned(), before(day, 2))
    }]
}

/// Account movements only; the card's purchases are seen on the card (country pages).
fn allkort(account: &Account, country: Country, day: Date) -> Vec<Movement> {
    let wages = (day.day() == 25).then(|| (900_000, texts::wages(country).to_owned(), day));
    let invoice = account.allkort.filter(|_| is_month_end(day)).map(|card| {
        let sum = undebited(card, day);
        (-sum, "Allkort Mastercard".to_owned(), day)
    });
    wages.into_iter().chain(invoice).collect()
}

fn business(chance: &mut Chance, country: Country, day: Date) -> Vec<Movement> {
    let row = |position: i64| {
        let minor = 100_000 + chance.below(2_000_000);
        match position % 3 {
            0 => (minor, format!("Bg inbetalning {}", 1_000 + chance.below(9_000)), day),
            1 => (-minor, format!("Leverantör {}", 100 + chance.below(900)), day),
            _ => (-minor / 20, texts::purchase(country, chance.next()).to_owned(), before(day, 1)),
        }
    };
    (0..6).map(row).collect()
}

fn modest(chance: &mut Chance, country: Country, day: Date) -> Vec<Movement> {
    let mut list = Vec::new();
    if number(day) % 3 == 1 {
        list.push(spent(chance, country, day));
    }
    if day.day() == 24 {
        list.push((210_000, texts::wages(country).to_owned(), day));
    }
    list
}

/// A purchase; one in four is a whole amount.
fn spent(chance: &mut Chance, country: Country, transacted: Date) -> Movement {
    let minor = 2_500 + chance.below(40_000);
    let minor = if chance.below(4) == 0 { minor / 100 * 100 } else { minor };
    (-minor, texts::purchase(country, chance.next()).to_owned(), transacted)
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
