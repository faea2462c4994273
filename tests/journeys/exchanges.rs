//! Sequential exchanges per request, counted by the simulated bank and the proxy before the table: the waits on the
//! network that a caller pays for. The figures are exact on any machine.

use crate::{
    renewal::{bankid, redirect},
    world::{
        World,
        client::{ANNA, Answer, parameter, swedish},
    },
};
use serde_json::json;
use simulated_bank::BankIdAction;
use std::future::Future;

/// Counts what one request costs: (bank, table).
async fn cost(world: &World, request: impl Future<Output = Answer>, status: u16) -> (usize, usize) {
    let before = world.exchanges();
    let answer = request.await;
    assert_eq!(answer.status, status, "{}", answer.text);
    let after = world.exchanges();
    (after.0 - before.0, after.1 - before.1)
}

/// A world whose functions have answered before.
async fn warm() -> World {
    let world = World::in_process().await;
    world.person().connect().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_cost_one_or_two_at_the_bank_and_two_at_the_table() {
    let world = warm().await;
    let anna = world.person();
    let registered = json!({"country": "SE", "psu_type": "individual"});
    assert_eq!(cost(&world, anna.post("/v1/consents", &registered), 201).await, (1, 2), "without method");
    assert_eq!(cost(&world, anna.post("/v1/consents", &swedish("redirect")), 201).await, (1, 2), "redirect");
    assert_eq!(
        cost(&world, anna.post("/v1/consents", &swedish("decoupled")), 201).await,
        (2, 2),
        "decoupled"
    );
    assert_eq!(cost(&world, anna.post_keyed("/v1/consents", &registered, "repeated-1"), 201).await, (1, 2));
    assert_eq!(
        cost(&world, anna.post_keyed("/v1/consents", &registered, "repeated-1"), 201).await,
        (0, 1),
        "repeat"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choosing_costs_none_or_one_at_the_bank_and_two_or_three_at_the_table() {
    let world = warm().await;
    let anna = world.person();
    let registered = json!({"country": "SE", "psu_type": "individual"});
    let wishes = [
        (json!({"method": "redirect", "app": "android"}), (0, 2)),
        (json!({"method": "decoupled", "app": "android", "personal_number": ANNA}), (1, 3)),
    ];
    for (wish, expected) in wishes {
        let path = format!("/v1/consents/{}/authorization", anna.start(&registered).await.id);
        assert_eq!(cost(&world, anna.post(&path, &wish), 200).await, expected, "{wish}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_costs_one_at_the_bank_and_three_at_the_table() {
    let world = warm().await;
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    let denied = browser.deny(&started.url).await;
    assert_eq!(cost(&world, browser.come_back(&denied), 303).await, (0, 2), "error");
    assert_eq!(cost(&world, browser.come_back(&denied), 303).await, (0, 1), "error again");
    let started = anna.start_redirect().await;
    let valid = browser.approve(&started.url, "se-anna").await;
    assert_eq!(cost(&world, browser.come_back(&valid), 303).await, (1, 3), "code");
    let link = {
        assert_eq!(cost(&world, browser.come_back(&valid), 303).await, (0, 1), "repeated");
        browser.come_back(&valid).await.location()
    };
    assert!(cost(&world, browser.come_back("?code=c&state=unknown"), 400).await.1 <= 1, "unknown");
    let handle = parameter(&link, "handle").unwrap();
    assert_eq!(cost(&world, anna.activate(&started.id, &handle), 200).await, (0, 2), "activation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_costs_one_or_two_at_the_bank_and_three_at_the_table_and_so_does_its_activation() {
    let world = warm().await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.account_ids(&id).await;
    let path = format!("/v1/consents/{id}/authorization");
    assert_eq!(cost(&world, anna.post(&path, &bankid(ANNA)), 200).await, (2, 3), "decoupled");
    anna.call("DELETE", &path).send().await;
    assert_eq!(cost(&world, anna.post(&path, &redirect()), 200).await, (1, 3), "redirect");
    anna.call("DELETE", &path).send().await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    assert_eq!(cost(&world, anna.activate(&id, &handle), 200).await, (1, 3), "activation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_cost_nothing_before_their_time_and_one_call_after() {
    let world = warm().await;
    let anna = world.person();
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    assert_eq!(cost(&world, anna.poll(id), 200).await, (0, 1), "too early");
    world.pass(2_500);
    assert_eq!(cost(&world, anna.poll(id), 200).await, (1, 2), "pending");
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    assert_eq!(cost(&world, anna.poll(id), 200).await, (1, 3), "done");
    let order = anna.start_decoupled().await;
    let path = format!("/v1/consents/{}/authorization", order["consent_id"].as_str().unwrap());
    assert_eq!(cost(&world, anna.call("DELETE", &path).send(), 204).await, (1, 2), "cancel");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_cost_one_at_the_bank_and_one_at_the_table() {
    let world = warm().await;
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}");
    assert_eq!(cost(&world, anna.get(&path), 200).await, (0, 1), "read one");
    let accounts = format!("{path}/accounts");
    assert_eq!(
        cost(&world, anna.get(&accounts), 200).await,
        (2, 2),
        "accounts, an Allkort beside, the map is new"
    );
    assert_eq!(cost(&world, anna.get(&accounts), 200).await, (2, 1), "accounts, an Allkort beside");
    let account = anna.get(&accounts).await.json()["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let range = "?date_from=2026-01-01&date_to=2026-01-15";
    assert_eq!(cost(&world, anna.get(&format!("{accounts}/{account}")), 200).await, (1, 1), "one account");
    let rows = format!("{accounts}/{account}/transactions{range}");
    assert_eq!(cost(&world, anna.get(&rows), 200).await, (1, 1), "transactions");
    let cards = format!("{path}/card-accounts");
    assert_eq!(cost(&world, anna.get(&cards), 200).await, (1, 1), "cards");
    let card = anna.get(&cards).await.json()["card_accounts"][0]["account_id"].as_str().unwrap().to_owned();
    assert_eq!(cost(&world, anna.get(&format!("{cards}/{card}/transactions{range}")), 200).await, (1, 1));
    world.bank.change_switches(|switches| switches.list_has_balances = false);
    assert_eq!(cost(&world, anna.get(&accounts), 200).await, (6, 1), "accounts, balances not in the list");
    world.bank.change_switches(|switches| switches.list_has_balances = true);
    let unattended = anna.call("GET", &accounts).send();
    assert_eq!(cost(&world, unattended, 200).await, (1, 2), "unattended: one more at the table");
    let other = anna.connect().await;
    let unmapped = format!("/v1/consents/{other}/accounts/{account}");
    assert_eq!(cost(&world, anna.get(&unmapped), 200).await, (2, 2), "account not yet in the map");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_and_a_revocation_cost_two_at_the_table_and_nothing_at_the_bank() {
    let world = warm().await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.start_redirect().await;
    assert_eq!(cost(&world, anna.get("/v1/consents"), 200).await, (0, 2), "list");
    assert_eq!(
        cost(&world, anna.call("DELETE", &format!("/v1/consents/{id}")).send(), 204).await,
        (0, 2),
        "revoke"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_adds_one_at_the_bank_and_two_at_the_table() {
    let world = warm().await;
    let anna = world.person();
    let accounts = format!("/v1/consents/{}/accounts", anna.connect().await);
    anna.get(&accounts).await.expect(200);
    world.pass(25 * 3_600_000);
    assert_eq!(cost(&world, anna.get(&accounts), 200).await, (3, 3), "and the cards beside");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_credentials_token_is_fetched_once_for_all_processes() {
    let mut world = World::in_process().await;
    let registered = json!({"country": "SE", "psu_type": "individual"});
    let nowhere = cost(&world, world.person().post("/v1/consents", &registered), 201).await;
    assert_eq!(nowhere, (2, 5), "nowhere: one more at the bank, three more at the table");
    world.restart_functions().await;
    let in_table = cost(&world, world.person().post("/v1/consents", &registered), 201).await;
    assert_eq!(in_table, (1, 3), "only in the table: one more there");
    let in_memory = cost(&world, world.person().post("/v1/consents", &registered), 201).await;
    assert_eq!(in_memory, (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_read_once_per_process() {
    let world = warm().await;
    let before = world.secret_proxy.exchanges().len();
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let after_fetch = world.secret_proxy.exchanges().len();
    assert!(after_fetch - before <= 1, "account-fetch had not been called before");
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(world.secret_proxy.exchanges().len(), after_fetch);
}
