//! The files of `events/`: payload-2.0 events as API Gateway sends them, for `cargo lambda invoke` against `make local`.
//! Each gives its status of `expected.json` whenever it is sent, however often and in whatever order.

mod demo_world;
mod smoke;

use crate::world::{World, in_process::InProcess};
use cloud::{Invoke, Template};
use demo_world::DemoWorld;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(stem: &str) -> Value {
    let file = checkout().join("events").join(format!("{stem}.json"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Function and status by the name of the file without `.json`.
fn expected() -> BTreeMap<String, (String, u16)> {
    let entry = |(stem, entry): (&String, &Value)| {
        let why = entry["why"].as_str().unwrap_or_default();
        assert!(why.ends_with('.'), "{stem}: a sentence says why");
        let status = entry["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap();
        (stem.clone(), (entry["function"].as_str().unwrap().to_owned(), status))
    };
    read("expected").as_object().unwrap().iter().map(entry).collect()
}

#[test]
fn every_event_file_is_expected_and_every_expected_event_has_a_file() {
    let files = std::fs::read_dir(checkout().join("events")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let expected = expected();
    let wanted = expected.keys().map(String::as_str).chain(["expected"]);
    assert_eq!(files, wanted.map(|stem| format!("{stem}.json")).collect());
}

#[test]
fn an_event_file_is_named_after_its_function_and_takes_one_of_its_routes() {
    let template = Template::read(&checkout().join("template.yaml"), BTreeMap::new()).unwrap();
    let routes = template.routes().unwrap();
    let mut unserved: BTreeSet<String> = routes.iter().map(cloud::template::Route::key).collect();
    for (stem, (function, _)) in expected() {
        assert!(stem.starts_with(&format!("{function}-")), "{stem} is not of {function}");
        let event = read(&stem);
        let key = event["routeKey"].as_str().unwrap();
        assert_eq!(event["requestContext"]["routeKey"], key, "{stem}");
        let route = routes.iter().find(|route| route.key() == key && route.function == function);
        let route = route.unwrap_or_else(|| panic!("{stem}: {function} has no route {key}"));
        let parameters = event["pathParameters"].as_object().into_iter().flatten();
        let path = parameters.fold(route.path.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value.as_str().unwrap())
        });
        assert_eq!(event["rawPath"], path.as_str(), "{stem}");
        unserved.remove(key);
    }
    assert_eq!(unserved, BTreeSet::new(), "each route has an event file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_file_gives_its_status_however_often_and_however_late_it_is_sent() {
    let in_process = async |world: &World| {
        let functions: Arc<dyn Invoke> = Arc::new(InProcess::new(&world.environment, &world.lines));
        functions
    };
    let demo = DemoWorld::new(read("consent-start-repeat"), in_process).await;
    demo.world.pass(30 * MINUTE_MS);
    let expected = expected();
    assert_as_expected(&demo, expected.iter()).await;
    assert_as_expected(&demo, expected.iter().rev()).await;
    // By the bank's clock the access tokens are long over, by the events' they are not.
    demo.world.pass(2 * DAY_MS);
    assert_as_expected(&demo, expected.iter().chain(expected.iter().rev())).await;
    assert_eq!(demo.world.at_bank("consents.create"), 3, "no event has registered a consent of its own");
    assert_eq!(demo.world.at_bank("token.authorization_code"), 1, "no event has spent a code");
    assert_eq!(demo.world.bank.ledger().refreshes_refused, 0);
    demo.world.search_table().await;
}

async fn assert_as_expected(
    demo: &DemoWorld,
    events: impl Iterator<Item = (&String, &(String, u16))> + Send,
) {
    for (stem, (function, status)) in events {
        let (answered, body) = demo.send(function, &read(stem)).await;
        assert_eq!(answered, *status, "{stem}: {body}");
    }
}
