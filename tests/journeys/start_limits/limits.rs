//! Three starts in five minutes and ten in a day, for one owner and for one number.

use super::{FRIDA, NILS, TOM, assert_retry_after, counted, registered, start_for, with_defaults};
use crate::world::client::{ANNA, fresh_key, swedish};
use futures_util::future::join_all;

const MINUTE_MS: i64 = 60_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fourth_start_in_five_minutes_is_refused_until_there_is_room_and_the_bank_is_not_asked() {
    let world = with_defaults().await;
    let anna = world.person();
    for _ in 0..3 {
        anna.start_decoupled().await;
        world.pass(MINUTE_MS);
    }
    let (calls, key) = (world.bank.ledger().calls.len(), fresh_key());
    let refused = anna.post_keyed("/v1/consents", &swedish("decoupled"), &key).await;
    assert_retry_after(&refused, 2 * 60);
    let problem = refused.problem(429, "start_limited");
    assert_eq!((&problem["action_by"], &problem["retryable"]), (&"psu".into(), &true.into()));
    assert_eq!(world.bank.ledger().calls.len(), calls);
    world.pass(2 * MINUTE_MS + 30_000);
    anna.post_keyed("/v1/consents", &swedish("decoupled"), &key).await.expect(201);
    assert_retry_after(&anna.post("/v1/consents", &swedish("decoupled")).await, 30);
    world.search_table().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_start_ends_nothing_that_is_under_way() {
    let world = with_defaults().await;
    let anna = world.person();
    for _ in 0..2 {
        anna.start_decoupled().await;
    }
    let last = anna.start_decoupled().await;
    anna.post("/v1/consents", &swedish("decoupled")).await.problem(429, "start_limited");
    let path = format!("/v1/consents/{}", last["consent_id"].as_str().unwrap());
    assert_eq!(anna.get(&path).await.expect(200)["status"], "awaiting_approval");
    assert_eq!(super::live_orders(&world), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_eleventh_start_in_a_day_is_refused_until_the_first_is_a_day_old() {
    let world = with_defaults().await;
    let anna = world.person();
    for _ in 0..10 {
        anna.start_decoupled().await;
        world.pass(10 * MINUTE_MS);
    }
    assert_eq!(counted(&world).await, [10, 10]);
    let refused = anna.post("/v1/consents", &swedish("decoupled")).await;
    assert_retry_after(&refused, 24 * 3600 - 100 * 60);
    refused.problem(429, "start_limited");
    world.pass((24 * 60 - 100) * MINUTE_MS + 30_000);
    anna.start_decoupled().await;
    anna.post("/v1/consents", &swedish("decoupled")).await.problem(429, "start_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_limited_whatever_numbers_are_named() {
    let world = with_defaults().await;
    let anna = world.person();
    for number in [ANNA, TOM, FRIDA] {
        anna.start(&start_for(number)).await;
    }
    let before = world.at_bank("decoupled.init");
    anna.post("/v1/consents", &start_for(NILS)).await.problem(429, "start_limited");
    let other = world.person();
    other.post("/v1/consents", &start_for(NILS)).await.problem(409, "bankid_not_activated");
    assert_eq!(world.at_bank("decoupled.init") - before, 1);
    assert_eq!(counted(&world).await, [1, 1, 1, 1, 1, 3]);
    world.search_table().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_limited_whoever_names_it() {
    let world = with_defaults().await;
    for _ in 0..3 {
        let person = world.person();
        let order = person.start_decoupled().await;
        let path = format!("/v1/consents/{}/authorization", order["consent_id"].as_str().unwrap());
        assert_eq!(person.call("DELETE", &path).send().await.status, 204);
    }
    let before = world.bank.ledger().calls.len();
    let late = world.person();
    let refused = late.post("/v1/consents", &swedish("decoupled")).await;
    assert_retry_after(&refused, 5 * 60);
    refused.problem(429, "start_limited");
    assert_eq!(world.bank.ledger().calls.len(), before);
    // A start that is only registered is none of BankID; the choice is.
    let path = format!("/v1/consents/{}/authorization", late.start(&registered()).await.id);
    let wish = swedish("decoupled")["authorization"].clone();
    late.post(&path, &wish).await.problem(429, "start_limited");
    late.start(&start_for(TOM)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirect_starts_are_not_limited_and_count_for_nothing() {
    let world = with_defaults().await;
    let anna = world.person();
    for _ in 0..12 {
        anna.start_redirect().await;
    }
    assert!(counted(&world).await.is_empty());
    anna.start_decoupled().await;
    assert_eq!(world.table_proxy.count("TransactWriteItems"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_of_the_same_key_does_not_count_and_is_answered_when_there_is_no_room_any_more() {
    let world = with_defaults().await;
    let (anna, key) = (world.person(), fresh_key());
    let body = swedish("decoupled");
    anna.post_keyed("/v1/consents", &body, &key).await.expect(201);
    let repeats = join_all((0..20).map(|_| anna.post_keyed("/v1/consents", &body, &key))).await;
    assert!(repeats.iter().all(|repeat| repeat.status == 201), "{repeats:?}");
    assert_eq!(counted(&world).await, [1, 1]);
    anna.start(&start_for(TOM)).await;
    anna.start(&start_for(FRIDA)).await;
    anna.post("/v1/consents", &start_for(NILS)).await.problem(429, "start_limited");
    let repeat = anna.post_keyed("/v1/consents", &body, &key).await.expect(201);
    assert_eq!(repeat["status"], "awaiting_approval");
    assert_eq!(counted(&world).await, [1, 1, 1, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_equal_starts_and_twenty_equal_choices_at_once_count_once() {
    let world = with_defaults().await;
    let (anna, key) = (world.person(), fresh_key());
    let path = format!("/v1/consents/{}/authorization", anna.start(&registered()).await.id);
    let wish = swedish("decoupled")["authorization"].clone();
    let tom = start_for(TOM);
    for (path, body) in [(path.as_str(), &wish), ("/v1/consents", &tom)] {
        let before = world.at_bank("decoupled.init");
        let answers = join_all((0..20).map(|_| anna.post_keyed(path, body, &key))).await;
        let begun = answers.iter().filter(|answer| answer.status < 300).count();
        let in_flight = answers.iter().filter(|answer| answer.text.contains("start_in_flight")).count();
        assert!(begun >= 1 && begun + in_flight == 20, "{answers:?}");
        assert_eq!(world.at_bank("decoupled.init") - before, 1);
    }
    assert_eq!(counted(&world).await, [1, 1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_the_bank_did_not_take_counts_anew_when_it_is_tried_anew() {
    use simulated_bank::{CallKind, Fault, FaultOrder};
    let world = with_defaults().await;
    let (anna, key) = (world.person(), fresh_key());
    anna.start_redirect().await;
    for tried in 1..=3 {
        let before = world.exchanges();
        world.bank.fault(FaultOrder::next(CallKind::DecoupledInit, Fault::Unavailable));
        let answer = anna.post_keyed("/v1/consents", &swedish("decoupled"), &key).await;
        answer.problem(503, "bank_unavailable");
        assert_eq!(counted(&world).await, [tried, tried]);
        let after = world.exchanges();
        let table = if tried == 1 { 2 } else { 3 };
        assert_eq!(
            (after.0 - before.0, after.1 - before.1),
            (2, table),
            "its own guard is not in the way, nor looked into"
        );
    }
    anna.post_keyed("/v1/consents", &swedish("decoupled"), &key).await.problem(429, "start_limited");
}
