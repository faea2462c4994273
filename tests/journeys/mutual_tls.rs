//! The bank demands a client certificate, and we demand that it is the bank.

use crate::world::{
    SECRET, Setting, World,
    client::{parameter, swedish},
    secret_of,
};
use cloud::{FaultKind, ProxyFault};
use serde_json::{Value, json};
use simulated_bank::{ClientIdentity, ClientSpec, KeyKind, Mode, Options, ServerSpec, Validity};

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

/// A secret whose main set has this chain and key.
fn shown(world: &World, identity: &ClientIdentity) -> Value {
    let mut secret = secret_of(&world.bank, world.bank.pki());
    secret["sets"]["main"]["chain_pem"] = json!(identity.chain_pem);
    secret["sets"]["main"]["key_pem"] = json!(identity.key_pem);
    secret
}

fn issued(world: &World, validity: Validity, key: KeyKind) -> ClientIdentity {
    let spec = ClientSpec { validity, key, ..ClientSpec::default() };
    world.bank.pki().issue_client(&spec).unwrap()
}

/// What every world's secret shows.
fn own(world: &World) -> ClientIdentity {
    let pki = world.bank.pki();
    ClientIdentity { chain_pem: pki.client_chain_pem().to_owned(), key_pem: pki.client_key_pem().to_owned() }
}

/// The certificates of a chain the other way round.
fn reversed(chain: &str) -> String {
    let end = "-----END CERTIFICATE-----\n";
    let mut certificates: Vec<_> = chain.split_inclusive(end).collect();
    certificates.reverse();
    certificates.concat()
}

