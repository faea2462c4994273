//! `POST …/authorization/poll` and `DELETE …/authorization`.

use crate::world::{World, client::swedish, journeys};
use serde_json::{Value, json};
use simulated_bank::BankIdAction;

journeys![
    a_poll_after_approval_makes_the_consent_active,
    a_poll_before_its_time_costs_no_call_at_the_bank,
    a_cancel_in_the_app_ends_the_order_and_is_explained,
    an_app_that_is_not_opened_in_time_fails_the_order,
    a_cancelled_order_is_cancelled_at_the_bank_and_spends_nothing,
    polling_after_the_end_repeats_the_end,
    decoupled_one_and_two_are_told_apart_by_the_links_path,
    a_person_without_activated_bankid_is_told_so,
    somebody_who_is_no_customer_is_told_so,
    an_unknown_answer_of_the_bank_ends_nothing,
    nothing_to_poll_is_said,
    the_newest_code_comes_with_each_poll,
];

fn id(consent: &Value) -> &str {
    consent["consent_id"].as_str().unwrap()
}

async fn a_poll_after_approval_makes_the_consent_active(world: &World) {
    let anna = world.person();
    let consent = anna.start_decoupled().await;
    world.pass(2_500);
    let pending = anna.poll(id(&consent)).await.expect(200);
    assert_eq!(pending["status"], "awaiting_approval");
    assert!(
        (1000..=2500).contains(&pending["poll_after_ms"].as_i64().unwrap()),
        "the bank's own pause: {pending}"
    );
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    let done = anna.poll(id(&consent)).await.expect(200);
    assert_eq!(done["status"], "active");
    let standing = anna.get(&format!("/v1/consents/{}", id(&consent))).await.expect(200);
    assert_eq!(standing["identity"], "asserted");
    anna.get(&format!("/v1/consents/{}/accounts", id(&consent))).await.expect(200);
}

async fn a_poll_before_its_time_costs_no_call_at_the_bank(world: &World) {
    let anna = world.person();
    let consent = anna.start_decoupled().await;
    let before = world.at_bank("decoupled.poll");
    for _ in 0..5 {
        let early = anna.poll(id(&consent)).await.expect(200);
        assert_eq!(early["status"], "awaiting_approval");
        assert!(early["poll_after_ms"].as_i64().unwrap() > 0);
    }
    assert_eq!(world.at_bank("decoupled.poll"), before);
    world.pass(2_500);
    let polls = (0..10).map(|_| anna.poll(id(&consent)));
    for answer in futures_util::future::join_all(polls).await {
        assert_eq!(answer.expect(200)["status"], "awaiting_approval");
    }
    assert_eq!(world.at_bank("decoupled.poll") - before, 1, "ten polls at once are one at the bank");
    assert_eq!(world.bank.ledger().early_polls, 0);
}

async fn a_cancel_in_the_app_ends_the_order_and_is_explained(world: &World) {
    let anna = world.person();
    let consent = anna.start_decoupled().await;
    world.bank.bankid(BankIdAction::Deny);
    world.pass(2_500);
    let ended = anna.poll(id(&consent)).await.expect(200);
    assert_eq!((&ended["status"], &ended["status_reason"]), (&json!("rejected"), &json!("bankid_cancelled")));
    assert!(ended["authorization"]["user_message"]["sv"].as_str().unwrap().contains("BankID"));
}

async fn an_app_that_is_not_opened_in_time_fails_the_order(world: &World) {
    let anna = world.person();
    let consent = anna.start_decoupled().await;
    world.pass(31_000);
    let ended = anna.poll(id(&consent)).await.expect(200);
    assert_eq!((&ended["status"], &ended["status_reason"]), (&json!("rejected"), &json!("bankid_failed")));
}

