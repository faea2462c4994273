//! A function that is measured: one process, fed with events by the stand-in for Lambda, watched through `/proc`.

use crate::{Outcome, stage::Stage, stage::binary};
use cloud::{FunctionProcess, Invoke, RuntimeApi};
use serde_json::Value;
use std::{
    fs,
    time::{Duration, Instant},
};

pub(crate) struct Running {
    pub(crate) runtime: RuntimeApi,
    name: String,
}

impl Running {
    /// Starts it and waits until it asks for its first event. Before its command, if wanted, another with its arguments.
    pub(crate) async fn start(stage: &Stage, name: &str, under: &[String]) -> Outcome<Self> {
        Self::many(stage, name, 1, under).await
    }

    pub(crate) async fn many(stage: &Stage, name: &str, instances: usize, under: &[String]) -> Outcome<Self> {
        let own = binary(name)?.display().to_string();
        let mut words = under.iter().cloned().chain([own]);
        let command = words.next().unwrap_or_default();
        let (environment, arguments) = (stage.environment.clone(), words.collect());
        let function =
            FunctionProcess { environment, arguments, instances, ..FunctionProcess::new(name, command) };
        let running = Self { runtime: RuntimeApi::start(vec![function]).await?, name: name.to_owned() };
        running.wait(instances).await?;
        Ok(running)
    }

    async fn wait(&self, instances: usize) -> Outcome<()> {
        let began = Instant::now();
        while self.runtime.idle(&self.name).len() < instances {
            if began.elapsed() > Duration::from_secs(60) {
                return Err(format!("{} does not start: {:?}", self.name, self.runtime.logs()).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// From its start to its asking for an event.
    pub(crate) fn init(&self) -> Outcome<Duration> {
        self.runtime.init(&self.name, 0).ok_or_else(|| "it has not started".into())
    }

    /// Serves one event; how long that took. Whatever is no success ends the measurement.
    pub(crate) async fn serve(&self, event: &[u8]) -> Outcome<Duration> {
        let event = event.to_vec();
        let began = Instant::now();
        let answer = self.runtime.invoke(&self.name, event).await;
        let took = began.elapsed();
        let answer: Value = serde_json::from_slice(&answer.map_err(|failure| format!("{failure:?}"))?)?;
        match answer["statusCode"].as_u64() {
            Some(200..400) => Ok(took),
            _ => Err(format!("{}: {answer}", self.name).into()),
        }
    }

    /// CPU time of all its threads so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid()?))? {
            let spent = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += spent.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The most that was resident at any time, and what of it is its own now (not shared with the file), in KiB.
    pub(crate) fn memory(&self) -> Outcome<(usize, usize)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let field = |name: &str| -> Outcome<usize> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such field")?;
            Ok(line.trim().trim_end_matches(" kB").parse()?)
        };
        Ok((field("VmHWM:")?, field("RssAnon:")?))
    }

    /// Bytes that it has printed.
    pub(crate) fn printed(&self) -> usize {
        self.runtime.logs_of(&self.name).iter().map(|line| line.len() + 1).sum()
    }

    pub(crate) fn pid(&self) -> Outcome<u32> {
        self.runtime.pid(&self.name, 0).ok_or_else(|| "no process".into())
    }
}
