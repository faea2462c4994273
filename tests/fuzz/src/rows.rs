//! Rows of accounts and of cards, all the way to an answer of ours.

use crate::was_sent;
use account_fetch::StatementView;
use lambda_http::Body;
use serde_json::Value;
use shared::{
    account::Transaction,
    bank::{Fault, answer},
    http::{self, DateRange},
    ledger::{Cap, Plan, Statement, Window},
    types::{AccountId, IdentityKey, TransactionId},
};
use std::collections::BTreeSet;

/// An answer of ours is at most so many times as long as the bank's, but for its frame and its coverage.
const LONGER: usize = 8;
const FRAME: usize = 4096;

pub(crate) fn transactions(input: &[u8]) {
    answered(input, answer::transactions(input));
}

pub(crate) fn card_transactions(input: &[u8]) {
    answered(input, answer::card_transactions(input));
}

fn answered(input: &[u8], rows: Result<Vec<Transaction>, Fault>) {
    let Ok(rows) = rows else { return };
    let body = str::from_utf8(input).expect("what was read is UTF-8");
    let sums = |rows: &mut dyn Iterator<Item = &Transaction>| {
        let mut all: Vec<_> = rows.map(|row| (row.amount.amount_text(), row.text.clone())).collect();
        all.sort_unstable();
        all
    };
    for money in rows.iter().flat_map(|row| [Some(row.amount), row.balance_after]).flatten() {
        assert!(was_sent(body, &money.amount_text()), "{}", money.amount_text());
    }
    let statement = statement(rows.clone());
    let booked = statement.booked.iter().map(|row| &row.row);
    let pending = statement.pending.iter().map(|row| &row.row);
    assert_eq!(sums(&mut rows.iter()), sums(&mut booked.chain(pending)), "nothing is lost or doubled");

    let ids = ids(&statement);
    assert_eq!(ids.len(), rows.len(), "each row has an id of its own");
    let backwards = rows.iter().rev().cloned().collect();
    assert_eq!(ids, self::ids(&self::statement(backwards)), "in whatever order they came");

    let text = written(&statement);
    assert!(text.len() <= input.len() * LONGER + FRAME, "{} of {}", text.len(), input.len());
    let shown: Value = serde_json::from_str(&text).expect("JSON");
    let list = |field: &str| shown[field].as_array().expect("a list").clone();
    assert_eq!(list("booked").len() + list("pending").len(), rows.len());
    for (row, named) in list("booked").iter().zip(&statement.booked) {
        assert_eq!(row["amount"].as_str(), Some(named.row.amount.amount_text().as_str()));
        assert_eq!(row["text"].as_str(), named.row.text.as_deref());
    }
}

fn ids(statement: &Statement) -> BTreeSet<TransactionId> {
    let booked = statement.booked.iter().map(|row| row.id);
    booked.chain(statement.pending.iter().map(|row| row.id)).collect()
}

fn account() -> AccountId {
    AccountId::account(&[7; 16])
}

fn range() -> Window {
    let (from, to) = (jiff::civil::date(2024, 10, 15), jiff::civil::date(2026, 1, 15));
    Window::new(from, to).expect("in order")
}

/// Read in one window, without a cap.
fn statement(rows: Vec<Transaction>) -> Statement {
    let mut plan = Plan::new(range(), Cap::new(usize::MAX, usize::MAX), 1);
    let window = plan.ask().pop().expect("a window");
    plan.answer(window, rows);
    // A second window is asked where the first looks as if it had been cut; this bank has nothing more.
    while let Some(window) = plan.ask().pop() {
        plan.answer(window, Vec::new());
    }
    plan.finish().statement(&IdentityKey::new(&[1; 32]).expect("32 bytes"), &account())
}

fn written(statement: &Statement) -> String {
    let (account, range) = (account(), range());
    let days = DateRange { from: range.from(), to: range.to() };
    let view = StatementView::of(&account, days, range.from(), statement);
    match http::json(200, &view).expect("can be written").into_body() {
        Body::Text(text) => text,
        _ => panic!("no text"),
    }
}
