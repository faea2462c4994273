mod chain;
mod generated;
mod identity;
mod plan;
mod properties;
mod usual;

use super::*;
use crate::{
    account::{Currency, Money, Status},
    types::{AccountId, Date, IdentityKey, TransactionId},
};
use rust_decimal::Decimal;

fn key() -> IdentityKey {
    IdentityKey::new(&[1; 32]).unwrap()
}

fn account() -> AccountId {
    AccountId::account(&[7; 16])
}

/// A day of January 2026.
fn day(day: i8) -> Date {
    jiff::civil::date(2026, 1, day)
}

fn window(from: i8, to: i8) -> Window {
    Window::new(day(from), day(to)).unwrap()
}

fn sek(amount: &str) -> Money {
    Money { amount: Decimal::from_str_exact(amount).unwrap(), currency: Currency::parse("SEK").unwrap() }
}

/// A booked row.
fn row(booked: i8, amount: &str, text: &str) -> Transaction {
    Transaction {
        status: Status::Booked,
        amount: sek(amount),
        booking_date: Some(day(booked)),
        transaction_date: Some(day(booked)),
        value_date: None,
        text: Some(text.to_owned()),
        counterparty: None,
        balance_after: None,
        masked_pan: None,
        source: None,
    }
}

fn pending(seen: i8, amount: &str, text: &str) -> Transaction {
    Transaction { status: Status::Pending, booking_date: None, ..row(seen, amount, text) }
}

fn answer(window: Window, rows: &[Transaction]) -> Answer {
    Answer { window, rows: rows.to_vec() }
}
