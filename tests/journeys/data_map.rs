//! docs/data-map.md against what really rests: every kind of row and every attribute of it is listed, and what is listed
//! is written. (The attributes of a consent in all its states are compared in `shared/src/store/row/tests.rs`.)

use crate::world::{World, client::swedish};
use serde_json::Value;
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

type Rows = BTreeMap<String, BTreeSet<String>>;

/// Attributes by kind of row, as the page lists them.
fn documented() -> Rows {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/data-map.md");
    let page = std::fs::read_to_string(page).unwrap();
    let parts = page.split("\n## Row `").skip(1).map(|part| part.split("\n## ").next().unwrap());
    let row = |part: &str| {
        let (kind, table) = part.split_once('`').unwrap();
        let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
        let names = cells.flat_map(|cell| cell.split('`')).map(str::trim).filter(|name| !name.is_empty());
        (kind.to_owned(), names.map(str::to_owned).collect())
    };
    parts.map(row).collect()
}

/// Attributes by kind of row, as they rest; numbered ones by their pattern.
fn note(rows: &mut Rows, dump: &Value) {
    for item in dump.as_array().unwrap() {
        let kind = item["sk"]["S"].as_str().unwrap();
        let is_numbered = |name: &String| name.ends_with(|digit: char| digit.is_ascii_digit());
        let name = |name: &String| match (kind, name.len()) {
            ("starts", 2..=4) if name.starts_with('s') && is_numbered(name) => "s<n>".to_owned(),
            // A subject is seven characters of base64url, which may be digits themselves.
            ("budget", 8) if is_numbered(name) => "<subject><n>".to_owned(),
            ("budget", 8) if name.ends_with('w') => "<subject>w".to_owned(),
            _ => name.clone(),
        };
        rows.entry(kind.to_owned()).or_default().extend(item.as_object().unwrap().keys().map(name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_that_rests_is_in_the_data_map_with_every_attribute_and_nothing_else_is() {
    let world = World::in_process().await;
    let anna = world.person();
    let mut rows = Rows::new();
    // A claim that nobody settled: who fetches the application's own token.
    world.bank.fault(FaultOrder::next(CallKind::TokenClientCredentials, Fault::AnswerLost));
    anna.post("/v1/consents", &swedish("redirect")).await;
    note(&mut rows, &world.dump().await);
    world.pass(60_000);
    let id = anna.connect().await;
    anna.start_decoupled().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    anna.call("GET", &format!("/v1/consents/{id}/accounts")).send().await.expect(200);
    note(&mut rows, &world.dump().await);
    let (seen, listed) = (rows.keys().collect::<Vec<_>>(), documented());
    assert_eq!(seen, listed.keys().collect::<Vec<_>>(), "kinds of rows");
    for (kind, attributes) in &rows {
        // A consent is never in all its states at once.
        let unlisted: Vec<_> = attributes.difference(&listed[kind]).collect();
        assert!(unlisted.is_empty(), "{kind}: {unlisted:?} rests and is not listed");
        if kind != "consent" {
            assert_eq!(*attributes, listed[kind], "{kind}");
        }
    }
}
