//! One call of our API for the user who is logged in, told to the page with everything that a person may want to see of
//! it: the request, the answer, the same call as `curl`, and what the bank was asked meanwhile.

use std::time::Instant;

use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::{Map, Value, json};

use super::{House, Neighbours, object, said};
use crate::wire::uuid;

/// Headers of an answer that tell something.
const TELLING: [&str; 7] = [
    "content-type",
    "trace-id",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "consent-renew-by",
    "bank-revocation",
];

/// What is to be called.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    method: Method,
    /// With query.
    path: String,
    body: Option<Value>,
    key: Option<String>,
    /// Whether the user is there and asking.
    attended: bool,
}

impl Wish {
    /// As the page asked. It keeps one key per start, so that a start that is repeated is the same one.
    pub(super) fn of(request: &Request<Bytes>, path: String, body: Option<Value>) -> Self {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let start =
            request.method() == Method::POST && (path == "/v1/consents" || path.ends_with("/authorization"));
        let key = header("idempotency-key").map_or_else(uuid, str::to_owned);
        Self {
            method: request.method().clone(),
            path,
            body,
            key: start.then_some(key),
            attended: header("unattended").is_none(),
        }
    }

    pub(super) fn post(path: String, body: Value) -> Self {
        Self { method: Method::POST, path, body: Some(body), key: None, attended: true }
    }

    fn headers(&self, token: &str, psu_address: &str) -> Vec<(&'static str, String)> {
        let mut headers = vec![("Authorization", format!("Bearer {token}"))];
        if self.attended {
            headers.push(("PSU-IP-Address", psu_address.to_owned()));
        }
        if let Some(key) = &self.key {
            headers.push(("Idempotency-Key", key.clone()));
        }
        if self.body.is_some() {
            headers.push(("Content-Type", "application/json".to_owned()));
        }
        headers
    }
}

impl House {
    /// Calls, and tells what came of it.
    pub(super) async fn call(&self, user: &str, wish: Wish) -> Response<Bytes> {
        let Some(token) = self.token(user).await else { return said(502, "The issuer gives no token.") };
        let headers = wish.headers(&token, &self.neighbours.psu_address);
        let url = format!("{}{}", self.neighbours.front_door, wish.path);
        let mut request = Request::builder().method(wish.method.clone()).uri(&url);
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let sent = wish.body.as_ref().map(Value::to_string);
        let Ok(request) = request.body(Bytes::from(sent.clone().unwrap_or_default())) else {
            return said(400, "Not an address.");
        };
        let start = Instant::now();
        let Ok(response) = self.client.send(request).await else {
            return said(502, "The API does not answer.");
        };
        let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let told: Map<String, Value> =
            TELLING.iter().filter_map(|name| Some(((*name).to_owned(), json!(header(name)?)))).collect();
        let at_bank = self.at_bank(header("trace-id").unwrap_or_default()).await;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let answer = serde_json::from_str(&text).unwrap_or(Value::String(text));
        self.remember(user, &wish, status, &answer);
        object(&json!({
            "request": { "method": wish.method.as_str(), "path": wish.path, "headers": shown(&headers), "body": wish.body },
            "status": status,
            "headers": told,
            "qr": qr(&answer),
            "body": answer,
            "took_ms": took_ms,
            "at_bank": at_bank,
            "curl": curl(&wish, &url, &headers, sent.as_deref()),
        }))
    }

    async fn token(&self, user: &str) -> Option<String> {
        let Neighbours { issuer, client, .. } = &self.neighbours;
        let response =
            self.client.get(&format!("{issuer}/token?sub={user}&client_id={client}")).await.ok()?;
        (response.status() == 200).then(|| String::from_utf8_lossy(response.body()).into_owned())
    }

    /// Kinds of the calls that the bank saw under this id, in order.
    async fn at_bank(&self, trace_id: &str) -> Vec<Value> {
        let url = format!("{}/ledger?transaction={trace_id}", self.neighbours.bank_control);
        let Ok(response) = self.client.get(&url).await else { return Vec::new() };
        let calls: Vec<Value> = serde_json::from_slice(response.body()).unwrap_or_default();
        calls.iter().map(|call| json!({ "kind": call.get("kind"), "status": call.get("status") })).collect()
    }

    /// Starts can be repeated; what came for an attempt is of no use once it is claimed or refused for good.
    fn remember(&self, user: &str, wish: &Wish, status: u16, answer: &Value) {
        if let (Some(id), true) = (answer.get("consent_id").and_then(Value::as_str), wish.key.is_some())
            && status < 300
        {
            self.visitors.started(user, id, wish.clone());
        }
        let activated =
            wish.path.strip_prefix("/v1/consents/").and_then(|rest| rest.strip_suffix("/activation"));
        if let Some(id) = activated
            && status < 500
        {
            self.visitors.claimed(user, id);
        }
    }
}

/// The token is for `curl`; where the request is shown it would only be in the way.
fn shown(headers: &[(&'static str, String)]) -> Value {
    let value = |name: &str, value: &str| {
        if name == "Authorization" { "Bearer …".to_owned() } else { value.to_owned() }
    };
    headers
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Value::String(value(name, text))))
        .collect::<Map<_, _>>()
        .into()
}

/// What another device scans, drawn: black on white with its quiet zone, whatever the page's colours are.
fn qr(answer: &Value) -> Option<String> {
    let data = answer.get("qr_data").or_else(|| answer.pointer("/authorization/qr_data"))?.as_str()?;
    let code = QrCode::new(data).ok()?;
    Some(code.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

fn curl(wish: &Wish, url: &str, headers: &[(&'static str, String)], body: Option<&str>) -> String {
    let mut line = format!("curl -s -X {} {}", wish.method, quoted(url));
    for (name, value) in headers {
        line.push_str(&format!(" \\\n  -H {}", quoted(&format!("{name}: {value}"))));
    }
    if let Some(body) = body {
        line.push_str(&format!(" \\\n  -d {}", quoted(body)));
    }
    line
}

/// One word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
