//! Starting an order.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{Version, invalid, qr};
use crate::BankIdAction;
use crate::answer::{Answer, Refusal, Request, Ruled, Voice};
use crate::codec::{is_digits, luhn_holds};
use crate::customers::{CUSTOMERS, Country, Customer, Difficulty};
use crate::gateway::{accepts_json, known_headers};
use crate::json::Json;
use crate::order::{Order, OrderState};
use crate::world::World;

/// `POST …/initAuthorization/{version}`; `base` is the family's path, from which the links are made.
pub(crate) fn init(world: &mut World, request: &Request, base: &str, version: Version) -> Ruled {
    // One integration sends the consent id as a header too, and it did no harm.
    known_headers(request, Voice::Decoupled, &["consentid"])?;
    accepts_json(request, Voice::Decoupled)?;
    let body = strings(request, version)?;
    let value = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    check_values(&body, version)?;
    let client_id = value("client_id");
    if world.app(client_id).is_none() {
        return Err(Refusal::decoupled("invalid_client", "client_id is not registered").strange());
    }
    let consent = world.consent_of_scope(value("scope"), client_id);
    let consent = consent
        .ok_or_else(|| Refusal::decoupled("invalid_scope", "no such consent of this app").strange())?;
    if consent.grant.is_some() || consent.revoked || consent.country != Country::Se {
        return Err(Refusal::decoupled("invalid_request", "consent cannot be signed by decoupled SCA"));
    }
    if !consent.awaits_signature(request.now_ms, world.switches.intent_ms) {
        return Err(Refusal::decoupled(
            "intent_expired",
            "more than 15 minutes since the consent was created",
        ));
    }
    let customer = signatory(value("psu_id"), consent.corporate_id.as_deref())?;
    if let BankIdAction::Fail { error } = world.bankid_default.clone() {
        // mbid_error may come already from init (production use); here it does when the default says so.
        return Err(Refusal::decoupled(&error, "the person's BankID fails by default"));
    }
    Ok(start(world, request, base, version, &consent.id, customer, value("bisa_same_device") == "true"))
}

/// The body: an object with exactly the version's fields, all strings.
fn strings(request: &Request, version: Version) -> Result<Map<String, Value>, Refusal> {
    if request.header("content-type").unwrap_or_default().split(';').next() != Some("application/json") {
        return Err(invalid("Content-Type is not application/json"));
    }
    let Ok(Value::Object(body)) = serde_json::from_slice(&request.body) else {
        return Err(invalid("the body is no JSON object"));
    };
    if let Some(name) = body.keys().find(|name| !version.fields().contains(&name.as_str())) {
        return Err(invalid(format!("unknown field {name}")));
    }
    match version.fields().iter().find(|name| !body.get(**name).is_some_and(Value::is_string)) {
        Some(name) => Err(invalid(format!("field {name} is missing or no string"))),
        None => Ok(body),
    }
}

fn check_values(body: &Map<String, Value>, version: Version) -> Result<(), Refusal> {
    let value = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = value("psu_id");
    if !is_digits(number, 12) || !number.get(2..).is_some_and(luhn_holds) {
        return Err(Refusal::decoupled("invalid_request", "psu_id is no personal number of 12 digits"));
    }
    // 0.0.0.0 was accepted for years (recorded requests), so any address will do.
    if value("psu_client_ip").parse::<IpAddr>().is_err() {
        return Err(invalid("psu_client_ip is not an address"));
    }
    match version {
        Version::One if value("psu_id_type") != "1" => Err(invalid("psu_id_type is not 1")),
        Version::Two if !["true", "false"].contains(&value("bisa_same_device")) => {
            Err(invalid("bisa_same_device is neither \"true\" nor \"false\""))
        }
        _ => Ok(()),
    }
}

/// The customer who signs, or the documented error.
fn signatory(number: &str, corporate_id: Option<&str>) -> Result<&'static Customer, Refusal> {
    let mut own = CUSTOMERS.iter().filter(|customer| customer.personal_number == Some(number)).peekable();
    if own.peek().is_some_and(|customer| customer.difficulty == Difficulty::BankIdNotActivated) {
        return Err(Refusal::decoupled("mbid_not_shb_activated", "BankID of another bank, not activated"));
    }
    let refusal = || Refusal::decoupled("not_shb_approved", "no customer, or private and corporate mixed up");
    own.find(|customer| customer.fits(Country::Se, corporate_id)).ok_or_else(refusal)
}

fn start(
    world: &mut World,
    request: &Request,
    base: &str,
    version: Version,
    consent_id: &str,
    customer: &Customer,
    same_device: bool,
) -> Answer {
    let names = world.switches.decoupled_two.clone();
    let qr_name = names.qr.filter(|_| version == Version::Two && !same_device);
    let mut order = Order {
        session_id: world.chance.uuid(),
        consent_id: consent_id.to_owned(),
        customer: customer.key.to_owned(),
        created_ms: request.now_ms,
        next_poll_ms: request.now_ms + world.switches.sleep_time_ms,
        polls: 0,
        qr: qr_name.clone(),
        state: OrderState::Waiting,
    };
    order.act(&world.bankid_default);
    let token_name =
        if version == Version::Two { names.auto_start_token } else { "auto_start_token".to_owned() };
    let hidden = version == Version::Two && names.token_only_on_same_device && !same_device;
    let auto_start_token = world.chance.uuid();
    let mut body = Json::object([]);
    if !hidden {
        body.push(&token_name, Json::text(auto_start_token));
    }
    if let Some(name) = qr_name {
        body.push(&name, Json::text(qr(&order.session_id, 0)));
    }
    body.push("sleep_time", Json::int(world.switches.sleep_time_ms));
    body.push("_links", links(&world.api_url, base, version, &order.session_id));
    world.book.orders.push(order);
    world.unsaved = true;
    Voice::Decoupled.json(200, body)
}

/// Recorded for 1.0; under 2.0 the version of these paths is unknown, here it follows the init's.
fn links(api: &str, base: &str, version: Version, session_id: &str) -> Json {
    let number = if version == Version::One { "1.0" } else { "2.0" };
    let link = |what: &str| {
        let href = format!("{api}{base}/decoupled/mbid/{what}/{number}?sessionId={session_id}");
        let hints = Json::object([("allow", Json::Array(vec![Json::text("POST")]))]);
        Json::object([("href", Json::text(href)), ("hints", hints)])
    };
    Json::object([("token", link("token")), ("cancel", link("cancel"))])
}
