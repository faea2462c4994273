//! Mutual TLS: who refuses whom, and what is known afterwards.

use super::super::{
    Call, Client, Fault, Standby,
    stub::{call, endpoints, trace},
};
use crate::types::RefreshToken;
use futures_util::future::BoxFuture;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, Stream,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn new_issuer(name: &str) -> Issuer {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn roots(issuer: &Issuer) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    roots
}

fn identity(issuer: &Issuer) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
    (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

/// A bank that demands certificates of `issuer` and answers one refresh per connection.
fn bank(issuer: &Issuer, version: &'static rustls::SupportedProtocolVersion, protocol: &str) -> String {
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots(issuer)), provider()).build().unwrap();
    let (chain, key) = identity(issuer);
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[version]).unwrap();
    let mut config = builder.with_client_cert_verifier(verifier).with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let config = Arc::new(config);
    thread::spawn(move || listener.incoming().for_each(|stream| serve(&config, stream.unwrap())));
    origin
}

fn serve(config: &Arc<ServerConfig>, mut stream: TcpStream) {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    let mut request = [0; 4096];
    if Stream::new(&mut connection, &mut stream).read(&mut request).is_ok() {
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{\"access_token\":\"a\"}";
        let _ = Stream::new(&mut connection, &mut stream).write_all(answer.as_bytes());
        connection.send_close_notify();
        let _ = connection.complete_io(&mut stream);
    }
    // Read on, or the reset that follows unread bytes overtakes the alert.
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

fn client(origin: &str, tls: ClientConfig) -> Arc<Client> {
    let client = Client::new(Arc::new(endpoints(origin)), "app-1".into(), "https://tpp.example/".into(), tls);
    Arc::new(client.unwrap())
}

async fn refresh(origin: &str, tls: ClientConfig) -> Result<(), Fault> {
    client(origin, tls).refresh(&call(&trace(), 10), &RefreshToken::new("r-1")).await.map(drop)
}

/// Has one client instead of every refused one, and counts who asks.
struct Instead(Option<Arc<Client>>, AtomicUsize);

impl Standby for Instead {
    fn instead_of(&self, _: u64) -> BoxFuture<'_, Option<Arc<Client>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { self.0.clone() })
    }
}

fn trusting(issuer: &Issuer) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let builder =
        ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(roots(issuer))
}

#[tokio::test]
async fn with_the_right_certificates_the_call_goes_through() {
    let issuer = new_issuer("A");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (chain, key) = identity(&issuer);
        let tls = trusting(&issuer).with_client_auth_cert(chain, key).unwrap();
        assert_eq!(refresh(&bank(&issuer, version, "http/1.1"), tls).await, Ok(()));
    }
}

#[tokio::test]
async fn a_client_certificate_that_the_bank_refuses_is_told_apart_and_spends_nothing() {
    let issuer = new_issuer("A");
    // Of another issuer, forged in the name of this one, and none at all.
    let shown = [Some(new_issuer("B")), Some(new_issuer("A")), None].map(|other| match other {
        Some(other) => {
            let (chain, key) = identity(&other);
            trusting(&issuer).with_client_auth_cert(chain, key).unwrap()
        }
        None => trusting(&issuer).with_no_client_auth(),
    });
    for protocol in ["http/1.1", "h2"] {
        let origin = bank(&issuer, &rustls::version::TLS13, protocol);
        for tls in &shown {
            assert_eq!(refresh(&origin, tls.clone()).await, Err(Fault::CertificateRefused), "{protocol}");
        }
    }
    let origin = bank(&issuer, &rustls::version::TLS12, "http/1.1");
    assert_eq!(refresh(&origin, shown[0].clone()).await, Err(Fault::CertificateRefused));
    assert!(Fault::CertificateRefused.provably_not_sent());
}

#[tokio::test]
async fn a_call_that_showed_a_refused_certificate_goes_out_once_more_with_another_one() {
    let issuer = new_issuer("A");
    let shown_by = |other: &Issuer| {
        let (chain, key) = identity(other);
        trusting(&issuer).with_client_auth_cert(chain, key).unwrap()
    };
    for (version, protocol) in [
        (&rustls::version::TLS13, "http/1.1"),
        (&rustls::version::TLS13, "h2"),
        (&rustls::version::TLS12, "http/1.1"),
    ] {
        let origin = bank(&issuer, version, protocol);
        let refused = client(&origin, shown_by(&new_issuer("B")));
        let same = Arc::clone(&refused);
        // What the other one meets is the end of it, whatever it is: this stub speaks no HTTP/2.
        let good = if protocol == "h2" { Err(Fault::Lost) } else { Ok(()) };
        for (other, outcome) in [
            (Some(client(&origin, shown_by(&issuer))), good),
            (Some(same), Err(Fault::CertificateRefused)),
            (None, Err(Fault::CertificateRefused)),
        ] {
            let (trace, standby) = (trace(), Instead(other, AtomicUsize::new(0)));
            let call = Call { standby: Some(&standby), ..call(&trace, 10) };
            let refreshed = refused.refresh(&call, &RefreshToken::new("r-1")).await.map(drop);
            assert_eq!(refreshed, outcome, "{protocol}");
            assert_eq!(standby.1.load(Ordering::Relaxed), 1, "asked once, whatever comes of it");
        }
    }
}

#[tokio::test]
async fn a_bank_that_shows_a_foreign_certificate_is_sent_nothing() {
    let (issuer, other) = (new_issuer("A"), new_issuer("B"));
    let (chain, key) = identity(&issuer);
    let tls = trusting(&other).with_client_auth_cert(chain, key).unwrap();
    assert_eq!(refresh(&bank(&issuer, &rustls::version::TLS13, "http/1.1"), tls).await, Err(Fault::NotSent));
}

#[tokio::test]
async fn a_probe_hears_the_refusal_and_only_the_refusal() {
    let (issuer, other) = (new_issuer("A"), new_issuer("B"));
    let (chain, key) = identity(&other);
    let refused = trusting(&issuer).with_client_auth_cert(chain, key).unwrap();
    let (chain, key) = identity(&issuer);
    let accepted = trusting(&issuer).with_client_auth_cert(chain, key).unwrap();
    let distrusting = trusting(&other).with_no_client_auth();
    let patience = std::time::Duration::from_millis(300);
    let origin = reqwest::Url::parse(&bank(&issuer, &rustls::version::TLS13, "http/1.1")).unwrap();
    assert!(super::probe::certificate_is_refused(&refused, &origin, patience).await);
    assert!(!super::probe::certificate_is_refused(&accepted, &origin, patience).await);
    assert!(!super::probe::certificate_is_refused(&distrusting, &origin, patience).await);
    let nobody = reqwest::Url::parse("https://127.0.0.1:9/").unwrap();
    assert!(!super::probe::certificate_is_refused(&refused, &nobody, patience).await);
}
