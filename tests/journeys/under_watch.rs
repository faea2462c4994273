//! The same journeys again, with the functions under `cargo lambda watch`: other processes, a runtime, a deadline in 1970,
//! and one world for all of them, one after another.

use crate::{
    account_fetch, attacks, budget, consent_manage, consent_start, decoupled_poll, redirect_callback,
    renewal, timeline,
    world::{Journey, Setting, Stage, World},
};
use cloud::{CargoLambda, Watch, WatchOptions};
use std::{
    io::Write as _,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// How long the first call of a function may take, which may have to compile it.
const PATIENCE: Duration = Duration::from_secs(600);

fn journeys() -> impl Iterator<Item = &'static (&'static str, Journey)> {
    [
        consent_start::JOURNEYS,
        redirect_callback::JOURNEYS,
        decoupled_poll::JOURNEYS,
        account_fetch::JOURNEYS,
        consent_manage::JOURNEYS,
        attacks::JOURNEYS,
        budget::JOURNEYS,
        renewal::JOURNEYS,
        timeline::JOURNEYS,
    ]
    .into_iter()
    .flatten()
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn options(stage: &Stage) -> WatchOptions {
    let cargo_lambda = std::env::var("CARGO_LAMBDA").map(PathBuf::from);
    let cargo_lambda = cargo_lambda.unwrap_or_else(|_| checkout().join(".tools/bin/cargo-lambda"));
    assert!(cargo_lambda.exists(), "{}: `make tools` installs it", cargo_lambda.display());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = checkout().join("target/under-watch");
    std::fs::create_dir_all(&folder).unwrap();
    WatchOptions {
        cargo_lambda,
        workspace: checkout(),
        port: free.local_addr().unwrap().port(),
        environment: stage.environment.clone(),
        folder,
        concurrency: 4,
    }
}

/// Until each function has answered once: whatever it says, as long as it is not the gateway that says it.
async fn until_ready(world: &World) {
    let anna = world.person();
    let start = Instant::now();
    for (method, path) in [
        ("POST", "/v1/consents"),
        ("GET", "/v1/callback"),
        ("POST", "/v1/consents/none/authorization/poll"),
        ("GET", "/v1/consents/none/accounts"),
        ("GET", "/v1/consents/none"),
    ] {
        while anna.call(method, path).send().await.status >= 500 {
            assert!(start.elapsed() < PATIENCE, "{method} {path} does not answer");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_journeys_pass_under_cargo_lambda_watch() {
    let stage = Stage::set(Setting::default()).await;
    let options = options(&stage);
    let mut watch = Watch::start(&options).unwrap();
    let invoke = CargoLambda::new(format!("http://127.0.0.1:{}", options.port));
    let world = stage.open(Arc::new(invoke), Arc::new(Mutex::default())).await;
    until_ready(&world).await;
    let mut failed = Vec::new();
    let mut passed = 0;
    for (name, journey) in journeys() {
        world.bank.clear_faults();
        // All of them use one customer, whose last order may still be running.
        world.pass(3 * 60_000);
        let run = AssertUnwindSafe(journey(&world));
        match futures_util::FutureExt::catch_unwind(run).await {
            Ok(()) => passed += 1,
            Err(_) => failed.push(*name),
        }
    }
    watch.stop().await;
    let log = std::fs::read_to_string(watch.log()).unwrap();
    let lines: Vec<String> = log.lines().map(str::to_owned).collect();
    // Past the test runner, which swallows what passing tests print.
    let counted = format!("{passed} journeys passed under cargo lambda watch, {} failed\n", failed.len());
    std::io::stderr().write_all(counted.as_bytes()).unwrap();
    assert!(failed.is_empty(), "under cargo lambda watch: {failed:?}");
    assert!(lines.iter().filter(|line| line.contains(r#""trace_id""#)).count() > 100, "the log was searched");
    world.search(&lines);
    world.search_table().await;
}