async fn a_cancelled_order_is_cancelled_at_the_bank_and_spends_nothing(world: &World) {
    let (anna, before) = (world.person(), world.at_bank("decoupled.cancel"));
    let consent = anna.start_decoupled().await;
    let path = format!("/v1/consents/{}/authorization", id(&consent));
    assert_eq!(anna.call("DELETE", &path).send().await.status, 204);
    assert_eq!(anna.call("DELETE", &path).send().await.status, 204, "again is as good");
    assert_eq!(world.at_bank("decoupled.cancel") - before, 1);
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    let polls = world.at_bank("decoupled.poll");
    let ended = anna.poll(id(&consent)).await.expect(200);
    assert_eq!((&ended["status"], &ended["status_reason"]), (&json!("rejected"), &json!("cancelled")));
    assert_eq!(world.at_bank("decoupled.poll"), polls);
    world.bank.bankid_by_default(BankIdAction::Ignore);
}

async fn polling_after_the_end_repeats_the_end(world: &World) {
    let anna = world.person();
    let consent = anna.start_decoupled().await;
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    anna.poll(id(&consent)).await.expect(200);
    let polls = world.at_bank("decoupled.poll");
    for _ in 0..3 {
        world.pass(2_500);
        assert_eq!(anna.poll(id(&consent)).await.expect(200)["status"], "active");
    }
    assert_eq!(world.at_bank("decoupled.poll"), polls);
}

async fn decoupled_one_and_two_are_told_apart_by_the_links_path(world: &World) {
    let targets = |world: &World| {
        let ledger = world.bank.ledger();
        ledger.of_kind("decoupled.init").iter().map(|call| call.target.clone()).collect::<Vec<_>>()
    };
    let anna = world.person();
    anna.start_decoupled().await;
    // The guide's link leads to 2.0 although its name says 1.0.
    assert!(targets(world).last().unwrap().ends_with("initAuthorization/2.0"), "{:?}", targets(world));
}

async fn a_person_without_activated_bankid_is_told_so(world: &World) {
    let number = number_of(world, "se-nils");
    let mut body = swedish("decoupled");
    body["authorization"]["personal_number"] = json!(number);
    let problem = world.person().post("/v1/consents", &body).await.problem(409, "bankid_not_activated");
    assert_eq!(problem["action_by"], "psu");
}

async fn somebody_who_is_no_customer_is_told_so(world: &World) {
    let mut body = swedish("decoupled");
    // A valid number that belongs to nobody in the simulated bank.
    body["authorization"]["personal_number"] = json!("190001019801");
    let problem = world.person().post("/v1/consents", &body).await.problem(409, "not_a_customer");
    assert!(problem["user_message"]["en"].as_str().unwrap().contains("customer"));
}

async fn an_unknown_answer_of_the_bank_ends_nothing(world: &World) {
    use simulated_bank::{CallKind, Fault, FaultOrder};
    let anna = world.person();
    let consent = anna.start_decoupled().await;
    let unknown = Fault::OauthError { error: "a_new_word".to_owned() };
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, unknown));
    world.pass(2_500);
    anna.poll(id(&consent)).await.problem(502, "bank_unrecognised");
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    assert_eq!(anna.poll(id(&consent)).await.expect(200)["status"], "active");
}

async fn nothing_to_poll_is_said(world: &World) {
    let anna = world.person();
    let redirect = anna.start_redirect().await.id;
    anna.poll(&redirect).await.problem(409, "nothing_to_poll");
}

async fn the_newest_code_comes_with_each_poll(world: &World) {
    let anna = world.person();
    let mut body = swedish("decoupled");
    body["authorization"]["same_device"] = json!(false);
    let consent = anna.start(&body).await;
    world.pass(2_500);
    let polled = anna.poll(&consent.id).await.expect(200);
    assert!(polled["qr_data"].as_str().is_some_and(|text| !text.is_empty()), "{polled}");
}

fn number_of(world: &World, key: &str) -> String {
    let customers = world.bank.customers();
    let customer = customers.iter().find(|customer| customer.key == key);
    let known: Vec<_> = customers.iter().map(|customer| customer.key.as_str()).collect();
    customer
        .and_then(|customer| customer.personal_number.clone())
        .unwrap_or_else(|| panic!("{key} among {known:?}"))
}
