use super::super::{
    Fault, Read,
    stub::{Reply, Seen, Stub, call, client, trace},
};
use crate::types::{AccessToken, AuthorizationCode, BankConsentId, Country, RefreshToken, SessionLink};
use std::{net::TcpListener, time::Duration};

/// Most that is read of accounts, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
const EMPTY: &str = r#"{"accounts":[]}"#;

fn json(body: &str) -> Reply {
    Reply::Answer(200, body.to_owned())
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.as_bytes().to_vec())
}

async fn accounts(stub: &Stub, seconds: u64) -> Result<usize, Fault> {
    accounts_by(&stub.client(), seconds).await
}

async fn accounts_by(client: &super::super::Client, seconds: u64) -> Result<usize, Fault> {
    let (trace, token) = (trace(), AccessToken::new("t-1"));
    let read = Read { token: &token, country: Country::Se, address: None, source: false };
    client.accounts(&call(&trace, seconds), &read).await.map(|accounts| accounts.len())
}

async fn refresh(client: &super::super::Client, seconds: u64) -> Result<(), Fault> {
    client.refresh(&call(&trace(), seconds), &RefreshToken::new("r-1")).await.map(drop)
}

#[tokio::test]
async fn every_call_carries_the_trace_and_a_fresh_version_4_request_id() {
    let stub = Stub::play([json(EMPTY), json(EMPTY), json(r#"{"access_token":"a"}"#)]);
    let client = stub.client();
    accounts_by(&client, 10).await.unwrap();
    accounts_by(&client, 10).await.unwrap();
    refresh(&client, 10).await.unwrap();
    let seen = stub.seen();
    let ids: Vec<&str> = seen.iter().map(|seen| seen.header("TPP-Request-ID").unwrap()).collect();
    for id in &ids {
        let variant = id.as_bytes()[19];
        assert!(id.len() == 36 && id.as_bytes()[14] == b'4' && b"89ab".contains(&variant), "{id}");
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    for seen in &seen {
        assert_eq!(seen.header("TPP-Transaction-ID"), Some("6b24ce42-237f-4303-a917-cf778e5013d6"));
        assert_eq!(seen.header("Accept"), Some("application/json"));
        assert_eq!(seen.header("Accept-Encoding"), None);
    }
}

#[tokio::test]
async fn a_post_whose_connection_dies_goes_out_once() {
    let stub = Stub::play([Reply::Close, json(r#"{"access_token":"a"}"#)]);
    assert_eq!(refresh(&stub.client(), 10).await, Err(Fault::Lost));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_code_and_a_poll_go_out_once_too() {
    let stub = Stub::play([Reply::Close, Reply::Close]);
    let (client, trace) = (stub.client(), trace());
    let consent = BankConsentId::parse("c-1").unwrap();
    let granted =
        client.exchange_code(&call(&trace, 10), &consent, AuthorizationCode::new("k-1"), None).await;
    assert_eq!(granted.map(drop), Err(Fault::Lost));
    let session = SessionLink::new(format!("{}/mlurd/decoupled/mbid/token/1.0?sessionId=s", stub.origin));
    assert_eq!(client.poll(&call(&trace, 10), &session).await.map(drop), Err(Fault::Lost));
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn a_post_on_a_kept_connection_that_dies_goes_out_once() {
    let token = r#"{"access_token":"a"}"#;
    let stub = Stub::play([json(token), Reply::Close, json(token)]);
    let client = stub.client();
    assert_eq!(refresh(&client, 10).await, Ok(()));
    assert_eq!(refresh(&client, 10).await, Err(Fault::Lost));
    assert_eq!(stub.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 0]);
}

#[tokio::test]
async fn a_get_whose_connection_dies_before_the_answer_goes_out_once_more() {
    let stub = Stub::play([Reply::Close, json(EMPTY)]);
    assert_eq!(accounts(&stub, 10).await, Ok(0));
    let ids: Vec<Option<String>> =
        stub.seen().iter().map(|seen| seen.header("TPP-Request-ID").map(str::to_owned)).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1]);
}

#[tokio::test]
async fn a_get_never_goes_out_a_third_time() {
    let stub = Stub::play([Reply::Close, Reply::Close, json(EMPTY)]);
    assert_eq!(accounts(&stub, 10).await, Err(Fault::Lost));
    assert_eq!(stub.seen().len(), 2);
}

#[tokio::test]
async fn a_get_that_times_out_goes_out_once_and_ends_within_its_deadline() {
    let stub = Stub::play([Reply::Stall(Duration::from_secs(5)), json(EMPTY)]);
    let began = std::time::Instant::now();
    assert_eq!(accounts(&stub, 1).await, Err(Fault::Lost));
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!(stub.seen().len(), 1);
}

#[tokio::test]
async fn a_get_that_got_any_answer_goes_out_once() {
    for (reply, fault) in [
        (raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"accounts\":"), Fault::Lost),
        (raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"acc"), Fault::Lost),
        (raw("SSH-2.0-nothing of yours\r\n\r\n"), Fault::Lost),
        (Reply::Answer(503, String::new()), Fault::Unavailable { retry_after: None }),
        (Reply::Answer(200, "{\"accounts\":[".into()), Fault::Malformed),
    ] {
        let stub = Stub::play([reply, json(EMPTY)]);
        assert_eq!(accounts(&stub, 10).await, Err(fault));
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::answer(EMPTY);
    for status in [301, 302, 303, 307, 308] {
        let head =
            format!("HTTP/1.1 {status} X\r\nLocation: {}/x\r\nContent-Length: 0\r\n\r\n", elsewhere.origin);
        let stub = Stub::play([raw(&head)]);
        assert_eq!(accounts(&stub, 10).await, Err(Fault::Unrecognised { call: "accounts", status }));
        assert_eq!(stub.seen().len(), 1);
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn more_than_8_mb_is_not_read_whether_announced_or_not() {
    let announced = raw("HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n");
    let mut endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    endless.resize(endless.len() + LARGEST + 1, b' ');
    for reply in [announced, Reply::Raw(endless)] {
        assert_eq!(accounts(&Stub::play([reply]), 10).await, Err(Fault::TooLarge));
    }
    let mut most = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    most.resize(most.len() + LARGEST - EMPTY.len(), b' ');
    most.extend_from_slice(EMPTY.as_bytes());
    assert_eq!(accounts(&Stub::play([Reply::Raw(most)]), 10).await, Ok(0));
}

#[tokio::test]
async fn of_a_token_no_more_than_256_kb_is_read() {
    let mut endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    endless.resize(endless.len() + 256 * 1024 + 1, b' ');
    assert_eq!(refresh(&Stub::play([Reply::Raw(endless)]).client(), 10).await, Err(Fault::TooLarge));
}

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    let packed = raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\u{1f}\u{8b}");
    assert_eq!(accounts(&Stub::play([packed]), 10).await.unwrap_err().code(), "malformed");
}

#[tokio::test]
async fn a_refused_connection_has_provably_sent_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    let fault = refresh(&client(&origin), 10).await.unwrap_err();
    assert_eq!(fault, Fault::NotSent);
    assert!(fault.provably_not_sent() && !Fault::Lost.provably_not_sent());
}

#[tokio::test]
async fn a_get_that_finds_nobody_the_second_time_may_have_arrived_the_first_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let once = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Read::read(&mut stream, &mut [0; 4096]).unwrap();
        drop(listener);
    });
    assert_eq!(accounts_by(&client(&origin), 10).await, Err(Fault::Lost));
    once.join().unwrap();
}

#[tokio::test]
async fn what_spends_is_not_started_without_time_to_settle() {
    let stub = Stub::play([json(EMPTY)]);
    assert_eq!(refresh(&stub.client(), 2).await, Err(Fault::NoTime));
    assert_eq!(accounts(&stub, 0).await, Err(Fault::NoTime));
    assert!(stub.seen().is_empty());
}

#[tokio::test]
async fn what_spends_leaves_two_seconds_to_settle() {
    let stub = Stub::play([Reply::Stall(Duration::from_secs(9))]);
    let began = std::time::Instant::now();
    assert_eq!(refresh(&stub.client(), 4).await, Err(Fault::Lost));
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
}

#[tokio::test]
async fn forgotten_connections_are_not_used_again() {
    let stub = Stub::play([json(EMPTY), json(EMPTY), json(EMPTY)]);
    let client = stub.client();
    accounts_by(&client, 10).await.unwrap();
    accounts_by(&client, 10).await.unwrap();
    client.forget_connections();
    accounts_by(&client, 10).await.unwrap();
    assert_eq!(stub.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 0, 1]);
}

#[tokio::test]
async fn what_spends_takes_a_fresh_connection_after_5_idle_seconds_and_a_read_does_not() {
    let token = r#"{"access_token":"a"}"#;
    let stub = Stub::play([json(token), json(EMPTY), json(token), json(EMPTY)]);
    let client = stub.client();
    refresh(&client, 10).await.unwrap();
    accounts_by(&client, 10).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5200)).await;
    refresh(&client, 10).await.unwrap();
    accounts_by(&client, 10).await.unwrap();
    assert_eq!(stub.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 1, 2, 1]);
}

#[tokio::test]
async fn warming_opens_one_connection_of_each_kind_and_the_first_calls_use_them() {
    let token = r#"{"access_token":"a"}"#;
    let bare = || Reply::Answer(404, String::new());
    let stub = Stub::play([bare(), bare(), json(token), json(EMPTY)]);
    let client = stub.client();
    client.warm(true, true).await;
    refresh(&client, 10).await.unwrap();
    accounts_by(&client, 10).await.unwrap();
    let seen = stub.seen();
    assert!(seen.iter().all(|seen: &Seen| seen.connection < 2), "{seen:?}");
    assert!(seen[..2].iter().all(|seen| seen.line() == "HEAD /" && seen.header("Authorization").is_none()));
}

#[tokio::test]
async fn warming_a_bank_that_is_down_does_not_fail() {
    client("http://127.0.0.1:9").warm(true, true).await;
}
