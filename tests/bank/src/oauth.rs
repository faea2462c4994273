//! The token endpoint: client credentials, authorization code, refresh (bank guide; RFC 6749).

use crate::answer::{Refusal, Request, Ruled, Voice};
use crate::codec::Fields;
use crate::enrolment::{self, ADMIN};
use crate::gateway::{accepts_json, known_headers};
use crate::grant::{Bearer, Code};
use crate::json::Json;
use crate::world::World;
use crate::{CallKind, Rotation};

/// Scopes that an app may ask for (bank guide).
const SCOPES: &[&str] = &["AIS", "PIS", "CBPII"];

/// Which grant this is, for ledger and faults.
pub(crate) fn kind(request: &Request) -> CallKind {
    let form = request.text().and_then(Fields::parse).unwrap_or_default();
    match form.get("grant_type") {
        Some("client_credentials") if form.get("scope") == Some(ADMIN) => CallKind::TokenAdmin,
        Some("client_credentials") => CallKind::TokenClientCredentials,
        Some("authorization_code") => CallKind::TokenAuthorizationCode,
        Some("refresh_token") => CallKind::TokenRefreshToken,
        _ => CallKind::TokenOther,
    }
}

/// `POST {token endpoint}`.
pub(crate) fn token(world: &mut World, request: &Request) -> Ruled {
    known_headers(request, Voice::Token, &[])?;
    accepts_json(request, Voice::Token)?;
    if !request.query.is_empty() {
        return Err(invalid_request("the token endpoint takes no query"));
    }
    let media_type =
        request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if media_type != "application/x-www-form-urlencoded" {
        return Err(invalid_request("Content-Type is not application/x-www-form-urlencoded"));
    }
    let form = request
        .text()
        .and_then(Fields::parse)
        .ok_or_else(|| invalid_request("malformed or doubled field"))?;
    match kind(request) {
        CallKind::TokenAdmin => admin(world, request, &form),
        CallKind::TokenClientCredentials => client_credentials(world, request, &form),
        CallKind::TokenAuthorizationCode => authorization_code(world, request, &form),
        CallKind::TokenRefreshToken => refresh(world, request, &form),
        // Bank FAQ, troubleshooting.
        _ => Err(Refusal::token("unsupported_grant_type", "grant_type missing or unknown").strange()),
    }
}

fn invalid_request(why: impl Into<String>) -> Refusal {
    Refusal::token("invalid_request", why).strange()
}

/// The named fields, each present and not empty; any other field is refused.
fn fields<'f, const N: usize>(
    form: &'f Fields,
    wanted: [&str; N],
    optional: &[&str],
) -> Result<[&'f str; N], Refusal> {
    let known: Vec<&str> = wanted.iter().chain(optional).copied().chain(["grant_type"]).collect();
    if let Some(name) = form.stranger(&known) {
        return Err(invalid_request(format!("unknown field {name}")));
    }
    let mut values = [""; N];
    for (slot, name) in values.iter_mut().zip(wanted) {
        let value = form.get(name).filter(|value| !value.is_empty());
        *slot = value.ok_or_else(|| invalid_request(format!("field {name} missing")))?;
    }
    Ok(values)
}

fn registered(world: &World, request: &Request, client_id: &str) -> Result<(), Refusal> {
    // RFC 6749 section 5.2; this bank's own word for it is unknown.
    let unknown = || Refusal::token("invalid_client", "client_id is not registered").strange();
    world.app(client_id).ok_or_else(unknown)?;
    if enrolment::is_shown_by_its_tpp(world, request, client_id) {
        return Ok(());
    }
    // RFC 8705 section 2; this bank's own word for it is unknown.
    Err(Refusal::token("invalid_client", "certificate of another TPP, or replaced"))
}

/// For enrolment: the client is the TPP itself, by its id (bank's live page). `expires_in` is that of the page's example.
fn admin(world: &mut World, request: &Request, form: &Fields) -> Ruled {
    let [_, client_id] = fields(form, ["scope", "client_id"], &[])?;
    if !enrolment::is_known(world, request, client_id) {
        return Err(Refusal::token("invalid_client", "no such TPP, or not its certificate"));
    }
    let bearer = Bearer::App { scopes: vec![ADMIN.to_owned()] };
    let token = world.mint_access(client_id, bearer, request.now_ms);
    let lifetime_s = world.switches.admin_token_s;
    if let Some(token) = world.book.access_tokens.get_mut(&token) {
        token.expires_ms = request.now_ms + lifetime_s * 1000;
    }
    world.unsaved = true;
    Ok(Voice::Token.json(200, bearer_body(&token, lifetime_s, None)))
}

/// `psu_id_type=1` was sent for years by one integration and did no harm.
fn client_credentials(world: &mut World, request: &Request, form: &Fields) -> Ruled {
    let [scope, client_id] = fields(form, ["scope", "client_id"], &["psu_id_type"])?;
    registered(world, request, client_id)?;
    let scopes: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() || scopes.iter().any(|word| !SCOPES.contains(&word.as_str())) {
        return Err(Refusal::token("invalid_scope", format!("scope {scope} is unknown")).strange());
    }
    let token = world.mint_access(client_id, Bearer::App { scopes }, request.now_ms);
    world.unsaved = true;
    Ok(Voice::Token.json(200, bearer_body(&token, world.switches.access_token_s, None)))
}

