//! The bank demands a client certificate, and we demand that it is the bank.

use crate::world::{SECRET, Setting, World, client::swedish, secret_of};
use serde_json::{Value, json};
use simulated_bank::{Mode, Options};

/// Puts a secret in force that has no other one to fall back to: the one before it is the same.
fn put_alone(world: &World, secret: &Value) {
    world.secrets.put(SECRET, secret).unwrap();
    world.secrets.put(SECRET, secret).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_refuses_a_handshake_without_a_client_certificate() {
    let world = World::in_process().await;
    let trust = reqwest::Certificate::from_pem(world.bank.pki().ca_pem().as_bytes()).unwrap();
    let stranger = reqwest::Client::builder().tls_certs_only([trust]).no_proxy().build().unwrap();
    let url = format!("{}/openbanking/psd2/v2/accounts", world.bank.api_url());
    assert!(stranger.get(url).send().await.is_err());
    // With TLS 1.3 the client may hear of it before the bank has written it down.
    for _ in 0..1000 {
        if world.bank.ledger().handshakes_refused >= 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let ledger = world.bank.ledger();
    assert!(ledger.handshakes_refused >= 1, "{ledger:?}");
    assert!(ledger.calls.is_empty(), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_certificate_of_another_ca_is_not_spoken_to() {
    let world = World::in_process().await;
    let mut secret = secret_of(&world.bank, world.bank.pki());
    secret["sets"]["main"]["trust_pem"] = json!(world.bank.pki().other_ca().unwrap().ca_pem());
    world.secrets.put(SECRET, &secret).unwrap();
    world.person().post("/v1/consents", &swedish("redirect")).await.problem(503, "bank_unavailable");
    assert!(world.bank.ledger().calls.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_of_another_ca_is_our_own_problem_and_calls_nothing() {
    let world = World::in_process().await;
    let foreign = world.bank.pki().other_ca().unwrap();
    put_alone(&world, &secret_of(&world.bank, &foreign));
    let problem =
        world.person().post("/v1/consents", &swedish("redirect")).await.problem(503, "bank_refused_us");
    assert_eq!(problem["action_by"], "service");
    assert!(world.bank.ledger().calls.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_does_not_belong_to_the_chain_is_never_used() {
    let world = World::in_process().await;
    let mut secret = secret_of(&world.bank, world.bank.pki());
    secret["sets"]["main"]["key_pem"] = json!(world.bank.pki().other_ca().unwrap().client_key_pem());
    put_alone(&world, &secret);
    world.person().post("/v1/consents", &swedish("redirect")).await.problem(500, "service_error");
    assert_eq!(world.bank.ledger().connections, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sandbox_is_walked_without_a_certificate_and_with_its_own_header() {
    let setting = Setting::default();
    let bank = Options { mode: Mode::Sandbox, ..setting.bank };
    let mut world = World::with(Setting { bank, ..setting }).await;
    let mut secret = secret_of(&world.bank, world.bank.pki());
    for part in ["chain_pem", "key_pem"] {
        secret["sets"]["main"].as_object_mut().unwrap().remove(part);
    }
    world.secrets.put(SECRET, &secret).unwrap();
    let api = world.bank.api_url();
    let page = world.bank.page_url();
    for (name, value) in [
        ("BANK_ENVIRONMENT", "sandbox".to_owned()),
        ("BANK_TOKEN_URL", format!("{api}/openbanking/oauth2/token/1.0")),
        ("BANK_LINKS", format!("{page}/openbanking/,{api}/openbanking/")),
    ] {
        world.environment.insert(name.to_owned(), value);
    }
    world.restart_functions().await;
    let anna = world.person();
    let started = anna.start(&swedish("redirect")).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    let trust = reqwest::Certificate::from_pem(world.bank.pki().ca_pem().as_bytes()).unwrap();
    let client = client.tls_certs_only([trust]).build().unwrap();
    let request = client.get(&started.url).header("x-sandbox-user", "SANDBOX-INDIVIDUAL-SE-1");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 302);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let link = world.browser().come_back(&location).await.location();
    let handle = crate::world::client::parameter(&link, "handle").unwrap();
    anna.activate(&started.id, &handle).await.expect(200);
    let accounts = anna.get(&format!("/v1/consents/{}/accounts", started.id)).await.expect(200);
    assert!(!accounts["accounts"].as_array().unwrap().is_empty());
}
