//! Secrets Manager on localhost: the calls that the SDK makes (JSON 1.1), with version stages.

mod vault;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::account::{self, Account};
use crate::template::invalid;
use crate::wire::{Answer, Server, locked, respond, uuid};
use vault::{Refused, Vault};

/// The stage that readers get unless they ask for another.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of a version that a rotation is still checking.
pub const PENDING: &str = "AWSPENDING";
/// The stage of the version that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";

/// A running Secrets Manager; dropping it ends it.
#[derive(Debug)]
pub struct Secrets(Kept);

#[derive(Debug)]
enum Kept {
    Here {
        state: Arc<State>,
        server: Server,
    },
    /// In an account of ministack.
    There(Arc<Account>),
}

#[derive(Debug)]
struct State {
    vault: Mutex<Vault>,
    file: Option<PathBuf>,
}

impl Secrets {
    /// With its secrets in the file `path` (readable by its owner only), or in memory; on any free port.
    pub async fn start(path: Option<&Path>) -> io::Result<Self> {
        let vault = match path.map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => Vault::default(),
        };
        let state = Arc::new(State { vault: Mutex::new(vault), file: path.map(Path::to_owned) });
        let served = state.clone();
        let server = Server::start(0, move |request| {
            let state = served.clone();
            async move { state.answer(&request) }
        });
        Ok(Self(Kept::Here { state, server: server.await? }))
    }

    /// The secrets of an account of ministack; needs a runtime of several threads.
    #[must_use]
    pub const fn of(account: Arc<Account>) -> Self {
        Self(Kept::There(account))
    }

    /// `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.0 {
            Kept::Here { server, .. } => server.url(),
            Kept::There(account) => account.url(),
        }
    }

    /// Makes `value` the current version of a secret, creating it if need be; answers the version's id.
    pub fn put(&self, name: &str, value: &Value) -> io::Result<String> {
        self.put_staged(name, value, &[CURRENT])
    }

    /// Adds a version with these stages; each moves here from the version that had it.
    pub fn put_staged(&self, name: &str, value: &Value, stages: &[&str]) -> io::Result<String> {
        let version = uuid();
        let put = json!({
            "SecretId": name, "Name": name, "ClientRequestToken": version,
            "SecretString": value.to_string(), "VersionStages": stages,
        });
        if self.call("DescribeSecret", &put).is_err() {
            self.call("CreateSecret", &json!({ "Name": name }))?;
        }
        if matches!(self.0, Kept::There(_)) {
            self.take_down(name, stages)?;
        }
        self.call("PutSecretValue", &put)?;
        Ok(version)
    }

    /// Secrets Manager moves a stage to the version that is put with it; ministack moves AWSCURRENT alone.
    fn take_down(&self, name: &str, stages: &[&str]) -> io::Result<()> {
        let described = self.call("DescribeSecret", &json!({ "SecretId": name }))?;
        let versions = described.get("VersionIdsToStages").and_then(Value::as_object);
        for (version, held) in versions.into_iter().flatten() {
            let held = held.as_array().into_iter().flatten().filter_map(Value::as_str);
            for stage in held.filter(|stage| *stage != CURRENT && stages.contains(stage)) {
                let moved =
                    json!({ "SecretId": name, "VersionStage": stage, "RemoveFromVersionId": version });
                self.call("UpdateSecretVersionStage", &moved)?;
            }
        }
        Ok(())
    }

    /// The value of a stage, if there is one.
    #[must_use]
    pub fn value(&self, name: &str, stage: &str) -> Option<Value> {
        let asked = json!({ "SecretId": name, "VersionStage": stage });
        let answered = self.call("GetSecretValue", &asked).ok()?;
        serde_json::from_str(answered.get("SecretString")?.as_str()?).ok()
    }

    fn call(&self, operation: &str, body: &Value) -> io::Result<Value> {
        match &self.0 {
            Kept::Here { state, .. } => state.call(operation, body).map_err(|error| refused(&error)),
            Kept::There(account) => {
                let (url, target) = (account.url(), format!("secretsmanager.{operation}"));
                let called = account::call(&url, "secretsmanager", &target, body);
                let runtime = tokio::runtime::Handle::current();
                // On a thread of its own: to wait for it on this one would swallow what wakes the rest of a test.
                let waited = || std::thread::scope(|scope| scope.spawn(|| runtime.block_on(called)).join());
                tokio::task::block_in_place(waited).map_err(|_| invalid("the call panicked"))?
            }
        }
    }
}

impl State {
    fn answer(&self, request: &Request<Bytes>) -> Answer {
        let target =
            request.headers().get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let operation = target.strip_prefix("secretsmanager.").unwrap_or_default();
        let answered = match serde_json::from_slice(request.body()) {
            Ok(body) => self.call(operation, &body),
            Err(_) => Err(Refused::new("SerializationException", "the body is not JSON")),
        };
        Ok(match answered {
            Ok(value) => respond(200, "application/x-amz-json-1.1", value.to_string()),
            Err(refused) => {
                let body = json!({ "__type": refused.kind, "Message": refused.message });
                respond(400, "application/x-amz-json-1.1", body.to_string())
            }
        })
    }

    fn call(&self, operation: &str, body: &Value) -> Result<Value, Refused> {
        let mut vault = locked(&self.vault);
        let answered = vault.call(operation, body)?;
        if let (Some(file), false) = (&self.file, matches!(operation, "GetSecretValue" | "DescribeSecret")) {
            let saved = serde_json::to_vec(&*vault).map_err(io::Error::other);
            let saved = saved.and_then(|bytes| write_private(file, &bytes));
            saved.map_err(|error| Refused::new("InternalServiceError", &error.to_string()))?;
        }
        Ok(answered)
    }
}

fn refused(refused: &Refused) -> io::Error {
    io::Error::other(format!("{}: {}", refused.kind, refused.message))
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let beside = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}
