//! Two things at once, and things that go wrong between the bank and the table: what must not be lost, doubled or left
//! behind. Where one must come after another, the stand-ins' counts say when, not a clock.

use crate::world::{
    World,
    client::{fresh_key, parameter, swedish},
};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder};
use std::time::Duration;

fn registered() -> Value {
    json!({"country": "SE", "psu_type": "individual"})
}

fn decoupled_wish() -> Value {
    swedish("decoupled")["authorization"].clone()
}

/// Waits until something has been counted; a test that waits in vain says so.
pub(crate) async fn until(what: &str, reached: impl Fn() -> bool) {
    for _ in 0..1000 {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_poll_that_brings_tokens_is_not_crossed_by_the_next_one() {
    let world = World::in_process().await;
    let anna = world.person();
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, Fault::HeaderStall { ms: 3000 }));
    let before = world.table_proxy.count("PutItem");
    let second = async {
        // The first poll has claimed, and has held back the next one because the bank is slow.
        until("the slow poll holds the order", || world.table_proxy.count("PutItem") >= before + 2).await;
        world.pass(2_500);
        anna.poll(id).await.expect(200)
    };
    let (first, second) = join(anna.poll(id), second).await;
    assert_eq!(second["status"], "awaiting_approval", "{second}");
    assert_eq!(first.expect(200)["status"], "active");
    assert_eq!(world.at_bank("decoupled.poll"), 1);
    assert_eq!(anna.get(&format!("/v1/consents/{id}")).await.expect(200)["status"], "active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_poll_with_nothing_new_lets_the_next_one_through_after_the_banks_pause() {
    let world = World::in_process().await;
    let anna = world.person();
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    world.bank.bankid(BankIdAction::Open);
    world.pass(2_500);
    world.bank.fault(FaultOrder::next(CallKind::DecoupledPoll, Fault::HeaderStall { ms: 1500 }));
    assert_eq!(anna.poll(id).await.expect(200)["status"], "awaiting_approval");
    world.pass(5_000);
    anna.poll(id).await.expect(200);
    assert_eq!(world.at_bank("decoupled.poll"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_attempt_was_cancelled_while_it_began_is_cancelled_at_the_bank() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.start(&registered()).await.id;
    let path = format!("/v1/consents/{id}/authorization");
    world.bank.fault(FaultOrder::next(CallKind::DecoupledInit, Fault::HeaderStall { ms: 1500 }));
    let before = world.table_proxy.count("TransactWriteItems");
    let cancel = async {
        until("the order is claimed", || world.table_proxy.count("TransactWriteItems") > before).await;
        anna.call("DELETE", &path).send().await
    };
    let (started, cancelled) = join(anna.post(&path, &decoupled_wish()), cancel).await;
    started.problem(409, "attempt_over");
    assert_eq!(cancelled.status, 204);
    assert_eq!(world.at_bank("decoupled.cancel"), 1);
    assert!(world.bank.orders().iter().all(|order| !order.live), "{:?}", world.bank.orders());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_was_away_when_the_order_was_to_begin_can_be_asked_again_with_the_same_key() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.start(&registered()).await.id;
    for (path, body, status) in [
        (format!("/v1/consents/{id}/authorization"), decoupled_wish(), 200),
        ("/v1/consents".to_owned(), swedish("decoupled"), 201),
    ] {
        let key = fresh_key();
        for fault in [Fault::Unavailable, Fault::RequestRejected] {
            world.bank.fault(FaultOrder::next(CallKind::DecoupledInit, fault));
            let problem = anna.post_keyed(&path, &body, &key).await;
            assert_eq!(problem.json()["retryable"], true, "{}", problem.text);
        }
        let started = anna.post_keyed(&path, &body, &key).await.expect(status);
        assert_eq!(started["status"], "awaiting_approval");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_answer_was_lost_is_called_the_same_by_every_repeat() {
    let world = World::in_process().await;
    let (anna, key) = (world.person(), fresh_key());
    world.bank.fault(FaultOrder::next(CallKind::DecoupledInit, Fault::AnswerLost));
    for _ in 0..2 {
        let problem = anna.post_keyed("/v1/consents", &swedish("decoupled"), &key).await;
        assert_eq!(problem.problem(502, "start_unknown")["retryable"], false);
    }
    assert_eq!(world.at_bank("decoupled.init"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_in_hand_survive_a_table_that_is_away_for_a_moment() {
    let world = World::in_process().await;
    let anna = world.person();
    let started = anna.start_redirect().await;
    let valid = world.browser().approve(&started.url, "se-anna").await;
    // The claim goes through; then the table fails more often than the SDK alone would try.
    let away =
        ProxyFault { operation: Some("PutItem".to_owned()), kind: FaultKind::ServerError, times: 7, skip: 1 };
    world.table_proxy.fault(away);
    let link = world.browser().come_back(&valid).await.location();
    anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
    assert_eq!(world.at_bank("token.authorization_code"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_equal_denials_activations_and_cancels_at_once_are_twenty_equal_answers() {
    let world = World::in_process().await;
    let anna = world.person();
    let started = anna.start_redirect().await;
    let denied = world.browser().deny(&started.url).await;
    let browsers: Vec<_> = (0..20).map(|_| world.browser()).collect();
    let answers = join_all(browsers.iter().map(|browser| browser.come_back(&denied))).await;
    assert!(answers.iter().all(|answer| answer.status == 303), "{answers:?}");
    let started = anna.start_redirect().await;
    let link = world.browser().sign(&started.url, "se-anna").await;
    let handle = parameter(&link, "handle").unwrap();
    let answers = join_all((0..20).map(|_| anna.activate(&started.id, &handle))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let path = format!("/v1/consents/{}/authorization", anna.start_redirect().await.id);
    let answers = join_all((0..20).map(|_| anna.call("DELETE", &path).send())).await;
    assert!(answers.iter().all(|answer| answer.status == 204), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_token_that_did_not_arrive_frees_the_key() {
    let world = World::in_process().await;
    let (anna, key) = (world.person(), fresh_key());
    world.bank.fault(FaultOrder::next(CallKind::TokenClientCredentials, Fault::AnswerLost));
    let lost = anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await;
    assert_eq!(lost.problem(502, "bank_answer_lost")["retryable"], true);
    assert_eq!(world.at_bank("consents.create"), 0);
    anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn input_that_is_refused_spends_no_refresh_token() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    world.pass(25 * 3_600_000);
    let (bank, table) = world.exchanges();
    let future = "transactions?date_from=2026-01-01&date_to=2027-01-01";
    let path = format!("/v1/consents/{id}/accounts");
    anna.get(&format!("{path}/a1_BwcHBwcHBwcHBwcHBwcHBw/{future}")).await.problem(400, "invalid_request");
    anna.get(&format!("{path}/malformed")).await.problem(404, "account_not_found");
    assert_eq!(world.exchanges(), (bank, table + 2), "two reads of the table, nothing else");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_access_leaves_exactly_one_audit_line_also_one_that_ends_in_a_failed_refresh() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let audits = || world.lines.lock().unwrap().iter().filter(|line| line.contains(r#""audit""#)).count();
    let accounts = format!("/v1/consents/{id}/accounts");
    let list = anna.get(&accounts).await.expect(200);
    let account = list["accounts"][0]["account_id"].as_str().unwrap();
    let rows = format!("{accounts}/{account}/transactions?date_from=2026-01-01&date_to=2026-01-15");
    let cards = format!("/v1/consents/{id}/card-accounts");
    // A list of accounts with an Allkort is two accesses: the cards are asked for beside it.
    let mut expected = 2;
    for (path, accesses) in [(&accounts, 2), (&format!("{accounts}/{account}"), 1), (&rows, 1), (&cards, 1)] {
        anna.get(path).await.expect(200);
        expected += accesses;
        assert_eq!(audits(), expected, "{path}");
    }
    anna.call("GET", &accounts).send().await.expect(200);
    let present = |flag: &str| world.lines.lock().unwrap().iter().filter(|line| line.contains(flag)).count();
    assert_eq!((present(r#""present":true"#), present(r#""present":false"#)), (7, 1));
    let refused = Fault::OauthError { error: "unauthorized_client".to_owned() };
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::TokenNotActive));
    world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, refused));
    anna.get(&accounts).await.problem(409, "consent_expired");
    assert_eq!(audits(), 9);
    assert!(world.lines.lock().unwrap().iter().any(|line| line.contains(r#""outcome":"consent_expired""#)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_that_nobody_claimed_does_not_keep_its_tokens() {
    let world = World::in_process().await;
    let anna = world.person();
    let started = anna.start_redirect().await;
    let link = world.browser().sign(&started.url, "se-anna").await;
    world.pass(5 * 60_000 + 500);
    let handle = parameter(&link, "handle").unwrap();
    anna.activate(&started.id, &handle).await.problem(409, "attempt_expired");
    let dump = world.dump().await;
    let row = dump.as_array().unwrap().iter().find(|item| item["pk"]["S"] == *started.id).unwrap();
    assert_eq!(row["t"]["S"], "failed", "{row}");
    assert!(row["tz"].is_null(), "sealed tokens rest: {row}");
}

/// The raw parts of a consent.
async fn parts(world: &World, id: &str) -> Vec<String> {
    let dump = world.dump().await;
    let rows = dump.as_array().unwrap().iter().filter(|row| row["pk"]["S"] == *id);
    rows.map(|row| row["sk"]["S"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_in_flight_puts_nothing_back_that_was_revoked_or_erased() {
    let world = World::in_process().await;
    for (path, left) in [("/v1/consents/ID", vec!["consent".to_owned()]), ("/v1/consents", vec![])] {
        let anna = world.person();
        let id = anna.connect().await;
        world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::HeaderStall { ms: 1500 }));
        let (before, accounts) = (world.at_bank("accounts.list"), format!("/v1/consents/{id}/accounts"));
        let ended = async {
            until("the list is asked for", || world.at_bank("accounts.list") > before).await;
            anna.call("DELETE", &path.replace("ID", &id)).send().await
        };
        let (read, ended) = join(anna.get(&accounts), ended).await;
        assert_eq!(ended.status, 204);
        // What was asked for while it might be is answered; nothing of it rests.
        read.expect(200);
        assert_eq!(parts(&world, &id).await, left);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_meets_a_renewal_asks_for_the_banks_new_ids() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}");
    let id_of = async |side: &str, list: &str| -> String {
        let answer = anna.get(&format!("{path}/{side}")).await.expect(200);
        answer[list][0]["account_id"].as_str().unwrap().to_owned()
    };
    let account = id_of("accounts", "accounts").await;
    let card = id_of("card-accounts", "card_accounts").await;
    let days = "date_from=2026-01-01&date_to=2026-01-15";
    for (read, then) in [
        (format!("accounts/{account}"), None),
        (format!("accounts/{account}/transactions?{days}"), None),
        (format!("card-accounts/{card}/transactions?{days}"), None),
        // A list without the cards keeps none of the old grant's.
        ("accounts".to_owned(), Some(format!("card-accounts/{card}/transactions?{days}"))),
    ] {
        // Its access token is over, and its refresh takes long enough for a renewal to be activated meanwhile.
        world.pass(25 * 3_600_000);
        let handle = anna.sign_renewal(&id, "se-anna").await;
        world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, Fault::HeaderStall { ms: 1500 }));
        if then.is_some() {
            world.bank.fault(FaultOrder::next(CallKind::CardsList, Fault::Unavailable));
        }
        let before = world.at_bank("token.refresh_token");
        let activated = async {
            until("the refresh is under way", || world.at_bank("token.refresh_token") > before).await;
            anna.activate(&id, &handle).await
        };
        let (answer, activated) = join(anna.get(&format!("{path}/{read}")), activated).await;
        activated.expect(200);
        answer.expect(200);
        if let Some(then) = then {
            anna.get(&format!("{path}/{then}")).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_token_a_renewal_ended_is_repeated_with_the_banks_new_ids() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let account = anna.account_ids(&id).await.remove(0);
    let handle = anna.sign_renewal(&id, "se-anna").await;
    // The bank ends the token; while the reader replaces it a renewal is activated.
    world.bank.fault(FaultOrder::next(CallKind::AccountsOne, Fault::TokenNotActive));
    world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, Fault::HeaderStall { ms: 1500 }));
    let activated = async {
        until("the refresh is under way", || world.at_bank("token.refresh_token") > 0).await;
        anna.activate(&id, &handle).await
    };
    let path = format!("/v1/consents/{id}/accounts/{account}");
    let (answer, activated) = join(anna.get(&path), activated).await;
    activated.expect(200);
    assert_eq!(answer.expect(200)["account_id"], account);
}
