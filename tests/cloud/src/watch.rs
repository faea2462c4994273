//! `cargo lambda watch` as a child in a process group of its own, so that Ctrl-C reaches us first and we end it when
//! nothing more is under way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::template::invalid;

const FAREWELL: Duration = Duration::from_secs(20);

/// What a watch is started with.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// The executable.
    pub cargo_lambda: PathBuf,
    /// The checkout.
    pub workspace: PathBuf,
    /// Port of the invoke endpoint on 127.0.0.1.
    pub port: u16,
    /// The functions' environment variables.
    pub environment: BTreeMap<String, String>,
    /// Folder for the environment file and the log; not watched, so it must be ignored by git.
    pub folder: PathBuf,
    /// Instances of one function at most.
    pub concurrency: u16,
}

/// A running `cargo lambda watch`.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    group: String,
    log: PathBuf,
}

impl Watch {
    /// Starts it. A function is compiled, if need be, and started at its first call.
    pub fn start(options: &WatchOptions) -> io::Result<Self> {
        let env_file = options.folder.join("functions.env");
        crate::secrets::write_private(&env_file, env_lines(&options.environment).as_bytes())?;
        let log_path = options.folder.join("functions.log");
        let log = File::create(&log_path)?;
        let mut command = Command::new(&options.cargo_lambda);
        command.current_dir(&options.workspace);
        command.args(["lambda", "watch", "--invoke-address", "127.0.0.1", "--ignore-changes"]);
        command.args(["--invoke-port", &options.port.to_string()]).arg("--env-file").arg(&env_file);
        command.args(["--concurrency", &options.concurrency.to_string()]);
        // The developer's own AWS session and proxies are none of the functions' business.
        for inherited in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"] {
            command.env_remove(inherited);
        }
        command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0).kill_on_drop(true);
        let missing = |error: io::Error| {
            let path = options.cargo_lambda.display();
            io::Error::new(error.kind(), format!("{path}: {error} (CARGO_LAMBDA names the executable)"))
        };
        let child = command.spawn().map_err(missing)?;
        let group = format!("-{}", child.id().ok_or_else(|| invalid("cargo-lambda ended at once"))?);
        Ok(Self { child, group, log: log_path })
    }

    /// What it and the functions print.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until it ends by itself.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// SIGINT, as Ctrl-C would; SIGKILL for what is left after a while.
    pub async fn stop(&mut self) {
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

/// Single quotes keep JSON and `#` as they are; no value has one.
fn env_lines(environment: &BTreeMap<String, String>) -> String {
    let mut lines = String::new();
    for (name, value) in environment {
        let _ = writeln!(lines, "{name}='{value}'");
    }
    lines
}
