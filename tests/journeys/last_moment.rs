//! A request that has no time left is answered before the runtime would kill it, and what it did is said.

use crate::world::{Person, World};
use cloud::{FaultKind, ProxyFault};

/// So little time that one silent table is too much.
const HURRIED: [(&str, &str); 1] = [("FUNCTION_TIMEOUT_MS", "2500")];
const USUAL: [(&str, &str); 1] = [("FUNCTION_TIMEOUT_MS", "25000")];

fn silence(operation: Option<&str>) -> ProxyFault {
    let operation = operation.map(str::to_owned);
    ProxyFault { operation, kind: FaultKind::Slow(20_000), times: 99, skip: 0 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_keeps_silent_longer_than_there_is_time_for_is_answered_in_time() {
    let mut world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    let spec = anna.spec;
    world.reconfigure(&HURRIED).await;
    let anna = Person { world: &world, spec };
    world.table_proxy.fault(silence(None));
    let answer = anna.get(&format!("/v1/consents/{id}/accounts")).await;
    assert!(answer.header("retry-after").is_some());
    answer.problem(503, "out_of_time");
    let page = world.browser().come_back(&location).await;
    assert_eq!((page.status, page.header("content-type")), (503, Some("text/html; charset=utf-8")));
    world.table_proxy.reset();
    let spec = anna.spec;
    world.reconfigure(&USUAL).await;
    let anna = Person { world: &world, spec };
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert!(world.browser().come_back(&location).await.location().contains("outcome=signed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_was_made_and_could_not_be_handed_on_in_time_has_its_audit_line() {
    let mut world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let spec = anna.spec;
    world.reconfigure(&HURRIED).await;
    let anna = Person { world: &world, spec };
    let before = world.lines.lock().unwrap().len();
    // What the bank calls the accounts is written down behind the read.
    for operation in ["UpdateItem", "PutItem", "TransactWriteItems"] {
        world.table_proxy.fault(silence(Some(operation)));
    }
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(503, "out_of_time");
    assert_eq!(world.at_bank("accounts.list"), 1);
    let lines = world.lines.lock().unwrap();
    let audits = lines[before..].iter().filter(|line| line.contains(r#""audit":"accounts""#)).count();
    assert_eq!(audits, 1, "{:#?}", &lines[before..]);
}
