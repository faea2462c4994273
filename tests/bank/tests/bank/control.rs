//! The control surface.

use serde_json::{Value, json};
use simulated_bank::Bank;

use crate::client::*;

async fn control(bank: &Bank, method: &str, path: &str, body: &Value) -> Reply {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    send(bank, method, &format!("{}{path}", bank.control_url()), JSON, &body).await.unwrap()
}

#[tokio::test]
async fn the_verbs_are_listed_and_each_get_answers() {
    let bank = bank().await;
    let verbs = control(&bank, "GET", "/", &Value::Null).await;
    assert!(verbs.body.contains("POST   /bankid"));
    for line in verbs.body.lines().filter_map(|line| line.strip_prefix("GET ")) {
        let path = line.split_whitespace().next().unwrap();
        assert_eq!(control(&bank, "GET", path, &Value::Null).await.status, 200, "{path}");
    }
    assert_eq!(control(&bank, "GET", "/nothing", &Value::Null).await.status, 404);
    assert!(bank.ledger().calls.is_empty());
}

#[tokio::test]
async fn the_clock_moves_by_days_and_to_an_instant() {
    let bank = bank().await;
    let start = bank.clock().now_ms();
    control(&bank, "POST", "/clock", &json!({"advance_days": 89})).await;
    assert_eq!(bank.clock().now_ms() - start, 89 * 86_400_000);
    let answer =
        control(&bank, "POST", "/clock", &json!({"set_ms": 1_800_000_000_000_i64, "advance_ms": 5})).await;
    assert_eq!(answer.json()["now_ms"], 1_800_000_000_005_i64);
    assert_eq!(control(&bank, "POST", "/clock", &json!({"advance": 5})).await.status, 400);
}

#[tokio::test]
async fn a_person_can_walk_the_decoupled_flow_from_a_terminal() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    let order = init(&bank, &consent, ANNA).await.json();
    let answer = control(&bank, "POST", "/bankid", &json!({"action": "approve"})).await.json();
    assert_eq!(answer["orders"][0]["state"], "approved");
    assert_eq!(later_poll(&bank, &order).await.text("result"), "COMPLETE");
    let revoked = json!({"consent_id": consent["consentId"]});
    assert_eq!(control(&bank, "POST", "/grants/revoke", &revoked).await.status, 200);
    let ledger = control(&bank, "GET", "/ledger", &Value::Null).await.json();
    assert_eq!(ledger["by_kind"]["decoupled.poll"], 1);
}

#[tokio::test]
async fn faults_switches_and_the_preferred_customer_are_set_by_json() {
    let bank = bank().await;
    let fault =
        json!({"call": "consents.create", "fault": {"kind": "too_many_requests", "retry_after_s": 3}});
    assert_eq!(control(&bank, "POST", "/faults", &fault).await.status, 200);
    assert_eq!(consent_with(&bank, &[("country", "SE")]).await.header("retry-after"), "3");
    assert_eq!(
        control(&bank, "POST", "/faults", &json!({"call": "nonsense", "fault": {"kind": "html"}}))
            .await
            .status,
        400
    );
    control(&bank, "POST", "/switches", &json!({"row_cap": 3, "over_cap": "refuse"})).await;
    assert_eq!(bank.switches().row_cap, 3);
    assert_eq!(control(&bank, "POST", "/switches", &json!({"row_kap": 3})).await.status, 400);
    assert_eq!(control(&bank, "POST", "/customer", &json!({"key": "se-tom"})).await.status, 200);
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    let page = send(&bank, "GET", &authorize_url(&consent), &[], "").await.unwrap();
    assert!(page.body.contains("value=\"se-tom\" checked"));
    assert_eq!(control(&bank, "POST", "/customer", &json!({"key": "nobody"})).await.status, 400);
}
