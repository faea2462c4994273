//! `POST /consents` (bank guide; recorded answer), and `GET` and `DELETE` of one, which are unknown and off by default.

use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::codec::is_digits;
use crate::customers::Country;
use crate::enrolment;
use crate::gateway::{admit_app, known_query};
use crate::grant::Consent;
use crate::json::Json;
use crate::world::World;
use crate::{LinkFamily, Mode};

/// Creates a consent and lists the SCA methods.
pub(crate) fn create(world: &mut World, request: &Request, base_country: Option<Country>) -> Ruled {
    let client_id = admit_app(world, request)?;
    known_query(request, &[])?;
    let country = country_of(request, base_country)?;
    enrolment::subscribed(world, &client_id, "consents", country)?;
    let corporate_id = corporate_id_of(request, country)?;
    if world.switches.psu_address_on_consent && request.header("psu-ip-address").is_none() {
        return Err(Refusal::bad_request("PSU-IP-Address missing"));
    }
    let media_type =
        request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media_type != "application/json" {
        return Err(Refusal::bad_request("Content-Type must be application/json").strange());
    }
    whole_access(request)?;
    let id = world.chance.uuid();
    world.about = Some(id.clone());
    let created_ms = request.now_ms;
    let consent =
        Consent { id: id.clone(), client_id, country, corporate_id, created_ms, grant: None, revoked: false };
    world.book.consents.insert(id.clone(), consent);
    world.unsaved = true;
    let body = Json::object([
        ("consentId", Json::text(id)),
        ("consentStatus", Json::text("RECEIVED")),
        ("scaMethods", Json::Array(sca_methods(world, country))),
    ]);
    Ok(Voice::Gateway.json(world.consent_status, body))
}

fn country_of(request: &Request, base_country: Option<Country>) -> Result<Country, Refusal> {
    let unserved = || Refusal::bad_request("Country missing or not served").strange();
    let country = Country::parse(request.header("country").unwrap_or_default()).ok_or_else(unserved)?;
    if base_country.is_some_and(|base| base != country) {
        return Err(unserved());
    }
    Ok(country)
}

/// Blank means an individual; a corporate PSU needs `PSU-Corporate-ID-Type: BANK` too (bank guide, with its formats).
fn corporate_id_of(request: &Request, country: Country) -> Result<Option<String>, Refusal> {
    let kind = request.header("psu-corporate-id-type");
    let Some(id) = request.header("psu-corporate-id").filter(|id| !id.is_empty()) else {
        return match kind.filter(|kind| !kind.is_empty()) {
            None => Ok(None),
            Some(_) => Err(Refusal::bad_request("PSU-Corporate-ID-Type without PSU-Corporate-ID").strange()),
        };
    };
    if kind != Some("BANK") {
        return Err(Refusal::bad_request("PSU-Corporate-ID-Type must be BANK").strange());
    }
    let well_formed = match country {
        Country::Se | Country::Lu => is_digits(id, 10),
        Country::Nl => is_digits(id, 6),
        Country::Gb => id == "UNKNOWN",
    };
    if !well_formed {
        return Err(Refusal::bad_request("PSU-Corporate-ID has the wrong format for the country").strange());
    }
    Ok(Some(id.to_owned()))
}

/// The body is exactly `{"access":"ALL_ACCOUNTS"}` (bank guide).
fn whole_access(request: &Request) -> Result<(), Refusal> {
    let body: Option<serde_json::Value> = serde_json::from_slice(&request.body).ok();
    let object = body.as_ref().and_then(serde_json::Value::as_object);
    let whole = object
        .is_some_and(|object| object.len() == 1 && object.get("access").is_some_and(|a| a == "ALL_ACCOUNTS"));
    if whole {
        Ok(())
    } else {
        Err(Refusal::bad_request("Body must be {\"access\":\"ALL_ACCOUNTS\"}").strange())
    }
}

