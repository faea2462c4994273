//! Proof Key for Code Exchange, in each mode of ours against a bank that checks it, one that ignores it and one that
//! refuses what it does not know.

use crate::world::{
    Person, Setting, World,
    client::{parameter, swedish},
};
use serde_json::json;
use simulated_bank::{Options, Pkce, Switches};

const EXCHANGE: &str = "token.authorization_code";

async fn world(mode: &str, bank: Pkce) -> World {
    let setting = Setting::default();
    let bank = Options { switches: Switches { pkce: bank, ..Switches::default() }, ..setting.bank };
    World::with(Setting { bank, overrides: vec![("PKCE", mode.to_owned())] }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_mode_passes_at_every_bank_that_takes_the_parameters() {
    for bank in [Pkce::Enforce, Pkce::Tolerate] {
        for (mode, sent) in [("off", false), ("tolerant", true), ("required", true)] {
            let world = world(mode, bank).await;
            let anna = world.person();
            let started = anna.start_redirect().await;
            let challenge = parameter(&started.url, "code_challenge");
            assert_eq!(challenge.as_deref().map(str::len), sent.then_some(43), "{mode}: {}", started.url);
            let method = parameter(&started.url, "code_challenge_method");
            assert_eq!(method.as_deref(), sent.then_some("S256"), "{mode}");
            let link = world.browser().sign(&started.url, "se-anna").await;
            anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
            // Chosen later it is the same.
            let registered = anna.start(&json!({"country": "SE", "psu_type": "individual"})).await;
            let path = format!("/v1/consents/{}/authorization", registered.id);
            let chosen = anna.post(&path, &json!({"method": "redirect", "app": "android"})).await.expect(200);
            let url = chosen["authorization"]["url"].as_str().unwrap();
            assert_eq!(parameter(url, "code_challenge").is_some(), sent, "{mode}: {url}");
            let link = world.browser().sign(url, "se-anna").await;
            anna.activate(&registered.id, &parameter(&link, "handle").unwrap()).await.expect(200);
            assert_eq!(world.bank.ledger().codes_refused, 0, "{mode} at a bank that would {bank:?}");
            world.search_table().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_knows_no_pkce_is_shown_none_unless_configuration_says_so() {
    let off = world("off", Pkce::Refuse).await;
    off.person().connect().await;
    let tolerant = world("tolerant", Pkce::Refuse).await;
    let started = tolerant.person().start_redirect().await;
    let page = reqwest::get(&started.url).await.unwrap();
    assert_eq!(page.status().as_u16(), 400, "this bank refuses what it does not know");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_from_another_attempt_is_refused_by_a_bank_that_checks() {
    let world = world("tolerant", Pkce::Enforce).await;
    let (anna, browser) = (world.person(), world.browser());
    let (mine, other) = (anna.start_redirect().await, anna.start_redirect().await);
    let stolen = parameter(&browser.approve(&other.url, "se-anna").await, "code").unwrap();
    let state = parameter(&mine.url, "state").unwrap();
    let link = browser.come_back(&format!("?code={stolen}&state={state}")).await.location();
    assert_eq!(parameter(&link, "outcome").as_deref(), Some("failed"));
    assert_eq!(world.bank.ledger().codes_refused, 1);
    let consent = anna.get(&format!("/v1/consents/{}", mine.id)).await.expect(200);
    assert_eq!(consent["status_reason"], "code_refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_start_says_the_very_same_whatever_configuration_says_by_then() {
    for (before, after) in [("off", "required"), ("tolerant", "off"), ("required", "tolerant")] {
        let mut world = world(before, Pkce::Enforce).await;
        let ask = async |world: &World| {
            let person = Person::new(world, "repeats".to_owned());
            person.post_keyed("/v1/consents", &swedish("redirect"), "pkce-repeat-1").await.expect(201)
        };
        let url = ask(&world).await["authorization"]["url"].clone();
        assert_eq!(ask(&world).await["authorization"]["url"], url);
        world.reconfigure(&[("PKCE", after)]).await;
        assert_eq!(ask(&world).await["authorization"]["url"], url, "{before}, then {after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_ends_as_it_began_when_configuration_changes_while_the_browser_is_away() {
    // (before, after): whether the code is spent.
    for (before, after, spent) in [
        ("tolerant", "off", true),
        ("off", "tolerant", true),
        ("required", "off", true),
        ("off", "required", false),
    ] {
        let mut world = world(before, Pkce::Enforce).await;
        let started = Person::new(&world, "away".to_owned()).start_redirect().await;
        let location = world.browser().approve(&started.url, "se-anna").await;
        world.reconfigure(&[("PKCE", after)]).await;
        let link = world.browser().come_back(&location).await.location();
        let outcome = if spent { "signed" } else { "failed" };
        assert_eq!(parameter(&link, "outcome").as_deref(), Some(outcome), "{before}, then {after}");
        assert_eq!(world.at_bank(EXCHANGE), usize::from(spent), "{before}, then {after}");
        assert_eq!(world.bank.ledger().codes_refused, 0, "{before}, then {after}");
        let person = Person::new(&world, "away".to_owned());
        let consent = person.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
        let reason = if spent { json!(null) } else { json!("pkce_missing") };
        assert_eq!(consent["status_reason"], reason, "{before}, then {after}");
        let again = world.browser().come_back(&location).await.location();
        assert_eq!(again, link, "a reload says the same");
    }
}
