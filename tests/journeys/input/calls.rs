//! A call of every guarded route that would succeed as it stands: the ground on which one mistake at a time is made.

use crate::world::{
    Answer, Person, World,
    client::{ADDRESS, ANNA, fresh_key, parameter},
};
use cloud::TokenSpec;
use serde_json::{Value, json};

/// A call by its route in the template, in pieces that can be changed.
#[derive(Clone)]
pub(crate) struct Call {
    /// As in the template: `GET /v1/consents/{consent_id}`.
    pub(crate) route: &'static str,
    pub(crate) consent: String,
    pub(crate) account: String,
    /// With its question mark.
    pub(crate) query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Call {
    fn to(route: &'static str, consent: &str) -> Self {
        let (account, query, body) = (String::new(), String::new(), String::new());
        Self { route, consent: consent.to_owned(), account, query, headers: Vec::new(), body }
    }

    pub(crate) fn method(&self) -> &'static str {
        self.route.split_once(' ').unwrap().0
    }

    pub(crate) fn path(&self) -> String {
        let (_, path) = self.route.split_once(' ').unwrap();
        let path = path.replace("{consent_id}", &escaped(&self.consent));
        format!("{}{}", path.replace("{account_id}", &escaped(&self.account)), self.query)
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.route.contains(part)
    }

    /// With one more header line.
    pub(crate) fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// With this header line instead of those it had.
    pub(crate) fn header(self, name: &'static str, value: impl Into<String>) -> Self {
        self.without(name).and(name, value)
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// With another value at this JSON pointer; `None` takes the field away.
    pub(crate) fn field(self, pointer: &str, value: Option<&Value>) -> Self {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let object = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(object.insert(name.to_owned(), value.clone())),
            None => drop(object.remove(name)),
        }
        self.body(body.to_string())
    }

    /// Sends it with this `Authorization`, or with none.
    pub(crate) async fn send(&self, world: &World, authorization: Option<&str>) -> Answer {
        let mut request = world.call(self.method(), &self.path());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        request.send().await
    }
}

/// A good token of the issuer, as a header.
pub(crate) fn bearer(world: &World, spec: &TokenSpec) -> String {
    format!("Bearer {}", world.issuer.token(spec))
}

/// Percent-encoded, so that any text can stand in a path or a query.
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// Calls that succeed, on consents in the states that they need.
pub(crate) struct WellFormed {
    /// A start without a method.
    pub(crate) start: Call,
    pub(crate) start_redirect: Call,
    pub(crate) start_decoupled: Call,
    pub(crate) choose_redirect: Call,
    pub(crate) choose_decoupled: Call,
    pub(crate) activate: Call,
    pub(crate) poll: Call,
    /// Accounts and cards; the last two of each kind name an account.
    pub(crate) reads: Vec<Call>,
    /// What takes nothing but a consent id. The last one ends the consent that the reads use.
    pub(crate) bare: Vec<Call>,
    pub(crate) list: Call,
    /// About nobody's consent: any token may ask.
    pub(crate) health: Call,
    /// Ends everything.
    pub(crate) erase: Call,
}

