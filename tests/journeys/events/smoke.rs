//! What was built for Lambda, run as Lambda runs it: the bootstraps out of the release zips, as processes behind the
//! runtime API stand-in. `make smoke` unpacks the zips and names the folder in `BOOTSTRAPS`.

use super::{DemoWorld, MINUTE_MS, assert_as_expected, expected, read};
use crate::world::{World, report};
use cloud::{FunctionProcess, Invoke, RuntimeApi};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How long a bootstrap may take to ask for its first event: one that cannot run never does.
const PATIENCE: Duration = Duration::from_secs(30);

/// The functions out of the zips, once each has asked for an event.
async fn started(world: &World, functions: &BTreeSet<String>, folder: &Path) -> Arc<dyn Invoke> {
    let process = |name: &String| FunctionProcess {
        environment: world.environment.clone(),
        ..FunctionProcess::new(name.as_str(), folder.join(name).join("bootstrap"))
    };
    let runtime = RuntimeApi::start(functions.iter().map(process).collect()).await.unwrap();
    for name in functions {
        let asks = async {
            while runtime.idle(name).is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asks).await;
        assert!(asked.is_ok(), "{name} does not ask for an event: {:?}", runtime.logs_of(name).last());
    }
    Arc::new(runtime)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs release zips: make build, make smoke"]
async fn the_bootstraps_of_the_zips_answer_every_event() {
    let folder = PathBuf::from(std::env::var("BOOTSTRAPS").expect("BOOTSTRAPS names the unpacked zips"));
    let expected = expected();
    let functions: BTreeSet<String> = expected.values().map(|(function, _)| function.clone()).collect();
    assert_eq!(functions.len(), 5, "each function has an event");
    let start = async |world: &World| started(world, &functions, &folder).await;
    let demo = DemoWorld::new(read("consent-start-repeat"), start).await;
    demo.world.pass(30 * MINUTE_MS);
    assert_as_expected(&demo, expected.iter()).await;
    report(&format!(
        "{} events answered by {} bootstraps of {}",
        expected.len(),
        functions.len(),
        folder.display()
    ));
}
