//! The accounts API, version 2: list, one account, transactions (recorded answers; keys in alphabetical order).

use jiff::ToSpan;
use jiff::civil::Date;

use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::clock::civil_day;
use crate::customers::{Account, Balances, Country, Customer, Difficulty};
use crate::gateway::{admit_psu, known_query};
use crate::grant::Grant;
use crate::history::{History, Row, of_account, open_purchases};
use crate::json::Json;
use crate::texts;
use crate::world::World;
use crate::{FutureDates, OverCap};

/// Whose data is read, and when.
pub(crate) struct Reader {
    pub(crate) customer: &'static Customer,
    pub(crate) grant: Grant,
    pub(crate) today: Date,
}

/// Admits the call and finds the customer; 403 for one who has not answered the bank's questions (country pages).
pub(crate) fn reader(world: &mut World, request: &Request) -> Result<Reader, Refusal> {
    let grant = admit_psu(world, request)?;
    let gone = || Refusal::new(Voice::Gateway, 404, "Not Found", "customer gone");
    let customer = Customer::by_key(&grant.customer).ok_or_else(gone)?;
    if customer.difficulty == Difficulty::NoKyc {
        // The text is unknown.
        return Err(Refusal::new(
            Voice::Gateway,
            403,
            "Customer due diligence is not complete",
            "customer without KYC",
        ));
    }
    let today = civil_day(request.now_ms, &customer.country.zone());
    Ok(Reader { customer, grant, today })
}

impl Reader {
    /// The `accountId` of this consent for an account or card.
    pub(crate) fn id_of(&self, key: &str) -> String {
        self.grant.account_ids.get(key).cloned().unwrap_or_default()
    }

    fn account(&self, id: &str) -> Result<&'static Account, Refusal> {
        let found = self.customer.accounts.iter().find(|account| self.id_of(account.key) == id);
        found.ok_or_else(|| Refusal::new(Voice::Gateway, 404, "Not Found", "no such account in this consent"))
    }

    fn history(&self, account: &Account) -> History {
        of_account(account, self.customer.country, self.today)
    }
}

/// `GET /accounts`.
pub(crate) fn list(world: &mut World, request: &Request) -> Ruled {
    let reader = reader(world, request)?;
    known_query(request, &[])?;
    let with_balances = world.switches.list_has_balances;
    let rows = reader
        .customer
        .accounts
        .iter()
        .map(|account| object(world, request, &reader, account, with_balances));
    Ok(Voice::Gateway.json(200, Json::object([("accounts", Json::Array(rows.collect()))])))
}

/// `GET /accounts/{accountId}`: balances only with `withBalance=true` (bank's collection, inferred).
pub(crate) fn one(world: &mut World, request: &Request, id: &str) -> Ruled {
    let reader = reader(world, request)?;
    let query = known_query(request, &["withBalance"])?;
    let with_balances = match query.get("withBalance") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::bad_request("withBalance must be true or false").strange()),
    };
    let account = reader.account(id)?;
    Ok(Voice::Gateway.json(200, object(world, request, &reader, account, with_balances)))
}

fn object(world: &World, request: &Request, reader: &Reader, account: &Account, with_balances: bool) -> Json {
    let id = reader.id_of(account.key);
    Json::sparse([
        ("_links", Some(transactions_link(world, request, "/accounts", &id))),
        ("accountId", Some(Json::text(id))),
        ("accountType", Some(Json::text(account.account_type))),
        ("balances", with_balances.then(|| balances(reader, account))),
        ("bban", account.bban.map(Json::text)),
        ("bic", Some(Json::text(account.bic))),
        ("clearingNumber", account.clearing_number.map(Json::text)),
        ("currency", Some(Json::text(account.currency))),
        ("iban", Some(Json::text(account.iban))),
        ("name", account.name.map(Json::text)),
        ("ownerName", Some(Json::text(reader.customer.name))),
    ])
}

