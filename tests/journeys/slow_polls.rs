//! A poll that the bank takes longer for than its own pause between polls: what happens to the order, to the table or to
//! the bank meanwhile loses no tokens, touches no other order and keeps nobody from polling again.

use crate::{
    races::until,
    world::{Answer, Person, World, client::swedish},
};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join;
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder, PollOutcome};

/// The next poll is acted on at once and answered after so many milliseconds.
fn slow(world: &World, ms: u64) {
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, Fault::HeaderStall { ms }));
}

/// A BankID order whose first poll may come.
async fn ordered(person: &Person<'_>) -> String {
    let order = person.start_decoupled().await;
    person.world.pass(2_500);
    order["consent_id"].as_str().unwrap().to_owned()
}

/// Polls slowly, and does something else once the slow poll holds back the next one.
async fn poll_and<T>(person: &Person<'_>, id: &str, meanwhile: impl Future<Output = T>) -> (Answer, T) {
    let table = &person.world.table_proxy;
    let before = table.count("PutItem");
    let meanwhile = async {
        until("the slow poll holds the order", || table.count("PutItem") >= before + 2).await;
        meanwhile.await
    };
    join(person.poll(id), meanwhile).await
}

fn counted(world: &World, metric: &str) -> usize {
    world.lines.lock().unwrap().iter().filter(|line| line.contains(&format!(r#""{metric}":1"#))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_away_while_tokens_are_on_their_way_loses_none_of_them() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = ordered(&anna).await;
    world.bank.bankid(BankIdAction::Approve);
    slow(&world, 3_000);
    // The read and the claim go through; nothing else does, longer than two operations are tried.
    world.table_proxy.fault(ProxyFault { operation: None, kind: FaultKind::ServerError, times: 7, skip: 2 });
    assert_eq!(anna.poll(&id).await.expect(200)["status"], "active");
    assert_eq!(world.at_bank("decoupled.poll"), 1);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(counted(&world, "tokens_dropped"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_an_order_that_was_cancelled_while_they_came_are_dropped_and_counted() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = ordered(&anna).await;
    world.bank.bankid(BankIdAction::Approve);
    slow(&world, 3_000);
    let path = format!("/v1/consents/{id}/authorization");
    let cancel = async { anna.call("DELETE", &path).send().await };
    let (polled, cancelled) = poll_and(&anna, &id, cancel).await;
    assert_eq!(cancelled.status, 204);
    assert_eq!(polled.expect(200)["status_reason"], "cancelled");
    assert_eq!(counted(&world, "tokens_dropped"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_about_a_cancelled_order_changes_nothing_of_the_next_one() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}/authorization");
    let wish = swedish("decoupled")["authorization"].clone();
    anna.post(&path, &wish).await.expect(200);
    world.pass(2_500);
    slow(&world, 6_000);
    let next = async {
        assert_eq!(anna.call("DELETE", &path).send().await.status, 204);
        anna.post(&path, &wish).await.expect(200)
    };
    let (late, next) = poll_and(&anna, &id, next).await;
    assert_eq!(late.expect(200)["authorization"]["state"], "awaiting_approval", "as it stands now");
    // The pause of the next order counts from its own start, not from an answer that came six seconds later.
    let standing = anna.poll(&id).await.expect(200);
    assert!((1..6_000).contains(&standing["poll_after_ms"].as_i64().unwrap()), "{standing} after {next}");
    assert_eq!(world.at_bank("decoupled.poll"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_poll_that_ends_in_an_error_lets_the_next_one_through_after_the_banks_pause() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = ordered(&anna).await;
    // From the second on the bank says the same again, so that there is nothing new to be noted.
    for polls in 1..=3 {
        world.bank.poll_outcomes([PollOutcome::Error { error: "a_new_word".to_owned() }]);
        slow(&world, 1_500);
        anna.poll(&id).await.problem(502, "bank_unrecognised");
        assert_eq!(world.at_bank("decoupled.poll"), polls);
        world.pass(5_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_poll_whose_answer_is_lost_lets_the_next_one_through_after_the_banks_pause() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = ordered(&anna).await;
    slow(&world, 60_000);
    let (lost, ()) = poll_and(&anna, &id, world.bank.close_connections()).await;
    lost.problem(502, "bank_answer_lost");
    world.bank.bankid(BankIdAction::Approve);
    world.pass(6_000);
    assert_eq!(anna.poll(&id).await.expect(200)["status"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_never_answers_a_cancel_keeps_nobody_waiting_for_it() {
    let world = World::in_process().await;
    let anna = world.person();
    let hang = FaultOrder::next(CallKind::DecoupledCancel, Fault::HeaderStall { ms: 60_000 });
    world.bank.fault(FaultOrder { times: 3, ..hang });
    anna.start_decoupled().await;
    let patient = |what: &'static str, began: std::time::Instant| {
        let took = began.elapsed();
        assert!(took.as_secs() < 8, "{what} took {took:?}");
    };
    let began = std::time::Instant::now();
    let newer = anna.start_decoupled().await;
    patient("a start that supersedes another", began);
    let path = format!("/v1/consents/{}", newer["consent_id"].as_str().unwrap());
    let began = std::time::Instant::now();
    assert_eq!(anna.call("DELETE", &format!("{path}/authorization")).send().await.status, 204);
    patient("a cancel", began);
    let last = anna.start_decoupled().await;
    let path = format!("/v1/consents/{}", last["consent_id"].as_str().unwrap());
    let began = std::time::Instant::now();
    assert_eq!(anna.call("DELETE", &path).send().await.status, 204);
    patient("a revocation", began);
    assert_eq!((world.at_bank("decoupled.cancel"), counted(&world, "cancel_failures")), (3, 3));
}
