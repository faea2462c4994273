//! What it means that no answer came.

use super::Fault;
use reqwest::Url;
use std::error::Error;

/// Why an attempt brought no answer, and what the connection had to do with it.
pub(super) struct Failure {
    pub(super) fault: Fault,
    pub(super) end: End,
}

/// How the connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Under the call, before there was the head of an answer, and not by a timeout. It may have been executed.
    Died,
    /// Before the call was written to it: the call to this address never left.
    TurnedAway(Url),
    /// Some other way, or not at all.
    Other,
}

/// Alerts by which a server refuses a client certificate or its signature (RFC 8446 section 6.2). All of them belong
/// to the handshake.
const CERTIFICATE_ALERTS: [&str; 9] = [
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "UnknownCA",
    "AccessDenied",
    "DecryptError",
    "CertificateRequired",
];

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, end: End::Other }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        let fault = fault_of(&error);
        let end = if fault == Fault::NotSent && never_left(&error) {
            error.url().cloned().map_or(End::Other, End::TurnedAway)
        } else if fault == Fault::Lost && error.is_request() && !error.is_timeout() && !is_garbled(&error) {
            End::Died
        } else {
            End::Other
        };
        Self { fault, end }
    }
}

fn fault_of(error: &reqwest::Error) -> Fault {
    // In TLS 1.3 the server looks at our certificate after the client holds the handshake for done, so the refusal
    // may come as an error of the first call. That call is not executed: the server never finished its side.
    if refuses_certificate(texts(error)) {
        Fault::CertificateRefused
    } else if error.is_connect() || never_left(error) {
        Fault::NotSent
    } else if error.is_builder() {
        Fault::Misconfigured
    } else {
        Fault::Lost
    }
}

/// The HTTP client hands the call back unwritten. It says so for this case only, and would itself send it again if
/// the connection had served before.
fn never_left(error: &reqwest::Error) -> bool {
    texts(error).any(|text| text == "client error (Canceled)")
}

/// By the text of the alert, because HTTP/2 passes errors of the connection on as text only.
pub(super) fn refuses_certificate(mut texts: impl Iterator<Item = String>) -> bool {
    texts.any(|text| {
        text.split_once("received fatal alert: ").is_some_and(|(_, alert)| {
            let name: String = alert.chars().take_while(char::is_ascii_alphanumeric).collect();
            CERTIFICATE_ALERTS.contains(&name.as_str())
        })
    })
}

/// Something came, but it was not HTTP: the connection lived.
fn is_garbled(error: &reqwest::Error) -> bool {
    texts(error).any(|text| text.starts_with("invalid HTTP") || text.starts_with("message head is too large"))
}

/// What each cause behind the error says, outermost first. Only ever compared, never shown: some name the address.
fn texts(error: &reqwest::Error) -> impl Iterator<Item = String> {
    let mut cause = error.source();
    std::iter::from_fn(move || {
        let text = cause?.to_string();
        cause = cause.and_then(Error::source);
        Some(text)
    })
}