/// The only link: absolute, on the path base that the request came by.
pub(crate) fn transactions_link(world: &World, request: &Request, collection: &str, id: &str) -> Json {
    let base = request.path.split(collection).next().unwrap_or_default();
    let href = format!("{}{base}{collection}/{id}/transactions", world.api_url);
    Json::object([("transactions", Json::object([("href", Json::text(href))]))])
}

fn balances(reader: &Reader, account: &Account) -> Json {
    let history = reader.history(account);
    let current = history.balance();
    let available = available(account, &history, reader.today);
    let kinds: &[(&str, i64)] = match account.balances {
        Balances::AsInSweden => &[("AVAILABLE_AMOUNT", available), ("CURRENT", current)],
        Balances::GbCurrentAccount => {
            &[("AVAILABLE_AMOUNT", available), ("CLEARED", current), ("CURRENT", current)]
        }
        Balances::GbDeposit => &[("CLEARED", current), ("CURRENT", current)],
    };
    Json::Array(kinds.iter().map(|(kind, minor)| balance(kind, *minor, account.currency)).collect())
}

/// Balance and credit, less what is reserved or, for Allkort, bought with the card and not yet debited (country pages).
pub(crate) fn available(account: &Account, history: &History, today: Date) -> i64 {
    let bought = account.allkort.map_or(0, |card| open_purchases(card, today));
    history.balance() + account.credit + history.reserved() - bought
}

fn balance(kind: &str, minor: i64, currency: &str) -> Json {
    Json::object([("amount", content(minor, currency)), ("balanceType", Json::text(kind))])
}

fn content(minor: i64, currency: &str) -> Json {
    Json::object([("content", Json::amount(minor)), ("currency", Json::text(currency))])
}

/// `GET /accounts/{accountId}/transactions?dateFrom=&dateTo=`, both inclusive (inferred) and optional.
pub(crate) fn transactions(world: &mut World, request: &Request, id: &str) -> Ruled {
    let reader = reader(world, request)?;
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

/// Inclusive days.
pub(crate) struct Window {
    from: Date,
    to: Date,
}

impl Window {
    pub(crate) fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// Reads and checks `dateFrom` and `dateTo`. Too old or inverted: 400 `Invalid time interval` (recorded answer).
pub(crate) fn window(
    world: &World,
    request: &Request,
    reader: &Reader,
    currency: &str,
) -> Result<Window, Refusal> {
    let query = known_query(request, &["dateFrom", "dateTo"])?;
    let day = |name: &str| match query.get(name) {
        None => Ok(None),
        Some(text) => parse_day(text).map(Some),
    };
    let oldest = oldest_day(reader, currency);
    let to = day("dateTo")?;
    let future = to.is_some_and(|to| to > reader.today);
    let to = to.unwrap_or(reader.today);
    let from = match day("dateFrom")? {
        Some(from) => from,
        // Unknown: the window when there is no lower bound.
        None => to.saturating_sub(world.switches.default_window_days.days()).max(oldest.min(to)),
    };
    if from > to || from < oldest || (future && world.switches.future_dates == FutureDates::Refuse) {
        return Err(Refusal::new(
            Voice::Gateway,
            400,
            "Invalid time interval",
            "window inverted, too old or in the future",
        ));
    }
    Ok(Window { from, to })
}

fn parse_day(text: &str) -> Result<Date, Refusal> {
    let malformed = || Refusal::bad_request("Malformed date").strange();
    if text.len() == 10 { text.parse().map_err(|_| malformed()) } else { Err(malformed()) }
}

/// SE individuals 15 months (13 in foreign currency), SE corporates 14 (third-party documentation); NL and GB 13, GB
/// two days less (production use); LU as NL (unknown).
fn oldest_day(reader: &Reader, currency: &str) -> Date {
    let (months, spare_days) = match (reader.customer.country, reader.customer.corporate_id) {
        (Country::Se, Some(_)) => (14, 0),
        (Country::Se, None) if currency == "SEK" => (15, 0),
        (Country::Gb, _) => (13, 2),
        _ => (13, 0),
    };
    reader.today.saturating_sub(months.months()).saturating_add(spare_days.days())
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
    rows.truncate(cap);
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
