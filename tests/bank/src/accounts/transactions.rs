//! The rows of an account.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Reader, balance, content, reader, window};
use crate::OverCap;
use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::customers::{Account, Country};
use crate::history::Row;
use crate::json::Json;
use crate::texts;
use crate::world::World;

/// `GET /accounts/{accountId}/transactions?dateFrom=&dateTo=`, both inclusive (inferred) and optional.
pub(crate) fn transactions(world: &mut World, request: &Request, id: &str) -> Ruled {
    let reader = reader(world, request, "accounts")?;
    let account = reader.account(id)?;
    let window = window(world, request, &reader, account.currency)?;
    let history = reader.history(account);
    let country = reader.customer.country;
    // Pending rows have been seen in SE only.
    let pending =
        history.pending.iter().rev().filter(|row| country == Country::Se && window.holds(row.transacted));
    let booked = history.booked.iter().rev().filter(|row| window.holds(row.ledger));
    let balance_from = reader.today.saturating_sub(world.switches.running_balance_days.days());
    let rows = pending
        .map(|row| pending_row(row, account))
        .chain(booked.map(|row| booked_row(row, account, country, row.ledger >= balance_from)))
        .collect();
    Ok(Voice::Gateway.json(200, Json::object([("transactions", Json::Array(capped(world, &reader, rows)?))])))
}

/// At most so many rows in one answer; what happens beyond is unknown.
pub(crate) fn capped(world: &World, reader: &Reader, mut rows: Vec<Json>) -> Result<Vec<Json>, Refusal> {
    let cap = match reader.customer.corporate_id {
        Some(_) => world.switches.row_cap_corporate,
        None => world.switches.row_cap,
    };
    if rows.len() > cap && world.switches.over_cap == OverCap::Refuse {
        return Err(Refusal::bad_request("Too many transactions"));
    }
    rows.truncate(cap.min(world.switches.silent_cut.unwrap_or(cap)));
    Ok(rows)
}

fn direction(minor: i64) -> &'static str {
    if minor < 0 { "DEBITED" } else { "CREDITED" }
}

/// No `ledgerDate`, no balance, another text (old sandbox).
fn pending_row(row: &Row, account: &Account) -> Json {
    Json::object([
        ("amount", content(row.minor.abs(), account.currency)),
        ("creditDebit", Json::text(direction(row.minor))),
        ("remittanceInformation", Json::text(texts::pending(&row.text))),
        ("status", Json::text("PENDING")),
        ("transactionDate", Json::text(row.transacted.to_string())),
    ])
}

/// Each country has its own dates: SE ledger and transaction date (recorded), GB `valueDate` and mixed case (masked
/// production row), NL as SE without balance and LU with `bookingDate` and names (both unknown).
fn booked_row(row: &Row, account: &Account, country: Country, with_balance: bool) -> Json {
    let se = matches!(country, Country::Se | Country::Nl);
    let (gb, lu) = (country == Country::Gb, country == Country::Lu);
    let running = || balance("BOOKED", row.balance, account.currency);
    let word = if row.minor < 0 { ("DEBITED", "Debited") } else { ("CREDITED", "Credited") };
    let (credit_debit, status) = if gb { (word.1, "Booked") } else { (word.0, "BOOKED") };
    let day = |day: Date| Json::text(day.to_string());
    Json::sparse([
        ("amount", Some(content(row.minor.abs(), account.currency))),
        ("balance", (country == Country::Se && with_balance).then(running)),
        ("bookingDate", lu.then(|| day(row.ledger))),
        ("creditDebit", Some(Json::text(credit_debit))),
        ("creditorName", (lu && row.minor < 0).then(|| Json::text(row.text.clone()))),
        ("debtorName", (lu && row.minor >= 0).then(|| Json::text(row.text.clone()))),
        ("ledgerDate", se.then(|| day(row.ledger))),
        ("remittanceInformation", Some(Json::text(row.text.clone()))),
        ("status", Some(Json::text(status))),
        ("transactionDate", se.then(|| day(row.transacted))),
        ("valueDate", gb.then(|| day(row.ledger))),
    ])
}
