//! What was built for Lambda, run as Lambda runs it: the bootstraps out of the release zips, as processes behind the
//! runtime API stand-in. `make smoke` unpacks the zips and names the folder in `BOOTSTRAPS`.

use super::{DemoWorld, MINUTE_MS, assert_as_expected, expected, read};
use crate::world::{World, report};
use cloud::{FunctionProcess, Invoke, RuntimeApi};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs release zips: make build, make smoke"]
async fn the_bootstraps_of_the_zips_answer_every_event() {
    let folder = PathBuf::from(std::env::var("BOOTSTRAPS").expect("BOOTSTRAPS names the unpacked zips"));
    let expected = expected();
    let functions: BTreeSet<&String> = expected.values().map(|(function, _)| function).collect();
    assert_eq!(functions.len(), 5, "each function has an event");
    let process = |world: &World, name: &String| FunctionProcess {
        environment: world.environment.clone(),
        ..FunctionProcess::new(name.as_str(), folder.join(name).join("bootstrap"))
    };
    let demo = DemoWorld::new(read("consent-start-repeat"), |world| {
        let processes = functions.iter().map(|name| process(world, name)).collect();
        async {
            let runtime: Arc<dyn Invoke> = Arc::new(RuntimeApi::start(processes).await.unwrap());
            runtime
        }
    });
    let demo = demo.await;
    demo.world.pass(30 * MINUTE_MS);
    assert_as_expected(&demo, expected.iter()).await;
    report(&format!(
        "{} events answered by {} bootstraps of {}",
        expected.len(),
        functions.len(),
        folder.display()
    ));
}
