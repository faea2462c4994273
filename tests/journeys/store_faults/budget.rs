//! The table counts reads without the person: what it did and did not say is not done again.

use crate::world::World;
use cloud::{FaultKind, ProxyFault};
use simulated_bank::Away;

const COUNT: &str = "UpdateItem";

/// Reads without the person until one is refused; how many were answered.
async fn reads_left(world: &World, path: &str, anna: &crate::world::Person<'_>) -> usize {
    for read in 0..9 {
        let answer = anna.call("GET", path).send().await;
        if answer.status == 429 {
            answer.problem(429, "unattended_budget_exhausted");
            return read;
        }
        answer.expect(200);
    }
    panic!("no end of reads: {:?}", world.table_proxy.exchanges().last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counted_read_whose_count_was_executed_and_never_confirmed_counts_once() {
    let world = World::in_process().await;
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    // Whether an Allkort is among the cards is known from now on, so that lists of accounts leave the cards alone.
    anna.get(&path).await.expect(200);
    let lost =
        ProxyFault { operation: Some(COUNT.to_owned()), kind: FaultKind::AnswerLost, times: 1, skip: 0 };
    for read in 1..=4 {
        world.table_proxy.fault(lost.clone());
        let answer = anna.call("GET", &path).send().await;
        assert_eq!(answer.status, 200, "read {read}: {}", answer.text);
        assert!(answer.header("ratelimit").unwrap().contains(&format!("r={};", 4 - read)), "read {read}");
    }
    assert_eq!(reads_left(&world, &path, &anna).await, 0);
    assert!(world.table_proxy.count(COUNT) >= 9, "each was counted, and asked for once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_giving_back_was_executed_and_never_confirmed_gives_back_one_read() {
    assert_eq!(left_after_a_read_that_never_left(1).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_that_was_never_confirmed_may_be_an_earlier_one_and_is_not_given_back() {
    assert_eq!(left_after_a_read_that_never_left(0).await, 2);
}

/// One read; then one that cannot reach the bank, of which the table never confirms this update: the first counts, the
/// second gives back. What is left then.
async fn left_after_a_read_that_never_left(skip: u32) -> usize {
    let world = World::in_process().await;
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    anna.get(&path).await.expect(200);
    anna.call("GET", &path).send().await.expect(200);
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    world.bank.close_connections().await;
    let lost = ProxyFault { operation: Some(COUNT.to_owned()), kind: FaultKind::AnswerLost, times: 1, skip };
    world.table_proxy.fault(lost);
    anna.call("GET", &path).send().await.problem(503, "bank_unavailable");
    world.bank.change_switches(|switches| switches.away = None);
    // The bank is left alone for a while.
    world.pass(600_000);
    reads_left(&world, &path, &anna).await
}
