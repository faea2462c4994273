//! A proxy before the table or the secret: counts exchanges by operation and makes faults.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{Request, Response, Uri};
use serde_json::{Value, json};
use simulated_bank::HangUp;

use crate::rights::{Right, Rights};
use crate::wire::{Answer, Client, Cut, Server, locked, respond};

/// One request that arrived here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// From `X-Amz-Target`, after the dot: `UpdateItem`, `GetSecretValue` …
    pub operation: String,
    /// What the caller was told; 0 where it got no answer.
    pub status: u16,
    /// Bytes of the request's and of the answer's body.
    pub bytes: (usize, usize),
    /// When it was over.
    pub at: Instant,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// 400 `ThrottlingException`, not executed.
    Throttled,
    /// 500, not executed.
    ServerError,
    /// The connection is closed before the request is forwarded.
    RequestLost,
    /// The request is forwarded and executed; the connection is closed instead of an answer.
    AnswerLost,
    /// Forwarded after so many milliseconds.
    Slow(u64),
    /// A transaction meets another one and is cancelled, a plain write meets a transaction and is refused; not executed.
    Conflict,
    /// The connection is reset (RST) before the request is forwarded.
    Reset,
}

/// A fault for the next calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyFault {
    /// Which operation; none means every one.
    pub operation: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many matching calls it strikes.
    pub times: u32,
    /// How many matching calls it lets pass first.
    pub skip: u32,
}

/// A running proxy; dropping it ends it.
#[derive(Debug)]
pub struct Proxy {
    state: Arc<State>,
    server: Server,
}

#[derive(Debug)]
struct State {
    upstream: String,
    client: Client,
    rights: Option<Arc<Rights>>,
    exchanges: Mutex<Vec<Exchange>>,
    faults: Mutex<Vec<ProxyFault>>,
}

impl Proxy {
    /// Before `upstream_url` (`http://127.0.0.1:PORT`), on any free port.
    pub async fn start(upstream_url: impl Into<String>) -> io::Result<Self> {
        Self::start_on(upstream_url, 0).await
    }

    /// The same on a fixed port.
    pub async fn start_on(upstream_url: impl Into<String>, port: u16) -> io::Result<Self> {
        Self::serve(upstream_url.into(), port, None).await
    }

    /// On any free port, for callers who are named by the first segment of the path and held to their rights. What they
    /// have no right to is turned away before it counts as an exchange.
    pub async fn start_guarded(upstream_url: impl Into<String>, rights: Arc<Rights>) -> io::Result<Self> {
        Self::serve(upstream_url.into(), 0, Some(rights)).await
    }

    async fn serve(upstream: String, port: u16, rights: Option<Arc<Rights>>) -> io::Result<Self> {
        let (exchanges, faults) = (Mutex::default(), Mutex::default());
        let state = Arc::new(State { upstream, client: Client::new(), rights, exchanges, faults });
        let served = state.clone();
        let server = Server::start(port, move |request| {
            let state = served.clone();
            async move {
                match state.denies(&request) {
                    Some(answer) => Ok(answer),
                    None => state.answer(request).await,
                }
            }
        });
        Ok(Self { state, server: server.await? })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Everything since the start or the last [`Self::reset`], in the order in which it was over.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        locked(&self.state.exchanges).clone()
    }

    /// How many exchanges of one operation.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        locked(&self.state.exchanges).iter().filter(|exchange| exchange.operation == operation).count()
    }

    /// How many connections have been opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.server.accepted()
    }

    /// Ends every open connection, idle ones too; new ones are accepted.
    pub async fn hang_up(&self, how: HangUp) {
        self.server.hang_up(how).await;
    }

    /// How many bytes were sent into connections that had gone silent.
    #[must_use]
    pub fn unheard(&self) -> usize {
        self.server.unheard()
    }

    /// Forgets exchanges and pending faults.
    pub fn reset(&self) {
        locked(&self.state.exchanges).clear();
        locked(&self.state.faults).clear();
    }

    /// Adds a fault. Of several that match a call, the first that was added strikes (or counts down its `skip`).
    pub fn fault(&self, fault: ProxyFault) {
        locked(&self.state.faults).push(fault);
    }
}

