//! A table that fails while a BankID start is claimed: nothing counts twice, and nothing counts that did not happen.

use super::{counted, live_orders, registered, with_defaults};
use crate::world::{
    World,
    client::{Person, fresh_key, swedish},
};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join;
use serde_json::Value;

fn fault(world: &World, kind: FaultKind, times: u32) {
    let operation = Some("TransactWriteItems".to_owned());
    world.table_proxy.fault(ProxyFault { operation, kind, times, skip: 0 });
}

/// Both ways to start with BankID: path, body, status.
async fn both(person: &Person<'_>) -> [(String, Value, u16); 2] {
    let path = format!("/v1/consents/{}/authorization", person.start(&registered()).await.id);
    let body = swedish("decoupled");
    let wish = body["authorization"].clone();
    [("/v1/consents".to_owned(), body, 201), (path, wish, 200)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fault_of_any_kind_is_not_noticed_and_counts_once() {
    for kind in [
        FaultKind::Throttled,
        FaultKind::ServerError,
        FaultKind::RequestLost,
        FaultKind::Reset,
        FaultKind::AnswerLost,
        FaultKind::Conflict,
    ] {
        let world = with_defaults().await;
        let anna = world.person();
        for (starts, (path, body, status)) in both(&anna).await.into_iter().enumerate() {
            let starts = starts + 1;
            let (inits, sent) =
                (world.at_bank("decoupled.init"), world.table_proxy.count("TransactWriteItems"));
            fault(&world, kind, 1);
            let answer = anna.post(&path, &body).await.expect(status);
            assert_eq!(answer["status"], "awaiting_approval", "{kind:?} {path}");
            assert_eq!(world.at_bank("decoupled.init") - inits, 1, "{kind:?} {path}");
            assert_eq!(counted(&world).await, [starts, starts], "{kind:?} {path}");
            let sent = world.table_proxy.count("TransactWriteItems") - sent;
            assert!(sent >= 2, "{kind:?} {path}: the fault struck");
            assert_eq!(live_orders(&world), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_stays_away_is_a_503_and_nothing_was_counted_or_asked() {
    for (kind, times) in [(FaultKind::Throttled, 3), (FaultKind::RequestLost, 3), (FaultKind::Conflict, 6)] {
        let world = with_defaults().await;
        let (anna, key) = (world.person(), fresh_key());
        for (starts, (path, body, status)) in both(&anna).await.into_iter().enumerate() {
            let before = world.bank.ledger().calls.len();
            fault(&world, kind, times);
            let problem = anna.post_keyed(&path, &body, &key).await.problem(503, "service_unavailable");
            assert_eq!(problem["retryable"], true);
            assert_eq!(world.bank.ledger().calls.len(), before, "{kind:?} {path}");
            assert_eq!(counted(&world).await, vec![starts; 2 * starts.min(1)], "{kind:?} {path}");
            anna.post_keyed(&path, &body, &key).await.expect(status);
            assert_eq!(counted(&world).await, [starts + 1; 2], "{kind:?} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_answers_were_all_lost_counts_once_and_ends_by_itself() {
    let world = with_defaults().await;
    let (anna, key) = (world.person(), fresh_key());
    fault(&world, FaultKind::AnswerLost, 3);
    let body = swedish("decoupled");
    anna.post_keyed("/v1/consents", &body, &key).await.problem(503, "service_unavailable");
    assert_eq!((counted(&world).await, world.at_bank("decoupled.init")), (vec![1, 1], 0));
    anna.post_keyed("/v1/consents", &body, &key).await.problem(409, "start_in_flight");
    world.pass(60_000);
    anna.post_keyed("/v1/consents", &body, &key).await.problem(502, "start_unknown");
    assert_eq!(counted(&world).await, [1, 1]);
    world.person().start_decoupled().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_write_that_meets_a_transaction_is_sent_again() {
    let world = with_defaults().await;
    let anna = world.person();
    let operation = Some("PutItem".to_owned());
    world.table_proxy.fault(ProxyFault { operation, kind: FaultKind::Conflict, times: 2, skip: 0 });
    anna.start_redirect().await;
    assert_eq!(world.table_proxy.count("PutItem"), 4, "claim, settle, and two that met a transaction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_twin_of_a_choice_that_comes_late_to_the_table_does_not_count_and_starts_no_order() {
    let world = with_defaults().await;
    let (anna, key) = (world.person(), fresh_key());
    let path = format!("/v1/consents/{}/authorization", anna.start(&registered()).await.id);
    let wish = swedish("decoupled")["authorization"].clone();
    // Whichever of the two comes first is held up until the other has its order, or nearly so.
    fault(&world, FaultKind::Slow(800), 1);
    let twins = join(anna.post_keyed(&path, &wish, &key), anna.post_keyed(&path, &wish, &key)).await;
    let begun = [&twins.0, &twins.1].into_iter().filter(|twin| twin.status == 200).count();
    let in_flight = [&twins.0, &twins.1].into_iter().filter(|twin| twin.text.contains("start_in_flight"));
    assert!(begun >= 1 && begun + in_flight.count() == 2, "{twins:?}");
    assert_eq!((counted(&world).await, world.at_bank("decoupled.init")), (vec![1, 1], 1));
}
