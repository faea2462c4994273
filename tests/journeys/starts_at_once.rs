//! The same start, fifty times at once, and what becomes of its key.

use crate::world::{
    Answer, World,
    client::{fresh_key, swedish},
};
use futures_util::future::join_all;
use simulated_bank::{Away, CallKind, Fault, FaultOrder};

fn opening(answer: &Answer) -> serde_json::Value {
    let body = answer.json();
    let authorization = &body["authorization"];
    serde_json::json!([body["consent_id"], authorization["url"], authorization["auto_start_token"]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_identical_starts_at_once_make_one_bank_consent_and_fifty_equal_answers() {
    for method in ["redirect", "decoupled"] {
        let world = World::in_process().await;
        let (anna, key, body) = (world.person(), fresh_key(), swedish(method));
        let all = join_all((0..50).map(|_| anna.post_keyed("/v1/consents", &body, &key))).await;
        let first = anna.post_keyed("/v1/consents", &body, &key).await;
        assert_eq!(first.status, 201, "{}", first.text);
        let mut in_flight = 0;
        for answer in &all {
            if answer.status == 201 {
                assert_eq!(opening(answer), opening(&first));
                continue;
            }
            in_flight += 1;
            answer.clone().problem(409, "start_in_flight");
            let again = anna.post_keyed("/v1/consents", &body, &key).await;
            assert_eq!(opening(&again), opening(&first), "409, and then equal");
        }
        assert!(in_flight < 50, "somebody has won");
        assert_eq!(world.at_bank("consents.create"), 1, "{method}");
        assert_eq!(world.at_bank("decoupled.init"), usize::from(method == "decoupled"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_whose_answer_was_lost_uses_up_its_key_and_one_that_never_left_frees_it() {
    let world = World::in_process().await;
    let (anna, key, body) = (world.person(), fresh_key(), swedish("redirect"));
    anna.start_redirect().await;
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, Fault::AnswerLost));
    let before = world.at_bank("consents.create");
    for _ in 0..5 {
        anna.post_keyed("/v1/consents", &body, &key).await.problem(502, "start_unknown");
    }
    assert_eq!(world.at_bank("consents.create") - before, 1, "nobody asks twice");
    let key = fresh_key();
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    world.bank.close_connections().await;
    anna.post_keyed("/v1/consents", &body, &key).await.problem(503, "bank_unavailable");
    world.bank.change_switches(|switches| switches.away = None);
    anna.post_keyed("/v1/consents", &body, &key).await.expect(201);
}
