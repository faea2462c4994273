//! One redirect consent, walked over HTTP as a customer's back end and a browser would.

use std::io;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::stand_ins::StandIns;
use super::{DEMO_IDEMPOTENCY_KEY, DEMO_USER, form};
use crate::template::invalid;
use crate::wire::{Client, query_pairs};

/// A documentation address (RFC 5737): the API demands the PSU's public address, and these pass.
pub(super) const PSU_ADDRESS: &str = "198.51.100.7";
/// Who signs: an individual with several accounts and an Allkort.
const DEMO_CUSTOMER: &str = "se-anna";
/// Tries with a new key, where an earlier demo consent has ended.
const TRIES: usize = 9;

/// What the walk found.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) consent_id: String,
    /// True when an earlier start had made the consent already.
    pub(super) found_again: bool,
    /// Answer of `GET …/accounts`.
    pub(super) accounts: Value,
}

pub(super) async fn redirect(stand_ins: &StandIns) -> io::Result<Walked> {
    let caller = Caller { stand_ins, client: Client::new() };
    let mut ended = String::new();
    for attempt in 1..=TRIES {
        let started = match caller.start(attempt).await? {
            Ok(started) => started,
            // A consent that was lost half-way through an earlier start, or has ended since: the next one.
            Err(problem) => {
                ended = problem;
                continue;
            }
        };
        let consent_id = text(&started, "/consent_id")?;
        let status = text(&started, "/status")?;
        if matches!(status.as_str(), "expired" | "rejected" | "revoked") {
            ended = status;
            continue;
        }
        let found_again = status == "active";
        if !found_again {
            caller.sign(&started, &consent_id).await?;
        }
        let accounts = caller.call("GET", &format!("/v1/consents/{consent_id}/accounts"), None, None).await?;
        return Ok(Walked { consent_id, found_again, accounts });
    }
    Err(invalid(format!("every demo consent has ended ({ended}); FRESH=1 starts anew")))
}

struct Caller<'a> {
    stand_ins: &'a StandIns,
    client: Client,
}

impl Caller<'_> {
    /// The consent as it stands, or the problem that says that this one has ended (409, 410).
    async fn start(&self, attempt: usize) -> io::Result<Result<Value, String>> {
        let key = if attempt == 1 {
            DEMO_IDEMPOTENCY_KEY.to_owned()
        } else {
            format!("{DEMO_IDEMPOTENCY_KEY}-{attempt}")
        };
        let body = json!({
            "country": "SE", "psu_type": "individual", "reference": "demo",
            "authorization": { "method": "redirect", "app": "android" },
        });
        let (status, answered) = self.send("POST", "/v1/consents", Some(&key), Some(body)).await?;
        match status {
            409 | 410 => Ok(Err(answered)),
            _ => success("POST", "/v1/consents", status, &answered).map(Ok),
        }
    }

    /// Browser: sign page, approve, callback. Back end: activation with the handle that came back.
    async fn sign(&self, started: &Value, consent_id: &str) -> io::Result<()> {
        let page_url = text(started, "/authorization/url")?;
        // Whoever logged on there last: the demo is about this one.
        if !self.stand_ins.bank.choose_customer(DEMO_CUSTOMER) {
            return Err(invalid(format!("the simulated bank knows no {DEMO_CUSTOMER}")));
        }
        let page = self.client.get(&page_url).await?;
        let html = String::from_utf8_lossy(page.body()).into_owned();
        let approval =
            form::approval(&page_url, &html).ok_or_else(|| invalid("the sign page has no Approve form"))?;
        let posted = Request::post(&approval.url).header("content-type", "application/x-www-form-urlencoded");
        let callback = self.location(posted.body(Bytes::from(approval.body)).map_err(invalid)?).await?;
        let app_link = self.location(Request::get(callback).body(Bytes::new()).map_err(invalid)?).await?;
        let handle = handle(&app_link).ok_or_else(|| invalid("the app's link carries no handle"))?;
        let path = format!("/v1/consents/{consent_id}/activation");
        self.call("POST", &path, None, Some(json!({ "handle": handle }))).await.map(drop)
    }

    async fn location(&self, request: Request<Bytes>) -> io::Result<String> {
        let asked = request.uri().path().to_owned();
        let response = self.client.send(request).await?;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        let wrong = || invalid(format!("{asked} answered {} without a Location", response.status()));
        location.map(str::to_owned).ok_or_else(wrong)
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> io::Result<Value> {
        let (status, answered) = self.send(method, path, key, body).await?;
        success(method, path, status, &answered)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> io::Result<(u16, String)> {
        let url = format!("{}{path}", self.stand_ins.front_door.url());
        let token = format!("Bearer {}", self.stand_ins.token(DEMO_USER));
        let mut request = Request::builder().method(method).uri(url).header("authorization", token);
        request = request.header("psu-ip-address", PSU_ADDRESS);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let response = self.client.send(request.body(body).map_err(invalid)?).await?;
        Ok((response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned()))
    }
}

fn success(method: &str, path: &str, status: u16, answered: &str) -> io::Result<Value> {
    match status {
        200..=299 => serde_json::from_str(answered).map_err(invalid),
        _ => Err(invalid(format!("{method} {path} answered {status}: {answered}"))),
    }
}

fn text(value: &Value, pointer: &str) -> io::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| invalid(format!("no {pointer} in the answer {value}")))
}

/// After `#`, or after `?` for an app that wants it there.
fn handle(app_link: &str) -> Option<String> {
    let (_, given) = app_link.split_once('#').or_else(|| app_link.split_once('?'))?;
    query_pairs(given).into_iter().find(|(name, _)| name == "handle").map(|(_, value)| value)
}
