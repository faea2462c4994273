//! What it means that no answer came.

use super::Fault;
use std::error::Error;

/// Why an attempt brought no answer, and whether the connection is to blame.
pub(super) struct Failure {
    pub(super) fault: Fault,
    /// The connection ended before there was the head of an answer, and not by a timeout.
    pub(super) connection_died: bool,
}

/// Alerts by which a server refuses a client certificate (RFC 8446 section 6.2).
const CERTIFICATE_ALERTS: [&str; 8] = [
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "UnknownCA",
    "AccessDenied",
    "CertificateRequired",
];

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, connection_died: false }
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        eprintln!("DBG {error:?}");
        let fault = fault_of(&error);
        let died = fault == Fault::Lost && error.is_request() && !error.is_timeout() && !is_garbled(&error);
        Self { fault, connection_died: died }
    }
}

fn fault_of(error: &reqwest::Error) -> Fault {
    // In TLS 1.3 the server looks at our certificate after the client holds the handshake for done, so the refusal
    // may come as an error of the first call. That call is not executed: the server never finished its side.
    if refuses_certificate(error) {
        Fault::CertificateRefused
    } else if error.is_connect() {
        Fault::NotSent
    } else if error.is_builder() {
        Fault::Misconfigured
    } else {
        Fault::Lost
    }
}

/// By the text of the alert, because HTTP/2 passes errors of the connection on as text only.
fn refuses_certificate(error: &reqwest::Error) -> bool {
    texts(error).any(|text| {
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
