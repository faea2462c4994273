//! One process of a function: its runtime API, its life, its output.

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{Method, Request, Response};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::dispatch::{Dispatcher, Handed};
use super::{FunctionProcess, Logs};
use crate::invoke::InvokeFailure;
use crate::wall_clock_ms;
use crate::wire::{Answer, Server, locked, respond, uuid};

const PREFIX: &str = "/2018-06-01/runtime/";
/// Variables that a function may inherit: to be found at all, and for coverage.
const INHERITED: [&str; 2] = ["PATH", "LLVM_PROFILE_FILE"];

#[derive(Debug)]
pub(super) struct Instance {
    life: Arc<Life>,
    supervisor: JoinHandle<()>,
    _server: Server,
}

/// What server, supervisor and handle know of a process together.
#[derive(Debug)]
struct Life {
    index: usize,
    name: String,
    dispatcher: Arc<Dispatcher>,
    /// 0 while there is no process.
    pid: AtomicU32,
    starts: AtomicUsize,
    /// When the process was started, and how long it took to ask for its first event.
    init: Mutex<(Option<Instant>, Option<Duration>)>,
}

impl Instance {
    pub(super) async fn start(
        function: &FunctionProcess,
        index: usize,
        dispatcher: Arc<Dispatcher>,
        logs: Logs,
    ) -> io::Result<Self> {
        let (pid, starts) = (AtomicU32::new(0), AtomicUsize::new(0));
        let life = Arc::new(Life {
            index,
            name: function.name.clone(),
            dispatcher,
            pid,
            starts,
            init: Mutex::default(),
        });
        let served = life.clone();
        let server = Server::start(0, move |request| {
            let life = served.clone();
            async move { answer(life, request).await }
        });
        let server = server.await?;
        let address = format!("127.0.0.1:{}", server.port());
        let supervisor = tokio::spawn(supervise(life.clone(), function.clone(), address, logs));
        Ok(Self { life, supervisor, _server: server })
    }

    pub(super) fn signal(&self, name: &str) -> bool {
        self.life.signal(name)
    }

    /// Its process, if there is one.
    pub(super) fn pid(&self) -> Option<u32> {
        Some(self.life.pid.load(Ordering::Acquire)).filter(|pid| *pid > 0)
    }

    /// How long its newest process took to ask for its first event, once it has.
    pub(super) fn init(&self) -> Option<Duration> {
        locked(&self.life.init).1
    }

    pub(super) fn restarts(&self) -> usize {
        self.life.starts.load(Ordering::Acquire).saturating_sub(1)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.supervisor.abort();
        self.life.signal("KILL");
        // A deadline that comes later must not strike whoever has the number then.
        self.life.pid.store(0, Ordering::Release);
        self.life.dispatcher.ended(self.life.index);
    }
}

impl Life {
    /// By the `kill` command, to the whole process group (a function that is a script has children). Without a libc
    /// call there is no other way, and unsafe code is forbidden here.
    fn signal(&self, name: &str) -> bool {
        let pid = self.pid.load(Ordering::Acquire);
        if pid == 0 {
            return false;
        }
        let mut kill = std::process::Command::new("kill");
        kill.args(["-s", name, "--", &format!("-{pid}")]).stdout(Stdio::null()).stderr(Stdio::null());
        kill.status().is_ok_and(|status| status.success())
    }
}

async fn supervise(life: Arc<Life>, function: FunctionProcess, address: String, logs: Logs) {
    // A function that dies at once is started again ever more slowly.
    let mut pause = Duration::from_millis(5);
    loop {
        let started = tokio::time::Instant::now();
        *locked(&life.init) = (Some(Instant::now()), None);
        match spawn(&function, &address) {
            Ok(mut child) => {
                life.pid.store(child.id().unwrap_or(0), Ordering::Release);
                life.starts.fetch_add(1, Ordering::AcqRel);
                let output =
                    child.stdout.take().map(|stream| copy(stream, function.name.clone(), logs.clone()));
                let errors =
                    child.stderr.take().map(|stream| copy(stream, function.name.clone(), logs.clone()));
                let _ = child.wait().await;
                life.pid.store(0, Ordering::Release);
                drop((output, errors));
            }
            Err(error) => locked(&logs).push((function.name.clone(), format!("cannot start: {error}"))),
        }
        life.dispatcher.ended(life.index);
        pause = if started.elapsed() > Duration::from_secs(1) { Duration::from_millis(5) } else { pause * 2 };
        tokio::time::sleep(pause.min(Duration::from_secs(1))).await;
    }
}

