//! How decoupled 2.0 spells the auto-start token and the QR data is unknown: configured spellings are read, at a bank
//! that uses one of them and at one that does not.

use crate::world::{Setting, World, client::swedish};
use serde_json::{Value, json};
use simulated_bank::{BankIdAction, CallKind, DecoupledTwo, Fault, FaultOrder, Options, Switches};

/// A bank with these names, which sends a token for the same device and QR data for another.
async fn world(token: &str, qr: &str, overrides: &[(&'static str, &str)]) -> World {
    let setting = Setting::default();
    let decoupled_two = DecoupledTwo {
        auto_start_token: token.to_owned(),
        token_only_on_same_device: true,
        qr: Some(qr.to_owned()),
        qr_in_polls: true,
    };
    let bank = Options { switches: Switches { decoupled_two, ..Switches::default() }, ..setting.bank };
    let overrides = overrides.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    World::with(Setting { bank, overrides }).await
}

fn body(same_device: bool) -> Value {
    let mut body = swedish("decoupled");
    body["authorization"]["same_device"] = json!(same_device);
    body
}

/// What the answer to a start holds: a token, QR data.
fn opening(answer: &Value) -> (bool, bool) {
    let held = |name: &str| answer["authorization"][name].as_str().is_some_and(|text| !text.is_empty());
    (held("auto_start_token"), held("qr_data"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_spelling_of_the_list_is_read_in_starts_and_in_polls() {
    for (token, qr) in [
        ("auto_start_token", "qr_data"),
        ("autoStartToken", "qrData"),
        ("autoStartToken", "qr_code"),
        ("auto_start_token", "qrCode"),
        ("auto_start_token", "qr"),
    ] {
        let world = world(token, qr, &[]).await;
        let anna = world.person();
        assert_eq!(opening(&anna.start(&body(true)).await.answer), (true, false), "{token}");
        let started = anna.start(&body(false)).await;
        assert_eq!(opening(&started.answer), (false, true), "{qr}");
        let first = started.answer["authorization"]["qr_data"].clone();
        world.pass(2_500);
        let second = anna.poll(&started.id).await.expect(200)["qr_data"].clone();
        assert!(second.is_string() && second != first, "{qr}: the newest comes with each poll");
        world.bank.bankid(BankIdAction::Approve);
        world.pass(2_500);
        assert_eq!(anna.poll(&started.id).await.expect(200)["status"], "active", "{qr}");
        world.search_table().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spelling_that_nobody_thought_of_is_one_line_of_configuration() {
    for (overrides, read) in [
        (vec![], false),
        (vec![("DECOUPLED_QR_FIELDS", "bildkod"), ("DECOUPLED_AUTO_START_FIELDS", "startnyckel")], true),
    ] {
        let world = world("startnyckel", "bildkod", &overrides).await;
        let anna = world.person();
        assert_eq!(opening(&anna.start(&body(true)).await.answer), (read, false));
        let started = anna.start(&body(false)).await;
        assert_eq!(opening(&started.answer), (false, read));
        world.pass(2_500);
        assert_eq!(anna.poll(&started.id).await.expect(200)["qr_data"].is_string(), read);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_of_a_wrong_type_does_not_stand_in_the_way_of_another_way_to_start() {
    let world = world("auto_start_token", "qr_data", &[]).await;
    world.bank.change_switches(|switches| switches.decoupled_two.token_only_on_same_device = false);
    let anna = world.person();
    let wrong = |call, name: &str| {
        let fault = Fault::WrongType { name: name.to_owned() };
        world.bank.fault(FaultOrder::next(call, fault));
    };
    wrong(CallKind::DecoupledInit, "qr_data");
    let started = anna.start(&body(false)).await;
    assert!(opening(&started.answer).0, "{}", started.answer);
    // In a poll the order runs already.
    wrong(CallKind::DecoupledPoll, "qr_data");
    world.pass(2_500);
    assert_eq!(anna.poll(&started.id).await.expect(200)["status"], "awaiting_approval");
    wrong(CallKind::DecoupledInit, "auto_start_token");
    assert_eq!(opening(&anna.start(&body(false)).await.answer), (false, true));
    wrong(CallKind::DecoupledInit, "auto_start_token");
    anna.post("/v1/consents", &body(true)).await.problem(502, "bank_answer_unusable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_comes_twice_is_not_guessed_at() {
    let world = world("auto_start_token", "qr_data", &[]).await;
    let anna = world.person();
    let started = anna.start(&body(false)).await;
    let twice = r#"{"result":"IN_PROGRESS","qr_data":"a","qr_data":"b"}"#.to_owned();
    let fault = Fault::Answer { status: 200, headers: Vec::new(), body: twice, executed: false };
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, fault));
    world.pass(2_500);
    anna.poll(&started.id).await.problem(502, "bank_answer_unusable");
    world.pass(2_500);
    assert_eq!(anna.poll(&started.id).await.expect(200)["status"], "awaiting_approval", "it ended nothing");
}
