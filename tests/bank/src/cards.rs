//! The card accounts API, version 1: SE individuals only (country pages); field names differ from the accounts API.

use crate::accounts::{Reader, available, capped, reader, transactions_link, window};
use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::customers::{Card, Country};
use crate::enrolment;
use crate::gateway::known_query;
use crate::history::{Row, of_account, of_card, open_purchases};
use crate::json::Json;
use crate::texts;
use crate::world::World;

/// Cards belong to a product of its own, and to SE individuals.
fn card_reader(world: &mut World, request: &Request) -> Result<Reader, Refusal> {
    if !world.switches.cards_subscribed {
        return Err(enrolment::not_registered(world, "cards are switched off"));
    }
    let reader = reader(world, request, "card-accounts")?;
    if reader.customer.country != Country::Se || reader.customer.corporate_id.is_some() {
        // The status is unknown.
        return Err(Refusal::new(Voice::Gateway, 404, "Not Found", "cards are for SE individuals"));
    }
    Ok(reader)
}

fn card(reader: &Reader, id: &str) -> Result<&'static Card, Refusal> {
    let found = reader.customer.cards.iter().find(|card| reader.id_of(card.key) == id);
    found
        .ok_or_else(|| Refusal::new(Voice::Gateway, 404, "Not Found", "no such card account in this consent"))
}

/// `GET /card-accounts`.
pub(crate) fn list(world: &mut World, request: &Request) -> Ruled {
    let reader = card_reader(world, request)?;
    known_query(request, &[])?;
    let rows = reader.customer.cards.iter().map(|card| object(world, request, &reader, card)).collect();
    Ok(Voice::Gateway.json(200, Json::object([("cardAccounts", Json::Array(rows))])))
}

/// `GET /card-accounts/{accountId}`: named by the portal, never seen; here the list's row without a wrapper.
pub(crate) fn one(world: &mut World, request: &Request, id: &str) -> Ruled {
    let reader = card_reader(world, request)?;
    known_query(request, &[])?;
    let card = card(&reader, id)?;
    Ok(Voice::Gateway.json(200, object(world, request, &reader, card)))
}

fn object(world: &World, request: &Request, reader: &Reader, card: &Card) -> Json {
    let id = reader.id_of(card.key);
    let plastic = Json::object([
        ("maskedPan", Json::text(card.masked_pan)),
        ("name", Json::text(reader.customer.name)),
    ]);
    let balance = Json::object([
        ("balanceAmount", amount(left(reader, card))),
        ("balanceType", Json::text("AVAILABLE_AMOUNT")),
    ]);
    Json::sparse([
        ("_links", Some(transactions_link(world, request, "/card-accounts", &id))),
        ("accountId", Some(Json::text(id))),
        ("balances", Some(Json::Array(vec![balance]))),
        ("cards", Some(Json::Array(vec![plastic]))),
        ("creditLimit", card.limit.map(amount)),
        ("currency", Some(Json::text("SEK"))),
        ("product", Some(Json::text(card.product))),
    ])
}

/// The available amount; for Allkort exactly that of its account: the same money, shown twice (recorded answer).
fn left(reader: &Reader, card: &Card) -> i64 {
    let account =
        card.spends.and_then(|key| reader.customer.accounts.iter().find(|account| account.key == key));
    match account {
        Some(account) => {
            let history = of_account(account, reader.customer.country, reader.today);
            available(account, &history, reader.today)
        }
        None => card.limit.unwrap_or(0) - open_purchases(card.key, reader.today),
    }
}

fn amount(minor: i64) -> Json {
    Json::object([("amount", Json::amount(minor)), ("currency", Json::text("SEK"))])
}

/// `GET /card-accounts/{accountId}/transactions?dateFrom=&dateTo=`: pending first, then newest booking date first.
pub(crate) fn transactions(world: &mut World, request: &Request, id: &str) -> Ruled {
    let reader = card_reader(world, request)?;
    let card = card(&reader, id)?;
    let window = window(world, request, &reader, "SEK")?;
    let history = of_card(card, reader.today);
    let pending = history.pending.iter().rev().filter(|row| window.holds(row.transacted));
    let booked = history.booked.iter().rev().filter(|row| window.holds(row.ledger));
    let rows =
        pending.map(|row| object_of(row, card, false)).chain(booked.map(|row| object_of(row, card, true)));
    let rows = capped(world, &reader, rows.collect())?;
    Ok(Voice::Gateway.json(200, Json::object([("transactions", Json::Array(rows))])))
}

fn object_of(row: &Row, card: &Card, booked: bool) -> Json {
    let text = if booked { texts::card(&row.text) } else { texts::pending_card(&row.text) };
    Json::sparse([
        ("bookingDate", booked.then(|| Json::text(row.ledger.to_string()))),
        ("card", Some(Json::object([("maskedPan", Json::text(card.masked_pan))]))),
        ("creditDebit", Some(Json::text(if row.minor < 0 { "DEBITED" } else { "CREDITED" }))),
        ("status", Some(Json::text(if booked { "BOOKED" } else { "PENDING" }))),
        ("transactionAmount", Some(amount(row.minor.abs()))),
        ("transactionDate", Some(Json::text(row.transacted.to_string()))),
        ("transactionDetails", Some(Json::text(text))),
    ])
}
