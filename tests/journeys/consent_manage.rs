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
    a_list_shows_the_owners_consents_newest_first_a_page_at_a_time,
    a_cursor_of_somebody_else_or_an_altered_one_opens_nothing,
    a_list_can_be_cut_to_what_changed,
    a_revoked_consent_reads_nothing_and_calls_nothing_for_ever,
    revoking_cancels_a_live_order_and_ends_a_redirect,
    deleting_all_revokes_and_removes_everything_of_the_owner_and_nothing_else,
];

async fn a_foreign_an_unknown_and_a_malformed_consent_answer_alike(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let id = anna.connect().await;
    let before = world.bank.ledger().calls.len();
    for (method, tail) in [
        ("GET", ""),
        ("DELETE", ""),
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
            let calls = world.bank.ledger().for_transaction(&trace).len();
            assert_eq!(calls, 2, "found again at the bank: the accounts, and the cards of an Allkort");
        }
    }
}

async fn ids(person: &crate::world::Person<'_>, query: &str) -> (Vec<String>, Option<String>) {
    let list = person.get(&format!("/v1/consents{query}")).await.expect(200);
    let all = list["consents"].as_array().unwrap().iter();
    let ids = all.map(|consent| consent["consent_id"].as_str().unwrap().to_owned()).collect();
    (ids, list["next_cursor"].as_str().map(str::to_owned))
}

async fn a_list_shows_the_owners_consents_newest_first_a_page_at_a_time(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    assert_eq!(ids(&anna, "").await, (vec![], None));
    bob.start_redirect().await;
    let mut made = Vec::new();
    for _ in 0..25 {
        made.insert(0, anna.start_redirect().await.id);
        world.pass(1000);
    }
    let (first, cursor) = ids(&anna, "").await;
    assert_eq!(first, made[..20]);
    let (second, end) = ids(&anna, &format!("?cursor={}", cursor.unwrap())).await;
    assert_eq!((second.as_slice(), end), (&made[20..], None));
    let list = anna.get("/v1/consents").await.expect(200);
    assert!(list["consents"][0]["authorization"]["url"].is_null(), "nothing secret in a list: {list}");
}

async fn a_cursor_of_somebody_else_or_an_altered_one_opens_nothing(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    for _ in 0..21 {
        anna.start_redirect().await;
    }
    let cursor = ids(&anna, "").await.1.unwrap();
    bob.get(&format!("/v1/consents?cursor={cursor}")).await.problem(400, "cursor_invalid");
    let altered = format!("{}{}", if cursor.starts_with('B') { "C" } else { "B" }, &cursor[1..]);
    for wrong in [altered.as_str(), "x", "%20", &"A".repeat(2000)] {
        anna.get(&format!("/v1/consents?cursor={wrong}")).await.problem(400, "cursor_invalid");
    }
    anna.get("/v1/consents?changed_since=yesterday").await.problem(400, "invalid_request");
    anna.get("/v1/consents?page=2").await.problem(400, "invalid_request");
}

async fn a_list_can_be_cut_to_what_changed(world: &World) {
    let anna = world.person();
    let (old, touched) = (anna.start_redirect().await.id, anna.start_redirect().await);
    world.pass(60_000);
    let now = shared::types::Timestamp::from_millis(world.bank.clock().now_ms()).rfc3339();
    world.browser().sign(&touched.url, "se-anna").await;
    let (changed, _) = ids(&anna, &format!("?changed_since={now}")).await;
    assert_eq!(changed, std::slice::from_ref(&touched.id));
    assert_eq!(ids(&anna, "").await.0.len(), 2, "{old}");
}

async fn a_revoked_consent_reads_nothing_and_calls_nothing_for_ever(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}");
    bob.call("DELETE", &path).send().await.problem(404, "consent_not_found");
    anna.get(&format!("{path}/accounts")).await.expect(200);
    let before = world.bank.ledger().calls.len();
    for _ in 0..2 {
        let answer = anna.call("DELETE", &path).send().await;
        assert_eq!((answer.status, answer.header("bank-revocation")), (204, Some("not_supported")));
    }
    anna.get(&format!("{path}/accounts")).await.problem(409, "consent_revoked");
    let wish = json!({"method": "redirect", "app": "android"});
    anna.post(&format!("{path}/authorization"), &wish).await.problem(409, "consent_revoked");
    assert_eq!(world.bank.ledger().calls.len(), before, "nothing is known that could be called");
    let consent = anna.get(&path).await.expect(200);
    assert_eq!(
        (&consent["status"], &consent["bank_revocation"]),
        (&json!("revoked"), &json!("not_supported"))
    );
    assert!(consent["revoked_at"].is_string() && consent["expires_at"].is_null());
    let dump = world.dump().await;
    let row =
        dump.as_array().unwrap().iter().find(|item| item["pk"]["S"] == *id && item["sk"]["S"] == "consent");
    assert!(row.unwrap()["gz"].is_null(), "tokens are destroyed: {row:?}");
}

async fn revoking_cancels_a_live_order_and_ends_a_redirect(world: &World) {
    let (anna, before) = (world.person(), world.at_bank("decoupled.cancel"));
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{id}")).send().await.status, 204);
    assert_eq!(world.at_bank("decoupled.cancel") - before, 1);
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{}", started.id)).send().await.status, 204);
    let spent = world.at_bank("token.authorization_code");
    let link = world.browser().come_back(&location).await.location();
    assert_eq!(parameter(&link, "outcome").as_deref(), Some("failed"));
    assert_eq!(world.at_bank("token.authorization_code"), spent);
}

async fn deleting_all_revokes_and_removes_everything_of_the_owner_and_nothing_else(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let (hers, his) = (anna.connect().await, bob.connect().await);
    anna.get(&format!("/v1/consents/{hers}/accounts")).await.expect(200);
    anna.start_decoupled().await;
    for _ in 0..22 {
        anna.start_redirect().await;
    }
    let before = world.at_bank("decoupled.cancel");
    assert_eq!(anna.call("DELETE", "/v1/consents").send().await.status, 204);
    assert_eq!(world.at_bank("decoupled.cancel") - before, 1);
    assert_eq!(ids(&anna, "").await, (vec![], None));
    anna.get(&format!("/v1/consents/{hers}")).await.problem(404, "consent_not_found");
    let dump = world.dump().await;
    assert!(dump.as_array().unwrap().iter().all(|item| item["pk"]["S"] != *hers), "no part of it is left");
    bob.get(&format!("/v1/consents/{his}/accounts")).await.expect(200);
    assert_eq!(anna.call("DELETE", "/v1/consents").send().await.status, 204, "again is as good");
}
