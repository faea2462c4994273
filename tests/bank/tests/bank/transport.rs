//! Certificates and connections.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use rustls::pki_types::ServerName;
use simulated_bank::{
    Away, Bank, CallKind, ClientIdentity, ClientSpec, Fault, FaultOrder, HangUp, KeyKind, Validity,
};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;

use crate::client::*;

const FORM_BODY: &str = "grant_type=client_credentials&scope=AIS&client_id=";

fn chain(identity: &ClientIdentity) -> Option<(&str, &str)> {
    Some((&identity.chain_pem, &identity.key_pem))
}

fn own(bank: &Bank) -> ClientIdentity {
    let pki = bank.pki();
    ClientIdentity { chain_pem: pki.client_chain_pem().to_owned(), key_pem: pki.client_key_pem().to_owned() }
}

#[tokio::test]
async fn without_a_certificate_of_the_banks_ca_the_handshake_fails() {
    let bank = bank().await;
    let url = format!("{}/mlurd/oauth2/token/1.0", bank.api_url());
    let form = format!("{FORM_BODY}{}", app().client_id);
    let pki = bank.pki();
    let other = pki.other_ca().unwrap();
    let foreign = ClientIdentity {
        chain_pem: other.client_chain_pem().to_owned(),
        key_pem: other.client_key_pem().to_owned(),
    };
    let spec = |validity| pki.issue_client(&ClientSpec { validity, ..ClientSpec::default() }).unwrap();
    let (expired, early) = (spec(Validity::Expired), spec(Validity::NotYetValid));
    for client in [None, chain(&foreign), chain(&expired), chain(&early)] {
        let tls = tls(pki.ca_pem(), client);
        assert!(send_over(&tls, "POST", &url, FORM, &form).await.is_err());
    }
    let ledger = bank.ledger();
    assert_eq!((ledger.handshakes_ok, ledger.handshakes_refused, ledger.connections), (0, 4, 4));
    assert!(ledger.calls.is_empty());
}

#[tokio::test]
async fn a_caller_that_trusts_another_ca_refuses_the_bank() {
    let bank = bank().await;
    let (pki, other) = (bank.pki(), bank.pki().other_ca().unwrap());
    let tls = tls(other.ca_pem(), Some((pki.client_chain_pem(), pki.client_key_pem())));
    assert!(send_over(&tls, "GET", &bank.api_url(), &[], "").await.is_err());
    assert_eq!(bank.ledger().handshakes_ok, 0);
}

#[tokio::test]
async fn an_rsa_certificate_of_the_banks_ca_is_welcome() {
    let bank = bank().await;
    let rsa = bank.pki().issue_client(&ClientSpec { key: KeyKind::Rsa, ..ClientSpec::default() }).unwrap();
    let url = format!("{}/bb/gls5/oauth2/token/1.0", bank.api_url());
    let form = format!("{FORM_BODY}{}", app().client_id);
    let answer = send_over(&tls(bank.pki().ca_pem(), chain(&rsa)), "POST", &url, FORM, &form).await.unwrap();
    assert_eq!((answer.status, answer.header("cache-control").as_str()), (200, "no-store"));
}

