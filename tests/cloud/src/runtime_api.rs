//! The Lambda runtime API on localhost (AWS: "Using the Lambda runtime API for custom runtimes"): starts prebuilt
//! functions as processes, hands each one event at a time with a true deadline, and starts again what has died.
//!
//! Each process gets a runtime API of its own (one port), so that it is known which process holds which event, and a
//! test can kill, stop or thaw exactly that one.

mod dispatch;
mod process;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::invoke::{Invoke, InvokeFailure};
use crate::wire::locked;
use dispatch::Dispatcher;
use process::Instance;

/// A function as processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionProcess {
    /// The name that it is invoked by.
    pub name: String,
    /// The executable.
    pub command: PathBuf,
    /// Its arguments; functions have none.
    pub arguments: Vec<String>,
    /// How many processes.
    pub instances: usize,
    /// Environment variables beside those that Lambda sets itself. Nothing is inherited but `PATH`.
    pub environment: BTreeMap<String, String>,
    /// Milliseconds until an invocation is ended and its process killed, as Lambda does.
    pub timeout_ms: u64,
    /// Megabytes, told to the function and not enforced.
    pub memory_mb: u64,
}

impl FunctionProcess {
    /// One process, 25 s, 256 MB, no variables.
    pub fn new(name: impl Into<String>, command: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            command: command.into(),
            arguments: Vec::new(),
            instances: 1,
            environment: BTreeMap::new(),
            timeout_ms: 25_000,
            memory_mb: 256,
        }
    }
}

/// Running functions; dropping it kills their processes.
#[derive(Debug)]
pub struct RuntimeApi {
    functions: BTreeMap<String, Running>,
    logs: Logs,
}

/// Lines with the name of the function that wrote them.
type Logs = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Debug)]
struct Running {
    dispatcher: Arc<Dispatcher>,
    instances: Vec<Instance>,
}

impl RuntimeApi {
    /// Starts every process. It does not wait for them: an event that comes first waits in the queue.
    pub async fn start(functions: Vec<FunctionProcess>) -> io::Result<Self> {
        let logs = Logs::default();
        let mut running = BTreeMap::new();
        for function in functions {
            let dispatcher = Arc::new(Dispatcher::new(function.instances, function.timeout_ms));
            let mut instances = Vec::new();
            for index in 0..function.instances {
                instances.push(Instance::start(&function, index, dispatcher.clone(), logs.clone()).await?);
            }
            running.insert(function.name, Running { dispatcher, instances });
        }
        Ok(Self { functions: running, logs })
    }

    /// Instances of a function that have an event in hand.
    #[must_use]
    pub fn working(&self, function: &str) -> Vec<usize> {
        self.functions.get(function).map_or_else(Vec::new, |running| running.dispatcher.working())
    }

    /// Instances of a function that wait for an event.
    #[must_use]
    pub fn idle(&self, function: &str) -> Vec<usize> {
        self.functions.get(function).map_or_else(Vec::new, |running| running.dispatcher.idle())
    }

    /// Kills an instance (SIGKILL): its event fails, and it is started again. False when there is no such process.
    pub fn kill(&self, function: &str, instance: usize) -> bool {
        self.instance(function, instance).is_some_and(|instance| instance.signal("KILL"))
    }

    /// Stops an instance (SIGSTOP), as Lambda freezes an environment. It gets no event until it is thawed; the deadline
    /// of one that it has in hand goes on.
    pub fn stop(&self, function: &str, instance: usize) -> bool {
        let Some(running) = self.functions.get(function) else { return false };
        running.dispatcher.set_stopped(instance, true);
        self.instance(function, instance).is_some_and(|instance| instance.signal("STOP"))
    }

    /// Lets a stopped instance go on (SIGCONT).
    pub fn thaw(&self, function: &str, instance: usize) -> bool {
        let Some(running) = self.functions.get(function) else { return false };
        let thawed = self.instance(function, instance).is_some_and(|instance| instance.signal("CONT"));
        running.dispatcher.set_stopped(instance, false);
        thawed
    }

    /// The process of an instance, while there is one.
    #[must_use]
    pub fn pid(&self, function: &str, instance: usize) -> Option<u32> {
        self.instance(function, instance)?.pid()
    }

    /// How long the process of an instance took from its start to asking for its first event, once it has.
    #[must_use]
    pub fn init(&self, function: &str, instance: usize) -> Option<Duration> {
        self.instance(function, instance)?.init()
    }

    /// Ends an instance (SIGTERM), which may leave by itself; it is started again.
    pub fn end(&self, function: &str, instance: usize) -> bool {
        self.instance(function, instance).is_some_and(|instance| instance.signal("TERM"))
    }

    /// How often the processes of a function have been started again.
    #[must_use]
    pub fn restarts(&self, function: &str) -> usize {
        let running = self.functions.get(function);
        running.map_or(0, |running| running.instances.iter().map(Instance::restarts).sum())
    }

    /// Every line that the functions wrote to standard output and standard error.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        locked(&self.logs).iter().map(|(_, line)| line.clone()).collect()
    }

    /// The lines of one function.
    #[must_use]
    pub fn logs_of(&self, function: &str) -> Vec<String> {
        let logs = locked(&self.logs);
        logs.iter().filter(|(name, _)| name == function).map(|(_, line)| line.clone()).collect()
    }

    fn instance(&self, function: &str, instance: usize) -> Option<&Instance> {
        self.functions.get(function)?.instances.get(instance)
    }
}

impl Invoke for RuntimeApi {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let dispatcher = self.functions.get(function).map(|running| running.dispatcher.clone());
        let name = function.to_owned();
        Box::pin(async move {
            let dispatcher =
                dispatcher.ok_or_else(|| InvokeFailure::Service(format!("no function {name}")))?;
            dispatcher.invoke(event).await
        })
    }
}
