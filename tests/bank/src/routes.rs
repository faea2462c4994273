//! Paths: which call is this? Nothing is decided here but that.

use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::customers::Country;
use crate::decoupled::Version;
use crate::world::World;
use crate::{CallKind, Mode, Switches};
use crate::{accounts, authorize, cards, consents, decoupled, enrolment, oauth};

/// Which of the two listening ports of the bank a call came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Api,
    Page,
}

/// A call that the bank has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Token,
    ThirdPartiesCreate,
    ThirdPartiesReplace,
    Subscribe,
    ConsentsCreate(Option<Country>),
    ConsentsOne(String),
    ConsentsDelete(String),
    AuthorizePage,
    AuthorizeDecision,
    /// With the family's path, from which the links are made.
    DecoupledInit(String, Version),
    DecoupledPoll,
    DecoupledCancel,
    AccountsList,
    AccountsOne(String),
    AccountsTransactions(String),
    CardsList,
    CardsOne(String),
    CardsTransactions(String),
    Unknown,
}

/// The families of token and decoupled paths in live (bank guide; recorded answers).
const LIVE_FAMILIES: &[&str] = &["/mlurd", "/bb/gls5"];
/// The sandbox's prefixes: the newer one alone, the older one per grant (bank FAQ).
const SANDBOX_FAMILIES: &[&str] = &["/openbanking", "/openbanking/redirect", "/openbanking/refresh"];

pub(crate) fn find(mode: Mode, switches: &Switches, door: Door, method: &str, path: &str) -> Route {
    let families = if mode == Mode::Live { LIVE_FAMILIES } else { SANDBOX_FAMILIES };
    let in_family = families.iter().find_map(|family| {
        let rest = path.strip_prefix(family)?;
        match door {
            Door::Api => family_route(mode, method, family, rest).or_else(|| {
                // In the sandbox the authorize path is on the API host (bank guide).
                (mode == Mode::Sandbox).then(|| authorize_route(method, rest)).flatten()
            }),
            Door::Page => authorize_route(method, rest),
        }
    });
    let resource = || if door == Door::Api { resource_route(switches, method, path) } else { None };
    // Not in the sandbox, whose apps are made in the portal (bank's live page).
    let enrolment =
        || (door == Door::Api && mode == Mode::Live).then(|| enrolment_route(method, path)).flatten();
    let resource = || enrolment().or_else(resource);
    in_family.or_else(resource).unwrap_or(Route::Unknown)
}

fn enrolment_route(method: &str, path: &str) -> Option<Route> {
    match (method, path) {
        ("POST", "/openbanking/psd2/v1/third-parties") => Some(Route::ThirdPartiesCreate),
        ("PUT", "/openbanking/psd2/v1/third-parties") => Some(Route::ThirdPartiesReplace),
        ("POST", "/openbanking/psd2/v1/subscriptions") => Some(Route::Subscribe),
        _ => None,
    }
}

fn authorize_route(method: &str, rest: &str) -> Option<Route> {
    match (method, rest) {
        ("GET", "/oauth2/authorize/1.0") => Some(Route::AuthorizePage),
        ("POST", "/oauth2/authorize/1.0") => Some(Route::AuthorizeDecision),
        _ => None,
    }
}

fn family_route(mode: Mode, method: &str, family: &str, rest: &str) -> Option<Route> {
    if method != "POST" {
        return None;
    }
    let decoupled = mode == Mode::Live || family == "/openbanking";
    match rest {
        "/oauth2/token/1.0" => Some(Route::Token),
        "/decoupled/mbid/initAuthorization/1.0" if decoupled => {
            Some(Route::DecoupledInit(family.to_owned(), Version::One))
        }
        "/decoupled/mbid/initAuthorization/2.0" if mode == Mode::Live => {
            Some(Route::DecoupledInit(family.to_owned(), Version::Two))
        }
        "/decoupled/mbid/token/1.0" | "/decoupled/mbid/token/2.0" if decoupled => Some(Route::DecoupledPoll),
        "/decoupled/mbid/cancel/1.0" | "/decoupled/mbid/cancel/2.0" if decoupled => {
            Some(Route::DecoupledCancel)
        }
        _ => None,
    }
}

/// Path bases of the resources; the countries' own are unknown and off by default.
fn resource_route(switches: &Switches, method: &str, path: &str) -> Option<Route> {
    let own = |base: &str| path.strip_prefix(base).filter(|_| switches.country_paths);
    if let Some(rest) = path.strip_prefix("/openbanking/psd2/v2/") {
        return collection_route(switches, method, rest, &["accounts"], None);
    }
    if let Some(rest) = own("/openbanking/psd2/gb/v1/") {
        return collection_route(
            switches,
            method,
            rest,
            &["accounts", "card-accounts", "consents"],
            Some(Country::Gb),
        );
    }
    if let Some(rest) = own("/openbanking/psd2/lu/individual/v1/") {
        return collection_route(switches, method, rest, &["accounts"], Some(Country::Lu));
    }
    let rest = path.strip_prefix("/openbanking/psd2/v1/")?;
    collection_route(switches, method, rest, &["card-accounts", "consents"], None)
}