impl WellFormed {
    pub(crate) async fn prepare(anna: &Person<'_>) -> Self {
        let active = anna.connect().await;
        let registered = [anna.start(&registration()).await.id, anna.start(&registration()).await.id];
        let signing = anna.start_redirect().await;
        let link = anna.world.browser().sign(&signing.url, "se-anna").await;
        let order = anna.start_decoupled().await;
        let order = order["consent_id"].as_str().unwrap();
        // The bank may be polled from now on, so an accepted poll would be seen there.
        anna.world.pass(3_000);
        let start = |body: &Value| started(Call::to("POST /v1/consents", ""), body);
        let choose =
            |id, body: &Value| started(Call::to("POST /v1/consents/{consent_id}/authorization", id), body);
        let with = |wish: Value| {
            let mut body = registration();
            body["authorization"] = wish;
            body
        };
        let activate = Call::to("POST /v1/consents/{consent_id}/activation", &signing.id);
        Self {
            start: start(&registration()),
            start_redirect: start(&with(redirect())),
            start_decoupled: start(&with(decoupled())),
            choose_redirect: choose(&registered[0], &redirect()),
            choose_decoupled: choose(&registered[1], &decoupled()),
            activate: activate.json(&json!({"handle": parameter(&link, "handle").unwrap()})),
            poll: Call::to("POST /v1/consents/{consent_id}/authorization/poll", order).json(&json!({})),
            reads: reads(anna, &active).await,
            bare: vec![
                Call::to("GET /v1/consents/{consent_id}", &active),
                Call::to("GET /v1/consents/{consent_id}/authorization", order),
                Call::to("DELETE /v1/consents/{consent_id}/authorization", order),
                Call::to("DELETE /v1/consents/{consent_id}", &active),
            ],
            list: Call::to("GET /v1/consents", ""),
            health: Call::to("GET /v1/health", ""),
            erase: Call::to("DELETE /v1/consents", ""),
        }
    }

    /// Both starts, with either method.
    pub(crate) fn starts(&self) -> [&Call; 5] {
        [
            &self.start,
            &self.start_redirect,
            &self.start_decoupled,
            &self.choose_redirect,
            &self.choose_decoupled,
        ]
    }

    /// Each with a body, one per route.
    pub(crate) fn with_bodies(&self) -> [&Call; 4] {
        [&self.start, &self.choose_redirect, &self.activate, &self.poll]
    }

    /// All of them, in an order in which all succeed.
    pub(crate) fn all(&self) -> Vec<&Call> {
        let writes = self.starts().into_iter().chain([&self.activate, &self.poll]);
        writes.chain(&self.reads).chain(&self.bare).chain([&self.list, &self.health, &self.erase]).collect()
    }
}

async fn reads(anna: &Person<'_>, consent: &str) -> Vec<Call> {
    let today = today(anna.world.bank.clock().now_ms());
    let mut all = Vec::new();
    for (kind, routes) in [
        (
            "accounts",
            [
                "GET /v1/consents/{consent_id}/accounts",
                "GET /v1/consents/{consent_id}/accounts/{account_id}",
                "GET /v1/consents/{consent_id}/accounts/{account_id}/transactions",
            ],
        ),
        (
            "card-accounts",
            [
                "GET /v1/consents/{consent_id}/card-accounts",
                "GET /v1/consents/{consent_id}/card-accounts/{account_id}",
                "GET /v1/consents/{consent_id}/card-accounts/{account_id}/transactions",
            ],
        ),
    ] {
        let list = anna.get(&format!("/v1/consents/{consent}/{kind}")).await.expect(200);
        let list = &list[kind.replace('-', "_")];
        let account = list[0]["account_id"].as_str().unwrap();
        for route in routes {
            let mut call = Call::to(route, consent).and("psu-ip-address", ADDRESS);
            if call.has("{account_id}") {
                call.account = account.to_owned();
            }
            if call.has("/transactions") {
                call.query = format!("?date_from={today}&date_to={today}");
            }
            all.push(call);
        }
    }
    all
}

/// The bank's civil date at an instant.
pub(crate) fn today(now_ms: i64) -> shared::types::Date {
    shared::types::Timestamp::from_millis(now_ms).date_in(&shared::types::Country::Se.zone())
}

fn started(call: Call, body: &Value) -> Call {
    call.json(body).and("psu-ip-address", ADDRESS).and("idempotency-key", fresh_key())
}

fn registration() -> Value {
    json!({"country": "SE", "psu_type": "individual", "reference": "household #7"})
}

fn redirect() -> Value {
    json!({"method": "redirect", "app": "android"})
}

fn decoupled() -> Value {
    json!({"method": "decoupled", "app": "android", "same_device": true, "personal_number": ANNA})
}
