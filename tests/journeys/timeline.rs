//! The timeline: why a connection failed, months later, by the bank's own word.

use crate::{
    renewal::redirect,
    world::{World, client::fresh_key, client::swedish, journeys},
};
use serde_json::{Value, json};
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder, PollOutcome};

journeys![
    a_walk_is_told_newest_first_with_the_request_of_each_event,
    a_denial_a_failed_start_and_a_failed_poll_are_told_in_the_banks_own_word,
    a_renewal_that_failed_stays_visible_after_one_that_succeeded,
];

/// Event, reason and the bank's word, newest first.
async fn told(world: &World, id: &str, person: &crate::world::Person<'_>) -> Vec<String> {
    let consent = person.get(&format!("/v1/consents/{id}")).await.expect(200);
    let timeline = consent["timeline"].as_array().unwrap().clone();
    assert!(timeline.len() <= 20);
    let word = |event: &Value, field: &str| event[field].as_str().map(str::to_owned);
    let line = |event: &Value| {
        let parts = ["event", "reason", "bank_code"].map(|field| word(event, field));
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    assert!(world.bank.clock().now_ms() > 0);
    timeline.iter().map(line).collect()
}

async fn a_walk_is_told_newest_first_with_the_request_of_each_event(world: &World) {
    let anna = world.person();
    let started = anna.start_redirect().await;
    let link = world.browser().sign(&started.url, "se-anna").await;
    let handle = crate::world::client::parameter(&link, "handle").unwrap();
    let activated = anna.activate(&started.id, &handle).await;
    let trace = activated.header("trace-id").unwrap().to_owned();
    assert_eq!(told(world, &started.id, &anna).await, ["activated", "signed", "redirect_started", "started"]);
    let consent = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
    assert_eq!(consent["timeline"][0]["trace_id"], trace);
    let list = anna.get("/v1/consents").await.expect(200);
    assert!(list["consents"][0]["timeline"].is_null(), "a list is a list");
}

async fn a_denial_a_failed_start_and_a_failed_poll_are_told_in_the_banks_own_word(world: &World) {
    let anna = world.person();
    let denied = anna.start_redirect().await;
    let location = world.browser().deny(&denied.url).await;
    world.browser().come_back(&location).await;
    assert_eq!(told(world, &denied.id, &anna).await[0], "trouble access_denied");
    let key = fresh_key();
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, Fault::RequestRejected));
    anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.problem(502, "bank_answer_unusable");
    let list = anna.get("/v1/consents").await.expect(200);
    let id = list["consents"].as_array().unwrap().iter().find(|it| it["status"] == "rejected").unwrap();
    let id = id["consent_id"].as_str().unwrap().to_owned();
    assert_eq!(told(world, &id, &anna).await, ["failed start_not_taken Request Rejected", "started"]);
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    world.pass(10_000);
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, Fault::ProxyError));
    anna.poll(id).await.problem(503, "bank_unavailable");
    world.pass(10_000);
    world.bank.bankid(BankIdAction::Fail { error: "mbid_error".to_owned() });
    anna.poll(id).await.expect(200);
    let told = told(world, id, &anna).await;
    assert_eq!(told, ["failed bankid_failed mbid_error", "trouble proxyError", "bankid_started", "started"]);
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(consent["authorization"]["bank_code"], "mbid_error");
}

