//! Who speaks to the world: an app's back end on behalf of a person, and a browser without a session.

use super::{IDENTITY_KEY, World, search::Kind};
use crate::openapi::document::conforms;
use cloud::TokenSpec;
use serde_json::{Value, json};
use shared::types::{IdentityKey, State};
use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

/// A documentation address (RFC 5737).
pub(crate) const ADDRESS: &str = "203.0.113.7";
/// The simulated bank's Swedish individual with everything.
pub(crate) const ANNA: &str = "190102039815";

static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
});
static KEY: AtomicU64 = AtomicU64::new(1);

/// An answer, whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Expects a problem document of this code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let document = self.expect(status);
        assert_eq!(document["code"], code, "{document}");
        document
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn location(&self) -> String {
        self.header("location")
            .unwrap_or_else(|| panic!("no Location: {} {}", self.status, self.text))
            .to_owned()
    }
}

/// One call that is being put together.
pub(crate) struct Request<'w> {
    world: &'w World,
    route: (String, String),
    builder: reqwest::RequestBuilder,
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.builder = self.builder.body(body.into());
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let response = self.builder.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let is_packed = headers.get("content-encoding").is_some_and(|coding| coding == "gzip");
        let text = if is_packed { unpacked(&bytes) } else { String::from_utf8_lossy(&bytes).into_owned() };
        let answer = Answer { status, headers, text };
        let (method, path) = &self.route;
        conforms(method, path, &answer);
        self.world.remember(method, path, &answer);
        answer
    }
}

fn unpacked(bytes: &[u8]) -> String {
    std::io::read_to_string(flate2::read::GzDecoder::new(bytes)).unwrap()
}

impl World {
    /// Keeps problems for the search, and learns the secrets of answers that may carry them.
    fn remember(&self, method: &str, path: &str, answer: &Answer) {
        if let Some(link) = answer.header("location") {
            parameter(link, "handle").iter().for_each(|handle| self.canaries.add(Kind::Handle, handle));
        }
        let whole = format!("{:?} {}", answer.headers, answer.text);
        if answer.status >= 400 {
            self.problems.lock().unwrap().push(whole);
            return;
        }
        let path = path.split('?').next().unwrap();
        self.answers.lock().unwrap().push(format!("{method} {path} {whole}"));
        if let Ok(value) = serde_json::from_str(&answer.text) {
            self.learn(&value);
        }
    }

    fn learn(&self, value: &Value) {
        match value {
            Value::Array(all) => all.iter().for_each(|value| self.learn(value)),
            Value::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value) {
                ("auto_start_token", Value::String(text)) => self.canaries.add(Kind::AutoStartToken, text),
                ("qr_data", Value::String(text)) => self.canaries.add(Kind::QrData, text),
                ("iban", Value::String(text)) => self.canaries.add(Kind::Iban, text),
                ("url", Value::String(text)) => self.learn_state(text),
                _ => self.learn(value),
            }),
            _ => {}
        }
    }

    fn learn_state(&self, link: &str) {
        if let Some(state) = parameter(link, "state") {
            self.canaries.add(Kind::State, &state);
            state.rsplit('.').take(1).for_each(|nonce| self.canaries.add(Kind::Nonce, nonce));
            if let Ok(state) = State::parse(&state) {
                let key = IdentityKey::new(IDENTITY_KEY).unwrap();
                let verifier = key.verifier(&state.consent, state.ordinal);
                self.canaries.add(Kind::CodeVerifier, verifier.expose());
            }
        }
        parameter(link, "code").iter().for_each(|code| self.canaries.add(Kind::Code, code));
    }
}

/// A person, through the back end of the app that they use.
pub(crate) struct Person<'w> {
    pub(crate) world: &'w World,
    pub(crate) spec: TokenSpec,
}

/// A redirect consent that has just been started.
pub(crate) struct Started {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) answer: Value,
}

impl<'w> Person<'w> {
    pub(crate) fn new(world: &'w World, subject: String) -> Self {
        Self { world, spec: TokenSpec { lifetime_s: 400 * 86_400, ..TokenSpec::of(subject) } }
    }

