//! A table that throttles, fails, or does what it was told and never says so.

mod budget;
mod everywhere;

use crate::world::{
    World,
    client::{fresh_key, parameter, swedish},
};
use cloud::{FaultKind, ProxyFault};

fn fault(kind: FaultKind, skip: u32, times: u32) -> ProxyFault {
    ProxyFault { operation: Some("PutItem".to_owned()), kind, times, skip }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_was_lost_is_recognised_and_not_reported_as_a_conflict() {
    let world = World::in_process().await;
    let anna = world.person();
    anna.connect().await;
    // A start writes twice: the claim and the settle.
    for skip in [0, 1] {
        world.table_proxy.fault(fault(FaultKind::AnswerLost, skip, 1));
        let (before, writes) = (world.at_bank("consents.create"), world.table_proxy.count("PutItem"));
        anna.post_keyed("/v1/consents", &swedish("redirect"), &fresh_key()).await.expect(201);
        assert_eq!(world.at_bank("consents.create") - before, 1, "write {skip}");
        let writes = world.table_proxy.count("PutItem") - writes;
        assert_eq!(writes, 3, "claim, settle and one retry that finds its own write");
    }
    // A callback too.
    for skip in [0, 1] {
        let started = anna.start_redirect().await;
        let location = world.browser().approve(&started.url, "se-anna").await;
        world.table_proxy.fault(fault(FaultKind::AnswerLost, skip, 1));
        let before = world.at_bank("token.authorization_code");
        let link = world.browser().come_back(&location).await.location();
        let handle = parameter(&link, "handle").unwrap_or_else(|| panic!("write {skip}: {link}"));
        assert_eq!(world.at_bank("token.authorization_code") - before, 1, "write {skip}");
        world.table_proxy.fault(fault(FaultKind::AnswerLost, 0, 1));
        anna.activate(&started.id, &handle).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_stays_away_is_a_503_that_can_be_repeated_and_nothing_was_asked_of_the_bank() {
    for kind in [FaultKind::Throttled, FaultKind::ServerError, FaultKind::RequestLost] {
        let world = World::in_process().await;
        let (anna, key) = (world.person(), fresh_key());
        anna.start_redirect().await;
        let before = world.bank.ledger().calls.len();
        world.table_proxy.fault(fault(kind, 0, 3));
        let problem = anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await;
        let problem = problem.problem(503, "service_unavailable");
        assert_eq!(problem["retryable"], true);
        assert_eq!(world.bank.ledger().calls.len(), before);
        anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_spent_at_the_bank_outlasts_a_table_that_is_away_for_longer_than_one_write_is_tried() {
    let world = World::in_process().await;
    let anna = world.person();
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    // The claim goes through; the settle's write fails through all tries of the SDK, and once more after that.
    world.table_proxy.fault(fault(FaultKind::Throttled, 1, 4));
    let link = world.browser().come_back(&location).await.location();
    let handle = parameter(&link, "handle").unwrap_or_else(|| panic!("{link}"));
    anna.activate(&started.id, &handle).await.expect(200);
    assert_eq!(world.at_bank("token.authorization_code"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_throttled_write_is_not_noticed() {
    let world = World::in_process().await;
    let anna = world.person();
    world.table_proxy.fault(fault(FaultKind::Throttled, 0, 1));
    anna.start_redirect().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_a_consent_stay_as_small_as_they_are_meant_to_be() {
    let world = World::in_process().await;
    let anna = world.person();
    anna.connect().await;
    anna.start_redirect().await;
    anna.start_decoupled().await;
    let started = anna.start_redirect().await;
    world.browser().sign(&started.url, "se-anna").await;
    let dump = world.dump().await;
    let mut seen = 0;
    for item in dump.as_array().unwrap().iter().filter(|item| item["sk"]["S"] == "consent") {
        let bytes = item_bytes(item);
        let active = item.to_string().contains("\"gz\"");
        assert!(bytes <= if active { 1024 } else { 4096 }, "{bytes} bytes: {item}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

/// The size that DynamoDB counts: names and values, binary as bytes, numbers at their longest.
fn item_bytes(item: &serde_json::Value) -> usize {
    let attributes = item.as_object().unwrap().iter();
    attributes
        .map(|(name, value)| {
            let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
            let text = value.as_str().map_or(1, str::len);
            name.len() + if kind == "B" { text / 4 * 3 } else { text }
        })
        .sum()
}
