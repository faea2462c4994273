//! The functions, under `cargo lambda watch` or prebuilt as processes: started, and waited for until each answers.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{Request, Response};

use super::settings::Settings;
use super::stand_ins::StandIns;
use super::{demo, shown};
use crate::template::invalid;
use crate::watch::{Watch, WatchOptions};
use crate::wire::Client;
use crate::{FunctionProcess, RuntimeApi, Template};

/// The first call of a function may have to compile it.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long a function may go on failing before that is the outcome.
const FAILING: Duration = Duration::from_secs(20);

/// How they run.
#[derive(Debug)]
pub(super) enum Functions {
    Watched(Box<Watch>),
    Prebuilt(Arc<RuntimeApi>),
}

/// The functions of the template as processes, one each, from a folder of executables.
pub(super) async fn prebuilt(
    folder: &Path,
    template: &Template,
    environment: &BTreeMap<String, String>,
) -> io::Result<RuntimeApi> {
    let process = |name: String| FunctionProcess {
        environment: environment.clone(),
        ..FunctionProcess::new(name.as_str(), folder.join(&name))
    };
    RuntimeApi::start(template.functions()?.into_iter().map(|function| process(function.name)).collect())
        .await
}

impl Functions {
    pub(super) fn start(settings: &Settings, stand_ins: &StandIns) -> io::Result<Self> {
        if let Some(processes) = &stand_ins.processes {
            return Ok(Self::Prebuilt(processes.clone()));
        }
        let options = WatchOptions {
            cargo_lambda: settings.cargo_lambda.clone(),
            workspace: std::env::current_dir()?,
            port: settings.ports.invoke,
            environment: stand_ins.environment.clone(),
            folder: settings.state.clone(),
            concurrency: 4,
        };
        Watch::start(&options).map(Box::new).map(Self::Watched)
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
            if let Self::Watched(watch) = self
                && let Some(status) = watch.ended()?
            {
                return Err(ended(watch, status));
            }
            if since.elapsed() > FAILING || start.elapsed() > PATIENCE {
                let log = if let Self::Watched(watch) = self { watch.log() } else { Path::new("its output") };
                return Err(invalid(format!(
                    "{name} does not answer (last: {status}); see {}",
                    log.display()
                )));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends only if the child ends by itself, which is an error. Processes are started again for ever.
    pub(super) async fn exited(&mut self) -> io::Result<()> {
        match self {
            Self::Watched(watch) => {
                let status = watch.wait().await?;
                Err(ended(watch, status))
            }
            Self::Prebuilt(_) => std::future::pending().await,
        }
    }

    /// Ends them; what they said stands in the log in both cases.
    pub(super) async fn stop(&mut self, settings: &Settings) -> io::Result<()> {
        match self {
            Self::Watched(watch) => watch.stop().await,
            Self::Prebuilt(processes) => {
                std::fs::write(settings.file("functions.log"), processes.logs().join("\n"))?;
            }
        }
        Ok(())
    }
}

fn ended(watch: &Watch, status: ExitStatus) -> io::Error {
    invalid(format!("cargo-lambda ended ({status}); see {}", watch.log().display()))
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
