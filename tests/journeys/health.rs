//! `GET /v1/health`, and what the log says with every request: how long certificates last, how fresh the keys are.

use crate::world::{SECRET, World, only_in_process};
use cloud::{FaultKind, ProxyFault, TokenSpec};
use serde_json::{Value, json};
use simulated_bank::{ClientSpec, Validity};

only_in_process![
    health_says_how_long_certificates_last_and_nothing_secret,
    a_certificate_that_ends_soon_is_said_in_health_and_in_every_line,
    keys_that_could_not_be_looked_at_again_are_served_and_called_stale,
    a_table_that_does_not_answer_is_said_with_status_200,
    a_monitor_without_an_end_user_may_ask,
];

async fn health(world: &World) -> Value {
    world.person().get("/v1/health").await.expect(200)
}

/// Asks until the answer is as wanted: what is looked at beside a request is there some requests later.
pub(crate) async fn until_health(world: &World, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1000 {
        let health = health(world).await;
        if wanted(&health) {
            return health;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("never: {}", health(world).await);
}

/// Seconds since Secrets Manager was last heard.
fn age(health: &Value) -> i64 {
    health["secret"]["age_s"].as_i64().unwrap()
}

fn newest_line(world: &World) -> Value {
    serde_json::from_str(world.lines.lock().unwrap().last().unwrap()).unwrap()
}

async fn health_says_how_long_certificates_last_and_nothing_secret(world: &World) {
    let health = health(world).await;
    assert_eq!(health["status"], "ok", "{health}");
    assert_eq!(health["table"], json!({"reachable": true}));
    let secret = &health["secret"];
    assert_eq!((&secret["stale"], &secret["newer_refused"]), (&json!(false), &json!(false)));
    assert!(secret["checked_at"].as_str().unwrap().starts_with("2026-01-15T08:"), "{secret}");
    assert!(age(&health) < 300, "{secret}");
    let [set] = health["certificates"].as_array().unwrap().as_slice() else { panic!("{health}") };
    assert_eq!((&set["set"], &set["countries"]), (&json!("main"), &json!(["SE", "NL", "GB", "LU"])));
    assert!(set["days_left"].as_i64().unwrap() > 1000 && set["valid_until"].is_string(), "{set}");
    let known: Vec<_> = set.as_object().unwrap().keys().collect();
    assert_eq!(known, ["countries", "days_left", "set", "valid_until"], "and nothing else");
    assert!(world.bank.ledger().calls.is_empty());
}

async fn a_certificate_that_ends_soon_is_said_in_health_and_in_every_line(world: &World) {
    let short = ClientSpec { validity: Validity::Days(20), ..ClientSpec::default() };
    let issued = world.bank.pki().issue_client(&short).unwrap();
    let mut secret = world.secrets.value(SECRET, "AWSCURRENT").unwrap();
    secret["sets"]["main"]["chain_pem"] = json!(issued.chain_pem);
    secret["sets"]["main"]["key_pem"] = json!(issued.key_pem);
    world.secrets.put(SECRET, &secret).unwrap();
    let health = until_health(world, |health| health["certificates"][0]["days_left"] == 19).await;
    assert_eq!(health["status"], "ok", "{health}");
    assert_eq!(health["certificates"][0]["valid_until"], "2026-02-04T00:00:00Z");
    let anna = world.person();
    anna.connect().await;
    assert_eq!(newest_line(world)["certificate_days"], 19);
    world.pass(6 * 86_400_000);
    let health = until_health(world, |health| health["certificates"][0]["days_left"] == 13).await;
    assert_eq!(health["status"], "degraded");
    world.pass(15 * 86_400_000);
    assert_eq!(
        until_health(world, |it| it["status"] == "degraded").await["certificates"][0]["days_left"],
        -2
    );
    assert_eq!(newest_line(world)["certificate_days"], -2.0);
}

async fn keys_that_could_not_be_looked_at_again_are_served_and_called_stale(world: &World) {
    health(world).await;
    let down = ProxyFault { operation: None, kind: FaultKind::ServerError, times: 6, skip: 0 };
    world.secret_proxy.fault(down);
    world.pass(301_000);
    let stale = until_health(world, |health| health["secret"]["stale"] == true).await;
    assert_eq!(stale["status"], "degraded");
    assert!(age(&stale) >= 301, "{stale}");
    assert_eq!(newest_line(world)["secret_stale"], 1);
    world.pass(15_000);
    health(world).await;
    world.pass(15_000);
    let fresh = until_health(world, |health| health["status"] == "ok").await;
    assert!(age(&fresh) < 300, "{fresh}");
    let counted = &newest_line(world)["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    assert_eq!(*counted, json!([{"Name": "answered"}]), "and nothing else");
}

async fn a_table_that_does_not_answer_is_said_with_status_200(world: &World) {
    health(world).await;
    world.table_proxy.fault(ProxyFault { operation: None, kind: FaultKind::Throttled, times: 3, skip: 0 });
    let failing = health(world).await;
    assert_eq!((&failing["status"], &failing["table"]["reachable"]), (&json!("failing"), &json!(false)));
    assert_eq!(health(world).await["status"], "ok");
}

async fn a_monitor_without_an_end_user_may_ask(world: &World) {
    let mut monitor = world.person();
    monitor.spec = TokenSpec { sub: monitor.spec.client_id.clone(), ..monitor.spec };
    monitor.get("/v1/health").await.expect(200);
    monitor.get("/v1/consents").await.problem(403, "user_token_required");
    let answer = monitor.get("/v1/health?verbose=1").await;
    answer.problem(400, "invalid_request");
}