/// What the bank's alert says to this certificate. In TLS 1.3 it comes after the caller holds the handshake for done.
async fn alert(bank: &Bank, identity: &ClientIdentity) -> String {
    let tcp = TcpStream::connect(bank.api_url().replace("https://", "")).await.unwrap();
    let tls = tls(bank.pki().ca_pem(), chain(identity));
    let mut stream = tls.connect(ServerName::try_from("127.0.0.1").unwrap(), tcp).await.unwrap();
    stream.read_u8().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_withdrawn_certificate_is_refused_with_an_alert_while_others_and_open_connections_go_on() {
    let bank = bank().await;
    let (pki, url) = (bank.pki(), format!("{}/mlurd/oauth2/token/1.0", bank.api_url()));
    let form = format!("{FORM_BODY}{}", app().client_id);
    let named = ClientSpec { common_name: Some("TPP two".to_owned()), ..ClientSpec::default() };
    let two = pki.issue_client(&named).unwrap();
    let with = async |identity: &ClientIdentity| {
        send_over(&tls(pki.ca_pem(), chain(identity)), "POST", &url, FORM, &form).await
    };
    assert_eq!(with(&own(&bank)).await.unwrap().status, 200);
    assert_eq!(with(&two).await.unwrap().status, 200);
    pki.withdraw(&own(&bank)).unwrap();
    assert!(with(&own(&bank)).await.is_err());
    let refused = alert(&bank, &own(&bank)).await;
    assert!(refused.contains("CertificateRevoked"), "{refused}");
    assert_eq!(with(&two).await.unwrap().status, 200);
    pki.restore(&own(&bank)).unwrap();
    assert_eq!(with(&own(&bank)).await.unwrap().status, 200);
    let by_name = bank.ledger().handshakes_by_certificate;
    assert_eq!((by_name["Simulated TPP"], by_name["TPP two"]), (2, 2));
}

#[tokio::test]
async fn client_certificates_end_by_the_banks_clock() {
    let bank = bank().await;
    let url = format!("{}/mlurd/oauth2/token/1.0", bank.api_url());
    let form = format!("{FORM_BODY}{}", app().client_id);
    let spec = ClientSpec { validity: Validity::Days(10), ..ClientSpec::default() };
    let short = bank.pki().issue_client(&spec).unwrap();
    let tls = tls(bank.pki().ca_pem(), chain(&short));
    assert_eq!(send_over(&tls, "POST", &url, FORM, &form).await.unwrap().status, 200);
    bank.clock().advance_ms(11 * 86_400_000);
    let refused = alert(&bank, &short).await;
    assert!(refused.contains("CertificateExpired"), "{refused}");
}

#[tokio::test]
async fn connections_can_be_closed_and_new_ones_are_accepted() {
    let bank = bank().await;
    let host = bank.api_url().replace("https://", "");
    let tcp = TcpStream::connect(&host).await.unwrap();
    let mut idle = own_tls(&bank).connect(ServerName::try_from("127.0.0.1").unwrap(), tcp).await.unwrap();
    app_token(&bank).await;
    bank.close_connections().await;
    let mut room = [0; 16];
    let mut room = ReadBuf::new(&mut room);
    let ended = poll_fn(|cx| Pin::new(&mut idle).poll_read(cx, &mut room)).await;
    assert!(ended.is_err() || room.filled().is_empty());
    app_token(&bank).await;
    assert_eq!(bank.ledger().connections, 3);
    let numbers: Vec<_> = bank.ledger().calls.iter().map(|call| call.connection).collect();
    assert_eq!(numbers, [2, 3]);
}

#[tokio::test]
async fn an_idle_connection_can_be_closed_reset_or_left_in_silence() {
    let bank = bank().await;
    let host = bank.api_url().replace("https://", "");
    for how in [HangUp::Close, HangUp::Reset, HangUp::Silence] {
        let tcp = TcpStream::connect(&host).await.unwrap();
        let mut idle = own_tls(&bank).connect(ServerName::try_from("127.0.0.1").unwrap(), tcp).await.unwrap();
        app_token(&bank).await;
        bank.hang_up(how).await;
        let mut room = [0; 16];
        let mut room = ReadBuf::new(&mut room);
        let seen = poll_fn(|cx| {
            Poll::Ready(match Pin::new(idle.get_mut().0).poll_read(cx, &mut room) {
                Poll::Pending => "silence",
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::ConnectionReset => "reset",
                Poll::Ready(Ok(())) if room.filled().is_empty() => "closed",
                Poll::Ready(_) => "something else",
            })
        });
        let expected = match how {
            HangUp::Close => "closed",
            HangUp::Reset => "reset",
            HangUp::Silence => "silence",
        };
        assert_eq!(seen.await, expected);
        app_token(&bank).await;
    }
}

#[tokio::test]
async fn nobody_gets_in_by_a_new_connection_in_five_ways_until_the_bank_is_back() {
    let bank = bank().await;
    let host = bank.api_url().replace("https://", "");
    for how in Away::ALL {
        bank.fault(FaultOrder::next(CallKind::TokenClientCredentials, Fault::ThenAway { how }));
        let before = bank.ledger();
        app_token(&bank).await;
        let seen = match TcpStream::connect(&host).await {
            Err(error) => format!("{:?}", error.kind()),
            Ok(tcp) => {
                let name = ServerName::try_from("127.0.0.1").unwrap();
                let shake = async {
                    let mut tls = own_tls(&bank).connect(name, tcp).await?;
                    tls.read(&mut [0; 16]).await
                };
                // Silence is shown by waiting in vain; the others end by themselves.
                let patience = if how == Away::Silent { 100 } else { 30_000 };
                match tokio::time::timeout(Duration::from_millis(patience), shake).await {
                    Err(_) => "silence".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Ok(Ok(_)) => "an end without a word".to_owned(),
                }
            }
        };
        let expected: &[&str] = match how {
            Away::Refused => &["ConnectionRefused"],
            // As an end or as a reset, by whether the caller has spoken yet.
            Away::Closed => &["handshake eof", "reset by peer", "Broken pipe"],
            Away::Silent => &["silence"],
            Away::Stranger => &["UnknownIssuer"],
            Away::Unwelcome => &["UnknownCA"],
        };
        assert!(expected.iter().any(|word| seen.contains(word)), "{how:?}: {seen}");
        let ledger = bank.ledger();
        assert_eq!(ledger.calls.len(), before.calls.len() + 1, "{how:?}");
        bank.meet(None).await;
        app_token(&bank).await;
    }
}

#[tokio::test]
async fn http_2_is_offered_by_switch_only() {
    for http2 in [false, true] {
        let bank = bank_with(|options| options.switches.http2 = http2).await;
        let tls = tls_with(bank.pki().ca_pem(), chain(&own(&bank)), &[b"h2", b"http/1.1"]);
        let tcp = TcpStream::connect(bank.api_url().replace("https://", "")).await.unwrap();
        let stream = tls.connect(ServerName::try_from("127.0.0.1").unwrap(), tcp).await.unwrap();
        let expected: &[u8] = if http2 { b"h2" } else { b"http/1.1" };
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(expected));
    }
}

#[tokio::test]
async fn a_stopped_bank_has_left_its_ports() {
    let bank = bank().await;
    let port: u16 = bank.api_url().rsplit(':').next().unwrap().parse().unwrap();
    bank.stop().await;
    let again = bank_with(|options| options.ports.api = port).await;
    assert!(again.api_url().ends_with(&port.to_string()));
}