async fn a_renewal_that_failed_stays_visible_after_one_that_succeeded(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    anna.renew(&id, &redirect()).await.expect(200);
    anna.call("DELETE", &format!("/v1/consents/{id}/authorization")).send().await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    anna.activate(&id, &handle).await.expect(200);
    assert_eq!(
        told(world, &id, &anna).await[..6],
        ["renewed", "signed", "redirect_started", "renewal_started", "failed cancelled", "redirect_started"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_a_connect_can_fail_is_explained_by_its_timeline() {
    let oauth = |error: &str| Fault::OauthError { error: error.to_owned() };
    let cases: Vec<(CallKind, Fault, &str)> = vec![
        (CallKind::ConsentsCreate, Fault::Unavailable, "failed start_not_taken unavailable"),
        (CallKind::ConsentsCreate, Fault::ProxyError, "failed start_not_taken proxyError"),
        (CallKind::ConsentsCreate, Fault::AnswerLost, "failed start_unknown answer_lost"),
        (CallKind::ConsentsCreate, Fault::TruncatedJson, "failed start_not_taken malformed"),
        (
            CallKind::ConsentsCreate,
            Fault::ForeignLinks { origin: "https://evil.example".to_owned() },
            "failed start_not_taken foreign_link",
        ),
        (CallKind::TokenClientCredentials, oauth("invalid_client"), "failed start_not_taken invalid_client"),
        (CallKind::DecoupledInit, oauth("mbid_error"), "failed bankid_failed mbid_error"),
        (CallKind::DecoupledInit, oauth("not_shb_approved"), "failed not_a_customer not_shb_approved"),
        (
            CallKind::DecoupledInit,
            oauth("mbid_not_shb_activated"),
            "failed bankid_not_activated mbid_not_shb_activated",
        ),
        (CallKind::DecoupledInit, oauth("invalid_request"), "failed personal_number_refused invalid_request"),
        (CallKind::DecoupledInit, oauth("intent_expired"), "failed too_late intent_expired"),
        (CallKind::DecoupledInit, oauth("invented"), "failed start_not_taken unrecognised"),
        (CallKind::DecoupledInit, Fault::AnswerLost, "failed start_unknown answer_lost"),
    ];
    for (call, fault, expected) in cases {
        let world = World::in_process().await;
        let anna = world.person();
        world.bank.fault(FaultOrder::next(call, fault));
        let refused = anna.post("/v1/consents", &swedish("decoupled")).await;
        assert!(refused.status >= 400, "{expected}: {}", refused.text);
        let list = anna.get("/v1/consents").await.expect(200);
        let id = list["consents"][0]["consent_id"].as_str().unwrap().to_owned();
        assert_eq!(told(&world, &id, &anna).await[0], expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_a_signature_can_fail_is_explained_by_its_timeline() {
    let oauth = |error: &str| Fault::OauthError { error: error.to_owned() };
    let world = World::in_process().await;
    for (fault, expected) in [
        (oauth("invalid_grant"), "failed code_refused invalid_grant"),
        (oauth("unauthorized_client"), "failed code_refused unauthorized_client"),
        (Fault::AnswerLost, "failed exchange_unknown answer_lost"),
        (Fault::Html, "failed exchange_unknown malformed"),
        (oauth("invented"), "failed exchange_unknown unrecognised"),
    ] {
        let anna = world.person();
        let started = anna.start_redirect().await;
        let location = world.browser().approve(&started.url, "se-anna").await;
        world.bank.fault(FaultOrder::next(CallKind::TokenAuthorizationCode, fault));
        world.browser().come_back(&location).await;
        assert_eq!(told(&world, &started.id, &anna).await[0], expected);
    }
    for (outcome, expected) in [
        (PollOutcome::UserCancel, "failed bankid_cancelled USER_CANCEL"),
        (
            PollOutcome::Error { error: "mbid_max_polling".to_owned() },
            "failed polled_too_often mbid_max_polling",
        ),
        (PollOutcome::Error { error: "intent_expired".to_owned() }, "failed too_late intent_expired"),
        (PollOutcome::Error { error: "invented".to_owned() }, "trouble unrecognised"),
    ] {
        let anna = world.person();
        let order = anna.start_decoupled().await;
        let id = order["consent_id"].as_str().unwrap();
        world.bank.poll_outcomes([outcome]);
        world.pass(10_000);
        anna.poll(id).await;
        assert_eq!(told(&world, id, &anna).await[0], expected, "{}", json!(order));
    }
}
