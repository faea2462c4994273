//! The functions under `cargo lambda watch`: a child in a process group of its own, so that Ctrl-C reaches us first
//! and we end it when nothing more is under way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{Request, Response};
use tokio::process::{Child, Command};

use super::settings::Settings;
use super::stand_ins::StandIns;
use super::{DEMO_USER, shown};
use crate::template::invalid;
use crate::wire::Client;

/// The first call of a function may have to compile it.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// How long a function may go on failing before that is the outcome.
const FAILING: Duration = Duration::from_secs(20);
const FAREWELL: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(super) struct Functions {
    child: Child,
    group: String,
    log: String,
}

impl Functions {
    pub(super) fn start(settings: &Settings, environment: &BTreeMap<String, String>) -> io::Result<Self> {
        let env_file = settings.file("functions.env");
        crate::secrets::write_private(&env_file, env_lines(environment).as_bytes())?;
        let log_path = settings.file("functions.log");
        let log = File::create(&log_path)?;
        let mut command = Command::new(&settings.cargo_lambda);
        command.args(["lambda", "watch", "--invoke-address", "127.0.0.1", "--ignore-changes"]);
        command.args(["--invoke-port", &settings.ports.invoke.to_string()]).arg("--env-file").arg(&env_file);
        // The developer's own AWS session and proxies are none of the functions' business.
        for inherited in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"] {
            command.env_remove(inherited);
        }
        command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0).kill_on_drop(true);
        let missing = |error: io::Error| {
            let path = settings.cargo_lambda.display();
            io::Error::new(error.kind(), format!("{path}: {error} (CARGO_LAMBDA names the executable)"))
        };
        let child = command.spawn().map_err(missing)?;
        let group = format!("-{}", child.id().ok_or_else(|| invalid("cargo-lambda ended at once"))?);
        Ok(Self { child, group, log: log_path.display().to_string() })
    }

    /// Until every function answers a trivial request through the front door.
    pub(super) async fn until_ready(&mut self, stand_ins: &StandIns) -> io::Result<()> {
        shown::line("\nWaiting for the functions (the first start compiles them) …")?;
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
            if let Some(status) = self.child.try_wait()? {
                return Err(invalid(format!("cargo-lambda ended ({status}); see {}", self.log)));
            }
            if since.elapsed() > FAILING || start.elapsed() > PATIENCE {
                return Err(invalid(format!("{name} does not answer (last: {status}); see {}", self.log)));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends only if the child ends by itself, which is an error.
    pub(super) async fn exited(&mut self) -> io::Result<()> {
        let status = self.child.wait().await?;
        Err(invalid(format!("cargo-lambda ended ({status}); see {}", self.log)))
    }

    /// SIGINT, as Ctrl-C would; SIGKILL for what is left after a while.
    pub(super) async fn stop(&mut self) {
        self.signal("INT").await;
        if tokio::time::timeout(FAREWELL, self.child.wait()).await.is_err() {
            self.signal("KILL").await;
            let _ = self.child.wait().await;
        }
        // Whatever outlived its parent in the group.
        self.signal("KILL").await;
    }

    async fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args(["-s", name, "--", &self.group]).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = kill.status().await;
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
    let request = request.header("authorization", stand_ins.token(DEMO_USER)).body(Bytes::new());
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

/// Single quotes keep JSON and `#` as they are; no value has one.
fn env_lines(environment: &BTreeMap<String, String>) -> String {
    let mut lines = String::new();
    for (name, value) in environment {
        let _ = writeln!(lines, "{name}='{value}'");
    }
    lines
}
