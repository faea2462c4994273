//! `third-parties` and `subscriptions`. Statuses other than 201 and 200, and every text, are inferred.

use serde::Deserialize;

use super::{ADMIN, Enrolled, ThirdParty, hex, is_known, is_product};
use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::codec::is_uuid;
use crate::gateway::{accepts_json, known_headers, known_query, tpp_ids};
use crate::grant::Bearer;
use crate::json::Json;
use crate::pki::Holder;
use crate::world::World;
use crate::{Again, RegisteredApp};

/// `POST /third-parties`, without body and token: 201 with the TPP's id.
pub(crate) fn make_known(world: &mut World, request: &Request) -> Ruled {
    let (holder, certificate) = introduced(world, request)?;
    if world.book.enrolment.third_parties.iter().any(|known| known.id == holder.tpp_id) {
        again(world.switches.third_party_again, "the TPP is known")?;
    } else {
        let id = holder.tpp_id.clone();
        world.book.enrolment.third_parties.push(ThirdParty { id, certificate });
        world.unsaved = true;
    }
    Ok(Voice::Gateway.json(201, Json::object([("clientId", Json::text(holder.tpp_id))])))
}

/// `PUT /third-parties`: from now on this certificate is the TPP's. The page says no more than that; the answer is unknown.
pub(crate) fn replace_certificate(world: &mut World, request: &Request) -> Ruled {
    let (holder, certificate) = introduced(world, request)?;
    let known = world.book.enrolment.third_parties.iter_mut().find(|known| known.id == holder.tpp_id);
    let unknown = || Refusal::new(Voice::Gateway, 404, "Not Found", "no such TPP");
    known.ok_or_else(unknown)?.certificate = certificate;
    world.unsaved = true;
    Ok(Voice::Gateway.json(200, Json::object([("clientId", Json::text(holder.tpp_id))])))
}

