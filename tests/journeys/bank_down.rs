//! A bank that is down: it is left alone for a while, and whoever asks is told at once and for how long.

use crate::world::{Person, Setting, World, client::parameter};
use serde_json::Value;
use simulated_bank::{CallKind, Fault, FaultOrder};

/// A world that leaves the bank alone after five failures in a row, which is the default of the functions.
async fn world() -> World {
    World::with(Setting { overrides: vec![("BANK_REST_AFTER", "5".to_owned())], ..Setting::default() }).await
}

fn down(times: u32, fault: Fault) -> FaultOrder {
    FaultOrder { call: CallKind::AccountsList, fault, times, skip: 0 }
}

async fn refused(person: &Person<'_>, path: &str) -> Value {
    person.get(path).await.problem(503, "bank_unavailable")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_is_down_is_left_alone_for_half_a_minute_and_then_asked_by_one() {
    let world = world().await;
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    world.bank.fault(down(6, Fault::Unavailable));
    for asked in 1..=5 {
        refused(&anna, &path).await;
        assert_eq!(world.at_bank("accounts.list"), asked);
    }
    let problem = refused(&anna, &path).await;
    assert!((25..=31).contains(&problem["retry_after_s"].as_u64().unwrap()), "{problem}");
    assert_eq!((&problem["action_by"], &problem["retryable"]), (&"bank".into(), &true.into()));
    world.pass(20_000);
    refused(&anna, &path).await;
    assert_eq!(world.at_bank("accounts.list"), 5, "it was not asked");
    world.pass(11_000);
    refused(&anna, &path).await;
    refused(&anna, &path).await;
    assert_eq!(world.at_bank("accounts.list"), 6, "one probe, in vain");
    world.pass(31_000);
    for _ in 0..3 {
        anna.get(&path).await.expect(200);
    }
    assert_eq!(world.at_bank("accounts.list"), 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_while_the_token_endpoint_is_left_alone_is_as_good_as_before() {
    let world = world().await;
    let anna = world.person();
    let lost = FaultOrder { call: CallKind::TokenAuthorizationCode, ..down(5, Fault::ProxyError) };
    world.bank.fault(lost);
    for _ in 0..5 {
        let started = anna.start_redirect().await;
        let location = world.browser().approve(&started.url, "se-anna").await;
        assert!(world.browser().come_back(&location).await.location().contains("outcome=failed"));
    }
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    for _ in 0..3 {
        let page = world.browser().come_back(&location).await;
        assert_eq!(page.status, 503, "{}", page.text);
    }
    assert_eq!(world.at_bank("token.authorization_code"), 5, "the code was not sent");
    world.pass(31_000);
    let link = world.browser().come_back(&location).await.location();
    let handle = parameter(&link, "handle").unwrap_or_else(|| panic!("{link}"));
    anna.activate(&started.id, &handle).await.expect(200);
    let ledger = world.bank.ledger();
    assert_eq!((world.at_bank("token.authorization_code"), ledger.code_reuses), (6, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_long_the_bank_wants_to_be_left_alone_reaches_the_caller() {
    let world = world().await;
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    let wish = |status, value: &str| Fault::Answer {
        status,
        headers: vec![("retry-after".to_owned(), value.to_owned())],
        body: String::new(),
        executed: false,
    };
    for (status, code) in [(503, "bank_unavailable"), (429, "bank_busy")] {
        world.bank.fault(down(1, wish(status, "77")));
        let answer = anna.get(&path).await;
        assert_eq!(answer.header("retry-after"), Some("77"), "{status}");
        assert_eq!(answer.problem(503, code)["retry_after_s"], 77, "{status}");
        world.bank.fault(down(1, wish(status, "when we are done")));
        assert!(anna.get(&path).await.problem(503, code)["retry_after_s"].as_u64() < Some(77), "{status}");
        anna.get(&path).await.expect(200);
    }
}
