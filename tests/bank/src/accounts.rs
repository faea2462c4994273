//! The accounts API, version 2: list, one account, transactions (recorded answers; keys in alphabetical order).

mod further;
mod transactions;
mod window;

use jiff::civil::Date;

use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::clock::civil_day;
use crate::customers::{Account, Balances, Customer, Difficulty};
use crate::enrolment;
use crate::gateway::{admit_psu, known_query};
use crate::grant::Grant;
use crate::history::{History, of_account, open_purchases};
use crate::json::Json;
use crate::world::World;

pub(crate) use further::Owned;
pub(crate) use transactions::{capped, transactions};
pub(crate) use window::window;

/// Whose data is read, and when.
pub(crate) struct Reader {
    pub(crate) customer: &'static Customer,
    pub(crate) grant: Grant,
    pub(crate) today: Date,
    /// So many accounts beside those of the table.
    further: usize,
}

/// Admits the call of an app that is subscribed to this product, and finds the customer; 403 for one who has not answered the bank's questions (country pages).
pub(crate) fn reader(world: &mut World, request: &Request, product: &str) -> Result<Reader, Refusal> {
    let grant = admit_psu(world, request)?;
    let consent = world.about.as_ref().and_then(|id| world.book.consents.get(id));
    if let Some(consent) = consent {
        enrolment::subscribed(world, &consent.client_id, product, consent.country)?;
    }
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
    Ok(Reader { customer, grant, today, further: world.switches.further_accounts })
}

impl Reader {
    /// The `accountId` of this consent for an account or card.
    pub(crate) fn id_of(&self, key: &str) -> String {
        self.grant.account_ids.get(key).cloned().unwrap_or_default()
    }

    fn account(&self, id: &str) -> Result<&'static Account, Refusal> {
        self.found(id).map(|owned| owned.account)
    }

    fn found(&self, id: &str) -> Result<Owned, Refusal> {
        let found = self.owned().find(|owned| owned.id(self) == id);
        found.ok_or_else(|| Refusal::new(Voice::Gateway, 404, "Not Found", "no such account in this consent"))
    }

    fn history(&self, account: &Account) -> History {
        of_account(account, self.customer.country, self.today)
    }
}

/// `GET /accounts`.
pub(crate) fn list(world: &mut World, request: &Request) -> Ruled {
    let reader = reader(world, request, "accounts")?;
    known_query(request, &[])?;
    let with_balances = world.switches.list_has_balances;
    let rows = reader.owned().map(|owned| object(world, request, &reader, owned, with_balances));
    Ok(Voice::Gateway.json(200, Json::object([("accounts", Json::Array(rows.collect()))])))
}

/// `GET /accounts/{accountId}`: balances only with `withBalance=true` (bank's collection, inferred).
pub(crate) fn one(world: &mut World, request: &Request, id: &str) -> Ruled {
    let reader = reader(world, request, "accounts")?;
    let query = known_query(request, &["withBalance"])?;
    let with_balances = match query.get("withBalance") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::bad_request("withBalance must be true or false").strange()),
    };
    let owned = reader.found(id)?;
    Ok(Voice::Gateway.json(200, object(world, request, &reader, owned, with_balances)))
}

fn object(world: &World, request: &Request, reader: &Reader, owned: Owned, with_balances: bool) -> Json {
    let (account, id) = (owned.account, owned.id(reader));
    Json::sparse([
        ("_links", Some(transactions_link(world, request, "/accounts", &id))),
        ("accountId", Some(Json::text(id))),
        ("accountType", Some(Json::text(account.account_type))),
        ("balances", with_balances.then(|| balances(reader, account))),
        ("bban", owned.bban().map(Json::text)),
        ("bic", Some(Json::text(account.bic))),
        ("clearingNumber", account.clearing_number.map(Json::text)),
        ("currency", Some(Json::text(account.currency))),
        ("iban", Some(Json::text(owned.iban()))),
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
