//! What has been kept long enough is unknown to every route although it still rests, and nothing of it reaches what begins
//! in its place.

use crate::world::{
    Person, Setting, World,
    client::{fresh_key, parameter, swedish},
};
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault, FaultOrder};

const DAY_MS: i64 = 86_400_000;

async fn world(days: Option<&str>) -> World {
    let overrides = days.map(|days| ("ERASE_AFTER_DAYS", days.to_owned())).into_iter().collect();
    World::with(Setting { overrides, ..Setting::default() }).await
}

/// The raw rows of a consent, by part.
async fn rows(world: &World, id: &str) -> Vec<String> {
    let dump = world.dump().await;
    let rows = dump.as_array().unwrap().iter().filter(|row| row["pk"]["S"] == *id);
    rows.map(|row| row["sk"]["S"].as_str().unwrap().to_owned()).collect()
}

async fn listed(person: &Person<'_>) -> Vec<String> {
    let list = person.get("/v1/consents").await.expect(200);
    let ids = list["consents"].as_array().unwrap().iter();
    ids.map(|consent| consent["consent_id"].as_str().unwrap().to_owned()).collect()
}

/// Every route answers as to an unknown id, and the bank hears of nothing.
async fn is_unknown(person: &Person<'_>, id: &str) {
    let path = format!("/v1/consents/{id}");
    let before = person.world.bank.ledger().calls.len();
    for tail in ["", "/authorization", "/accounts", "/card-accounts"] {
        person.get(&format!("{path}{tail}")).await.problem(404, "consent_not_found");
    }
    let wish = json!({"method": "redirect", "app": "android"});
    person.post(&format!("{path}/authorization"), &wish).await.problem(404, "consent_not_found");
    person.activate(id, "AAAAAAAAAAAAAAAAAAAAAA").await.problem(404, "consent_not_found");
    person.poll(id).await.problem(404, "consent_not_found");
    for tail in ["", "/authorization"] {
        person.call("DELETE", &format!("{path}{tail}")).send().await.problem(404, "consent_not_found");
    }
    assert!(!listed(person).await.contains(&id.to_owned()));
    assert_eq!(person.world.bank.ledger().calls.len(), before);
    assert!(!rows(person.world, id).await.is_empty(), "it still rests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_consent_is_unknown_after_the_configured_time_and_explained_until_then() {
    for (configured, days) in [(None, 30), (Some("1"), 1), (Some("365"), 365)] {
        let world = world(configured).await;
        let anna = world.person();
        let id = anna.connect().await;
        assert_eq!(anna.call("DELETE", &format!("/v1/consents/{id}")).send().await.status, 204);
        world.pass(days * DAY_MS - 60_000);
        let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
        assert_eq!(consent["status"], "revoked", "{days} days");
        assert_eq!(listed(&anna).await, [id.as_str()]);
        world.pass(61_000);
        is_unknown(&anna, &id).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_past_its_clock_and_a_lapsed_one_are_unknown_after_that_time_too() {
    let world = world(Some("7")).await;
    let anna = world.person();
    let (over, lapsed) = (anna.connect().await, anna.connect().await);
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::TokenNotActive));
    let refused = Fault::OauthError { error: "unauthorized_client".to_owned() };
    world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, refused));
    anna.get(&format!("/v1/consents/{lapsed}/accounts")).await.problem(409, "consent_expired");
    world.pass(7 * DAY_MS - 60_000);
    assert_eq!(anna.get(&format!("/v1/consents/{lapsed}")).await.expect(200)["status"], "expired");
    world.pass(61_000);
    is_unknown(&anna, &lapsed).await;
    assert_eq!(anna.get(&format!("/v1/consents/{over}")).await.expect(200)["status"], "active");
    world.pass(90 * DAY_MS - 60_000);
    assert_eq!(anna.get(&format!("/v1/consents/{over}")).await.expect(200)["status"], "expired");
    world.pass(61_000);
    is_unknown(&anna, &over).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_signed_is_unknown_after_a_day_and_its_key_begins_anew() {
    let world = world(Some("365")).await;
    let (anna, browser, key) = (world.person(), world.browser(), fresh_key());
    let start = async || anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await;
    let first = start().await.expect(201);
    let id = first["consent_id"].as_str().unwrap();
    let location = browser.approve(first["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    world.pass(DAY_MS - 60_000);
    start().await.problem(409, "attempt_expired");
    world.pass(61_000);
    is_unknown(&anna, id).await;
    let page = browser.come_back(&location).await;
    assert_eq!((page.status, page.header("location")), (400, None), "nothing is known of its attempt");
    let again = start().await.expect(201);
    assert_eq!(again["consent_id"], *id, "the key names it");
    assert_ne!(again["created_at"], first["created_at"]);
    assert_eq!(start().await.expect(201), again, "and its repeats are repeats again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_begins_where_an_erased_one_rests_has_nothing_of_it() {
    let world = world(Some("1")).await;
    let (anna, key) = (world.person(), fresh_key());
    let connect = async || -> String {
        let started = anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
        let link = world.browser().sign(started["authorization"]["url"].as_str().unwrap(), "se-anna").await;
        let id = started["consent_id"].as_str().unwrap().to_owned();
        anna.activate(&id, &parameter(&link, "handle").unwrap()).await.expect(200);
        id
    };
    let id = connect().await;
    let path = format!("/v1/consents/{id}/accounts");
    let accounts = async || -> Value { anna.get(&path).await.expect(200)["accounts"].clone() };
    // Its account map is one of a later generation, and when it lapses the map rests on.
    world.pass(2 * DAY_MS);
    let before = accounts().await;
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::TokenNotActive));
    let refused = Fault::OauthError { error: "unauthorized_client".to_owned() };
    world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, refused));
    anna.get(&path).await.problem(409, "consent_expired");
    world.pass(DAY_MS + 60_000);
    is_unknown(&anna, &id).await;
    assert_eq!(rows(&world, &id).await, ["accounts", "consent"]);
    assert_eq!(connect().await, id);
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    let events = consent["timeline"].as_array().unwrap();
    assert!(events.iter().all(|event| event["event"] != "lapsed"), "{consent}");
    let account = before[0]["account_id"].as_str().unwrap();
    let calls = async || {
        let calls = world.bank.ledger().calls.len();
        anna.get(&format!("{path}/{account}")).await.expect(200);
        world.bank.ledger().calls.len() - calls
    };
    assert_eq!(calls().await, 2, "the old map names accounts of the old bank consent: the list is asked for");
    assert_eq!(calls().await, 1, "and the new map is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_removes_the_account_map_with_the_same_write() {
    let world = world(None).await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(rows(&world, &id).await, ["accounts", "consent"]);
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{id}")).send().await.status, 204);
    assert_eq!(rows(&world, &id).await, ["consent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_all_removes_also_what_only_rests() {
    let world = world(Some("1")).await;
    let anna = world.person();
    let (revoked, unsigned) = (anna.connect().await, anna.start_redirect().await.id);
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{revoked}")).send().await.status, 204);
    world.pass(2 * DAY_MS);
    let living = anna.connect().await;
    assert_eq!(anna.call("DELETE", "/v1/consents").send().await.status, 204);
    for id in [&revoked, &unsigned, &living] {
        assert!(rows(&world, id).await.is_empty());
    }
}