/// Secrets that must not be used, each with what is wrong and the problem it is to a process that has nothing else.
fn unusable(world: &World) -> Vec<(&'static str, Value, u16, &'static str)> {
    let pki = world.bank.pki();
    let sound = secret_of(&world.bank, pki);
    let with = |field: &str, value: &str| {
        let mut secret = sound.clone();
        secret["sets"]["main"][field] = json!(value);
        secret
    };
    let foreign = pki.other_ca().unwrap();
    let mut no_key = sound.clone();
    no_key["sets"]["main"].as_object_mut().unwrap().remove("key_pem");
    let mut no_sealing = sound.clone();
    no_sealing["sealing_keys"] = json!([]);
    vec![
        ("expired", shown(world, &issued(world, Validity::Expired, KeyKind::Ec)), 503, "bank_refused_us"),
        (
            "not yet valid",
            shown(world, &issued(world, Validity::NotYetValid, KeyKind::Rsa)),
            503,
            "bank_refused_us",
        ),
        ("of a foreign CA", secret_of(&world.bank, &foreign), 503, "bank_refused_us"),
        ("wrong key", with("key_pem", foreign.client_key_pem()), 500, "service_error"),
        ("wrong order", with("chain_pem", &reversed(pki.client_chain_pem())), 500, "service_error"),
        (
            "not PEM",
            with("chain_pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            500,
            "service_error",
        ),
        ("no key", no_key, 500, "service_error"),
        ("no sealing key", no_sealing, 500, "service_error"),
        (
            "not a secret of ours",
            json!({"username": "admin", "password": "canary-9471"}),
            500,
            "service_error",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_has_only_a_secret_that_is_no_good_says_so_and_calls_nothing() {
    let mut world = World::in_process().await;
    for (what, secret, status, code) in unusable(&world) {
        put_alone(&world, &secret);
        world.restart_functions().await;
        let answer = world.person().post("/v1/consents", &swedish("redirect")).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{what}: {}",
            answer.text
        );
        assert!(world.bank.ledger().calls.is_empty(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_starts_on_a_secret_that_is_no_good_takes_the_one_before_it() {
    let mut world = World::in_process().await;
    let sound = secret_of(&world.bank, world.bank.pki());
    for (what, secret, ..) in unusable(&world) {
        world.secrets.put(SECRET, &sound).unwrap();
        world.secrets.put(SECRET, &secret).unwrap();
        world.restart_functions().await;
        let answer = world.person().post("/v1/consents", &swedish("redirect")).await;
        assert_eq!(answer.status, 201, "{what}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_with_elliptic_and_with_rsa_keys_are_shown_to_the_bank() {
    let mut world = World::in_process().await;
    for key in [KeyKind::Ec, KeyKind::Rsa] {
        world.secrets.put(SECRET, &shown(&world, &issued(&world, Validity::Valid, key))).unwrap();
        world.restart_functions().await;
        world.person().connect().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_the_bank_has_withdrawn_is_our_own_problem_and_spends_nothing() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let (pki, own) = (world.bank.pki(), own(&world));
    pki.withdraw(&own).unwrap();
    let before = world.bank.ledger().calls.len();
    // Long enough that no connection is left from before.
    world.pass(25 * 3_600_000);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(503, "bank_refused_us");
    anna.post("/v1/consents", &swedish("redirect")).await.problem(503, "bank_refused_us");
    assert_eq!(world.bank.ledger().calls.len(), before);
    pki.restore(&own).unwrap();
    // The refresh token was not spent, and its claim was given back.
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    assert_eq!(world.at_bank("token.refresh_token"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_met_a_refused_certificate_is_spent_when_the_browser_comes_again() {
    let world = World::in_process().await;
    let anna = world.person();
    let started = anna.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-anna").await;
    let (pki, own) = (world.bank.pki(), own(&world));
    pki.withdraw(&own).unwrap();
    let page = world.browser().come_back(&location).await;
    assert!(page.status >= 500, "{}", page.text);
    assert_eq!(world.at_bank("token.authorization_code"), 0);
    pki.restore(&own).unwrap();
    let link = world.browser().come_back(&location).await.location();
    anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
    assert_eq!(world.at_bank("token.authorization_code"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_whose_certificate_is_for_another_host_or_over_is_not_spoken_to() {
    let elsewhere = ServerSpec { names: vec!["elsewhere.example".to_owned()], ..ServerSpec::default() };
    let expired = ServerSpec { validity: Validity::Expired, ..ServerSpec::default() };
    let early = ServerSpec { validity: Validity::NotYetValid, ..ServerSpec::default() };
    for server in [elsewhere, expired, early] {
        let setting = Setting::default();
        let bank = Options { server: server.clone(), ..setting.bank };
        let world = World::with(Setting { bank, ..setting }).await;
        let answer = world.person().post("/v1/consents", &swedish("redirect")).await;
        answer.problem(503, "bank_unavailable");
        let ledger = world.bank.ledger();
        assert!(ledger.calls.is_empty() && ledger.handshakes_ok == 0, "{server:?}: {ledger:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_secrets_manager_a_cold_process_can_do_nothing_and_a_warm_one_everything() {
    let mut world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let down = ProxyFault { operation: None, kind: FaultKind::ServerError, times: u32::MAX, skip: 0 };
    world.secret_proxy.fault(down);
    let looks = world.secret_proxy.count("GetSecretValue");
    // Warm, and again when the copy is past its time.
    for _ in 0..3 {
        anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
        anna.connect().await;
        world.pass(301_000);
    }
    assert!(world.secret_proxy.count("GetSecretValue") > looks, "it was looked for");
    // Once a look has failed the lines say so.
    let said = || world.lines.lock().unwrap().iter().any(|line| line.contains(r#""secret_stale":1"#));
    while !said() {
        anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    }
    // Cold: nothing can be done, and it can be repeated.
    world.restart_functions().await;
    let anna = world.person();
    let problem = anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(503, "service_unavailable");
    assert_eq!(problem["retryable"], true);
    world.secret_proxy.reset();
    world.person().connect().await;
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
    let handle = parameter(&link, "handle").unwrap();
    anna.activate(&started.id, &handle).await.expect(200);
    let accounts = anna.get(&format!("/v1/consents/{}/accounts", started.id)).await.expect(200);
    assert!(!accounts["accounts"].as_array().unwrap().is_empty());
}
