//! One redirect consent, walked over HTTP as a customer's back end and a browser would.

use std::io;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::caller::{Caller, text};
use super::stand_ins::StandIns;
use super::{demo, form};
use crate::template::invalid;
use crate::wire::query_pairs;

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
    let caller = Caller::new(stand_ins);
    let mut ended = String::new();
    for attempt in 1..=TRIES {
        let started = match caller.start(&key(attempt), demo::redirect_body()).await? {
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
            sign(&caller, &started, &consent_id).await?;
        }
        let accounts = caller.call("GET", &format!("/v1/consents/{consent_id}/accounts"), None).await?;
        return Ok(Walked { consent_id, found_again, accounts });
    }
    Err(invalid(format!("every demo consent has ended ({ended}); FRESH=1 starts anew")))
}

fn key(attempt: usize) -> String {
    let key = demo::REDIRECT_KEY;
    if attempt == 1 { key.to_owned() } else { format!("{key}-{attempt}") }
}

/// Browser: sign page, approve, callback. Back end: activation with the handle that came back.
async fn sign(caller: &Caller<'_>, started: &Value, consent_id: &str) -> io::Result<()> {
    let page_url = text(started, "/authorization/url")?;
    // Whoever logged on there last: the demo is about this one.
    if !caller.stand_ins.bank.choose_customer(demo::CUSTOMER) {
        return Err(invalid(format!("the simulated bank knows no {}", demo::CUSTOMER)));
    }
    let page = caller.client.get(&page_url).await?;
    let html = String::from_utf8_lossy(page.body()).into_owned();
    let approval =
        form::approval(&page_url, &html).ok_or_else(|| invalid("the sign page has no Approve form"))?;
    let posted = Request::post(&approval.url).header("content-type", "application/x-www-form-urlencoded");
    let callback = location(caller, posted.body(Bytes::from(approval.body)).map_err(invalid)?).await?;
    let app_link = location(caller, Request::get(callback).body(Bytes::new()).map_err(invalid)?).await?;
    let handle = handle(&app_link).ok_or_else(|| invalid("the app's link carries no handle"))?;
    let path = format!("/v1/consents/{consent_id}/activation");
    caller.call("POST", &path, Some(json!({ "handle": handle }))).await.map(drop)
}

async fn location(caller: &Caller<'_>, request: Request<Bytes>) -> io::Result<String> {
    let asked = request.uri().path().to_owned();
    let response = caller.client.send(request).await?;
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    let wrong = || invalid(format!("{asked} answered {} without a Location", response.status()));
    location.map(str::to_owned).ok_or_else(wrong)
}

/// After `#`, or after `?` for an app that wants it there.
fn handle(app_link: &str) -> Option<String> {
    let (_, given) = app_link.split_once('#').or_else(|| app_link.split_once('?'))?;
    query_pairs(given).into_iter().find(|(name, _)| name == "handle").map(|(_, value)| value)
}
