//! Counting and faults, with Secrets Manager behind.

use std::time::{Duration, Instant};

use cloud::{FaultKind, HangUp, Proxy, ProxyFault, Secrets};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::caller::{Answer, post};

async fn behind() -> (Secrets, Proxy) {
    let secrets = Secrets::start(None).await.unwrap();
    secrets.put("main", &json!({ "n": 0 })).unwrap();
    let proxy = Proxy::start(secrets.url()).await.unwrap();
    (secrets, proxy)
}

async fn write(proxy: &Proxy, n: u32) -> Result<Answer, String> {
    let body = json!({ "SecretId": "main", "SecretString": json!({ "n": n }).to_string() });
    post(&proxy.url(), "secretsmanager.PutSecretValue", &body).await
}

fn fault(kind: FaultKind) -> ProxyFault {
    ProxyFault { operation: Some("PutSecretValue".to_owned()), kind, times: 1, skip: 0 }
}

#[tokio::test]
async fn every_exchange_is_counted_by_its_operation() {
    let (_secrets, proxy) = behind().await;
    write(&proxy, 1).await.unwrap();
    let read = json!({ "SecretId": "main" });
    let answer = post(&proxy.url(), "secretsmanager.GetSecretValue", &read).await.unwrap();
    assert_eq!(answer.json()["SecretString"], "{\"n\":1}");
    post(&proxy.url(), "secretsmanager.GetSecretValue", &json!({ "SecretId": "none" })).await.unwrap();
    assert_eq!((proxy.count("PutSecretValue"), proxy.count("GetSecretValue")), (1, 2));
    let statuses: Vec<u16> = proxy.exchanges().iter().map(|exchange| exchange.status).collect();
    assert_eq!(statuses, [200, 200, 400]);
    proxy.reset();
    assert_eq!(proxy.exchanges(), []);
}

#[tokio::test]
async fn a_refused_call_is_answered_and_not_executed() {
    for (kind, status, name) in [
        (FaultKind::Throttled, 400, "ThrottlingException"),
        (FaultKind::ServerError, 500, "InternalServiceError"),
    ] {
        let (secrets, proxy) = behind().await;
        proxy.fault(fault(kind));
        let answer = write(&proxy, 1).await.unwrap();
        assert_eq!((answer.status, answer.json()["__type"].as_str()), (status, Some(name)));
        assert_eq!(secrets.value("main", "AWSCURRENT"), Some(json!({ "n": 0 })));
    }
}

#[tokio::test]
async fn a_lost_request_was_not_executed_and_a_lost_answer_was() {
    for (kind, expected) in [(FaultKind::RequestLost, 0), (FaultKind::Reset, 0), (FaultKind::AnswerLost, 1)] {
        let (secrets, proxy) = behind().await;
        proxy.fault(fault(kind));
        let error = write(&proxy, 1).await.unwrap_err();
        assert_eq!(error.contains("ConnectionReset"), kind == FaultKind::Reset, "{kind:?}: {error}");
        assert_eq!(secrets.value("main", "AWSCURRENT"), Some(json!({ "n": expected })), "{kind:?}");
        assert_eq!(proxy.exchanges()[0].status, 0);
        assert_eq!(write(&proxy, 2).await.unwrap().status, 200, "the fault was for one call");
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_operation_and_lets_some_pass_first() {
    let (_secrets, proxy) = behind().await;
    proxy.fault(ProxyFault { skip: 1, times: 2, ..fault(FaultKind::ServerError) });
    let mut statuses = Vec::new();
    for n in 0..4 {
        let read = post(&proxy.url(), "secretsmanager.GetSecretValue", &json!({ "SecretId": "main" }))
            .await
            .unwrap();
        assert_eq!(read.status, 200);
        statuses.push(write(&proxy, n).await.unwrap().status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[tokio::test]
async fn a_slow_call_takes_its_time_and_succeeds() {
    let (_secrets, proxy) = behind().await;
    proxy.fault(fault(FaultKind::Slow(80)));
    let start = Instant::now();
    assert_eq!(write(&proxy, 1).await.unwrap().status, 200);
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn an_idle_connection_can_be_closed_reset_or_left_in_silence() {
    let (_secrets, proxy) = behind().await;
    for (number, how) in [HangUp::Close, HangUp::Reset, HangUp::Silence].into_iter().enumerate() {
        let mut idle = TcpStream::connect(proxy.url().trim_start_matches("http://")).await.unwrap();
        while proxy.connections() < number + 1 {
            tokio::task::yield_now().await;
        }
        proxy.hang_up(how).await;
        let mut room = [0; 16];
        if how == HangUp::Silence {
            idle.write_all(b"GET").await.unwrap();
        }
        let seen = match (how, tokio::time::timeout(Duration::from_millis(200), idle.read(&mut room)).await) {
            (HangUp::Close, Ok(Ok(0))) | (HangUp::Silence, Err(_)) => true,
            (HangUp::Reset, Ok(Err(error))) => error.kind() == std::io::ErrorKind::ConnectionReset,
            _ => false,
        };
        assert!(seen, "{how:?}");
    }
    assert_eq!(proxy.unheard(), 3);
    write(&proxy, 1).await.unwrap();
    assert_eq!(proxy.connections(), 4);
}
