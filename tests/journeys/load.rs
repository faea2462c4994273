//! Load through the front door: 64 callers at once and everything that an app asks, the bank quick and the bank slow. No 5xx,
//! and memory and open files of the functions end where they began. `make load`; `LOAD_SECONDS` for each of the two.

use crate::{
    processes::{ALL, world_of_processes},
    world::{Person, World, measure, report},
};
use cloud::RuntimeApi;
use futures_util::future::join_all;
use serde_json::Value;
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

const CALLERS: usize = 64;
/// What a bank takes for an answer, about.
const SLOW_MS: u64 = 300;

/// What one process has now: resident KiB, open files.
type Held = (u64, usize);

/// By function and process id.
fn held(world: &World) -> BTreeMap<(String, String), Held> {
    let own = &world.environment["AWS_ENDPOINT_URL_DYNAMODB"];
    let mut all = BTreeMap::new();
    for process in fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path()) {
        let environ = fs::read(process.join("environ")).unwrap_or_default();
        let Ok(executable) = fs::read_link(process.join("exe")) else { continue };
        if !String::from_utf8_lossy(&environ).contains(own.as_str()) {
            continue;
        }
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
        let resident = resident.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        let files = fs::read_dir(process.join("fd")).map_or(0, Iterator::count);
        let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
        all.insert((name(&executable), name(&process)), (resident, files));
    }
    all
}

/// One caller until the time is over: reads, looks, starts, renews nothing, ends nothing of anybody else.
async fn caller(person: &Person<'_>, id: &str, until: Instant) -> BTreeMap<u16, usize> {
    let accounts = format!("/v1/consents/{id}/accounts");
    let listed = person.get(&accounts).await.expect(200);
    let account = listed["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let rows = format!("{accounts}/{account}/transactions?date_from=2026-01-01&date_to=2026-01-15");
    let mut statuses = BTreeMap::new();
    for turn in 0_usize.. {
        if Instant::now() >= until {
            break;
        }
        let answer = match turn % 8 {
            0 | 4 => person.get(&accounts).await,
            1 | 5 => person.get(&rows).await,
            2 => person.get(&format!("/v1/consents/{id}")).await,
            3 => person.get(&format!("/v1/consents/{id}/card-accounts")).await,
            6 => person.get("/v1/consents").await,
            _ => {
                // Start, sign, come back, activate, end: another consent beside the one that is read.
                let other = person.connect().await;
                person.call("DELETE", &format!("/v1/consents/{other}")).send().await
            }
        };
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    statuses
}

/// Milliseconds of a request that are ours, and all of them, each in the middle (p50), of what has been logged.
fn shares(lines: &[String]) -> (u64, u64) {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let took = lines.filter_map(|line| {
        let (took, bank) = (line["took_ms"].as_u64()?, at_the_bank(&line));
        (bank > 0).then_some((took.saturating_sub(bank), took))
    });
    let (mut own, mut all): (Vec<_>, Vec<_>) = took.unzip();
    own.sort_unstable();
    all.sort_unstable();
    (own.get(own.len() / 2).copied().unwrap_or(0), all.get(all.len() / 2).copied().unwrap_or(0))
}

/// Of reads the longest of the calls: where there are several they run side by side. Elsewhere one follows another.
fn at_the_bank(line: &Value) -> u64 {
    let times =
        line.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_ms") && *name != "took_ms");
    let longest = |time: &Value| match &time["Values"] {
        Value::Array(all) => all.iter().filter_map(whole).max(),
        _ => whole(time),
    };
    let longest = times.filter_map(|(_, time)| longest(time));
    let reads = line["route"].as_str().is_some_and(|route| route.contains("accounts"));
    if reads { longest.max().unwrap_or(0) } else { longest.sum() }
}

/// Whole milliseconds, however the number is written.
fn whole(number: &Value) -> Option<u64> {
    number.to_string().split('.').next()?.parse().ok()
}

/// One round of all callers, each with a consent of its own.
async fn round(callers: &[(Person<'_>, String)], runtime: &RuntimeApi, seconds: u64, name: &str) {
    let world = callers[0].0.world;
    // What grows with the first requests has grown.
    let warm = Instant::now() + Duration::from_secs(seconds / 4);
    join_all(callers.iter().map(|(person, id)| caller(person, id, warm))).await;
    let (before, logged) = (held(world), runtime.logs().len());
    let until = Instant::now() + Duration::from_secs(seconds);
    let all = join_all(callers.iter().map(|(person, id)| caller(person, id, until))).await;
    let after = held(world);
    let mut statuses = BTreeMap::new();
    all.into_iter().flatten().for_each(|(status, times)| *statuses.entry(status).or_insert(0) += times);
    let answers: usize = statuses.values().sum();
    let (own, took) = shares(&runtime.logs()[logged..]);
    report(&format!(
        "load, {name}: {statuses:?} in {seconds} s; p50 {took} ms at the function, {own} ms of it ours"
    ));
    assert!(statuses.keys().all(|status| matches!(status, 200 | 201 | 204)), "{name}: {statuses:?}");
    measure(
        &format!("load, {name}: milliseconds in the middle, ours of all"),
        format!("{own} of {took}"),
        "-",
        None,
    );
    assert!(before.keys().eq(after.keys()) && before.len() >= 5, "{name}: a process ended");
    for (process, (memory, files)) in &after {
        let (memory_before, files_before) = before[process];
        // Buffers of the largest answers come and go.
        assert!(
            *memory <= memory_before * 5 / 4 + 2048,
            "{name}: {process:?} {memory_before} → {memory} KiB"
        );
        assert!(*files <= files_before + 4, "{name}: {process:?} {files_before} → {files} files");
    }
    measure(
        &format!("load, {name}: answers without a 5xx"),
        answers,
        "64 callers, flat memory and files",
        None,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make load"]
async fn sixty_four_callers_at_once_meet_no_error_and_leave_nothing_behind() {
    let seconds = std::env::var("LOAD_SECONDS").ok().and_then(|given| given.parse().ok()).unwrap_or(60);
    let (world, runtime) = world_of_processes(ALL, 8).await;
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        let person = world.person();
        let id = person.connect().await;
        callers.push((person, id));
    }
    round(&callers, &runtime, seconds, "bank at 0 ms").await;
    let slow = Fault::Delay { ms: SLOW_MS };
    world.bank.fault(FaultOrder { times: u32::MAX, ..FaultOrder::next(CallKind::Any, slow) });
    round(&callers, &runtime, seconds, "bank at 300 ms").await;
    world.bank.clear_faults();
    // A sample: the search for so many secrets in so many lines would take longer than the load, and journeys search it all.
    let logs = runtime.logs();
    world.search(&logs[logs.len().saturating_sub(100)..]);
}