fn authorization_code(world: &mut World, request: &Request, form: &Fields) -> Ruled {
    let pkce = world.switches.pkce;
    let wanted = ["scope", "client_id", "code", "redirect_uri"];
    let [scope, client_id, code, redirect_uri] = fields(form, wanted, pkce.on_token())?;
    registered(world, request, client_id)?;
    let found = world.book.codes.get(code).cloned();
    let Some(found) = found else {
        return Err(bad_code(world, "code never issued"));
    };
    world.about = Some(found.consent_id.clone());
    if found.spent {
        return Err(reused_code(world, &found));
    }
    if found.client_id != client_id
        || found.redirect_uri != redirect_uri
        || scope != format!("AIS:{}", found.consent_id)
    {
        return Err(bad_code(world, "code of another app, redirect_uri or scope"));
    }
    if request.now_ms >= found.expires_ms {
        return Err(bad_code(world, "code expired"));
    }
    if !pkce.admits(found.challenge.as_deref(), form.get("code_verifier")) {
        return Err(bad_code(world, "code_verifier missing, wrong or without a challenge"));
    }
    if world
        .book
        .consents
        .get(&found.consent_id)
        .is_none_or(|consent| consent.live_grant(request.now_ms).is_none())
    {
        return Err(bad_code(world, "consent revoked or expired"));
    }
    if let Some(code) = world.book.codes.get_mut(code) {
        code.spent = true;
    }
    let minted = world.mint(client_id, &found.consent_id, request.now_ms);
    world.unsaved = true;
    let mut body = bearer_body(&minted.access_token, minted.expires_in_s, Some(&minted.refresh_token));
    world.tell_refresh_lifetime(&mut body, minted.refresh_expires_ms, request.now_ms);
    Ok(Voice::Token.json(200, body))
}

fn bad_code(world: &mut World, why: &str) -> Refusal {
    world.ledger.codes_refused += 1;
    Refusal::token("invalid_grant", why)
}

fn reused_code(world: &mut World, code: &Code) -> Refusal {
    world.ledger.code_reuses += 1;
    if world.switches.code_reuse_ends_grant {
        world.revoke(&code.consent_id);
    }
    Refusal::token("invalid_grant", "code already spent")
}

/// No `refresh_token` in the answer unless rotation is switched on (production use of this bank).
fn refresh(world: &mut World, request: &Request, form: &Fields) -> Ruled {
    let [token, client_id] = fields(form, ["refresh_token", "client_id"], &[])?;
    registered(world, request, client_id)?;
    let Some(found) = world.book.refresh_tokens.get(token).cloned() else {
        return Err(dead_refresh(world, "refresh token never issued"));
    };
    world.about = Some(found.consent_id.clone());
    if found.spent {
        world.ledger.refresh_reuses += 1;
        if world.switches.rotation == Rotation::RotateRevokeFamily {
            world.revoke(&found.consent_id);
        }
        return Err(Refusal::token("unauthorized_client", "refresh token already replaced"));
    }
    let consent = world.book.consents.get(&found.consent_id);
    let lives = consent.is_some_and(|consent| consent.live_grant(request.now_ms).is_some());
    if found.client_id != client_id || !lives || request.now_ms >= found.expires_ms {
        return Err(dead_refresh(world, "refresh token expired, revoked or of another app"));
    }
    let bearer = Bearer::Psu { consent_id: found.consent_id.clone() };
    let access = world.mint_access(client_id, bearer, request.now_ms);
    world.unsaved = true;
    let next = (world.switches.rotation != Rotation::None).then(|| {
        let next = world.mint_refresh(client_id, &found.consent_id, found.expires_ms);
        if let Some(old) = world.book.refresh_tokens.get_mut(token) {
            old.spent = true;
        }
        next
    });
    let mut body = bearer_body(&access, world.switches.access_token_s, next.as_deref());
    world.tell_refresh_lifetime(&mut body, found.expires_ms, request.now_ms);
    Ok(Voice::Token.json(200, body))
}

/// 400 `unauthorized_client` for a dead refresh token (production use of this bank).
fn dead_refresh(world: &mut World, why: &str) -> Refusal {
    world.ledger.refreshes_refused += 1;
    Refusal::token("unauthorized_client", why)
}

/// Field order as recorded: `access_token`, `expires_in`, `token_type`, then `refresh_token`.
fn bearer_body(access_token: &str, expires_in_s: i64, refresh_token: Option<&str>) -> Json {
    Json::sparse([
        ("access_token", Some(Json::text(access_token))),
        ("expires_in", Some(Json::int(expires_in_s))),
        ("token_type", Some(Json::text("Bearer"))),
        ("refresh_token", refresh_token.map(Json::text)),
    ])
}
