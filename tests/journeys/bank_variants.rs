//! What is not certain about the bank, both ways: link families, status of the consent answer, where personal numbers
//! come from, links that lead elsewhere.

use crate::world::{
    Setting, World,
    client::{ANNA, swedish},
};
use serde_json::json;
use simulated_bank::{Away, BankIdAction, CallKind, Fault, FaultOrder, LinkFamily, Options};

async fn both_flows(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let order = anna.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    assert_eq!(anna.poll(id).await.expect(200)["status"], "active");
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_flows_pass_with_every_family_of_links_and_either_status() {
    for (links, version) in
        [(LinkFamily::Guide, "2.0"), (LinkFamily::Gls5, "1.0"), (LinkFamily::Mlurd, "2.0")]
    {
        for consent_status in [200, 201] {
            let setting = Setting::default();
            let bank = Options { links, consent_status, ..setting.bank };
            let world = World::with(Setting { bank, ..setting }).await;
            both_flows(&world).await;
            let ledger = world.bank.ledger();
            let init = &ledger.of_kind("decoupled.init")[0].target;
            assert!(init.ends_with(&format!("initAuthorization/{version}")), "{init}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_personal_number_from_a_verified_claim_is_shown_as_verified() {
    let overrides = vec![("PERSONAL_NUMBER_SOURCE", "claim:ssn".to_owned())];
    let world = World::with(Setting { overrides, ..Setting::default() }).await;
    let mut anna = world.person();
    let mut body = swedish("decoupled");
    anna.post("/v1/consents", &body).await.problem(400, "invalid_request");
    body["authorization"].as_object_mut().unwrap().remove("personal_number");
    anna.post("/v1/consents", &body).await.problem(403, "user_token_required");
    anna.spec = anna.spec.claim("ssn", ANNA);
    let order = anna.start(&body).await;
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    assert_eq!(anna.poll(&order.id).await.expect(200)["status"], "active");
    let consent = anna.get(&format!("/v1/consents/{}", order.id)).await.expect(200);
    assert_eq!(consent["identity"], "verified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_to_foreign_hosts_are_never_followed() {
    let world = World::in_process().await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://127.0.0.1:{}", elsewhere.local_addr().unwrap().port());
    for call in [CallKind::ConsentsCreate, CallKind::DecoupledInit] {
        let fault = Fault::ForeignLinks { origin: origin.clone() };
        world.bank.fault(FaultOrder { call, fault, times: 1, skip: 0 });
        world.person().post("/v1/consents", &swedish("decoupled")).await.problem(502, "bank_answer_unusable");
    }
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), elsewhere.accept()).await;
    assert!(nobody.is_err(), "somebody followed a foreign link");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_of_the_bank_is_never_followed() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("http://{}/psd2/v2/accounts", elsewhere.local_addr().unwrap());
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::RedirectElsewhere { location }));
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(502, "bank_unrecognised");
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), elsewhere.accept()).await;
    assert!(nobody.is_err(), "somebody followed a redirect");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_token_that_the_bank_forgot_is_fetched_anew_once() {
    let world = World::in_process().await;
    let anna = world.person();
    anna.start_redirect().await;
    let before = world.at_bank("token.client_credentials");
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, Fault::TokenNotActive));
    anna.start_redirect().await;
    anna.start_redirect().await;
    assert_eq!(world.at_bank("token.client_credentials") - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_whose_answer_was_lost_is_never_registered_again_and_one_that_never_left_is() {
    let world = World::in_process().await;
    let anna = world.person();
    anna.start_redirect().await;
    let before = world.at_bank("consents.create");
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, Fault::AnswerLost));
    for _ in 0..3 {
        let problem = anna.post_keyed("/v1/consents", &swedish("redirect"), "lost-start-1").await;
        problem.problem(502, "start_unknown");
    }
    assert_eq!(world.at_bank("consents.create") - before, 1);
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    world.bank.close_connections().await;
    let unsent = anna.post_keyed("/v1/consents", &swedish("redirect"), "unsent-start-1").await;
    assert_eq!(unsent.problem(503, "bank_unavailable")["retryable"], json!(true));
    world.bank.change_switches(|switches| switches.away = None);
    anna.post_keyed("/v1/consents", &swedish("redirect"), "unsent-start-1").await.expect(201);
    assert_eq!(world.at_bank("consents.create") - before, 2);
}
