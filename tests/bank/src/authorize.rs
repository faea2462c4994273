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
/// RFC 7636 section 4.3; whether the bank tolerates them is unknown.
const PKCE: &[&str] = &["code_challenge", "code_challenge_method"];

/// An authorize request that may be shown to the PSU.
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: String,
    consent: Consent,
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
        Some("deny") => {
            Ok(back(303, &asked.redirect_uri, &[("error", "access_denied"), ("state", &asked.state)]))
        }
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
    let tolerated: &[&str] = if world.switches.tolerate_pkce { PKCE } else { &[] };
    let known: Vec<&str> = PARAMETERS.iter().chain(tolerated).copied().collect();
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
    let error = |error: &str| Ok(Err(back(302, &redirect_uri, &[("error", error), ("state", &state)])));
    if query.get("response_type") != Some("code") {
        return error("unsupported_response_type");
    }
    let Some(consent) = world.consent_of_scope(&value("scope"), &client_id) else {
        return error("invalid_scope");
    };
    if !consent.awaits_signature(request.now_ms, world.switches.intent_ms) {
        // Inferred: a late or already signed intent comes back as an error.
        return error("access_denied");
    }
    Ok(Ok(Asked { client_id, redirect_uri, state, consent }))
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
    };
    world.book.codes.insert(value.clone(), code);
    world.unsaved = true;
    let issuer = world.page_url.clone();
    let mut pairs = vec![("code", value.as_str()), ("state", asked.state.as_str())];
    if world.switches.callback_iss {
        pairs.push(("iss", &issuer));
    }
    back(status, &asked.redirect_uri, &pairs)
}

fn back(status: u16, redirect_uri: &str, pairs: &[(&str, &str)]) -> Answer {
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
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