    /// A call with this person's token and nothing else.
    pub(crate) fn call(&self, method: &str, path: &str) -> Request<'w> {
        let token = format!("Bearer {}", self.world.issuer.token(&self.spec));
        self.world.canaries.add(Kind::CallerToken, token.trim_start_matches("Bearer "));
        self.world.canaries.add(Kind::PersonalNumber, ANNA);
        self.world.canaries.add(Kind::PsuAddress, ADDRESS);
        self.world.call(method, path).header("authorization", &token)
    }

    /// A call while the person is there.
    pub(crate) fn present(&self, method: &str, path: &str) -> Request<'w> {
        self.call(method, path).header("psu-ip-address", ADDRESS)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.present("GET", path).send().await
    }

    /// A POST with a JSON body, and a key of its own.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_keyed(path, body, &fresh_key()).await
    }

    pub(crate) async fn post_keyed(&self, path: &str, body: &Value, key: &str) -> Answer {
        let request = self.present("POST", path).header("content-type", "application/json");
        request.header("idempotency-key", key).body(body.to_string()).send().await
    }

    /// A Swedish individual's redirect consent, started with the app `android`.
    pub(crate) async fn start_redirect(&self) -> Started {
        self.start(&swedish("redirect")).await
    }

    pub(crate) async fn start(&self, body: &Value) -> Started {
        let answer = self.post("/v1/consents", body).await.expect(201);
        let text =
            |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Started { id: text("/consent_id"), url: text("/authorization/url"), answer }
    }

    /// A redirect consent, signed and activated.
    pub(crate) async fn connect(&self) -> String {
        self.connect_as(&swedish("redirect"), "se-anna").await
    }

    /// The same for any body and customer.
    pub(crate) async fn connect_as(&self, body: &Value, customer: &str) -> String {
        let started = self.start(body).await;
        let link = self.world.browser().sign(&started.url, customer).await;
        let handle = parameter(&link, "handle").unwrap_or_else(|| panic!("no handle in {link}"));
        self.activate(&started.id, &handle).await.expect(200);
        started.id
    }

    pub(crate) async fn activate(&self, consent: &str, handle: &str) -> Answer {
        self.post(&format!("/v1/consents/{consent}/activation"), &json!({"handle": handle})).await
    }

    /// A BankID consent whose order is running.
    pub(crate) async fn start_decoupled(&self) -> Value {
        self.post("/v1/consents", &swedish("decoupled")).await.expect(201)
    }

    pub(crate) async fn poll(&self, consent: &str) -> Answer {
        self.call("POST", &format!("/v1/consents/{consent}/authorization/poll")).send().await
    }
}

/// Body of a start for a Swedish individual.
pub(crate) fn swedish(method: &str) -> Value {
    let mut authorization = json!({"method": method, "app": "android"});
    if method == "decoupled" {
        authorization["same_device"] = json!(true);
        authorization["personal_number"] = json!(ANNA);
    }
    json!({"country": "SE", "psu_type": "individual", "authorization": authorization})
}

pub(crate) fn fresh_key() -> String {
    format!("test-key-{:08}", KEY.fetch_add(1, Ordering::Relaxed))
}

impl World {
    /// A call without a token.
    pub(crate) fn call(&self, method: &str, path: &str) -> Request<'_> {
        let url = format!("{}{path}", self.door.url());
        let builder = HTTP.request(method.parse().unwrap(), url);
        Request { world: self, route: (method.to_owned(), path.to_owned()), builder }
    }
}

/// A browser: it follows the bank's redirects to us, and ours to the app, by hand.
pub(crate) struct Browser<'w> {
    world: &'w World,
}

impl<'w> Browser<'w> {
    pub(crate) const fn new(world: &'w World) -> Self {
        Self { world }
    }

    /// Opens an address of the bank's and follows nothing.
    pub(crate) async fn open(&self, url: &str) -> Answer {
        let page = HTTP.get(url).send().await.unwrap();
        let (status, headers) = (page.status().as_u16(), page.headers().clone());
        Answer { status, headers, text: page.text().await.unwrap() }
    }

    /// Approves as a customer on the bank's page; where the bank sends the browser then.
    pub(crate) async fn approve(&self, authorize: &str, customer: &str) -> String {
        self.decide(authorize, &format!("decision=approve&customer={customer}")).await
    }

    /// Denies on the bank's page.
    pub(crate) async fn deny(&self, authorize: &str) -> String {
        self.decide(authorize, "decision=deny").await
    }

    async fn decide(&self, authorize: &str, form: &str) -> String {
        let mut answer = HTTP.get(authorize).send().await.unwrap();
        // Whoever is too late, or comes second, is sent back without a page.
        if answer.status().as_u16() != 302 {
            assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap());
            let request = HTTP.post(authorize).header("content-type", "application/x-www-form-urlencoded");
            answer = request.body(form.to_owned()).send().await.unwrap();
        }
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let location = location.unwrap_or_else(|| panic!("the bank's page answered {}", answer.status()));
        self.world.learn_state(&location);
        location
    }

    /// Opens our callback with the query of a location.
    pub(crate) async fn come_back(&self, location: &str) -> Answer {
        let (_, query) = location.split_once('?').unwrap();
        self.world.call("GET", &format!("/v1/callback?{query}")).send().await
    }

    /// Approves, comes back, and returns the link to the app.
    pub(crate) async fn sign(&self, authorize: &str, customer: &str) -> String {
        let location = self.approve(authorize, customer).await;
        self.come_back(&location).await.location()
    }
}

/// A parameter of a link, in its query or fragment.
pub(crate) fn parameter(link: &str, name: &str) -> Option<String> {
    let (_, given) = link.split_once('#').or_else(|| link.split_once('?'))?;
    let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    given.split('&').filter_map(pair).find(|(key, _)| key == name).map(|(_, value)| value)
}
