//! The decoupled flow.

use serde_json::json;
use simulated_bank::{BankIdAction, CallKind, EarlyPoll, LinkFamily, PollOutcome};

use crate::client::*;

async fn se_consent(bank: &simulated_bank::Bank) -> serde_json::Value {
    consent_with(bank, &[("country", "SE")]).await.json()
}

#[tokio::test]
async fn an_approved_order_is_complete_once_with_a_lower_case_bearer() {
    let bank = bank().await;
    let consent = se_consent(&bank).await;
    let order = init(&bank, &consent, ANNA).await;
    assert_eq!(order.status, 200, "{}", order.body);
    assert!(order.body.starts_with("{\"auto_start_token\":"));
    let order = order.json();
    assert_eq!(order["sleep_time"], 2_000);
    assert_eq!(later_poll(&bank, &order).await.body, "{\"result\":\"IN_PROGRESS\"}");
    bank.bankid(BankIdAction::Approve);
    let done = later_poll(&bank, &order).await;
    assert!(done.body.starts_with("{\"result\":\"COMPLETE\",\"access_token\":\""), "{}", done.body);
    assert!(done.body.ends_with("\",\"token_type\":\"bearer\"}"));
    assert_eq!(read(&bank, &done.text("access_token"), "/v2/accounts").await.status, 200);
    assert_eq!(later_poll(&bank, &order).await.status, 400);
}

#[tokio::test]
async fn an_early_poll_is_refused_and_counted_or_tolerated_by_switch() {
    let bank = bank().await;
    let order = init(&bank, &se_consent(&bank).await, ANNA).await.json();
    bank.clock().advance_ms(1_999);
    assert_eq!(poll(&bank, &order).await.status, 400);
    bank.change_switches(|switches| switches.early_poll = EarlyPoll::Tolerate);
    assert_eq!(poll(&bank, &order).await.status, 200);
    assert_eq!(bank.ledger().early_polls, 2);
}

#[tokio::test]
async fn what_the_person_does_is_what_the_poll_says() {
    let bank = bank().await;
    let cases = [
        (BankIdAction::Deny, 200, "{\"result\":\"USER_CANCEL\"}"),
        (BankIdAction::Open, 200, "{\"result\":\"IN_PROGRESS\"}"),
        (BankIdAction::Fail { error: "mbid_error".to_owned() }, 400, "{\"error\":\"mbid_error\"}"),
    ];
    for (action, status, body) in cases {
        let order = init(&bank, &se_consent(&bank).await, ANNA).await.json();
        bank.bankid(action);
        let answer = later_poll(&bank, &order).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body));
    }
}

#[tokio::test]
async fn an_order_that_nobody_opens_fails_after_thirty_seconds_and_an_intent_after_fifteen_minutes() {
    let bank = bank().await;
    let ignored = init(&bank, &se_consent(&bank).await, ANNA).await.json();
    bank.clock().advance_ms(30_001);
    assert_eq!(poll(&bank, &ignored).await.text("error"), "mbid_error");
    let consent = se_consent(&bank).await;
    let opened = init(&bank, &consent, ANNA).await.json();
    bank.bankid(BankIdAction::Open);
    bank.clock().advance_ms(900_000);
    assert_eq!(poll(&bank, &opened).await.text("error"), "intent_expired");
    assert_eq!(init(&bank, &consent, ANNA).await.text("error"), "intent_expired");
}

#[tokio::test]
async fn each_person_who_cannot_sign_has_an_error_of_its_own() {
    let bank = bank().await;
    let consent = se_consent(&bank).await;
    let cases = [
        ("190506079854", "mbid_not_shb_activated"),
        ("190607089869", "not_shb_approved"),
        ("190203049820", "not_shb_approved"),
        ("190102039816", "invalid_request"),
        ("0102039815", "invalid_request"),
    ];
    for (number, error) in cases {
        let answer = init(&bank, &consent, number).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, error), "{number}");
    }
}

