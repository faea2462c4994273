//! The wiring: one [`App`] per process, one [`Invocation`] per request. The rhythm of every function is the same:
//! parse, claim, spend, settle, answer.

mod ahead;
mod aws;
mod banks;
mod client_token;
mod client_tokens;
mod events;
mod invocation;
mod orders;
mod reads;
mod refresh;
mod thaw;

pub use ahead::Ahead;
pub use client_tokens::ClientTokens;
pub use events::{answer, run};
pub use invocation::{Ended, Invocation};
pub use reads::Reservation;

use crate::{
    bank::{self, Endpoints},
    config::Config,
    http::{self, Answer, Code, Problem},
    secrets::{CertificateSet, Demands, Material, Secrets},
    store::Store,
    telemetry::{Ending, Log, Output},
    types::TraceId,
};
use aws::Aws;
use banks::Banks;
use lambda_http::{Body, Request, Response, http::HeaderValue};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use thaw::Thaw;

/// Everything that a process has once.
#[derive(Debug)]
pub struct App {
    /// The environment variables.
    pub config: Config,
    /// The table.
    pub store: Store,
    /// The secret.
    pub secrets: Arc<Secrets>,
    /// Client-credentials tokens that this process has seen.
    pub client_tokens: ClientTokens,
    aws: Aws,
    banks: Banks,
    thaw: Thaw,
    log: Log,
    cold: AtomicBool,
}

/// Its caller is a browser.
const CALLBACK: &str = "GET /v1/callback";

/// How a request ended, for the caller and for the log line.
struct Finished {
    answer: Response<Body>,
    code: Option<&'static str>,
    trace: TraceId,
    route: String,
    xray: Option<String>,
    began: Instant,
    cold: bool,
}

impl App {
    /// From the process environment, with what its first request will need made ahead. A wrong configuration is an error
    /// here, so the function does not start; a table, secret or bank that cannot be reached is not: the first request
    /// tries again.
    pub async fn start(function: &'static str, ahead: &[Ahead]) -> Result<Self, lambda_http::Error> {
        let config = Config::from_env()
            .inspect_err(|error| Log::new(Output::Stdout, "").process(function, "init", error))?;
        let app = Self::new(config, Output::Stdout)?;
        app.make_ahead(ahead).await;
        Ok(app)
    }

    /// From a configuration; opens nothing.
    pub fn new(config: Config, output: Output) -> Result<Self, lambda_http::Error> {
        let aws = Aws::new(&config.region)?;
        let demands = Demands {
            certificate_required: config.bank.environment.demands_certificate(),
            client_id_required: true,
        };
        let environment = config.bank.environment.as_str();
        let endpoints = Endpoints {
            sandbox: !demands.certificate_required,
            api: config.bank.api.clone(),
            token: config.bank.token.clone(),
            links: config.bank.links.clone(),
            account_paths: config.bank.account_paths.clone(),
            auto_start_fields: config.wire.auto_start_fields.clone(),
            qr_fields: config.wire.qr_fields.clone(),
            rest_after: config.bank.rest_after,
        };
        Ok(Self {
            store: Store::new(
                aws.dynamodb(config.dynamodb_endpoint.clone()),
                config.table.clone(),
                environment,
                config.erase_after,
            ),
            secrets: Arc::new(Secrets::new(
                aws.secretsmanager(config.secrets_endpoint.clone()),
                config.secret.clone(),
                demands,
                config.secret_ttl,
            )),
            client_tokens: ClientTokens::default(),
            aws,
            banks: Banks::new(Arc::new(endpoints)),
            thaw: Thaw::default(),
            log: Log::new(output, &config.metrics_namespace),
            cold: AtomicBool::new(true),
            config,
        })
    }

    /// Whether the bank takes the certificate of a set: a handshake, and no call.
    pub async fn greet(
        &self,
        material: &Material,
        set: &CertificateSet,
        call: &bank::Call<'_>,
    ) -> Result<(), bank::Fault> {
        self.banks.of_set(material, set)?.greet(call).await
    }

    /// Runs one request: `handle` does the work, this turns its outcome into an answer with `Trace-Id` and one line.
    pub async fn answer<'a, F>(
        &'a self,
        function: &'static str,
        request: Request,
        handle: impl FnOnce(&'a Self, Request) -> F,
    ) -> Result<Response<Body>, lambda_http::Error>
    where
        F: Future<Output = Answer>,
    {
        let (began, cold) = (Instant::now(), self.cold.swap(false, Ordering::Relaxed));
        let trace = match http::trace_id(&request) {
            Ok(trace) => trace,
            // Without a request id of Lambda's nothing could be traced; the runtime always sends one.
            Err(problem) => return Ok(problem.into_response("")),
        };
        let (route, xray) = (http::route(&request).to_owned(), http::xray(&request));
        let last_moment = http::Clock::of(&request, self.config.timeout).last_moment();
        let work = async {
            // Boxed: it is large, and what is wrapped around it here and in the runtime would move it again and again.
            let handled = tokio::time::timeout_at(last_moment.into(), Box::pin(handle(self, request)));
            // Otherwise the runtime would kill the process, and what was done with people's data would never be said.
            let (mut answer, code) =
                match handled.await.unwrap_or_else(|_| Err(Problem::new(Code::OutOfTime))) {
                    Ok(answer) => (answer, None),
                    // A browser is no caller of an API: the log gets the problem, the person a page.
                    Err(problem) if route == CALLBACK => {
                        (http::trouble_page(&problem), Some(problem.code().id()))
                    }
                    Err(problem) => {
                        let code = problem.code().id();
                        (problem.into_response(trace.as_str()), Some(code))
                    }
                };
            if let Ok(value) = HeaderValue::from_str(trace.as_str()) {
                answer.headers_mut().insert("trace-id", value);
            }
            Finished { answer, code, trace, route, xray, began, cold }
        };
        let ending = |finished: &Finished| Ending {
            trace: finished.trace.clone(),
            function,
            route: finished.route.clone(),
            status: finished.answer.status().as_u16(),
            code: finished.code,
            cold: finished.cold,
            xray: finished.xray.clone(),
            took: finished.began.elapsed(),
        };
        Ok(self.log.observe(work, ending).await.answer)
    }
}
