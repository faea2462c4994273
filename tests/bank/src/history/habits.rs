//! How money moves on an account, day by day.

use jiff::civil::{Date, date};

use super::{before, is_month_end, number, undebited};
use crate::customers::{Account, Country, Habit};
use crate::random::Chance;
use crate::texts;

/// Before this day the stall took no payments.
const STALL_OPENED: Date = date(2024, 10, 1);
/// Its busiest day: more rows than one answer of the bank has.
const FAIR: Date = date(2025, 8, 30);

/// Signed minor units, text, transaction date.
pub(super) type Movement = (i64, String, Date);

/// What is booked on an account on one day, given the balance before it.
pub(super) fn movements(account: &Account, country: Country, day: Date, balance: i64) -> Vec<Movement> {
    let mut chance = Chance::of(account.key, number(day));
    let mut list = match account.habit {
        Habit::Household => household(&mut chance, country, day),
        Habit::Savings => savings(country, day),
        Habit::Foreign => foreign(&mut chance, country, day),
        Habit::Allkort => allkort(account, country, day),
        Habit::Business => business(&mut chance, country, day),
        Habit::Modest => modest(&mut chance, country, day),
        Habit::Stall => stall(&mut chance, day),
    };
    if is_month_end(day) && !matches!(account.habit, Habit::Savings | Habit::Stall) {
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

/// Payments by phone; one in five comes twice. Each morning the takings of the day before are moved away.
fn stall(chance: &mut Chance, day: Date) -> Vec<Movement> {
    if day < STALL_OPENED {
        return Vec::new();
    }
    let mut list = vec![(-(100_000 + chance.below(50_000)), "Dagskassa".to_owned(), day)];
    let rows = if day == FAIR { 700 } else { usize::try_from(38 + chance.below(13)).unwrap_or(38) };
    while list.len() < rows {
        let paid = (1_500 + 500 * chance.below(12), format!("Swish {}", 100 + chance.below(900)), day);
        if chance.below(5) == 0 {
            list.push(paid.clone());
        }
        list.push(paid);
    }
    list.truncate(rows);
    list
}

/// A purchase; one in four is a whole amount.
pub(super) fn spent(chance: &mut Chance, country: Country, transacted: Date) -> Movement {
    let minor = 2_500 + chance.below(40_000);
    let minor = if chance.below(4) == 0 { minor / 100 * 100 } else { minor };
    (-minor, texts::purchase(country, chance.next()).to_owned(), transacted)
}
