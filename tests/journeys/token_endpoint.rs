//! A token endpoint that misbehaves, at each of its three grants: the right problem, the right state, and neither more
//! time nor more memory than there is.

use crate::world::{
    Setting, World,
    client::{fresh_key, swedish},
};
use futures_util::future::join_all;
use serde_json::json;
use simulated_bank::{CallKind, Fault, FaultOrder};

const DAY: i64 = 25 * 3_600_000;
const DAY_OF_A_TOKEN: i64 = 24 * 3_600_000;

/// Little time, so that a bank that keeps silent is given up soon.
async fn world() -> World {
    World::with(Setting { overrides: vec![("FUNCTION_TIMEOUT_MS", "3800".to_owned())], ..Setting::default() })
        .await
}

/// What is no answer, whatever it is.
fn unusable() -> Vec<Fault> {
    let says = |body: &str| Fault::Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_owned(),
        executed: true,
    };
    vec![
        Fault::Html,
        Fault::TruncatedJson,
        Fault::WrongType { name: "access_token".to_owned() },
        says(r#"{"access_token":"one","access_token":"two","token_type":"Bearer","expires_in":86400}"#),
        says(r#"{"access_token":"one","refresh_token":"a","refresh_token":"b","token_type":"Bearer"}"#),
        Fault::HugeBody { mebibytes: 20 },
    ]
}

/// Answers that do not come in time, or not whole.
fn late() -> Vec<Fault> {
    vec![
        Fault::Trickle { bytes: 1, pause_ms: 200 },
        Fault::HeaderStall { ms: 20_000 },
        Fault::BodyStall { ms: 20_000 },
    ]
}

fn redirect() -> Fault {
    Fault::RedirectElsewhere { location: "https://elsewhere.example/token".to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_met_it_is_spent_once_and_the_attempt_says_that_it_is_over() {
    let world = world().await;
    let anna = world.person();
    for fault in unusable().into_iter().chain(late()).chain([redirect()]) {
        let started = anna.start_redirect().await;
        let location = world.browser().approve(&started.url, "se-anna").await;
        let before = world.at_bank("token.authorization_code");
        world.bank.fault(FaultOrder::next(CallKind::TokenAuthorizationCode, fault.clone()));
        for _ in 0..2 {
            let link = world.browser().come_back(&location).await.location();
            assert!(link.contains("outcome=failed") && !link.contains("handle="), "{fault:?}: {link}");
        }
        assert_eq!(world.at_bank("token.authorization_code") - before, 1, "{fault:?}");
        let consent = anna.get(&format!("/v1/consents/{}", started.id)).await.expect(200);
        let standing = (&consent["status"], &consent["status_reason"]);
        assert_eq!(standing, (&json!("rejected"), &json!("exchange_unknown")), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_met_it_costs_the_reader_a_problem_and_the_owner_no_signature() {
    let world = world().await;
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    let unusable = unusable().into_iter().map(|fault| (fault, "bank_answer_unusable"));
    let late = late().into_iter().map(|fault| (fault, "bank_answer_lost"));
    let redirect = [(redirect(), "bank_unrecognised")];
    for (fault, code) in unusable.chain(late).chain(redirect) {
        world.pass(DAY);
        let before = world.at_bank("token.refresh_token");
        world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, fault.clone()));
        anna.get(&path).await.problem(502, code);
        // Whoever spent it has no answer; when the lease is over, it is sent once more.
        world.pass(60_000);
        anna.get(&path).await.expect(200);
        assert_eq!(world.at_bank("token.refresh_token") - before, 2, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_met_it_registers_nothing_and_its_key_may_try_again() {
    let world = world().await;
    let anna = world.person();
    anna.start_redirect().await;
    let unusable = unusable().into_iter().map(|fault| (fault, 502, "bank_answer_unusable"));
    let redirect = [(redirect(), 502, "bank_unrecognised")];
    let late = late().into_iter().map(|fault| (fault, 502, "bank_answer_lost"));
    for (fault, status, code) in unusable.chain(late).chain(redirect) {
        world.pass(DAY);
        let (before, key) = (world.at_bank("consents.create"), fresh_key());
        world.bank.fault(FaultOrder::next(CallKind::TokenClientCredentials, fault.clone()));
        anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.problem(status, code);
        assert_eq!(world.at_bank("consents.create"), before, "{fault:?}: no consent was spoken of");
        anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
        assert_eq!(world.at_bank("consents.create") - before, 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_start_at_once_with_no_token_one_is_fetched_and_a_living_one_is_replaced_ahead_of_its_end()
 {
    let world = World::in_process().await;
    let people: Vec<_> = (0..20).map(|_| world.person()).collect();
    let registered = json!({"country": "SE", "psu_type": "individual"});
    let fetched = || world.at_bank("token.client_credentials");
    let all = || join_all(people.iter().map(|person| person.post("/v1/consents", &registered)));
    assert!(all().await.iter().all(|answer| answer.status == 201));
    assert_eq!(fetched(), 1);
    // Three minutes before its end the bank is down: everybody goes on with the living one.
    world.pass(DAY_OF_A_TOKEN - 180_000);
    world.bank.fault(FaultOrder {
        call: CallKind::TokenClientCredentials,
        fault: Fault::Unavailable,
        times: 99,
        skip: 0,
    });
    assert!(all().await.iter().all(|answer| answer.status == 201));
    let tries = fetched() - 1;
    assert!((1..=20).contains(&tries), "{tries}");
    world.bank.clear_faults();
    assert!(all().await.iter().all(|answer| answer.status == 201));
    assert_eq!(fetched() - 1 - tries, 1, "ahead of its end it is fetched once as well");
    world.pass(400_000);
    assert!(all().await.iter().all(|answer| answer.status == 201));
    assert_eq!(fetched() - 1 - tries, 1);
}
