//! `GET /v1/consents/{consent_id}`, `GET …/authorization`, `POST …/activation`.

use crate::world::{World, client::parameter, journeys};
use serde_json::json;

journeys![
    a_foreign_an_unknown_and_a_malformed_consent_answer_alike,
    a_handle_of_somebody_else_activates_nothing,
    an_attackers_code_in_a_victims_browser_ends_nowhere,
    activation_is_idempotent_by_state,
    a_consent_shows_its_clocks,
    an_app_that_was_killed_sees_where_the_attempt_stands,
    every_answer_carries_its_trace_and_is_not_cached,
];

async fn a_foreign_an_unknown_and_a_malformed_consent_answer_alike(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let id = anna.connect().await;
    let before = world.bank.ledger().calls.len();
    for (method, tail) in [
        ("GET", ""),
        ("GET", "/authorization"),
        ("POST", "/authorization"),
        ("POST", "/authorization/poll"),
        ("DELETE", "/authorization"),
        ("POST", "/activation"),
        ("GET", "/accounts"),
        ("GET", "/accounts/a1_AAAAAAAAAAAAAAAAAAAAAA"),
        ("GET", "/accounts/a1_AAAAAAAAAAAAAAAAAAAAAA/transactions?date_from=2026-01-01&date_to=2026-01-02"),
        ("GET", "/card-accounts"),
        ("GET", "/card-accounts/c1_AAAAAAAAAAAAAAAAAAAAAA"),
        (
            "GET",
            "/card-accounts/c1_AAAAAAAAAAAAAAAAAAAAAA/transactions?date_from=2026-01-01&date_to=2026-01-02",
        ),
    ] {
        let mut seen = Vec::new();
        for consent in [id.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "malformed", "%00", &"x".repeat(300)] {
            let mut request = bob.present(method, &format!("/v1/consents/{consent}{tail}"));
            if method == "POST" && tail != "/authorization/poll" {
                let body = match tail {
                    "/activation" => json!({"handle": "AAAAAAAAAAAAAAAAAAAAAA"}),
                    _ => json!({"method": "redirect", "app": "android"}),
                };
                request = request.header("content-type", "application/json").body(body.to_string());
                request = request.header("idempotency-key", "foreign-0001");
            }
            let mut document = request.send().await.problem(404, "consent_not_found");
            document["trace_id"] = json!(null);
            seen.push(document);
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{method} {tail}: {seen:?}");
    }
    assert_eq!(world.bank.ledger().calls.len(), before);
}

async fn a_handle_of_somebody_else_activates_nothing(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let hers = anna.start_redirect().await;
    let link = world.browser().sign(&hers.url, "se-anna").await;
    let handle = parameter(&link, "handle").unwrap();
    let his = bob.start_redirect().await;
    world.browser().sign(&his.url, "se-anna").await;
    bob.activate(&hers.id, &handle).await.problem(404, "consent_not_found");
    bob.activate(&his.id, &handle).await.problem(403, "handle_refused");
    anna.activate(&hers.id, "AAAAAAAAAAAAAAAAAAAAAA").await.problem(403, "handle_refused");
    anna.activate(&hers.id, &handle).await.expect(200);
}

async fn an_attackers_code_in_a_victims_browser_ends_nowhere(world: &World) {
    let (attacker, victim) = (world.person(), world.person());
    let attack = attacker.start_redirect().await;
    let location = world.browser().approve(&attack.url, "se-anna").await;
    // The victim's browser opens the attacker's callback link: the app hands the handle to the victim's back end.
    let link = world.browser().come_back(&location).await.location();
    let (consent, handle) = (parameter(&link, "consent_id").unwrap(), parameter(&link, "handle").unwrap());
    victim.activate(&consent, &handle).await.problem(404, "consent_not_found");
    assert_eq!(attacker.get(&format!("/v1/consents/{}", attack.id)).await.expect(200)["status"], "signed");
}

async fn activation_is_idempotent_by_state(world: &World) {
    let anna = world.person();
    let started = anna.start_redirect().await;
    anna.activate(&started.id, "AAAAAAAAAAAAAAAAAAAAAA").await.problem(409, "nothing_to_activate");
    let link = world.browser().sign(&started.url, "se-anna").await;
    let handle = parameter(&link, "handle").unwrap();
    let first = anna.activate(&started.id, &handle).await.expect(200);
    let again = anna.activate(&started.id, &handle).await.expect(200);
    assert_eq!(first, again);
    anna.activate(&started.id, "AAAAAAAAAAAAAAAAAAAAAA").await.problem(403, "handle_refused");
}

async fn a_consent_shows_its_clocks(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(consent["limited_by"], "refresh_token");
    let day = |field: &str| consent[field].as_str().unwrap()[..10].parse::<shared::types::Date>().unwrap();
    let between = |from: &str, to: &str| (day(to) - day(from)).get_days();
    assert_eq!(between("created_at", "expires_at"), 90);
    assert_eq!(between("renew_by", "expires_at"), 15);
    let british = json!({"country": "GB", "psu_type": "individual", "authorization": {"method": "redirect", "app": "android"}});
    let id = anna.connect_as(&british, "gb-oliver").await;
    assert_eq!(anna.get(&format!("/v1/consents/{id}")).await.expect(200)["limited_by"], "consent");
}

async fn an_app_that_was_killed_sees_where_the_attempt_stands(world: &World) {
    let anna = world.person();
    let before = world.bank.ledger().calls.len();
    let started = anna.start_redirect().await;
    let calls = world.bank.ledger().calls.len();
    assert!(calls > before);
    let path = format!("/v1/consents/{}/authorization", started.id);
    let standing = anna.get(&path).await.expect(200);
    assert_eq!(standing["state"], "awaiting_redirect");
    assert!(standing["expires_at"].is_string());
    assert!(standing["url"].is_null(), "the state is in the answer to the start and its repeats only");
    let order = anna.start_decoupled().await;
    let calls = world.bank.ledger().calls.len();
    let path = format!("/v1/consents/{}/authorization", order["consent_id"].as_str().unwrap());
    let standing = anna.get(&path).await.expect(200);
    assert_eq!(standing["state"], "awaiting_approval");
    assert!(standing["open_by"].is_string() && standing["auto_start_token"].is_null(), "{standing}");
    assert_eq!(world.bank.ledger().calls.len(), calls);
}

async fn every_answer_carries_its_trace_and_is_not_cached(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    for path in [
        format!("/v1/consents/{id}"),
        "/v1/consents/unknown".to_owned(),
        format!("/v1/consents/{id}/accounts"),
    ] {
        let answer = anna.get(&path).await;
        let trace =
            answer.header("trace-id").unwrap_or_else(|| panic!("{path}: {:?}", answer.headers)).to_owned();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(trace.len(), 36);
        if path.ends_with("/accounts") {
            assert_eq!(world.bank.ledger().for_transaction(&trace).len(), 1, "found again at the bank");
        }
    }
}