/// Decoupled in Sweden only (SCA tables of the country pages); the order varies (recorded answers).
fn sca_methods(world: &mut World, country: Country) -> Vec<Json> {
    let (authorize, decoupled, decoupled_name) = links(world);
    let redirect = method("REDIRECT", &authorize, "authorize_1.0", "application/x-www-form-urlencoded");
    if country != Country::Se {
        return vec![redirect];
    }
    let decoupled = method("DECOUPLED", &decoupled, decoupled_name, "application/json");
    if world.chance.below(2) == 0 { vec![redirect, decoupled] } else { vec![decoupled, redirect] }
}

fn links(world: &World) -> (String, String, &'static str) {
    let (api, page) = (&world.api_url, &world.page_url);
    let init = "decoupled/mbid/initAuthorization";
    match (world.mode, world.links) {
        (Mode::Live, LinkFamily::Guide) => (
            format!("{page}/bb/gls5/oauth2/authorize/1.0"),
            format!("{api}/mlurd/{init}/2.0"),
            "decpld_mbid_1.0",
        ),
        (Mode::Live, LinkFamily::Gls5) => (
            format!("{page}/bb/gls5/oauth2/authorize/1.0"),
            format!("{api}/bb/gls5/{init}/1.0"),
            "decpld_mbid_1.0",
        ),
        (Mode::Live, LinkFamily::Mlurd) => (
            format!("{page}/mlurd/oauth2/authorize/1.0"),
            format!("{api}/mlurd/{init}/2.0"),
            "decpld_mbid_2.0",
        ),
        (Mode::Sandbox, LinkFamily::Mlurd) => (
            format!("{api}/openbanking/oauth2/authorize/1.0"),
            format!("{api}/openbanking/{init}/1.0"),
            "decpld_mbid_1.0",
        ),
        (Mode::Sandbox, _) => (
            format!("{api}/openbanking/redirect/oauth2/authorize/1.0"),
            format!("{api}/openbanking/{init}/1.0"),
            "decpld_mbid_1.0",
        ),
    }
}

fn method(kind: &str, href: &str, name: &str, media_type: &str) -> Json {
    let link = Json::object([
        ("href", Json::text(href)),
        ("name", Json::text(name)),
        ("type", Json::text(media_type)),
    ]);
    Json::object([
        ("_links", Json::object([("authorization", Json::Array(vec![link]))])),
        ("scaMethodType", Json::text(kind)),
    ])
}

/// `GET /consents/{id}`: unknown; the status words beyond `RECEIVED` are made up.
pub(crate) fn one(world: &mut World, request: &Request, id: &str) -> Ruled {
    let consent = own(world, request, id)?;
    let status = match (&consent.grant, consent.revoked) {
        (_, true) => "REVOKED",
        (None, false) => "RECEIVED",
        (Some(grant), false) if request.now_ms < grant.expires_ms => "VALID",
        (Some(_), false) => "EXPIRED",
    };
    let body = Json::object([("consentId", Json::text(id)), ("consentStatus", Json::text(status))]);
    Ok(Voice::Gateway.json(200, body))
}

/// `DELETE /consents/{id}`: unknown.
pub(crate) fn delete(world: &mut World, request: &Request, id: &str) -> Ruled {
    own(world, request, id)?;
    world.revoke(id);
    let mut answer = Voice::Gateway.json(204, Json::object([]));
    answer.content = crate::answer::Content::Empty;
    Ok(answer)
}

fn own(world: &mut World, request: &Request, id: &str) -> Result<Consent, Refusal> {
    let client_id = admit_app(world, request)?;
    known_query(request, &[])?;
    world.about = Some(id.to_owned());
    let absent = || Refusal::new(Voice::Gateway, 404, "Not Found", "no such consent of this app");
    world.book.consents.get(id).filter(|consent| consent.client_id == client_id).cloned().ok_or_else(absent)
}
