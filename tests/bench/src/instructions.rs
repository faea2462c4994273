//! Instructions that a function executes, counted by `valgrind --tool=callgrind`: the same on every machine of a kind, however
//! busy it is.

use crate::{
    Outcome,
    contestants::{Contestant, Standing},
    running::Running,
    stage::Stage,
    table::keep,
};
use std::{fmt::Write as _, fs, path::PathBuf, process::Command, time::Duration};

/// Warm requests beside the first one.
const WARM: u64 = 20;

/// Counts for all functions, or for one, writes the table down, and returns it. What callgrind wrote stays in
/// `target/bench/callgrind/`.
///
/// # Errors
/// If a function answers anything but success, or leaves no count behind.
pub(crate) async fn measured(only: Option<&str>) -> Outcome<String> {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|said| said.status.success()) {
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err("no valgrind (on Debian: apt-get install valgrind)".into());
        }
        let said = "Skipped: there is no valgrind here (on Debian: apt-get install valgrind).\n";
        keep("instructions", said)?;
        return Ok(said.to_owned());
    }
    let stage = Stage::set(|_| ()).await?;
    let standing = Standing::made(&stage).await?;
    let mut table = String::from(HEAD);
    for contestant in Contestant::ALL {
        if contestant == Contestant::FloorAgain || only.is_some_and(|only| only != contestant.function()) {
            continue;
        }
        let init = executed(&stage, &standing, contestant, 0).await?;
        let first = executed(&stage, &standing, contestant, 1).await?;
        let more = executed(&stage, &standing, contestant, 1 + WARM).await?;
        let thousands = |count: u64| format!("{}", count / 1000);
        let (first, warm) = (first.saturating_sub(init), more.saturating_sub(first) / WARM);
        writeln!(
            table,
            "| `{}` | {} | {} | {} | {} |",
            contestant.function(),
            contestant.request(),
            thousands(init),
            thousands(first),
            thousands(warm)
        )?;
    }
    keep("instructions", &table)?;
    Ok(table)
}

const HEAD: &str = "\
Thousands of instructions, counted by callgrind. *Init* includes the loader; *first* and *warm* are one request each.

| function | request | init | first | warm |
|---|---|---:|---:|---:|
";

/// A process from its start to its end after so many requests.
async fn executed(stage: &Stage, standing: &Standing, contestant: Contestant, requests: u64) -> Outcome<u64> {
    let folder = PathBuf::from(format!("target/bench/callgrind/{}-{requests}", contestant.function()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let out = format!("--callgrind-out-file={}/%p", folder.display());
    let under = ["valgrind", "--quiet", "--tool=callgrind", &out].map(str::to_owned);
    let mut event = contestant.event(stage, standing).await?;
    let running = Running::start(stage, contestant.function(), &under).await?;
    let file = folder.join(running.pid()?.to_string());
    for request in 0..requests {
        if request > 0 {
            event = contestant.event(stage, standing).await?;
        }
        running.serve(&event).await?;
    }
    running.runtime.end(contestant.function(), 0);
    for _ in 0..1000 {
        let text = fs::read_to_string(&file).unwrap_or_default();
        if let Some(total) = text.lines().rev().find_map(|line| line.strip_prefix("totals: ")) {
            return Ok(total.split(' ').next().unwrap_or_default().parse()?);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("{} has no count", file.display()).into())
}
