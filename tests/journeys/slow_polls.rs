//! A poll that the bank takes longer for than its own pause between polls: what happens to the order, to the table or to
//! the bank meanwhile loses no tokens, touches no other order and keeps nobody from polling again.

use crate::{
    races::until,
    world::{Answer, Person, World, client::swedish},
};
use futures_util::future::join;
use simulated_bank::{CallKind, Fault, FaultOrder};

/// The next poll is acted on at once and answered after so many milliseconds.
fn slow(world: &World, ms: u64) {
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, Fault::HeaderStall { ms }));
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
