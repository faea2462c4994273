//! What a caller sends: the query of the callback, whole events as the gateway writes them, the claims in one, a cursor.

use lambda_http::{
    Request,
    request::{self, LambdaRequest},
};
use redirect_callback::Callback;
use serde_json::{Map, Value, json};
#[cfg(test)]
use shared::ledger::{Position, Window};
use shared::{
    config::Config,
    http::{self, Caller, Fields, Problem},
    ledger::{Bound, Cursor},
    types::{AccountId, ConsentId, Date, IdentityKey, OwnerId, Timestamp},
};
use std::sync::LazyLock;

static KEY: LazyLock<IdentityKey> = LazyLock::new(|| IdentityKey::new(&[7; 32]).expect("long enough"));
static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let lookup = |name: &str| {
        match name {
        "APPS" => Some(
            json!([{"id": "web", "client_ids": ["app"], "link": "https://app.example/bank", "return": "redirect", "handle_in": "fragment"}])
                .to_string(),
        ),
        "PERSONAL_NUMBER_SOURCE" => Some("body".to_owned()),
        "BANK_ENVIRONMENT" => Some("sandbox".to_owned()),
        "TABLE_NAME" | "SECRET_ID" | "AWS_REGION" => Some("x".to_owned()),
        _ => None,
    }
    };
    Config::from(&lookup).expect("a whole configuration")
});
/// 2026-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_768_464_000_000);

/// A code is one, or there is none; what is printed of a callback shows neither code nor nonce.
pub(crate) fn callback(input: &[u8]) {
    let Ok(query) = str::from_utf8(input) else { return };
    let Some(mut callback) = Callback::parse(query) else { return };
    // Whoever sends the query may write the code there too, and it is no secret there.
    callback.issuers.clear();
    let printed = format!("{callback:?}");
    if let Ok(code) = &callback.code {
        let code = code.expose();
        assert!((1..=1024).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(code.len() < 16 || !printed.contains(code), "a code is never printed");
    }
    // Parsed to the end: what is written anew is read as the same.
    let state = query.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap_or_default();
    let nonce = state.rsplit('.').next().unwrap_or_default();
    assert!(nonce.len() < 16 || !printed.contains(nonce), "a nonce is never printed");
}

/// Whatever stands in an event, it is read or refused, and no refusal repeats it.
pub(crate) fn event(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(mut event) = serde_json::from_str::<LambdaRequest>(text) else { return };
    http::legible(&mut event);
    let request = Request::from(event);
    let refusals = [
        http::psu_address(&request).err(),
        http::no_query(&request).err(),
        http::path_consent(&request).err(),
        http::wants_source(&request).err(),
        Caller::of(&request, &KEY, &CONFIG).err(),
        Fields::of(&request).err(),
    ];
    let _ = (http::trace_id(&request), http::route(&request), http::xray(&request));
    let _ = (http::path_account(&request), http::verified(&request), http::idempotency_key(&request));
    refusals.into_iter().flatten().for_each(|problem| says_nothing_of(&problem, &request));
}

/// A problem document that shows what was sent shows it to whoever reads the log.
fn says_nothing_of(problem: &Problem, request: &Request) {
    let printed = format!("{problem:?}");
    let sent = request.headers().values().filter_map(|value| value.to_str().ok());
    for value in sent.filter(|value| value.len() >= 24) {
        assert!(!printed.contains(value), "an echo");
    }
}

/// An owner is issuer and subject, and nothing else of the claims; a machine is nobody.
pub(crate) fn claims(input: &[u8]) {
    let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(input) else { return };
    let Some(caller) = caller(&claims) else { return };
    let mut others = claims.clone();
    others.insert("another_claim".to_owned(), "x".into());
    assert_eq!(caller.owner, self::caller(&others).expect("no less a caller").owner);
    let subject = claims["sub"].as_str().expect("a caller has a subject");
    others.insert("sub".to_owned(), format!("{subject}x").into());
    assert!(self::caller(&others).is_none_or(|other| other.owner != caller.owner), "two subjects, one owner");
    others.insert("sub".to_owned(), caller.client_id.clone().into());
    assert!(self::caller(&others).is_none(), "a machine is nobody");
    let _ = (caller.issued_at(), caller.has_scope("accounts:read"));
    assert!(subject.len() < 16 || !format!("{caller:?}").contains(subject), "a subject is never printed");
}

fn caller(claims: &Map<String, Value>) -> Option<Caller> {
    let event = json!({
        "version": "2.0", "routeKey": "GET /v1/consents", "rawPath": "/v1/consents", "rawQueryString": "",
        "headers": {}, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r", "routeKey": "GET /v1/consents",
            "authorizer": {"jwt": {"claims": claims, "scopes": null}}, "time": "", "timeEpoch": 0,
            "http": {"method": "GET", "path": "/v1/consents", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""}
        }
    });
    let request = request::from_str(&event.to_string()).ok()?;
    Caller::of(&request, &KEY, &CONFIG).ok()
}

/// Whose cursors are opened here, and somebody else.
struct Whose {
    owner: OwnerId,
    other: OwnerId,
    consent: ConsentId,
    account: AccountId,
}

impl Whose {
    fn new() -> Self {
        let owner = KEY.owner("https://issuer.example", "", "anna");
        let other = KEY.owner("https://issuer.example", "", "somebody else");
        let consent = KEY.consent(&owner, "a-key-of-hers");
        Self { owner, other, consent, account: AccountId::parse("a1_AAAAAAAAAAAAAAAAAAAAAA").expect("an id") }
    }

    const fn bound<'a>(&'a self, owner: &'a OwnerId) -> Bound<'a> {
        Bound { owner, consent: &self.consent, account: &self.account }
    }
}

/// Only what was sealed for this owner, consent and account opens, and what opens has days that exist.
pub(crate) fn cursor(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let whose = Whose::new();
    let Some(cursor) = Cursor::open(text, &KEY, whose.bound(&whose.owner), NOW) else { return };
    let today = Date::new(2026, 1, 15).expect("a day");
    assert!(cursor.position.days(today).is_none_or(|days| days.from() <= days.to()));
    assert_eq!(cursor.seal(&KEY, whose.bound(&whose.owner), NOW).len(), text.len());
    assert!(Cursor::open(text, &KEY, whose.bound(&whose.other), NOW).is_none(), "a cursor of somebody else");
}

/// A cursor that opens, for the corpus.
#[cfg(test)]
pub(crate) fn sealed() -> String {
    let (whose, day) = (Whose::new(), Date::new(2026, 1, 10).expect("a day"));
    let rest = Window::new(day, Date::new(2026, 1, 12).expect("a day"));
    let position = Position { rest, answered: day, proven: day };
    Cursor { position, source: true }.seal(&KEY, whose.bound(&whose.owner), NOW)
}
