//! The API Gateway HTTP API on localhost: the template's routes and authorizer, payload-2.0 events, the gateway's own
//! errors.
//!
//! A request goes through header size (431), throttle (429), route (404), authorizer (401, 403), body size (413), the
//! function (500, 503). The order is inferred; AWS does not publish it.

mod answer;
mod event;
mod throttle;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::{Request, Response};
use tokio::sync::Semaphore;

use crate::Clock;
use crate::invoke::{Invoke, InvokeFailure};
use crate::template::{Route, Template, invalid, route};
use crate::token_check::{Refusal, TokenCheck};
use crate::wire::Server;
use answer::GatewayError;
use event::Authorized;
use throttle::Throttling;

/// Calls to one function that may be under way at once. Lambda's own limit is per account; this one keeps
/// `cargo lambda watch`, which stops answering at about a hundred, alive.
pub const OUTSTANDING_PER_FUNCTION: usize = 64;
/// How long the gateway waits for a function (AWS: HTTP API quotas, integration timeout 30 s).
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest body (AWS: HTTP API quotas, payload size 10 MB).
pub const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// Largest request line and headers (AWS: HTTP API quotas, 10 240 bytes).
pub const HEADER_LIMIT: usize = 10_240;

/// What a front door needs to know.
#[derive(Clone)]
pub struct FrontDoorOptions {
    /// The SAM template.
    pub template: PathBuf,
    /// Values of its parameters; `Issuer` and `Audience` have no default.
    pub parameters: BTreeMap<String, String>,
    /// Where functions are called.
    pub invoke: Arc<dyn Invoke>,
    /// `timeEpoch` of the events, and the time that tokens are checked against.
    pub clock: Clock,
    /// 0 = any free port.
    pub port: u16,
    /// Whether the template's throttle is applied (429). Off, only [`FrontDoor::throttle_next`] refuses.
    pub throttle: bool,
    /// How long a function may take before the answer is 503; AWS: 30 s.
    pub integration_timeout: Duration,
}

impl FrontDoorOptions {
    /// The usual: any free port, no throttle, the gateway's 30 s.
    pub fn new(template: impl Into<PathBuf>, invoke: Arc<dyn Invoke>, clock: Clock) -> Self {
        Self {
            template: template.into(),
            parameters: BTreeMap::new(),
            invoke,
            clock,
            port: 0,
            throttle: false,
            integration_timeout: INTEGRATION_TIMEOUT,
        }
    }

    /// The same with a value for a parameter of the template.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<String>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }
}

impl std::fmt::Debug for FrontDoorOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("FrontDoorOptions");
        shown.field("template", &self.template).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A running front door; dropping it ends it.
#[derive(Debug)]
pub struct FrontDoor {
    gateway: Arc<Gateway>,
    server: Server,
}

impl FrontDoor {
    /// Reads the template and serves exactly its routes.
    pub async fn start(options: FrontDoorOptions) -> io::Result<Self> {
        let port = options.port;
        let gateway = Arc::new(Gateway::new(options)?);
        let served = gateway.clone();
        let server = Server::start(port, move |request| {
            let gateway = served.clone();
            async move { Ok(gateway.answer(request).await) }
        });
        Ok(Self { gateway, server: server.await? })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The routes that are served.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.gateway.routes
    }

    /// Answers 429 to the next `requests` requests.
    pub fn throttle_next(&self, requests: u32) {
        self.gateway.throttling.refuse_next(requests);
    }
}

struct Gateway {
    routes: Vec<Route>,
    checks: BTreeMap<String, TokenCheck>,
    places: BTreeMap<String, Arc<Semaphore>>,
    throttling: Throttling,
    invoke: Arc<dyn Invoke>,
    clock: Clock,
    integration_timeout: Duration,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gateway").field("routes", &self.routes).finish_non_exhaustive()
    }
}

impl Gateway {
    fn new(options: FrontDoorOptions) -> io::Result<Self> {
        let template = Template::read(&options.template, options.parameters)?;
        let routes = template.routes()?;
        let authorizers = template.authorizers()?;
        if let Some(name) = routes
            .iter()
            .filter_map(|route| route.authorizer.as_ref())
            .find(|name| !authorizers.contains_key(*name))
        {
            return Err(invalid(format!("no authorizer {name}")));
        }
        let place =
            |route: &Route| (route.function.clone(), Arc::new(Semaphore::new(OUTSTANDING_PER_FUNCTION)));
        Ok(Self {
            places: routes.iter().map(place).collect(),
            routes,
            checks: authorizers.into_iter().map(|(name, one)| (name, TokenCheck::new(one))).collect(),
            throttling: Throttling::new(template.throttle().filter(|_| options.throttle)),
            invoke: options.invoke,
            clock: options.clock,
            integration_timeout: options.integration_timeout,
        })
    }

    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let request_id = event::request_id();
        let outcome = self.serve(request, &request_id).await;
        let mut response = outcome.unwrap_or_else(|error| error.response());
        if let Ok(value) = request_id.parse() {
            response.headers_mut().insert("apigw-requestid", value);
        }
        response
    }

    async fn serve(
        &self,
        request: Request<Bytes>,
        request_id: &str,
    ) -> Result<Response<Bytes>, GatewayError> {
        if event::header_bytes(&request) > HEADER_LIMIT {
            return Err(GatewayError::HeadersTooLarge);
        }
        if self.throttling.refuses((self.clock)()) {
            return Err(GatewayError::TooManyRequests);
        }
        let found = route::find(&self.routes, request.method().as_str(), request.uri().path());
        let (route, path_parameters) = found.ok_or(GatewayError::NotFound)?;
        let now_ms = (self.clock)();
        let authorized = self.authorize(route, &request, now_ms).await?;
        if request.body().len() > BODY_LIMIT {
            return Err(GatewayError::BodyTooLarge);
        }
        let event = event::build(&request, route, path_parameters, authorized, request_id, now_ms);
        let answered = self.call(&route.function, event).await?;
        answer::response(&answered).ok_or(GatewayError::InternalServerError)
    }

    async fn authorize(
        &self,
        route: &Route,
        request: &Request<Bytes>,
        now_ms: i64,
    ) -> Result<Option<Authorized>, GatewayError> {
        let Some(check) = route.authorizer.as_ref().and_then(|name| self.checks.get(name)) else {
            return Ok(None);
        };
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        match check.check(header, &route.scopes, now_ms).await {
            Ok(claims) => Ok(Some(Authorized { claims })),
            Err(Refusal::Unauthorized(reason)) => Err(GatewayError::Unauthorized(reason)),
            Err(Refusal::Forbidden) => Err(GatewayError::Forbidden(route.scopes.join(" "))),
        }
    }

    /// Waits for a place and for the function, together at most the integration timeout.
    async fn call(&self, function: &str, event: Vec<u8>) -> Result<Vec<u8>, GatewayError> {
        let call = async {
            let places = self.places.get(function).ok_or(InvokeFailure::Busy)?;
            let _place = places.acquire().await.map_err(|_| InvokeFailure::Busy)?;
            self.invoke.invoke(function, event).await
        };
        match tokio::time::timeout(self.integration_timeout, call).await {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(InvokeFailure::Busy)) | Err(_) => Err(GatewayError::ServiceUnavailable),
            Ok(Err(InvokeFailure::Function(_) | InvokeFailure::Service(_))) => {
                Err(GatewayError::InternalServerError)
            }
        }
    }
}
