//! The authorize endpoint: the PSU's browser comes with the app's request, and leaves with a code or an error.

use crate::Mode;
use crate::answer::{Answer, Refusal, Request, Ruled, Voice};
use crate::codec::{Fields, escape};
use crate::customers::{CUSTOMERS, Customer};
use crate::grant::{Code, Consent};
use crate::page;
use crate::world::World;

/// The parameters of the authorize request (RFC 6749 section 4.1.1; `scope` and `state` are always sent).
const PARAMETERS: &[&str] = &["response_type", "scope", "client_id", "state", "redirect_uri"];

/// An authorize request that may be shown to the PSU.
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: String,
    consent: Consent,
    challenge: Option<String>,
}

/// `GET`: the sign page; in the sandbox the customer named by `X-Sandbox-User` signs at once and gets a 302.
pub(crate) fn show(world: &mut World, request: &Request) -> Ruled {
    let asked = match asked(world, request)? {
        Ok(asked) => asked,
        Err(back) => return Ok(back),
    };
    if world.mode == Mode::Sandbox {
        return sandbox(world, request, &asked);
    }
    let customers = candidates(&asked.consent);
    let chosen = chosen(world, &customers, None).map(|customer| customer.key);
    Ok(Voice::Page.html(200, page::sign(&asked.client_id, &asked.consent, &customers, chosen)))
}

/// `POST` of the page's form to the same address: `decision` is `approve` or `deny`, `customer` a customer's key.
pub(crate) fn decide(world: &mut World, request: &Request) -> Ruled {
    let asked = match asked(world, request)? {
        Ok(asked) => asked,
        Err(back) => return Ok(back),
    };
    let form = request.text().and_then(Fields::parse).unwrap_or_default();
    if let Some(name) = form.stranger(&["decision", "customer"]) {
        return Err(refused(format!("Unknown field {name}")));
    }
    let customers = candidates(&asked.consent);
    match form.get("decision") {
        // RFC 6749 section 4.1.2.1; the bank's own words are unknown.
        Some("deny") => Ok(turn_away(world, 303, &asked.redirect_uri, "access_denied", &asked.state)),
        Some("approve") => match chosen(world, &customers, form.get("customer")) {
            Some(customer) => Ok(approve(world, request, &asked, customer, 303)),
            None => Err(refused("That customer cannot sign this consent")),
        },
        _ => Err(refused("Neither approved nor denied")),
    }
}

fn sandbox(world: &mut World, request: &Request, asked: &Asked) -> Ruled {
    let user = request.header("x-sandbox-user").unwrap_or_default();
    let customer = candidates(&asked.consent).into_iter().find(|customer| customer.sandbox_user == user);
    match customer {
        Some(customer) => Ok(approve(world, request, asked, customer, 302)),
        None => Err(refused("X-Sandbox-User missing or not of this consent's country and kind")),
    }
}

fn refused(why: impl Into<String>) -> Refusal {
    let why = why.into();
    Refusal::new(Voice::Page, 400, &why.clone(), why).strange()
}

/// Reads the request. Where app and redirect URI are wrong the browser is not sent anywhere (RFC 6749 section
/// 4.1.2.1); other faults go back to the app as an error.
fn asked(world: &mut World, request: &Request) -> Result<Result<Asked, Answer>, Refusal> {
    let query = Fields::parse(&request.query).ok_or_else(|| refused("Malformed or doubled parameter"))?;
    let pkce = world.switches.pkce;
    let known: Vec<&str> = PARAMETERS.iter().chain(pkce.on_authorize()).copied().collect();
    if let Some(name) = query.stranger(&known) {
        return Err(refused(format!("Unknown parameter {name}")));
    }
    let value = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let (client_id, redirect_uri, state) = (value("client_id"), value("redirect_uri"), value("state"));
    let app = world.app(&client_id).ok_or_else(|| refused("client_id is not registered"))?;
    if app.redirect_uri != redirect_uri {
        return Err(refused("redirect_uri is not the registered one"));
    }
    if state.is_empty() {
        return Err(refused("state is missing"));
    }
    let error = |world: &World, error: &str| Ok(Err(turn_away(world, 302, &redirect_uri, error, &state)));
    if query.get("response_type") != Some("code") {
        return error(world, "unsupported_response_type");
    }
    let Some(challenge) = pkce.challenge(&query) else {
        return error(world, "invalid_request");
    };
    let Some(consent) = world.consent_of_scope(&value("scope"), &client_id) else {
        return error(world, "invalid_scope");
    };
    if !consent.awaits_signature(request.now_ms, world.switches.intent_ms) {
        // Inferred: a late or already signed intent comes back as an error.
        return error(world, "access_denied");
    }
    Ok(Ok(Asked { client_id, redirect_uri, state, consent, challenge }))
}

fn approve(world: &mut World, request: &Request, asked: &Asked, customer: &Customer, status: u16) -> Answer {
    world.sign(&asked.consent.id, customer, request.now_ms);
    let value = world.chance.uuid();
    let code = Code {
        client_id: asked.client_id.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        consent_id: asked.consent.id.clone(),
        expires_ms: request.now_ms + world.switches.code_lifetime_ms,
        spent: false,
        challenge: asked.challenge.clone(),
    };
    world.book.codes.insert(value.clone(), code);
    world.unsaved = true;
    back(world, status, &asked.redirect_uri, &[("code", &value), ("state", &asked.state)])
}

/// Back to the app with an error (RFC 6749 section 4.1.2.1).
fn turn_away(world: &World, status: u16, redirect_uri: &str, error: &str, state: &str) -> Answer {
    back(world, status, redirect_uri, &[("error", error), ("state", state)])
}

/// Back to the app; with `iss` on every answer, errors too, if this bank sends it (RFC 9207 section 2).
fn back(world: &World, status: u16, redirect_uri: &str, pairs: &[(&str, &str)]) -> Answer {
    let issuer = world.switches.callback_iss.then_some(("iss", world.page_url.as_str()));
    let query: Vec<String> =
        pairs.iter().chain(&issuer).map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let joint = if redirect_uri.contains('?') { '&' } else { '?' };
    Answer::redirect(status, &format!("{redirect_uri}{joint}{}", query.join("&")))
}

/// The customers who can sign this consent.
fn candidates(consent: &Consent) -> Vec<&'static Customer> {
    CUSTOMERS
        .iter()
        .filter(|customer| customer.fits(consent.country, consent.corporate_id.as_deref()))
        .collect()
}

/// The named customer; if none is named, the preferred one or else the first.
fn chosen(world: &World, customers: &[&'static Customer], named: Option<&str>) -> Option<&'static Customer> {
    let find = |key: &str| customers.iter().find(|customer| customer.key == key).copied();
    match named {
        Some(key) => find(key),
        None => world.preferred_customer.as_deref().and_then(find).or_else(|| customers.first().copied()),
    }
}
