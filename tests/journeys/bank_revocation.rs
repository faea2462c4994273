//! What a revocation does at the bank, with and without the switch of ours, at a bank that deletes consents and at one
//! that knows no such path. Access ends here first and in any case.

use crate::world::{Answer, Person, Setting, World, client::swedish};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join;
use serde_json::json;
use simulated_bank::{Call, CallKind, Fault, FaultOrder, Options, Switches};
use std::time::Duration;

async fn world(mode: &str, bank_deletes: bool) -> World {
    let setting = Setting::default();
    let switches = Switches { consent_delete: bank_deletes, ..Switches::default() };
    let bank = Options { switches, ..setting.bank };
    World::with(Setting { bank, overrides: vec![("BANK_REVOCATION", mode.to_owned())] }).await
}

/// Deletions that the bank was asked for, whether or not it knows the path.
fn deletions(world: &World) -> Vec<Call> {
    world.bank.ledger().calls.into_iter().filter(|call| call.method == "DELETE").collect()
}

async fn revoke(person: &Person<'_>, id: &str) -> Answer {
    let answer = person.call("DELETE", &format!("/v1/consents/{id}")).send().await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    answer
}

/// What the consent says became of it at the bank, once it is revoked and nothing can be read.
async fn revoked(person: &Person<'_>, id: &str) -> String {
    let consent = person.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(consent["status"], "revoked");
    person.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_revoked");
    consent["bank_revocation"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_is_asked_once_if_configuration_says_so_and_its_answer_is_kept() {
    for (mode, bank_deletes, word, calls) in [
        ("not_supported", false, "not_supported", 0),
        ("not_supported", true, "not_supported", 0),
        ("delete", true, "done", 1),
        ("delete", false, "failed", 1),
    ] {
        let world = world(mode, bank_deletes).await;
        let anna = world.person();
        let id = anna.connect().await;
        let answer = revoke(&anna, &id).await;
        assert_eq!(answer.header("bank-revocation"), Some(word), "{mode} {bank_deletes}");
        assert_eq!(revoked(&anna, &id).await, word);
        let asked = deletions(&world);
        assert_eq!(asked.len(), calls, "{mode} {bank_deletes}");
        assert!(asked.iter().all(|call| call.psu_ip_address.is_none()), "nobody gave an address: {asked:?}");
        let row = world.dump().await;
        let row =
            row.as_array().unwrap().iter().find(|row| row["pk"]["S"] == *id && row["sk"]["S"] == "consent");
        assert!(row.unwrap()["gz"].is_null(), "tokens are destroyed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_at_the_bank_is_tried_again_by_the_same_request_and_what_is_done_is_not() {
    let world = world("delete", false).await;
    let anna = world.person();
    let id = anna.connect().await;
    for tries in 1..=2 {
        assert_eq!(revoke(&anna, &id).await.header("bank-revocation"), Some("failed"));
        assert_eq!(deletions(&world).len(), tries);
    }
    world.bank.change_switches(|switches| switches.consent_delete = true);
    for _ in 0..2 {
        assert_eq!(revoke(&anna, &id).await.header("bank-revocation"), Some("done"));
        assert_eq!((deletions(&world).len(), revoked(&anna, &id).await.as_str()), (3, "done"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_bank_answers_access_has_ended_here() {
    let world = world("delete", true).await;
    let anna = world.person();
    let page = Fault::Answer { status: 200, headers: Vec::new(), body: "<html>".to_owned(), executed: false };
    let proxy = [Fault::ProxyError, Fault::Unavailable, Fault::RequestRejected, Fault::Conflict];
    let lost = [Fault::AnswerLost, Fault::CloseBeforeAnswer, Fault::NotFound];
    for fault in proxy.into_iter().chain(lost).chain([page]) {
        let id = anna.connect().await;
        world.bank.fault(FaultOrder::next(CallKind::ConsentsDelete, fault.clone()));
        let word = revoke(&anna, &id).await.header("bank-revocation").map(str::to_owned);
        assert_eq!(word.as_deref(), Some("failed"), "{fault:?}");
        assert_eq!(revoked(&anna, &id).await, "failed", "{fault:?}");
        world.bank.clear_faults();
    }
    // A token that the bank forgot is fetched anew: nothing was deleted by the first call.
    let id = anna.connect().await;
    world.bank.fault(FaultOrder::next(CallKind::ConsentsDelete, Fault::TokenNotActive));
    assert_eq!(revoke(&anna, &id).await.header("bank-revocation"), Some("done"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_takes_its_time_delays_no_end_here() {
    let world = world("delete", true).await;
    let anna = world.person();
    let id = anna.connect().await;
    world.bank.fault(FaultOrder::next(CallKind::ConsentsDelete, Fault::HeaderStall { ms: 60_000 }));
    let seen = async {
        while deletions(&world).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The bank has been asked and has not answered: here it is over already.
        let word = revoked(&anna, &id).await;
        world.bank.close_connections().await;
        word
    };
    let (answer, seen) = join(revoke(&anna, &id), seen).await;
    assert_eq!((seen.as_str(), answer.header("bank-revocation")), ("unknown", Some("failed")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_could_not_be_written_down_is_unknown_and_asked_for_again() {
    let world = world("delete", true).await;
    let anna = world.person();
    let id = anna.connect().await;
    // The revoking write is a transaction and goes through, the settle never.
    let operation = Some("PutItem".to_owned());
    world.table_proxy.fault(ProxyFault { operation, kind: FaultKind::ServerError, times: 200, skip: 0 });
    assert_eq!(revoke(&anna, &id).await.header("bank-revocation"), Some("done"), "it was heard");
    world.table_proxy.reset();
    assert_eq!(revoked(&anna, &id).await, "unknown", "and was not kept");
    assert_eq!(revoke(&anna, &id).await.header("bank-revocation"), Some("done"));
    assert_eq!((deletions(&world).len(), revoked(&anna, &id).await.as_str()), (2, "done"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_is_being_signed_is_deleted_too_and_can_be_signed_no_more() {
    let world = world("delete", true).await;
    let (anna, browser) = (world.person(), world.browser());
    let started = anna.start_redirect().await;
    assert_eq!(revoke(&anna, &started.id).await.header("bank-revocation"), Some("done"));
    let page = browser.open(&started.url).await;
    assert!(page.location().contains("error=access_denied"), "the bank has forgotten it");
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    assert_eq!(revoke(&anna, id).await.header("bank-revocation"), Some("done"));
    assert_eq!(world.at_bank("decoupled.cancel"), 1);
    // What nobody can sign any more is not asked about.
    let late = anna.start_redirect().await;
    world.pass(15 * 60_000 + 500);
    let before = deletions(&world).len();
    assert_eq!(revoke(&anna, &late.id).await.header("bank-revocation"), Some("nothing_to_revoke"));
    assert_eq!(deletions(&world).len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_while_an_order_begins_leaves_neither_order_nor_consent() {
    let world = world("delete", true).await;
    let anna = world.person();
    anna.connect().await;
    let registered = json!({"country": "SE", "psu_type": "individual"});
    let id = anna.start(&registered).await.id;
    // The order has been claimed and is not there yet.
    world.bank.fault(FaultOrder::next(CallKind::DecoupledInit, Fault::HeaderStall { ms: 1500 }));
    let before = world.table_proxy.count("TransactWriteItems");
    let wish = swedish("decoupled")["authorization"].clone();
    let revocation = async {
        while world.table_proxy.count("TransactWriteItems") == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        revoke(&anna, &id).await
    };
    let path = format!("/v1/consents/{id}/authorization");
    let (chosen, answer) = join(anna.post(&path, &wish), revocation).await;
    assert!(chosen.status >= 400, "{}", chosen.text);
    assert_eq!(answer.header("bank-revocation"), Some("done"));
    assert!(world.bank.orders().iter().all(|order| !order.live));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_all_ends_everything_first_then_tells_the_bank_and_forgets_whatever_it_says() {
    let world = world("delete", true).await;
    let (anna, bob) = (world.person(), world.person());
    let erase = async |person: &Person<'_>| {
        let answer = person.call("DELETE", "/v1/consents").send().await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        answer.header("bank-revocation").unwrap().to_owned()
    };
    assert_eq!(erase(&anna).await, "nothing_to_revoke");
    let ids = [anna.connect().await, anna.connect().await, anna.start_redirect().await.id];
    let his = bob.connect().await;
    assert_eq!(erase(&anna).await, "done");
    assert_eq!(deletions(&world).len(), ids.len());
    let gone = async |ids: &[String]| {
        let dump = world.dump().await;
        ids.iter().all(|id| dump.as_array().unwrap().iter().all(|row| row["pk"]["S"] != **id))
    };
    assert!(gone(&ids).await);
    let ids = [anna.connect().await, anna.connect().await];
    world.bank.fault(FaultOrder::next(CallKind::ConsentsDelete, Fault::Unavailable));
    assert_eq!(erase(&anna).await, "failed", "the worst of two is told");
    assert!(gone(&ids).await, "what the bank says keeps nothing here");
    bob.get(&format!("/v1/consents/{his}/accounts")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_costs_one_call_and_one_write_more() {
    let world = world("delete", true).await;
    let anna = world.person();
    // consent-manage has fetched no client-credentials token before.
    revoke(&anna, &anna.connect().await).await;
    let id = anna.connect().await;
    let before = world.exchanges();
    revoke(&anna, &id).await;
    let after = world.exchanges();
    assert_eq!((after.0 - before.0, after.1 - before.1), (1, 3));
}