fn collection_route(
    switches: &Switches,
    method: &str,
    rest: &str,
    served: &[&str],
    country: Option<Country>,
) -> Option<Route> {
    let parts: Vec<&str> = rest.split('/').collect();
    let collection = parts.first().filter(|name| served.contains(name))?;
    let id = parts.get(1).map(|id| (*id).to_owned()).unwrap_or_default();
    match (method, *collection, parts.len(), parts.get(2)) {
        ("POST", "consents", 1, _) => Some(Route::ConsentsCreate(country)),
        ("GET", "consents", 2, _) if switches.consent_delete => Some(Route::ConsentsOne(id)),
        ("DELETE", "consents", 2, _) if switches.consent_delete => Some(Route::ConsentsDelete(id)),
        ("GET", "accounts", 1, _) => Some(Route::AccountsList),
        ("GET", "accounts", 2, _) => Some(Route::AccountsOne(id)),
        ("GET", "accounts", 3, Some(&"transactions")) => Some(Route::AccountsTransactions(id)),
        ("GET", "card-accounts", 1, _) => Some(Route::CardsList),
        ("GET", "card-accounts", 2, _) => Some(Route::CardsOne(id)),
        ("GET", "card-accounts", 3, Some(&"transactions")) => Some(Route::CardsTransactions(id)),
        _ => None,
    }
}

impl Route {
    pub(crate) fn kind(&self, request: &Request) -> CallKind {
        match self {
            Self::Token => oauth::kind(request),
            Self::ThirdPartiesCreate => CallKind::ThirdPartiesCreate,
            Self::ThirdPartiesReplace => CallKind::ThirdPartiesReplace,
            Self::Subscribe => CallKind::Subscribe,
            Self::ConsentsCreate(_) => CallKind::ConsentsCreate,
            Self::ConsentsOne(_) => CallKind::ConsentsOne,
            Self::ConsentsDelete(_) => CallKind::ConsentsDelete,
            Self::AuthorizePage => CallKind::AuthorizePage,
            Self::AuthorizeDecision => CallKind::AuthorizeDecision,
            Self::DecoupledInit(..) => CallKind::DecoupledInit,
            Self::DecoupledPoll => CallKind::DecoupledPoll,
            Self::DecoupledCancel => CallKind::DecoupledCancel,
            Self::AccountsList => CallKind::AccountsList,
            Self::AccountsOne(_) => CallKind::AccountsOne,
            Self::AccountsTransactions(_) => CallKind::AccountsTransactions,
            Self::CardsList => CallKind::CardsList,
            Self::CardsOne(_) => CallKind::CardsOne,
            Self::CardsTransactions(_) => CallKind::CardsTransactions,
            Self::Unknown => CallKind::Unknown,
        }
    }

    /// The part of the bank that answers.
    pub(crate) const fn voice(&self) -> Voice {
        match self {
            Self::Token => Voice::Token,
            Self::DecoupledInit(..) | Self::DecoupledPoll | Self::DecoupledCancel => Voice::Decoupled,
            Self::AuthorizePage | Self::AuthorizeDecision => Voice::Page,
            _ => Voice::Gateway,
        }
    }

    /// Applies the rule.
    pub(crate) fn rule(&self, world: &mut World, request: &Request) -> Ruled {
        match self {
            Self::Token => oauth::token(world, request),
            Self::ThirdPartiesCreate => enrolment::make_known(world, request),
            Self::ThirdPartiesReplace => enrolment::replace_certificate(world, request),
            Self::Subscribe => enrolment::subscribe(world, request),
            Self::ConsentsCreate(country) => consents::create(world, request, *country),
            Self::ConsentsOne(id) => consents::one(world, request, id),
            Self::ConsentsDelete(id) => consents::delete(world, request, id),
            Self::AuthorizePage => authorize::show(world, request),
            Self::AuthorizeDecision => authorize::decide(world, request),
            Self::DecoupledInit(base, version) => decoupled::init(world, request, base, *version),
            Self::DecoupledPoll => decoupled::poll(world, request),
            Self::DecoupledCancel => decoupled::cancel(world, request),
            Self::AccountsList => accounts::list(world, request),
            Self::AccountsOne(id) => accounts::one(world, request, id),
            Self::AccountsTransactions(id) => accounts::transactions(world, request, id),
            Self::CardsList => cards::list(world, request),
            Self::CardsOne(id) => cards::one(world, request, id),
            Self::CardsTransactions(id) => cards::transactions(world, request, id),
            Self::Unknown => {
                Err(Refusal::new(Voice::Gateway, 404, "Not Found", "no such path or method").strange())
            }
        }
    }
}
