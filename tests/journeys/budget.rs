//! The unattended budget: four reads in a rolling day without the person, counted before the bank is called.

use crate::world::{Answer, Person, World, client::swedish, journeys};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join_all;
use serde_json::{Value, json};
use simulated_bank::{Away, CallKind, Fault, FaultOrder};

const HOUR: i64 = 3_600_000;

journeys![
    a_fifth_read_without_the_person_is_refused_and_nothing_is_called,
    a_read_with_the_person_counts_for_nothing_and_goes_on_when_the_budget_is_used,
    an_old_token_is_no_person_whatever_address_it_brings,
    twenty_at_once_get_four,
    another_consent_of_the_same_owner_draws_on_the_same_budget,
];

impl Person<'_> {
    /// A read without the person.
    async fn unattended(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }
}

/// Reads of accounts that the bank has seen without an address of the PSU.
fn unattended_at_bank(world: &World) -> usize {
    let calls = world.bank.ledger().calls;
    calls.iter().filter(|call| call.kind == CallKind::AccountsList && call.psu_ip_address.is_none()).count()
}

async fn a_fifth_read_without_the_person_is_refused_and_nothing_is_called(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = format!("/v1/consents/{id}/accounts");
    // Whether an Allkort is among the cards is known from now on, so that lists of accounts leave the cards alone.
    anna.get(&accounts).await.expect(200);
    let before = unattended_at_bank(world);
    for left in (0..4).rev() {
        let answer = anna.unattended(&accounts).await;
        assert_eq!(answer.header("ratelimit-policy"), Some(r#""unattended";q=4;w=86400"#));
        let limit = answer.header("ratelimit").unwrap();
        assert!(limit.starts_with(&format!(r#""unattended";r={left};t="#)), "{limit}");
        answer.expect(200);
    }
    let calls = world.bank.ledger().calls.len();
    let refused = anna.unattended(&accounts).await;
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((86_300..=86_410).contains(&wait), "{wait}");
    refused.problem(429, "unattended_budget_exhausted");
    assert_eq!(world.bank.ledger().calls.len(), calls);
    assert_eq!(unattended_at_bank(world) - before, 4);
    // Each resource has a budget of its own.
    anna.unattended(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    let of = |resource: &str| -> Value {
        let all = consent["budget"].as_array().unwrap();
        all.iter().find(|one| one["resource"] == resource).cloned().unwrap_or_default()
    };
    assert_eq!((&of("accounts")["used"], &of("accounts")["left"]), (&json!(4), &json!(0)), "{consent}");
    assert_eq!((&of("card_accounts")["used"], &of("card_accounts")["left"]), (&json!(1), &json!(3)));
    assert!(of("accounts")["next_at"].as_str().is_some_and(|at| at.ends_with('Z')));
}

async fn a_read_with_the_person_counts_for_nothing_and_goes_on_when_the_budget_is_used(world: &World) {
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    for _ in 0..6 {
        let answer = anna.get(&accounts).await;
        assert_eq!(answer.header("ratelimit"), None);
        answer.expect(200);
    }
    for _ in 0..4 {
        anna.unattended(&accounts).await.expect(200);
    }
    anna.unattended(&accounts).await.problem(429, "unattended_budget_exhausted");
    anna.get(&accounts).await.expect(200);
}

async fn an_old_token_is_no_person_whatever_address_it_brings(world: &World) {
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    let token = format!("Bearer {}", world.issuer.token(&anna.spec));
    world.canaries.add(crate::world::search::Kind::CallerToken, token.trim_start_matches("Bearer "));
    world.pass(HOUR + 1000);
    let before = unattended_at_bank(world);
    let request = world.call("GET", &accounts).header("authorization", &token);
    let answer = request.header("psu-ip-address", "203.0.113.7").send().await;
    assert!(answer.header("ratelimit").is_some(), "counted as unattended");
    answer.expect(200);
    assert_eq!(unattended_at_bank(world) - before, 1, "and the bank is not told of a person");
}

async fn twenty_at_once_get_four(world: &World) {
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    let before = unattended_at_bank(world);
    let answers = join_all((0..20).map(|_| anna.unattended(&accounts))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 4);
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 16);
    assert_eq!(unattended_at_bank(world) - before, 4);
}

async fn another_consent_of_the_same_owner_draws_on_the_same_budget(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let (first, second, his) = (anna.connect().await, anna.connect().await, bob.connect().await);
    let accounts = |id: &str| format!("/v1/consents/{id}/accounts");
    for id in [&first, &second, &first] {
        anna.unattended(&accounts(id)).await.expect(200);
    }
    let handle = anna.sign_renewal(&first, "se-anna").await;
    anna.activate(&first, &handle).await.expect(200);
    anna.unattended(&accounts(&first)).await.expect(200);
    for id in [&first, &second] {
        anna.unattended(&accounts(id)).await.problem(429, "unattended_budget_exhausted");
    }
    bob.unattended(&accounts(&his)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_rolls_and_never_holds_a_fifth_read() {
    let world = World::in_process().await;
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    let mut reads: Vec<i64> = Vec::new();
    for _ in 0..200 {
        world.pass(1_300_000 * 3);
        let now = world.bank.clock().now_ms();
        let within = reads.iter().filter(|at| **at > now - 24 * HOUR - 1000).count();
        match anna.unattended(&accounts).await.status {
            200 => {
                assert!(within < 4, "a fifth read in 24 hours");
                reads.push(now);
            }
            429 => assert!(within >= 4, "one that was allowed is refused"),
            other => panic!("{other}"),
        }
    }
    assert!(reads.len() > 30, "{} reads", reads.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_breaks_off_between_two_windows_stays_counted() {
    let world = World::in_process().await;
    let mia = world.person();
    let id = mia.connect_as(&swedish("redirect"), "se-mia").await;
    let accounts = mia.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let account = accounts["accounts"][0]["account_id"].as_str().unwrap();
    let rows = format!("/v1/consents/{id}/accounts/{account}/transactions");
    // The first window has a connection; of those that are asked side by side after it, all but one need another.
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    let before = world.at_bank("accounts.transactions");
    let broken = mia.unattended(&format!("{rows}?date_from=2025-06-01&date_to=2026-01-15")).await;
    broken.problem(503, "bank_unavailable");
    assert!(world.at_bank("accounts.transactions") > before, "something was read");
    world.bank.change_switches(|switches| switches.away = None);
    let short = format!("{rows}?date_from=2026-01-14&date_to=2026-01-15");
    for left in (0..3).rev() {
        let answer = mia.unattended(&short).await;
        assert!(answer.header("ratelimit").unwrap().contains(&format!("r={left};")));
        answer.expect(200);
    }
    mia.unattended(&short).await.problem(429, "unattended_budget_exhausted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_that_is_activated_without_the_person_draws_on_the_budget_too() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = format!("/v1/consents/{id}/accounts");
    anna.get(&accounts).await.expect(200);
    let activate = async |handle: &str| {
        let request = anna.call("POST", &format!("/v1/consents/{id}/activation"));
        let request = request.header("content-type", "application/json");
        request.body(json!({"handle": handle}).to_string()).send().await
    };
    let first = anna.sign_renewal(&id, "se-anna").await;
    activate(&first).await.expect(200);
    for _ in 0..3 {
        anna.unattended(&accounts).await.expect(200);
    }
    let second = anna.sign_renewal(&id, "se-anna").await;
    let before = world.bank.ledger().calls.len();
    activate(&second).await.problem(429, "unattended_budget_exhausted");
    assert_eq!(world.bank.ledger().calls.len(), before);
    assert_eq!(unattended_at_bank(&world), 4);
    // Whoever has just signed is there.
    anna.activate(&id, &second).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn balances_that_a_list_lacks_draw_on_the_budget_of_their_account() {
    let world = World::in_process().await;
    world.bank.change_switches(|switches| switches.list_has_balances = false);
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = format!("/v1/consents/{id}/accounts");
    let list = anna.get(&accounts).await.expect(200);
    let account = list["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        anna.unattended(&format!("{accounts}/{account}")).await.expect(200);
    }
    let mut states = Vec::new();
    for _ in 0..3 {
        let list = anna.unattended(&accounts).await.expect(200);
        let all = list["accounts"].as_array().unwrap().clone();
        assert!(all[1..].iter().all(|other| other["state"] == "ok" && other["balances"].is_array()));
        states.push((all[0]["state"].clone(), all[0]["problem"]["code"].clone()));
    }
    let failed = (json!("failed"), json!("unattended_budget_exhausted"));
    assert_eq!(states, [(json!("ok"), Value::Null), (json!("ok"), Value::Null), failed]);
    let calls = world.bank.ledger().calls;
    let of_one =
        calls.iter().filter(|call| call.kind == CallKind::AccountsOne && call.psu_ip_address.is_none());
    assert_eq!(of_one.count(), 2 + 2 * 4 + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_provably_never_left_is_given_back_and_one_that_was_answered_is_not() {
    let world = World::in_process().await;
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    anna.unattended(&accounts).await.expect(200);
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    world.bank.close_connections().await;
    for _ in 0..6 {
        anna.unattended(&accounts).await.problem(503, "bank_unavailable");
    }
    world.bank.change_switches(|switches| switches.away = None);
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::ProxyError));
    anna.unattended(&accounts).await.problem(503, "bank_unavailable");
    for _ in 0..2 {
        anna.unattended(&accounts).await.expect(200);
    }
    anna.unattended(&accounts).await.problem(429, "unattended_budget_exhausted");
}

/// Who cannot count does not read: nobody knows how often it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_cannot_count_lets_nobody_read_without_the_person() {
    let world = World::in_process().await;
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    anna.unattended(&accounts).await.expect(200);
    let asked = world.bank.ledger().calls.len();
    for kind in [FaultKind::Throttled, FaultKind::ServerError, FaultKind::RequestLost] {
        let operation = Some("UpdateItem".to_owned());
        world.table_proxy.fault(ProxyFault { operation, kind, times: 99, skip: 0 });
        anna.unattended(&accounts).await.problem(503, "service_unavailable");
        world.table_proxy.reset();
    }
    assert_eq!(world.bank.ledger().calls.len(), asked, "the bank was asked");
    anna.unattended(&accounts).await.expect(200);
}
