//! The control surface: what a tester or a person at a terminal can do to the bank. JSON in and out, on its own port.

#![allow(
    clippy::disallowed_types,
    reason = "the derive of a flattened field names floats; no value here is one"
)]

use hyper::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Request;
use crate::customers::CUSTOMERS;
use crate::order::OrderView;
use crate::service::{Manner, Shared, lock};
use crate::wire::Pieces;
use crate::world::{DAY_MS, World};
use crate::{BankIdAction, ClientIdentity, ClientSpec, FaultOrder, PollOutcome, Switches, Validity};

const VERBS: &str = "The control surface of a simulated bank. JSON in, JSON out.

GET    /clock           the bank's time
POST   /clock           {\"advance_ms\":1000} | {\"advance_days\":89} | {\"set_ms\":1772438400000}
GET    /customers       the fictional customers
POST   /customer        {\"key\":\"se-anna\"}: whom the sign page offers first
POST   /bankid          {\"action\":\"approve|deny|ignore|open\"} | {\"action\":\"fail\",\"error\":\"mbid_error\"}
                        for the newest live order or, if there is none, for every later one; with \"default\":true the latter
GET    /orders          the BankID orders, newest first
POST   /poll-outcome    {\"outcomes\":[{\"outcome\":\"in_progress|complete|user_cancel\"},
                        {\"outcome\":\"error\",\"error\":\"mbid_error\"},{\"outcome\":\"unknown\",\"result\":\"?\"}]}: the next polls
GET    /consents        the consents
POST   /grants/revoke   {\"consent_id\":\"...\"}: the customer takes the consent back
GET    /faults          what is still to go wrong
POST   /faults          {\"call\":\"accounts.list\",\"fault\":{\"kind\":\"kyc_missing\"},\"times\":1,\"skip\":0}
DELETE /faults          nothing more goes wrong
GET    /ledger          every call and the counters; ?transaction=<TPP-Transaction-ID> for one exchange
DELETE /ledger          forget what was seen
GET    /switches        behaviour that no document settles
POST   /switches        any of its fields
GET    /apps            the registered apps
GET    /enrolment       third parties, their apps and subscriptions
GET    /pki/ca.pem      the CA's certificate
POST   /certificates    {\"common_name\":\"TPP 2027\",\"days\":90}: a further client certificate with its key, PEM
POST   /certificates/withdraw  {\"chain_pem\":\"...\"}: handshakes with it are refused from now on
";

/// Answers one request.
pub(crate) fn answer(world: &Shared, request: &Request) -> Response<Pieces> {
    let mut world = lock(world);
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => text(VERBS),
        ("GET", "/pki/ca.pem") => text(world.pki.ca_pem()),
        _ => match verb(&mut world, request) {
            Some(Ok(value)) => response(200, "application/json", format!("{value:#}\n")),
            Some(Err(why)) => refused(&why),
            None => response(404, "text/plain; charset=utf-8", format!("No such verb.\n\n{VERBS}")),
        },
    }
}

/// 400 with the reason.
pub(crate) fn refused(why: &str) -> Response<Pieces> {
    response(400, "application/json", format!("{:#}\n", json!({ "error": why })))
}

fn text(text: &str) -> Response<Pieces> {
    response(200, "text/plain; charset=utf-8", text.to_owned())
}

fn response(status: u16, media_type: &str, body: String) -> Response<Pieces> {
    let mut response = Response::new(Pieces::new(body.into_bytes(), &Manner::Plain));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    if let Ok(value) = media_type.parse() {
        response.headers_mut().insert("content-type", value);
    }
    response
}

type Done = Result<Value, String>;

fn verb(world: &mut World, request: &Request) -> Option<Done> {
    Some(match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/clock") => Ok(clock(world)),
        ("POST", "/clock") => move_clock(world, request),
        ("GET", "/customers") => {
            Ok(json!(CUSTOMERS.iter().map(|customer| customer.summary()).collect::<Vec<_>>()))
        }
        ("POST", "/customer") => choose_customer(world, request),
        ("POST", "/bankid") => bankid(world, request),
        ("GET", "/orders") => Ok(json!(orders(world))),
        ("POST", "/poll-outcome") => poll_outcome(world, request),
        ("GET", "/consents") => Ok(json!(world.book.consents.values().collect::<Vec<_>>())),
        ("POST", "/grants/revoke") => revoke(world, request),
        ("GET", "/faults") => Ok(json!(world.faults)),
        ("POST", "/faults") => read::<FaultOrder>(request).map(|order| {
            world.faults.push(order);
            json!(world.faults)
        }),
        ("DELETE", "/faults") => {
            world.faults.clear();
            Ok(json!([]))
        }
        ("GET", "/ledger") => Ok(ledger(world, request)),
        ("DELETE", "/ledger") => {
            world.ledger = crate::Ledger::default();
            Ok(ledger(world, request))
        }
        ("GET", "/switches") => Ok(json!(world.switches)),
        ("POST", "/switches") => change_switches(world, request),
        ("GET", "/apps") => Ok(json!(world.apps)),
        ("GET", "/enrolment") => Ok(json!(world.book.enrolment)),
        ("POST", "/certificates") => certificate(world, request),
        ("POST", "/certificates/withdraw") => withdraw(world, request),
        _ => return None,
    })
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn clock(world: &World) -> Value {
    let now_ms = world.clock.now_ms();
    let now = jiff::Timestamp::from_millisecond(now_ms).map(|now| now.to_string()).unwrap_or_default();
    json!({ "now_ms": now_ms, "now": now })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    set_ms: Option<i64>,
    #[serde(default)]
    advance_ms: i64,
    #[serde(default)]
    advance_days: i64,
}

fn move_clock(world: &mut World, request: &Request) -> Done {
    let order: ClockMove = read(request)?;
    if let Some(to) = order.set_ms {
        world.clock.set_ms(to);
    }
    world.clock.advance_ms(order.advance_days.saturating_mul(DAY_MS).saturating_add(order.advance_ms));
    world.unsaved = true;
    Ok(clock(world))
}

fn word(request: &Request, name: &str) -> Result<String, String> {
    let body: Value = read(request)?;
    let word = body.get(name).and_then(Value::as_str).map(str::to_owned);
    word.ok_or_else(|| format!("{name} is missing"))
}

fn choose_customer(world: &mut World, request: &Request) -> Done {
    let key = word(request, "key")?;
    world.unsaved = true;
    if world.choose_customer(&key) { Ok(json!({ "key": key })) } else { Err(format!("no customer {key}")) }
}

#[derive(Deserialize)]
struct BankId {
    #[serde(flatten)]
    action: BankIdAction,
    #[serde(default)]
    default: bool,
}

fn bankid(world: &mut World, request: &Request) -> Done {
    let order: BankId = read(request)?;
    if order.default {
        world.bankid_default = order.action;
        world.unsaved = true;
    } else {
        world.bankid(order.action);
    }
    Ok(json!({ "orders": orders(world), "default": world.bankid_default }))
}

/// The orders, newest first.
pub(crate) fn orders(world: &World) -> Vec<OrderView> {
    let (now_ms, window) = (world.clock.now_ms(), world.switches.start_window_ms);
    let view = |order: &crate::order::Order| OrderView {
        session_id: order.session_id.clone(),
        consent_id: order.consent_id.clone(),
        customer: order.customer.clone(),
        state: order.state.name().to_owned(),
        polls: order.polls,
        live: order.is_live(now_ms, window),
    };
    world.book.orders.iter().rev().map(view).collect()
}

#[derive(Deserialize)]
struct Script {
    outcomes: Vec<PollOutcome>,
}

fn poll_outcome(world: &mut World, request: &Request) -> Done {
    let script: Script = read(request)?;
    world.poll_script.extend(script.outcomes);
    Ok(json!(world.poll_script))
}

fn revoke(world: &mut World, request: &Request) -> Done {
    let id = word(request, "consent_id")?;
    if world.revoke(&id) { Ok(json!({ "revoked": id })) } else { Err(format!("no consent {id}")) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    common_name: Option<String>,
    days: Option<i64>,
}

fn certificate(world: &World, request: &Request) -> Done {
    let Wanted { common_name, days } = read(request)?;
    let validity = days.map_or_else(Validity::default, Validity::Days);
    let issued = world.pki.issue_client(&ClientSpec { common_name, validity, ..ClientSpec::default() });
    let ClientIdentity { chain_pem, key_pem } = issued.map_err(|error| error.to_string())?;
    Ok(json!({ "chain_pem": chain_pem, "key_pem": key_pem }))
}

fn withdraw(world: &World, request: &Request) -> Done {
    let identity = ClientIdentity { chain_pem: word(request, "chain_pem")?, key_pem: String::new() };
    world.pki.withdraw(&identity).map_err(|error| error.to_string())?;
    Ok(json!({ "withdrawn": true }))
}

fn ledger(world: &World, request: &Request) -> Value {
    if let Some(id) = request.query.strip_prefix("transaction=") {
        return json!(world.ledger.for_transaction(id));
    }
    let mut value = json!(world.ledger);
    if let Some(object) = value.as_object_mut() {
        object.insert("by_kind".to_owned(), json!(world.ledger.by_kind()));
        object.insert("exchanges".to_owned(), json!(world.ledger.exchanges()));
    }
    value
}

/// The given fields over the present ones.
fn change_switches(world: &mut World, request: &Request) -> Done {
    let changes: Value = read(request)?;
    let mut value = json!(world.switches);
    let (Some(fields), Some(changes)) = (value.as_object_mut(), changes.as_object()) else {
        return Err("an object of switches is wanted".to_owned());
    };
    fields.extend(changes.clone());
    let changed: Switches = serde_json::from_value(value).map_err(|error| error.to_string())?;
    world.switches = changed;
    world.entrance.ring();
    Ok(json!(world.switches))
}
