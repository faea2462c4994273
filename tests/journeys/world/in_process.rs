//! The functions in this process, called with whole events as Lambda calls them.

use cloud::{Invoke, InvokeFailure};
use lambda_http::{Context, Request, lambda_runtime::LambdaEvent, service_fn};
use shared::{app::App, config::Config, telemetry::Output};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

/// One `App` per function, as each has its own process when deployed.
pub(crate) struct InProcess {
    apps: BTreeMap<&'static str, Arc<App>>,
    timeout_ms: u64,
}

const FUNCTIONS: [&str; 5] =
    ["consent-start", "redirect-callback", "decoupled-poll", "account-fetch", "consent-manage"];
/// As in the template, unless the functions are configured with another.
const TIMEOUT_MS: u64 = 25_000;

impl InProcess {
    pub(crate) fn new(environment: &BTreeMap<String, String>, lines: &Arc<Mutex<Vec<String>>>) -> Self {
        let app = |name| {
            let config = Config::from(&|variable| variable_of(name, environment, variable)).unwrap();
            (name, Arc::new(App::new(config, Output::Kept(Arc::clone(lines))).unwrap()))
        };
        let configured = environment.get("FUNCTION_TIMEOUT_MS").and_then(|value| value.parse().ok());
        let timeout_ms = configured.unwrap_or(TIMEOUT_MS);
        Self { apps: FUNCTIONS.into_iter().map(app).collect(), timeout_ms }
    }
}

impl Invoke for InProcess {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let name = FUNCTIONS.into_iter().find(|known| *known == function).unwrap();
        let app = Arc::clone(&self.apps[name]);
        Box::pin(async move {
            let payload = serde_json::from_slice(&event).map_err(failure)?;
            let mut context = Context::default();
            context.request_id = request_id();
            context.deadline = u64::try_from(cloud::wall_clock_ms()).unwrap() + self.timeout_ms;
            let answer = |request: Request| {
                let app = Arc::clone(&app);
                async move {
                    match name {
                        "consent-start" => app.answer(name, request, consent_start::handle).await,
                        "redirect-callback" => app.answer(name, request, redirect_callback::handle).await,
                        "decoupled-poll" => app.answer(name, request, decoupled_poll::handle).await,
                        "account-fetch" => app.answer(name, request, account_fetch::handle).await,
                        _ => app.answer(name, request, consent_manage::handle).await,
                    }
                }
            };
            let event = LambdaEvent::new(payload, context);
            shared::app::answer(service_fn(answer), event).await.map_err(failure)
        })
    }
}

/// A variable of whoever asks table and secret under a name: the rights of that name are all they have.
pub(crate) fn variable_of(
    who: &str,
    environment: &BTreeMap<String, String>,
    variable: &str,
) -> Option<String> {
    let value = environment.get(variable)?;
    let is_endpoint = variable.starts_with("AWS_ENDPOINT_URL_");
    Some(if is_endpoint { format!("{value}/{who}") } else { value.clone() })
}

fn failure(error: impl std::fmt::Display) -> InvokeFailure {
    InvokeFailure::Function(error.to_string())
}

/// A UUID as Lambda makes them.
fn request_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("5a3e0000-0000-4000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}
