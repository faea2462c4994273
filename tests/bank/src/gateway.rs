//! What the gateway checks before a resource or consent call reaches the bank behind it.

use std::net::IpAddr;

use crate::Mode;
use crate::answer::{Refusal, Request, Voice};
use crate::codec::{Fields, is_uuid};
use crate::enrolment;
use crate::grant::{Bearer, Grant};
use crate::world::World;

/// Headers that any HTTP client may send.
const USUAL: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
    "tpp-request-id",
    "tpp-transaction-id",
];
/// Headers of the resource and consent calls (bank guide; contract of the accounts API).
const RESOURCE: &[&str] = &[
    "x-ibm-client-id",
    "authorization",
    "psu-ip-address",
    "country",
    "psu-corporate-id",
    "psu-corporate-id-type",
];

/// Refuses headers that are unknown or doubled.
pub(crate) fn known_headers(request: &Request, voice: Voice, further: &[&str]) -> Result<(), Refusal> {
    let text = if voice == Voice::Gateway { "Unknown or repeated header" } else { "invalid_request" };
    for (position, (name, _)) in request.headers.iter().enumerate() {
        let known = USUAL.contains(&name.as_str()) || further.contains(&name.as_str());
        let doubled = request.headers.iter().skip(position + 1).any(|(other, _)| other == name);
        if !known || doubled {
            let why = format!("header {name} is {}", if known { "doubled" } else { "unknown" });
            return Err(Refusal::new(voice, 400, text, why).strange());
        }
    }
    Ok(())
}

/// Every documented request accepts JSON by name.
pub(crate) fn accepts_json(request: &Request, voice: Voice) -> Result<(), Refusal> {
    if request.header("accept") == Some("application/json") {
        return Ok(());
    }
    let text = if voice == Voice::Gateway { "Accept must be application/json" } else { "invalid_request" };
    Err(Refusal::new(voice, 400, text, "Accept is not application/json").strange())
}

/// Refuses query parameters that are not among the known ones.
pub(crate) fn known_query(request: &Request, known: &[&str]) -> Result<Fields, Refusal> {
    let malformed = || Refusal::bad_request("Malformed query").strange();
    let fields = Fields::parse(&request.query).ok_or_else(malformed)?;
    match fields.stranger(known) {
        Some(name) => Err(Refusal::bad_request(format!("Unknown parameter {name}")).strange()),
        None => Ok(fields),
    }
}

/// The app and token behind a call, checked in the gateway's order: app, token, headers.
fn admit(world: &mut World, request: &Request) -> Result<(String, Bearer), Refusal> {
    let unauthorized = |text: &str, why: &str| Refusal::new(Voice::Gateway, 401, text, why);
    let client_id = request.header("x-ibm-client-id").unwrap_or_default().to_owned();
    if world.app(&client_id).is_none() {
        return Err(unauthorized(
            "Invalid client id or secret.",
            "X-IBM-Client-Id missing or not registered",
        )
        .strange());
    }
    if !enrolment::is_shown_by_its_tpp(world, request, &client_id) {
        let why = "certificate of another TPP, or replaced";
        return Err(unauthorized("Invalid client id or secret.", why));
    }
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let token =
        token.ok_or_else(|| unauthorized("Missing bearer token", "no Authorization: Bearer").strange())?;
    let inactive = |why: &str| unauthorized("Token is not active", why);
    let access = world.book.access_tokens.get(token).ok_or_else(|| inactive("access token never issued"))?;
    if access.client_id != client_id {
        return Err(inactive("access token of another app"));
    }
    if request.now_ms >= access.expires_ms {
        return Err(inactive("access token expired"));
    }
    let bearer = access.bearer.clone();
    known_headers(request, Voice::Gateway, RESOURCE)?;
    tpp_ids(world, request)?;
    accepts_json(request, Voice::Gateway)?;
    psu_address(request)?;
    Ok((client_id, bearer))
}

/// `TPP-Request-ID` and `TPP-Transaction-ID`: mandatory; UUIDs in live, any text in the sandbox (bank's collection).
pub(crate) fn tpp_ids(world: &mut World, request: &Request) -> Result<(), Refusal> {
    for name in ["tpp-request-id", "tpp-transaction-id"] {
        let value = request.header(name).unwrap_or_default();
        if value.is_empty() || (world.mode == Mode::Live && !is_uuid(value)) {
            return Err(Refusal::bad_request(format!("{name} missing or not a UUID")).strange());
        }
    }
    let id = request.header("tpp-request-id").unwrap_or_default().to_ascii_lowercase();
    let repeated = !world.request_ids.insert(id) && world.mode == Mode::Live;
    if !repeated {
        return Ok(());
    }
    world.ledger.repeated_request_ids += 1;
    if world.switches.repeated_request_ids {
        return Ok(());
    }
    Err(Refusal::bad_request("TPP-Request-ID has been used before"))
}

/// `PSU-IP-Address` is optional, but if it is there it is one address.
fn psu_address(request: &Request) -> Result<(), Refusal> {
    match request.header("psu-ip-address") {
        Some(value) if value.parse::<IpAddr>().is_err() => {
            Err(Refusal::bad_request("PSU-IP-Address is not an address").strange())
        }
        _ => Ok(()),
    }
}

fn wrong_grant_type() -> Refusal {
    // Bank FAQ: a client-credentials token where a PSU's is needed, or the reverse.
    Refusal::new(Voice::Gateway, 401, "Invalid token grant type.", "token of the wrong grant type")
}

/// Admits a call that the app makes for itself, with a client-credentials token of scope AIS.
pub(crate) fn admit_app(world: &mut World, request: &Request) -> Result<String, Refusal> {
    match admit(world, request)? {
        (client_id, Bearer::App { scopes }) if scopes.iter().any(|scope| scope == "AIS") => Ok(client_id),
        (_, Bearer::App { .. }) => {
            Err(Refusal::new(Voice::Gateway, 403, "Insufficient scope", "scope without AIS"))
        }
        (_, Bearer::Psu { consent_id }) => {
            world.about = Some(consent_id);
            Err(wrong_grant_type())
        }
    }
}

/// Admits a read in the name of a PSU: the living grant of the consent that the token is bound to.
pub(crate) fn admit_psu(world: &mut World, request: &Request) -> Result<Grant, Refusal> {
    let (_, bearer) = admit(world, request)?;
    let Bearer::Psu { consent_id } = bearer else {
        return Err(wrong_grant_type());
    };
    world.about = Some(consent_id.clone());
    if world.switches.psu_address_on_reads && request.header("psu-ip-address").is_none() {
        return Err(Refusal::bad_request("PSU-IP-Address missing"));
    }
    let over = || Refusal::new(Voice::Gateway, 401, "Token is not active", "consent revoked or expired");
    let consent = world.book.consents.get(&consent_id).ok_or_else(over)?;
    let grant = consent.live_grant(request.now_ms).ok_or_else(over)?.clone();
    let differs =
        |name: &str, own: Option<&str>| request.header(name).is_some_and(|value| Some(value) != own);
    if differs("country", Some(consent.country.code()))
        || differs("psu-corporate-id", consent.corporate_id.as_deref())
        || differs("psu-corporate-id-type", consent.corporate_id.as_ref().map(|_| "BANK"))
    {
        return Err(Refusal::bad_request("Country or PSU-Corporate-ID differs from the consent").strange());
    }
    Ok(grant)
}