#[tokio::test]
async fn a_corporate_consent_is_signed_by_its_signatory_only() {
    let bank = bank().await;
    let headers = [("country", "SE"), ("psu-corporate-id", "5599990016"), ("psu-corporate-id-type", "BANK")];
    let consent = consent_with(&bank, &headers).await.json();
    assert_eq!(init(&bank, &consent, ANNA).await.text("error"), "not_shb_approved");
    assert_eq!(init(&bank, &consent, "190203049820").await.status, 200);
}

#[tokio::test]
async fn polls_can_be_scripted_counted_out_and_cancelled() {
    let bank = bank_with(|options| options.switches.max_polls = 2).await;
    let order = init(&bank, &se_consent(&bank).await, ANNA).await.json();
    bank.poll_outcomes([PollOutcome::Unknown { result: "HALFWAY".to_owned() }, PollOutcome::InProgress]);
    assert_eq!(later_poll(&bank, &order).await.text("result"), "HALFWAY");
    assert_eq!(later_poll(&bank, &order).await.text("result"), "IN_PROGRESS");
    assert_eq!(later_poll(&bank, &order).await.text("error"), "mbid_max_polling");
    let order = init(&bank, &se_consent(&bank).await, ANNA).await.json();
    let cancel = order["_links"]["cancel"]["href"].as_str().unwrap();
    assert_eq!(send(&bank, "POST", cancel, JSON, "").await.unwrap().status, 200);
    assert_eq!(later_poll(&bank, &order).await.text("error"), "mbid_error");
    assert_eq!(bank.ledger().count(CallKind::DecoupledCancel), 1);
    assert_eq!(bank.orders()[0].state, "reported");
}

#[tokio::test]
async fn version_one_has_its_own_body_and_links() {
    let bank = bank_with(|options| options.links = LinkFamily::Gls5).await;
    let consent = se_consent(&bank).await;
    let url = link(&consent, "DECOUPLED").unwrap();
    assert!(url.ends_with("/bb/gls5/decoupled/mbid/initAuthorization/1.0"));
    let scope = format!("AIS:{}", consent["consentId"].as_str().unwrap());
    let mut body = json!({"scope": scope, "psu_id": ANNA, "psu_client_ip": "0.0.0.0", "psu_id_type": "1",
        "client_id": app().client_id});
    let order = send(&bank, "POST", &url, JSON, &body.to_string()).await.unwrap().json();
    assert!(
        order["_links"]["token"]["href"]
            .as_str()
            .unwrap()
            .contains("/bb/gls5/decoupled/mbid/token/1.0?sessionId=")
    );
    assert_eq!(order["_links"]["token"]["hints"]["allow"][0], "POST");
    body["bisa_same_device"] = json!("true");
    assert_eq!(send(&bank, "POST", &url, JSON, &body.to_string()).await.unwrap().status, 400);
}

#[tokio::test]
async fn a_qr_field_of_version_two_can_be_switched_on() {
    let bank = bank_with(|options| {
        options.switches.decoupled_two.qr = Some("qr_code".to_owned());
        options.switches.decoupled_two.qr_in_polls = true;
        options.switches.decoupled_two.token_only_on_same_device = true;
    })
    .await;
    let consent = se_consent(&bank).await;
    let scope = format!("AIS:{}", consent["consentId"].as_str().unwrap());
    let body = json!({"scope": scope, "psu_id": ANNA, "psu_client_ip": "2001:db8::1", "bisa_same_device": "false",
        "client_id": app().client_id});
    let url = link(&consent, "DECOUPLED").unwrap();
    let order = send(&bank, "POST", &url, JSON, &body.to_string()).await.unwrap().json();
    assert!(order.get("auto_start_token").is_none());
    assert_ne!(order["qr_code"], later_poll(&bank, &order).await.json()["qr_code"]);
}
