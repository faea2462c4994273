//! What a function does between its start and its first event, and what is left for that one to do: `strace` lists every
//! file that is opened and every connection.

use crate::{
    processes::{FUNCTIONS, binary},
    world::{
        Setting, Stage, World,
        client::{ANNA, swedish},
        report,
    },
};
use cloud::{FunctionProcess, RuntimeApi};
use serde_json::json;
use simulated_bank::BankIdAction;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What the loader and the C library open before `main`, and Rust for the bounds of the main stack. Nothing of ours.
const BEFORE_MAIN: [&str; 5] = ["/etc/ld.so.cache", "/lib/", "/usr/lib/", "/proc/self/maps", "/lib64/"];

/// Connections that a function opens at the bank before its first event.
const AT_BANK: [(&str, usize); 5] = [
    ("consent-start", 1),
    ("redirect-callback", 1),
    ("decoupled-poll", 1),
    ("account-fetch", 2),
    ("consent-manage", 1),
];

/// Whether strace is here and may trace. In continuous integration it must be.
fn strace() -> bool {
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output()
        .is_ok_and(|run| run.status.success());
    assert!(
        works || std::env::var("CI").map_or(true, |ci| ci != "true"),
        "no strace (on Debian: apt-get install strace)"
    );
    works
}

/// One thing that a traced process did.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    Opened(String),
    Connected(String),
}

fn acts(trace: &Path) -> Vec<Act> {
    let text = std::fs::read_to_string(trace).unwrap();
    let act = |line: &str| {
        if let Some((_, call)) = line.split_once("openat(") {
            return Some(Act::Opened(call.split('"').nth(1)?.to_owned()));
        }
        let (_, call) = line.split_once("connect(")?;
        let port = call.split_once("htons(").and_then(|(_, rest)| rest.split_once(')'));
        let address = call.split_once("inet_addr(\"").and_then(|(_, rest)| rest.split_once('"'));
        Some(Act::Connected(match (address, port) {
            (Some((address, _)), Some((port, _))) => format!("{address}:{port}"),
            _ => call.to_owned(),
        }))
    };
    text.lines().filter_map(act).collect()
}

fn connected(acts: &[Act], url: &str) -> usize {
    let (_, address) = url.split_once("://").unwrap();
    acts.iter().filter(|act| matches!(act, Act::Connected(to) if to == address)).count()
}

/// A world whose functions run under strace, and where each one's trace is.
async fn traced_world() -> (World, Arc<RuntimeApi>, BTreeMap<&'static str, PathBuf>) {
    let stage = Stage::set(Setting::default()).await;
    let folder = std::env::temp_dir().join(format!("starting-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let traces: BTreeMap<_, _> = FUNCTIONS.into_iter().map(|name| (name, folder.join(name))).collect();
    let process = |(name, trace): (&&str, &PathBuf)| {
        let words = ["-f", "-e", "trace=openat,open,connect", "-o"].map(str::to_owned);
        let (trace, binary) = (trace.display().to_string(), binary(name).display().to_string());
        let arguments = words.into_iter().chain([trace, binary]).collect();
        let environment = stage.environment.clone();
        FunctionProcess { arguments, environment, ..FunctionProcess::new(*name, "strace") }
    };
    let runtime = Arc::new(RuntimeApi::start(traces.iter().map(process).collect()).await.unwrap());
    let world = stage.open(Arc::clone(&runtime) as Arc<dyn cloud::Invoke>, Arc::new(Mutex::default())).await;
    while FUNCTIONS.iter().any(|function| runtime.idle(function).is_empty()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (world, runtime, traces)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_starting_function_reads_no_file_asks_no_metadata_and_opens_what_its_first_event_needs() {
    if !strace() {
        report("test result: strace. 0 passed; 0 failed; 1 ignored (on Debian: apt-get install strace)");
        return;
    }
    let (world, _runtime, traces) = traced_world().await;
    let started = Instant::now();
    let before: BTreeMap<_, _> = traces.iter().map(|(name, trace)| (*name, acts(trace))).collect();
    for (function, bank) in AT_BANK {
        let acts = &before[function];
        let foreign = acts.iter().filter(|act| match act {
            Act::Opened(file) => !BEFORE_MAIN.iter().any(|known| file.starts_with(known)),
            Act::Connected(_) => false,
        });
        assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&Act>::new(), "{function} opened");
        let peers = [world.bank.api_url(), world.table_proxy.url(), world.secret_proxy.url()];
        let opened = peers.map(|peer| connected(acts, &peer));
        assert_eq!(opened, [bank, 1, 1], "{function}: bank, table, secret");
        let all = acts.iter().filter(|act| matches!(act, Act::Connected(_))).count();
        assert_eq!(all, bank + 2 + 1, "{function}: besides these only the runtime's own: {acts:?}");
    }
    first_events(&world).await;
    // What spends does not use a connection that was idle for 5 s: a machine that slow cannot show anything about these.
    let in_time = started.elapsed() < Duration::from_secs(4);
    for (function, bank) in AT_BANK {
        let acts = acts(&traces[function]);
        let again = connected(&acts, &world.bank.api_url()) - bank;
        let spends = !["account-fetch", "consent-manage"].contains(&function);
        assert!(again == 0 || spends && !in_time, "{function} opened another connection to the bank");
        assert_eq!(
            connected(&acts, &world.table_proxy.url()),
            1,
            "{function} opened another one to the table"
        );
        assert_eq!(connected(&acts, &world.secret_proxy.url()), 1);
    }
    if !in_time {
        report("starting functions: too slow a machine to see that what spends needs no new connection");
    }
}

/// The first events of each function's life, none with more than one call to the bank: a second one, right behind the
/// first, may open another connection while that of the first is on its way back into the pool.
async fn first_events(world: &World) {
    let (sanne, anna) = (world.person(), world.person());
    let redirect = json!({"method": "redirect", "app": "android"});
    let dutch = json!({"country": "NL", "psu_type": "individual", "authorization": redirect});
    let id = sanne.connect_as(&dutch, "nl-sanne").await;
    sanne.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    world.bank.bankid(BankIdAction::Approve);
    let registered = anna.start(&json!({"country": "SE", "psu_type": "individual"})).await;
    let order = json!({"method": "decoupled", "app": "android", "personal_number": ANNA});
    anna.post(&format!("/v1/consents/{}/authorization", registered.id), &order).await.expect(200);
    world.pass(2_500);
    anna.poll(&registered.id).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_starting_function_takes_the_shared_token_with_it_if_it_registers_consents() {
    let (world, runtime) = crate::processes::world_of_processes("consent-start", 1).await;
    let anna = world.person();
    anna.post("/v1/consents", &swedish("redirect")).await.expect(201);
    assert!(runtime.kill("consent-start", 0));
    let starts = runtime.restarts("consent-start");
    while runtime.restarts("consent-start") == starts || runtime.idle("consent-start").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = world.exchanges();
    anna.post("/v1/consents", &swedish("redirect")).await.expect(201);
    let after = world.exchanges();
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 2), "as in a process that has served before");
}
