//! The gateway's own refusals, and that nothing is called behind them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cloud::{InvokeFailure, TokenSpec};
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::caller::{Gate, MORNING_MS, send};

#[tokio::test]
async fn a_token_that_is_not_good_is_401_and_says_why_in_the_challenge() {
    let gate = Gate::open().await;
    let (issuer, anna) = (&gate.issuer, TokenSpec::of("anna"));
    let good = issuer.token(&anna);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let altered = format!("{head}.{flipped}{}", &signature[1..]);
    let later = MORNING_MS / 1000 + 60;
    let cases = [
        ("nonsense", "Bearer nonsense".to_owned(), "invalid_token"),
        ("other key", issuer.token_of_other_key(&anna), "signature is invalid"),
        ("altered signature", altered, "signature is invalid"),
        ("none", issuer.unsigned_token(&anna), "invalid_token"),
        ("HS256 by the public key", issuer.token_of_confused_algorithm(&anna), "signing method is invalid"),
        ("other audience", issuer.token_for_other_audience(&anna), "valid audience"),
        ("expired", issuer.expired_token(&anna), "has expired"),
        ("other issuer", issuer.token(&anna.clone().claim("iss", "https://issuer.example")), "valid issuer"),
        ("not yet", issuer.token(&anna.clone().claim("nbf", later)), "not valid yet"),
        ("from the future", issuer.token(&anna.clone().claim("iat", later)), "issued in the future"),
        ("no end", issuer.token(&anna.clone().claim("exp", Value::Null)), "has expired"),
        ("basic", "Basic YTpi".to_owned(), "invalid_token"),
    ];
    for (case, token, challenge) in cases {
        let answer = gate.get_with(&token).await;
        assert_eq!((answer.status, answer.json()), (401, json!({ "message": "Unauthorized" })), "{case}");
        assert!(answer.header("www-authenticate").contains(challenge), "{case}: {:?}", answer.headers);
    }
    let without = Request::get(format!("{}/v1/consents/c1", gate.door.url())).body(Bytes::new()).unwrap();
    let without = send(without).await.unwrap();
    assert_eq!((without.status, without.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(gate.calls(), 0);
}

#[tokio::test]
async fn client_id_counts_as_audience_only_where_there_is_no_aud() {
    let gate = Gate::open().await;
    let named = |claims: [(&str, Value); 2]| {
        let [first, second] = claims;
        gate.issuer.token(&TokenSpec::of("anna").claim(first.0, first.1).claim(second.0, second.1))
    };
    let audience = json!(gate.issuer.audience());
    let by_client = named([("aud", Value::Null), ("client_id", audience.clone())]);
    assert_eq!(gate.get_with(&by_client).await.status, 200);
    let other_aud = named([("aud", json!("x")), ("client_id", audience.clone())]);
    assert_eq!(gate.get_with(&other_aud).await.status, 401);
    let listed = named([("aud", json!(["x", audience])), ("client_id", json!("demo-app"))]);
    assert_eq!(gate.get_with(&listed).await.status, 200);
}

#[tokio::test]
async fn a_good_token_without_the_routes_scope_is_403() {
    let gate = Gate::open().await;
    for spec in [
        TokenSpec::of("anna").scopes(&["consents:write", "accounts:read"]),
        TokenSpec::of("anna").scopes(&[]),
    ] {
        let answer = gate.get_with(&gate.issuer.token(&spec)).await;
        assert_eq!((answer.status, answer.json()), (403, json!({ "message": "Forbidden" })));
        assert!(answer.header("www-authenticate").contains("insufficient_scope"));
    }
    let id_token = gate.issuer.id_token(&TokenSpec::of("anna"));
    assert_eq!(gate.get_with(&id_token).await.status, 403);
    assert_eq!(gate.calls(), 0);
    let listed = TokenSpec::of("anna").scopes(&[]).claim("scp", json!(["consents:read"]));
    assert_eq!(gate.get_with(&gate.issuer.token(&listed)).await.status, 200, "scp is read too");
}

#[tokio::test]
async fn a_token_ends_when_the_clock_that_is_moved_says_so() {
    let gate = Gate::open().await;
    let token = gate.issuer.token(&TokenSpec::of("anna"));
    gate.now_ms.store(MORNING_MS + 3_599_999, Ordering::Relaxed);
    assert_eq!(gate.get_with(&token).await.status, 200);
    gate.now_ms.store(MORNING_MS + 3_600_000, Ordering::Relaxed);
    assert_eq!(gate.get_with(&token).await.status, 401);
}

#[tokio::test]
async fn too_much_is_refused_before_any_function_sees_it() {
    let gate = Gate::open().await;
    let large = vec![b'x'; 10 * 1024 * 1024 + 1];
    let body = send(gate.request("POST", "/v1/consents").body(Bytes::from(large)).unwrap()).await.unwrap();
    assert_eq!((body.status, body.json()["message"].as_str()), (413, Some("Request Entity Too Large")));
    let header = gate.request("GET", "/v1/consents/c1").header("x-long", "x".repeat(10_240));
    let header = send(header.body(Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(
        (header.status, header.json()["message"].as_str()),
        (431, Some("Request Header Fields Too Large"))
    );
    gate.door.throttle_next(1);
    let throttled = gate.get("/v1/consents/c1").await;
    assert_eq!((throttled.status, throttled.json()), (429, json!({ "message": "Too Many Requests" })));
    assert_eq!(gate.calls(), 0);
    assert_eq!(gate.get("/v1/consents/c1").await.status, 200);
}

#[tokio::test]
async fn the_templates_throttle_admits_a_burst_and_refuses_the_rest() {
    let ok = |_: &Value| Ok(br#"{"statusCode":200}"#.to_vec());
    let gate = Gate::with(0, |options| cloud::FrontDoorOptions { throttle: true, ..options }, ok).await;
    let mut admitted = 0;
    for _ in 0..400 {
        admitted += usize::from(gate.get("/").await.status != 429);
    }
    assert_eq!(admitted, 200, "the burst");
    gate.now_ms.fetch_add(10, Ordering::Relaxed);
    assert_eq!(gate.get("/").await.status, 404, "what has come in meanwhile");
    assert_eq!(gate.get("/").await.status, 429);
}

type Failing = fn() -> Result<Vec<u8>, InvokeFailure>;

#[tokio::test]
async fn a_function_that_fails_or_answers_nonsense_is_500_and_its_text_stays_inside() {
    let failures: [Failing; 6] = [
        || Err(InvokeFailure::Function("secret stack trace".to_owned())),
        || Err(InvokeFailure::Service("connection refused".to_owned())),
        || Ok(b"not json".to_vec()),
        || Ok(br#"{"statusCode":"many"}"#.to_vec()),
        || Ok(br#"{"statusCode":200,"isBase64Encoded":true,"body":"***"}"#.to_vec()),
        || Ok(br#"{"statusCode":200,"headers":{"a b":"c"}}"#.to_vec()),
    ];
    for failure in failures {
        let gate = Gate::answering(move |_| failure()).await;
        let answer = gate.get("/v1/consents/c1").await;
        assert_eq!((answer.status, answer.json()), (500, json!({ "message": "Internal Server Error" })));
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long_or_is_busy_is_503() {
    let ok = |_: &Value| Ok(br#"{"statusCode":200}"#.to_vec());
    let short =
        |options| cloud::FrontDoorOptions { integration_timeout: Duration::from_millis(50), ..options };
    let slow = Gate::with(200, short, ok).await;
    let answer = slow.get("/v1/consents/c1").await;
    assert_eq!((answer.status, answer.json()), (503, json!({ "message": "Service Unavailable" })));
    let busy = Gate::answering(|_| Err(InvokeFailure::Busy)).await;
    assert_eq!(busy.get("/v1/consents/c1").await.status, 503);
}

#[tokio::test]
async fn at_most_64_calls_of_a_function_are_under_way_and_the_others_wait() {
    let gate = std::sync::Arc::new(Gate::answering(|_| Ok(br#"{"statusCode":200}"#.to_vec())).await);
    gate.functions.open.send_replace(false);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..80 {
        let gate = gate.clone();
        calls.spawn(async move { gate.get("/v1/consents/c1").await.status });
    }
    while gate.calls() < 64 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Whoever is let in besides has the time to come.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(gate.calls(), 64);
    gate.functions.open.send_replace(true);
    assert_eq!(calls.join_all().await, [200; 80]);
    assert_eq!(gate.calls(), 80);
}