fn spawn(function: &FunctionProcess, address: &str) -> io::Result<Child> {
    let mut command = Command::new(&function.command);
    command.args(&function.arguments).env_clear().process_group(0).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("AWS_LAMBDA_RUNTIME_API", address);
    command.env("AWS_LAMBDA_FUNCTION_NAME", &function.name);
    command.env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string());
    command.env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name));
    command.env("AWS_LAMBDA_LOG_STREAM_NAME", "local");
    command.env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    command.env("_HANDLER", "bootstrap").env("TZ", ":UTC");
    command.envs(&function.environment);
    command.spawn()
}

fn copy(stream: impl AsyncRead + Unpin + Send + 'static, name: String, logs: Logs) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            locked(&logs).push((name.clone(), text));
            line.clear();
        }
    })
}

async fn answer(life: Arc<Life>, request: Request<Bytes>) -> Answer {
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let body = request.into_parts();
    match (&body.0.method, path.split('/').collect::<Vec<_>>().as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(life).await,
        (&Method::POST, ["invocation", id, "response"]) => Ok(settled(&life, id, Ok(body.1.to_vec()))),
        (&Method::POST, ["invocation", id, "error"]) => {
            let reason = String::from_utf8_lossy(&body.1).into_owned();
            Ok(settled(&life, id, Err(InvokeFailure::Function(reason))))
        }
        (&Method::POST, ["init", "error"]) => {
            life.dispatcher.fail(life.index, &String::from_utf8_lossy(&body.1));
            Ok(accepted())
        }
        _ => Ok(respond(404, "application/json", r#"{"errorType":"NotFound"}"#)),
    }
}

/// Waits until there is an event, however long: the runtime knows no timeout here, and a frozen one asks for hours.
async fn next(life: Arc<Life>) -> Answer {
    {
        let (started, init) = &mut *locked(&life.init);
        *init = init.or_else(|| started.map(|started| started.elapsed()));
    }
    let Ok(handed) = life.dispatcher.next(life.index).await else {
        return Ok(respond(500, "application/json", r#"{"errorType":"Ended"}"#));
    };
    let timeout_ms = life.dispatcher.timeout_ms;
    let deadline_ms = wall_clock_ms().saturating_add(i64::try_from(timeout_ms).unwrap_or(i64::MAX));
    tokio::spawn(end_when_over(life.clone(), handed.request_id.clone(), timeout_ms));
    Ok(event_response(&life, handed, deadline_ms))
}

fn event_response(life: &Life, handed: Handed, deadline_ms: i64) -> Response<Bytes> {
    let mut response = respond(200, "application/json", handed.event);
    let trace = format!("Root=1-{};Sampled=0", uuid().replacen('-', "", 1));
    let arn = format!("arn:aws:lambda:eu-north-1:123456789012:function:{}", life.name);
    for (name, value) in [
        ("lambda-runtime-aws-request-id", handed.request_id),
        ("lambda-runtime-deadline-ms", deadline_ms.to_string()),
        ("lambda-runtime-trace-id", trace),
        ("lambda-runtime-invoked-function-arn", arn),
    ] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Lambda ends an invocation at its deadline, and the environment with it.
async fn end_when_over(life: Arc<Life>, request_id: String, timeout_ms: u64) {
    tokio::time::sleep(Duration::from_millis(timeout_ms)).await;
    let reason = InvokeFailure::Function(format!("{request_id} Task timed out after {timeout_ms} ms"));
    if life.dispatcher.settle(life.index, &request_id, Err(reason)) {
        life.signal("KILL");
    }
}

fn settled(life: &Life, request_id: &str, outcome: Result<Vec<u8>, InvokeFailure>) -> Response<Bytes> {
    if life.dispatcher.settle(life.index, request_id, outcome) {
        return accepted();
    }
    respond(
        400,
        "application/json",
        r#"{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}"#,
    )
}

fn accepted() -> Response<Bytes> {
    respond(202, "application/json", r#"{"status":"OK"}"#)
}
