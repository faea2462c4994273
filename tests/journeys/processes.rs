//! The functions as processes of their own, as Lambda runs them: what holds between tasks of one process must hold
//! between processes.

use crate::world::{Setting, Stage, World, client::parameter};
use cloud::{FunctionProcess, RuntimeApi};
use futures_util::future::join_all;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

pub(crate) const FUNCTIONS: [&str; 5] =
    ["consent-start", "redirect-callback", "decoupled-poll", "account-fetch", "consent-manage"];

/// The debug build of a function beside this test's own binary.
pub(crate) fn binary(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let built = here.parent().and_then(|deps| deps.parent()).unwrap().join(name);
    assert!(built.exists(), "{name} is not built: `cargo build --workspace` comes before the tests");
    built
}

/// A world with so many processes of one function, and one of each other.
pub(crate) async fn world_of_processes(many: &str, instances: usize) -> (World, Arc<RuntimeApi>) {
    let stage = Stage::set(Setting::default()).await;
    let process = |name: &&str| FunctionProcess {
        instances: if *name == many { instances } else { 1 },
        environment: stage.environment.clone(),
        ..FunctionProcess::new(*name, binary(name))
    };
    let runtime = Arc::new(RuntimeApi::start(FUNCTIONS.iter().map(process).collect()).await.unwrap());
    let world = stage.open(Arc::clone(&runtime) as Arc<dyn cloud::Invoke>, Arc::new(Mutex::default())).await;
    (world, runtime)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_identical_callbacks_on_twenty_processes_spend_the_code_once() {
    let (world, runtime) = world_of_processes("redirect-callback", 20).await;
    let anna = world.person();
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    let browsers: Vec<_> = (0..20).map(|_| world.browser()).collect();
    let links = join_all(browsers.iter().map(|browser| browser.come_back(&location))).await;
    let first = links[0].location();
    let handle = parameter(&first, "handle");
    assert!(handle.is_some(), "{:?}", runtime.logs());
    assert!(links.iter().all(|link| link.location() == first), "twenty equal answers");
    assert_eq!(world.at_bank("token.authorization_code"), 1);
    assert_eq!(world.bank.ledger().code_reuses, 0);
    anna.activate(&started.id, &handle.unwrap()).await.expect(200);
    anna.get(&format!("/v1/consents/{}/accounts", started.id)).await.expect(200);
    let requests = runtime.logs_of("redirect-callback");
    let answered = requests.iter().filter(|line| line.contains(r#""route":"GET /v1/callback""#)).count();
    assert_eq!(answered, 20, "one line per request: {requests:?}");
    world.search(&runtime.logs());
}
