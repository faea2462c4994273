//! A plain HTTP client for the tests, and a function that answers by itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use cloud::{Clock, FrontDoor, FrontDoorOptions, Invoke, InvokeFailure, Issuer, TokenSpec};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

pub(crate) const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
/// 2026-01-15T08:00:00Z.
pub(crate) const MORNING_MS: i64 = 1_768_464_000_000;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// One request on a connection of its own; an error is a connection that ended without an answer.
pub(crate) async fn send(request: Request<Bytes>) -> Result<Answer, String> {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.map(Full::new)).await.map_err(|error| format!("{error:?}"))?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

pub(crate) async fn post(url: &str, target: &str, body: &Value) -> Result<Answer, String> {
    send(Request::post(url).header("x-amz-target", target).body(Bytes::from(body.to_string())).unwrap()).await
}

type Reply = Box<dyn Fn(&Value) -> Result<Vec<u8>, InvokeFailure> + Send + Sync>;

/// Keeps the events it was called with and answers by a closure.
pub(crate) struct FakeFunctions {
    pub(crate) calls: Mutex<Vec<(String, Value)>>,
    reply: Reply,
    pause_ms: u64,
    /// While false nobody gets an answer.
    pub(crate) open: tokio::sync::watch::Sender<bool>,
}

impl Invoke for FakeFunctions {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let reply = (self.reply)(&event);
        self.calls.lock().unwrap().push((function.to_owned(), event));
        Box::pin(async move {
            tokio::time::sleep(std::time::Duration::from_millis(self.pause_ms)).await;
            self.open.subscribe().wait_for(|open| *open).await.unwrap();
            reply
        })
    }
}

/// A front door with its issuer, functions and clock.
pub(crate) struct Gate {
    pub(crate) door: FrontDoor,
    pub(crate) issuer: Issuer,
    pub(crate) functions: Arc<FakeFunctions>,
    pub(crate) now_ms: Arc<AtomicI64>,
}

impl Gate {
    pub(crate) async fn open() -> Self {
        Self::with(
            0,
            |options| options,
            |_| Ok(json!({ "statusCode": 200, "body": "{}" }).to_string().into_bytes()),
        )
        .await
    }

    pub(crate) async fn answering(
        reply: impl Fn(&Value) -> Result<Vec<u8>, InvokeFailure> + Send + Sync + 'static,
    ) -> Self {
        Self::with(0, |options| options, reply).await
    }

    pub(crate) async fn with(
        pause_ms: u64,
        adjust: impl FnOnce(FrontDoorOptions) -> FrontDoorOptions,
        reply: impl Fn(&Value) -> Result<Vec<u8>, InvokeFailure> + Send + Sync + 'static,
    ) -> Self {
        let now_ms = Arc::new(AtomicI64::new(MORNING_MS));
        let read = now_ms.clone();
        let clock: Clock = Arc::new(move || read.load(Ordering::Relaxed));
        let issuer = Issuer::start(clock.clone(), None).await.unwrap();
        let functions = Arc::new(FakeFunctions {
            calls: Mutex::default(),
            reply: Box::new(reply),
            pause_ms,
            open: tokio::sync::watch::Sender::new(true),
        });
        let options = FrontDoorOptions::new(TEMPLATE, functions.clone(), clock)
            .parameter("Issuer", issuer.url())
            .parameter("Audience", issuer.audience());
        let door = FrontDoor::start(adjust(options)).await.unwrap();
        Self { door, issuer, functions, now_ms }
    }

    /// A request to `path` with a good token of `anna`.
    pub(crate) fn request(&self, method: &str, path: &str) -> hyper::http::request::Builder {
        let token = self.issuer.token(&TokenSpec::of("anna"));
        let request = Request::builder().method(method).uri(format!("{}{path}", self.door.url()));
        request.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path).body(Bytes::new()).unwrap()).await.unwrap()
    }

    /// `GET /v1/consents/c1` with this Authorization header.
    pub(crate) async fn get_with(&self, authorization: &str) -> Answer {
        let request = Request::get(format!("{}/v1/consents/c1", self.door.url()));
        send(request.header("authorization", authorization).body(Bytes::new()).unwrap()).await.unwrap()
    }

    pub(crate) fn calls(&self) -> usize {
        self.functions.calls.lock().unwrap().len()
    }

    pub(crate) fn last_call(&self) -> (String, Value) {
        self.functions.calls.lock().unwrap().last().cloned().unwrap()
    }
}
