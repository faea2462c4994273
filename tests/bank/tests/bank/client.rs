//! A caller with a client certificate, and the steps of both flows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use simulated_bank::{Bank, Options, RegisteredApp};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(crate) const ANNA: &str = "190102039815";

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// An answer, read through.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.body)).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }
}

/// A bank whose clock stands still unless moved, so that every time in a test is chosen.
pub(crate) async fn bank_with(change: impl FnOnce(&mut Options)) -> Bank {
    let mut options = Options { ticking: false, ..Options::default() };
    change(&mut options);
    Bank::start(options).await.unwrap()
}

pub(crate) async fn bank() -> Bank {
    bank_with(|_| {}).await
}

pub(crate) fn app() -> RegisteredApp {
    RegisteredApp::example()
}

pub(crate) fn uuid() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("00000000-0000-4000-8000-{:012x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// TLS that trusts `ca_pem` and shows a client certificate, if there is one.
pub(crate) fn tls(ca_pem: &str, client: Option<(&str, &str)>) -> TlsConnector {
    tls_with(ca_pem, client, &[])
}

/// The same, offering these protocols.
pub(crate) fn tls_with(ca_pem: &str, client: Option<(&str, &str)>, alpn: &[&[u8]]) -> TlsConnector {
    let certificates = |pem: &str| -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).map(Result::unwrap).collect()
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(ca_pem));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let mut config = match client {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            config.with_client_auth_cert(certificates(chain), key).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

pub(crate) fn own_tls(bank: &Bank) -> TlsConnector {
    let pki = bank.pki();
    tls(pki.ca_pem(), Some((pki.client_chain_pem(), pki.client_key_pem())))
}

/// Sends one request on a connection of its own.
pub(crate) async fn send(
    bank: &Bank,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Reply, Failed> {
    send_over(&own_tls(bank), method, url, headers, body).await
}

pub(crate) async fn send_over(
    tls: &TlsConnector,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Reply, Failed> {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    let mut request = Request::builder().method(method).uri(path).header("host", host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned())))?;
    let tcp = TcpStream::connect(host).await?;
    if scheme == "http" {
        return exchange(tcp, request).await;
    }
    let name = ServerName::try_from("127.0.0.1")?;
    exchange(tls.connect(name, tcp).await?, request).await
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
}

pub(crate) const FORM: &[(&str, &str)] =
    &[("accept", "application/json"), ("content-type", "application/x-www-form-urlencoded")];
pub(crate) const JSON: &[(&str, &str)] =
    &[("accept", "application/json"), ("content-type", "application/json")];

pub(crate) async fn token(bank: &Bank, form: &str) -> Reply {
    send(bank, "POST", &format!("{}/mlurd/oauth2/token/1.0", bank.api_url()), FORM, form).await.unwrap()
}

pub(crate) async fn app_token(bank: &Bank) -> String {
    let form = format!("grant_type=client_credentials&scope=AIS&client_id={}", app().client_id);
    token(bank, &form).await.text("access_token")
}

/// `POST /consents` with the mandatory headers and some more.
pub(crate) async fn consent_with(bank: &Bank, more: &[(&str, &str)]) -> Reply {
    let bearer = format!("Bearer {}", app_token(bank).await);
    let (client_id, request_id, transaction_id) = (app().client_id, uuid(), uuid());
    let mut headers = vec![
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-ibm-client-id", client_id.as_str()),
        ("authorization", bearer.as_str()),
        ("tpp-request-id", request_id.as_str()),
        ("tpp-transaction-id", transaction_id.as_str()),
    ];
    headers.extend(more);
    let url = format!("{}/openbanking/psd2/v1/consents", bank.api_url());
    send(bank, "POST", &url, &headers, r#"{"access":"ALL_ACCOUNTS"}"#).await.unwrap()
}

/// The link of an SCA method in a consent answer.
pub(crate) fn link(consent: &Value, method: &str) -> Option<String> {
    let methods = consent["scaMethods"].as_array().unwrap();
    let found = methods.iter().find(|entry| entry["scaMethodType"] == method)?;
    Some(found["_links"]["authorization"][0]["href"].as_str().unwrap().to_owned())
}

/// The address that the browser is sent to.
pub(crate) fn authorize_url(consent: &Value) -> String {
    let escaped = |text: &str| text.replace(':', "%3A").replace('/', "%2F");
    let app = app();
    format!(
        "{}?response_type=code&scope={}&client_id={}&state=st-1&redirect_uri={}",
        link(consent, "REDIRECT").unwrap(),
        escaped(&format!("AIS:{}", consent["consentId"].as_str().unwrap())),
        app.client_id,
        escaped(&app.redirect_uri),
    )
}

/// A parameter of a callback address.
pub(crate) fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(str::to_owned)
}

pub(crate) fn code_form(consent_id: &str, code: &str) -> String {
    let app = app();
    format!(
        "grant_type=authorization_code&scope=AIS%3A{consent_id}&client_id={}&code={code}&redirect_uri={}",
        app.client_id, app.redirect_uri
    )
}

/// Walks the redirect flow: consent id and the token answer.
pub(crate) async fn signed(
    bank: &Bank,
    country: &str,
    more: &[(&str, &str)],
    customer: &str,
) -> (String, Value) {
    let mut headers = vec![("country", country)];
    headers.extend(more);
    let consent = consent_with(bank, &headers).await.json();
    let id = consent["consentId"].as_str().unwrap().to_owned();
    let form = format!("decision=approve&customer={customer}");
    let back = send(bank, "POST", &authorize_url(&consent), FORM, &form).await.unwrap();
    assert_eq!(back.status, 303, "{}", back.body);
    let code = parameter(&back.header("location"), "code").unwrap();
    let answer = token(bank, &code_form(&id, &code)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (id, answer.json())
}

/// A read with the mandatory headers.
pub(crate) async fn read(bank: &Bank, access_token: &str, path: &str) -> Reply {
    read_with(bank, access_token, path, &[]).await.unwrap()
}

pub(crate) async fn read_with(
    bank: &Bank,
    access_token: &str,
    path: &str,
    more: &[(&str, &str)],
) -> Result<Reply, Failed> {
    let bearer = format!("Bearer {access_token}");
    let (client_id, request_id, transaction_id) = (app().client_id, uuid(), uuid());
    let mut headers = vec![
        ("accept", "application/json"),
        ("x-ibm-client-id", client_id.as_str()),
        ("authorization", bearer.as_str()),
        ("tpp-request-id", request_id.as_str()),
        ("tpp-transaction-id", transaction_id.as_str()),
    ];
    headers.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    headers.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let url = format!("{}/openbanking/psd2{path}", bank.api_url());
    send(bank, "GET", &url, &headers, "").await
}

/// Starts a BankID order by the 2.0 link of the guide.
pub(crate) async fn init(bank: &Bank, consent: &Value, psu_id: &str) -> Reply {
    let body = json!({
        "client_id": app().client_id,
        "scope": format!("AIS:{}", consent["consentId"].as_str().unwrap()),
        "psu_client_ip": "192.0.2.7",
        "psu_id": psu_id,
        "bisa_same_device": "true",
    });
    send(bank, "POST", &link(consent, "DECOUPLED").unwrap(), JSON, &body.to_string()).await.unwrap()
}

pub(crate) async fn poll(bank: &Bank, order: &Value) -> Reply {
    send(bank, "POST", order["_links"]["token"]["href"].as_str().unwrap(), JSON, "").await.unwrap()
}

/// Waits `sleep_time` on the bank's clock, then polls.
pub(crate) async fn later_poll(bank: &Bank, order: &Value) -> Reply {
    bank.clock().advance_ms(2_000);
    poll(bank, order).await
}
