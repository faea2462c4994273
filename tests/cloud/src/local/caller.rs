//! The app's back end on behalf of the demo user: calls over HTTP with a token, the PSU's address and a key.

use std::io;

use hyper::Request;
use hyper::body::Bytes;
use serde_json::Value;

use super::demo;
use super::stand_ins::StandIns;
use crate::template::invalid;
use crate::wire::Client;

pub(super) struct Caller<'a> {
    pub(super) stand_ins: &'a StandIns,
    pub(super) client: Client,
}

impl<'a> Caller<'a> {
    pub(super) fn new(stand_ins: &'a StandIns) -> Self {
        Self { stand_ins, client: Client::new() }
    }

    /// A start with a key of the demo: the consent as it stands, or the problem that says that it has ended (409, 410).
    pub(super) async fn start(&self, key: &str, body: Value) -> io::Result<Result<Value, String>> {
        let (status, answered) = self.send("POST", "/v1/consents", Some(key), Some(body)).await?;
        match status {
            409 | 410 => Ok(Err(answered)),
            _ => success("POST", "/v1/consents", status, &answered).map(Ok),
        }
    }

    /// Any other call that must succeed.
    pub(super) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> io::Result<Value> {
        let (status, answered) = self.send(method, path, None, body).await?;
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
        let token = format!("Bearer {}", self.stand_ins.token(demo::USER));
        let mut request = Request::builder().method(method).uri(url).header("authorization", token);
        request = request.header("psu-ip-address", demo::PSU_ADDRESS);
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

/// A text that an answer must have.
pub(super) fn text(value: &Value, pointer: &str) -> io::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| invalid(format!("no {pointer} in the answer {value}")))
}