impl State {
    /// What AWS answers whoever has no right to what they ask for.
    fn denies(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let (rights, caller) = (self.rights.as_ref()?, caller(request.uri()));
        let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok())?;
        let (service, operation) = target.rsplit_once('.')?;
        if caller.is_empty() {
            return None;
        }
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        let Right { action, resource } = rights.refuses(caller, operation, &body)?;
        let message = format!("User is not authorized to perform: {action} on resource: {resource}");
        if service == "secretsmanager" {
            return Some(refusal(service, 400, "AccessDeniedException", &message));
        }
        let body = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": message });
        Some(respond(400, "application/x-amz-json-1.0", body.to_string()))
    }

    async fn answer(&self, request: Request<Bytes>) -> Answer {
        let target =
            request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (service, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let (service, operation) = (service.to_owned(), operation.to_owned());
        let asked = request.body().len();
        let answer = match self.strike(&operation) {
            Some(FaultKind::Throttled) => Ok(refusal(&service, 400, "ThrottlingException", "Rate exceeded")),
            Some(FaultKind::ServerError) if service == "secretsmanager" => {
                Ok(refusal(&service, 500, "InternalServiceError", "An error occurred on the server side."))
            }
            Some(FaultKind::ServerError) => {
                Ok(refusal(&service, 500, "InternalServerError", "The request processing has failed."))
            }
            Some(FaultKind::Conflict) => Ok(conflict(&operation, request.body())),
            Some(FaultKind::RequestLost) => Err(Cut::Close),
            Some(FaultKind::Reset) => Err(Cut::Reset),
            Some(FaultKind::AnswerLost) => {
                let _executed = self.forward(request).await;
                Err(Cut::Close)
            }
            Some(FaultKind::Slow(milliseconds)) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                self.forward(request).await
            }
            None => self.forward(request).await,
        };
        let status = answer.as_ref().map_or(0, |response| response.status().as_u16());
        let bytes = (asked, answer.as_ref().map_or(0, |response| response.body().len()));
        locked(&self.exchanges).push(Exchange { operation, status, bytes, at: Instant::now() });
        answer
    }

    fn strike(&self, operation: &str) -> Option<FaultKind> {
        let mut faults = locked(&self.faults);
        let matches = |fault: &ProxyFault| fault.operation.as_deref().is_none_or(|own| own == operation);
        let fault = faults.iter_mut().find(|fault| fault.times > 0 && matches(fault))?;
        if let Some(left) = fault.skip.checked_sub(1) {
            fault.skip = left;
            return None;
        }
        fault.times -= 1;
        Some(fault.kind)
    }

    async fn forward(&self, request: Request<Bytes>) -> Answer {
        let (mut head, body) = request.into_parts();
        // Who calls is nothing to whoever is behind.
        let path = match head.uri.path_and_query().map_or("/", |path| path.as_str()) {
            _ if self.rights.is_some() => "/",
            path => path,
        };
        head.uri = format!("{}{path}", self.upstream).parse::<Uri>().map_err(|_| Cut::Close)?;
        head.headers.remove(hyper::header::HOST);
        let sent = self.client.send(Request::from_parts(head, body)).await;
        let mut response = sent.map_err(|_| Cut::Close)?;
        for own in ["transfer-encoding", "connection"] {
            response.headers_mut().remove(own);
        }
        Ok(response)
    }
}

/// Whom the first segment of the path names, if it names anybody.
fn caller(uri: &Uri) -> &str {
    uri.path().trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// What DynamoDB answers where a transaction is in the way; in a transaction of several rows, at the last one.
fn conflict(operation: &str, body: &Bytes) -> Response<Bytes> {
    let message = "Transaction is ongoing for the item";
    if operation != "TransactWriteItems" {
        return refusal("DynamoDB_20120810", 400, "TransactionConflictException", message);
    }
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let rows = asked.get("TransactItems").and_then(Value::as_array).map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); rows.saturating_sub(1)];
    reasons.push(json!({ "Code": "TransactionConflict", "Message": message }));
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = json!({ "__type": kind, "Message": "Transaction cancelled", "CancellationReasons": reasons });
    respond(400, "application/x-amz-json-1.0", body.to_string())
}

fn refusal(service: &str, status: u16, kind: &str, message: &str) -> Response<Bytes> {
    if service == "secretsmanager" {
        let body = json!({ "__type": kind, "Message": message });
        return respond(status, "application/x-amz-json-1.1", body.to_string());
    }
    let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
    respond(status, "application/x-amz-json-1.0", json!({ "__type": kind, "message": message }).to_string())
}