/// The TPP that a certificate names: one that may read accounts.
fn introduced(world: &mut World, request: &Request) -> Result<(Holder, String), Refusal> {
    known_headers(request, Voice::Gateway, &[])?;
    known_query(request, &[])?;
    tpp_ids(world, request)?;
    accepts_json(request, Voice::Gateway)?;
    if !request.body.is_empty() {
        return Err(Refusal::bad_request("No body is expected").strange());
    }
    let forbidden = |why: &str| Refusal::new(Voice::Gateway, 403, "Certificate not accepted", why);
    let certificate = request.certificate.as_ref().ok_or_else(|| forbidden("no certificate"))?;
    let holder = Holder::of(certificate).ok_or_else(|| forbidden("no authorisation number"))?;
    if !holder.may_read {
        return Err(forbidden("the certificate lacks the role PSP_AI"));
    }
    Ok((holder, hex(certificate)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    app: Option<App>,
    client_id: Option<String>,
    product: Product,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    name: String,
    description: String,
    #[serde(rename = "oauthRedirectURI")]
    redirect_uri: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    name: String,
}

/// `POST /subscriptions`: with `app` 201 and a new app, with `clientId` 200 and a further product of that one.
pub(crate) fn subscribe(world: &mut World, request: &Request) -> Ruled {
    let third_party = admin(world, request)?;
    let malformed = |error: serde_json::Error| Refusal::bad_request(error.to_string()).strange();
    let wanted: Wanted = serde_json::from_slice(&request.body).map_err(malformed)?;
    if !is_product(world, &wanted.product.name) {
        return Err(Refusal::bad_request("Unknown product").strange());
    }
    let (status, place) = match (wanted.app, wanted.client_id) {
        (Some(app), None) => (201, enrol(world, third_party, app)?),
        (None, Some(id)) => (200, place(world, &third_party, &id)?),
        _ => return Err(Refusal::bad_request("Either app or clientId").strange()),
    };
    let id = world.chance.uuid();
    let policy = world.switches.subscription_again;
    let apps = &mut world.book.enrolment.apps;
    let Some(enrolled) = apps.get_mut(place) else { return Err(Refusal::bad_request("no app")) };
    let name = wanted.product.name;
    let there = enrolled.products.iter().find(|(product, _)| *product == name).map(|(_, id)| id.clone());
    if there.is_some() {
        again(policy, "subscribed already")?;
    }
    let id = there.unwrap_or_else(|| {
        enrolled.products.push((name.clone(), id.clone()));
        id
    });
    let body = subscribed(enrolled, &id, &name);
    world.unsaved = true;
    Ok(Voice::Gateway.json(status, body))
}

/// The TPP behind a token of scope `PSD2-ADMIN`, with its certificate.
fn admin(world: &mut World, request: &Request) -> Result<String, Refusal> {
    let unauthorized = |text: &str, why: &str| Refusal::new(Voice::Gateway, 401, text, why);
    known_headers(request, Voice::Gateway, &["x-ibm-client-id", "authorization"])?;
    known_query(request, &[])?;
    let id = request.header("x-ibm-client-id").unwrap_or_default().to_owned();
    if !is_known(world, request, &id) {
        return Err(unauthorized("Invalid client id or secret.", "no such TPP, or not its certificate"));
    }
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let access = token.and_then(|token| world.book.access_tokens.get(token));
    let lives = access.filter(|access| access.client_id == id && request.now_ms < access.expires_ms);
    match lives.map(|access| &access.bearer) {
        Some(Bearer::App { scopes }) if scopes.iter().any(|scope| scope == ADMIN) => {}
        Some(_) => return Err(unauthorized("Invalid token grant type.", "token of another scope")),
        None => return Err(unauthorized("Token is not active", "no such token of this TPP")),
    }
    tpp_ids(world, request)?;
    accepts_json(request, Voice::Gateway)?;
    if request.header("content-type") != Some("application/json") {
        return Err(Refusal::bad_request("Content-Type must be application/json").strange());
    }
    Ok(id)
}

/// A new app, with the one redirect URL that it will ever have.
fn enrol(world: &mut World, third_party: String, app: App) -> Result<usize, Refusal> {
    let App { name, description, redirect_uri } = app;
    let secure = ["https://", "http://127.0.0.1"].iter().any(|start| redirect_uri.starts_with(start));
    if name.is_empty() || description.is_empty() || !secure {
        return Err(Refusal::bad_request("name, description and an https oauthRedirectURI are needed"));
    }
    let app = RegisteredApp { client_id: world.chance.uuid(), redirect_uri };
    let apps = &mut world.book.enrolment.apps;
    apps.push(Enrolled { app, third_party, name, description, products: Vec::new() });
    Ok(apps.len() - 1)
}

/// Where an app of this TPP stands.
fn place(world: &World, third_party: &str, id: &str) -> Result<usize, Refusal> {
    let unknown = || Refusal::new(Voice::Gateway, 404, "Not Found", "no such app of this TPP");
    if !is_uuid(id) {
        return Err(Refusal::bad_request("clientId is no UUID").strange());
    }
    let of_tpp = |it: &Enrolled| it.app.client_id == id && it.third_party == third_party;
    world.book.enrolment.apps.iter().position(of_tpp).ok_or_else(unknown)
}

/// Refuses what is there already, where this bank does.
fn again(policy: Again, why: &str) -> Result<(), Refusal> {
    match policy {
        Again::Same => Ok(()),
        Again::Conflict => Err(Refusal::new(Voice::Gateway, 409, "Conflict", why)),
    }
}

fn subscribed(enrolled: &Enrolled, id: &str, product: &str) -> Json {
    let version = "1.0.2";
    Json::object([
        ("clientId", Json::text(&enrolled.app.client_id)),
        ("name", Json::text(&enrolled.name)),
        ("description", Json::text(&enrolled.description)),
        ("oauthRedirectURI", Json::text(&enrolled.app.redirect_uri)),
        (
            "subscription",
            Json::object([
                ("subscriptionId", Json::text(id)),
                (
                    "product",
                    Json::object([
                        ("name", Json::text(product)),
                        ("version", Json::text(version)),
                        ("scope", Json::text("AIS")),
                    ]),
                ),
            ]),
        ),
    ])
}
