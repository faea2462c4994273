//! The functions under `cargo lambda watch`: started, and waited for until each answers.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{Request, Response};

use super::settings::Settings;
use super::stand_ins::StandIns;
use super::{demo, shown};
use crate::template::invalid;
use crate::watch::{Watch, WatchOptions};
use crate::wire::Client;

/// The first call of a function may have to compile it.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long a function may go on failing before that is the outcome.
const FAILING: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Functions(Watch);

impl Functions {
    pub(super) fn start(settings: &Settings, environment: &BTreeMap<String, String>) -> io::Result<Self> {
        let options = WatchOptions {
            cargo_lambda: settings.cargo_lambda.clone(),
            workspace: std::env::current_dir()?,
            port: settings.ports.invoke,
            environment: environment.clone(),
            folder: settings.state.clone(),
            concurrency: 4,
        };
        Watch::start(&options).map(Self)
    }

    /// Until every function answers a trivial request through the front door.
    pub(super) async fn until_ready(&mut self, stand_ins: &StandIns) -> io::Result<()> {
        shown::line("\nWaiting for the functions …")?;
        let mut waiting: Vec<(String, String, String)> = Vec::new();
        for route in stand_ins.front_door.routes() {
            if !waiting.iter().any(|(function, ..)| *function == route.function) {
                let path = route.path.replace("{consent_id}", "none").replace("{account_id}", "none");
                waiting.push((route.function.clone(), route.method.clone(), path));
            }
        }
        for (function, method, path) in waiting {
            self.until_answers(stand_ins, &function, &method, &path).await?;
            shown::line(&format!("  {function} answers"))?;
        }
        Ok(())
    }

    async fn until_answers(
        &mut self,
        stand_ins: &StandIns,
        name: &str,
        method: &str,
        path: &str,
    ) -> io::Result<()> {
        let start = Instant::now();
        let mut failing: Option<Instant> = None;
        loop {
            let status = match probe(stand_ins, method, path).await {
                Probe::Answered => return Ok(()),
                Probe::Gateway(status) => status,
            };
            // 503: still compiling. 500: not listening yet, or it starts and fails.
            let since =
                if status == 500 { *failing.get_or_insert_with(Instant::now) } else { Instant::now() };
            failing = failing.filter(|_| status == 500);
            if let Some(status) = self.0.ended()? {
                return Err(invalid(format!(
                    "cargo-lambda ended ({status}); see {}",
                    self.0.log().display()
                )));
            }
            if since.elapsed() > FAILING || start.elapsed() > PATIENCE {
                return Err(invalid(format!(
                    "{name} does not answer (last: {status}); see {}",
                    self.0.log().display()
                )));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends only if the child ends by itself, which is an error.
    pub(super) async fn exited(&mut self) -> io::Result<()> {
        let status = self.0.wait().await?;
        Err(invalid(format!("cargo-lambda ended ({status}); see {}", self.0.log().display())))
    }

    pub(super) async fn stop(&mut self) {
        self.0.stop().await;
    }
}

/// What came back from a trivial request.
enum Probe {
    /// Something that the function itself said.
    Answered,
    /// The gateway's own 500 or 503: the function is not there (yet).
    Gateway(u16),
}

async fn probe(stand_ins: &StandIns, method: &str, path: &str) -> Probe {
    let request = Request::builder().method(method).uri(format!("{}{path}", stand_ins.front_door.url()));
    let request = request.header("authorization", stand_ins.token(demo::USER)).body(Bytes::new());
    let Ok(request) = request else { return Probe::Gateway(500) };
    match Client::new().send(request).await {
        Ok(response) if response.status().as_u16() < 500 || is_problem(&response) => Probe::Answered,
        Ok(response) => Probe::Gateway(response.status().as_u16()),
        Err(_) => Probe::Gateway(500),
    }
}

/// A 5xx in the functions' own form is an answer too; waiting would not change it.
fn is_problem(response: &Response<Bytes>) -> bool {
    let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/problem+json"))
}
