//! Why the bank closed a connection before anything was sent on it.

use super::failure::refuses_certificate;
use reqwest::Url;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// Whether the bank refuses our certificate, found out by a handshake of its own.
///
/// In TLS 1.3 the alert comes after the handshake. If it comes before the first call is written, the HTTP client
/// drops it with the connection and only says that there was none. This handshake sends nothing and listens for the
/// alert; a bank that accepts us waits for a request instead, and `patience` ends that.
pub(super) async fn certificate_is_refused(tls: &ClientConfig, address: &Url, patience: Duration) -> bool {
    let outcome = timeout(patience, first_byte(tls, address)).await;
    outcome.is_ok_and(|outcome| {
        outcome.is_err_and(|error| refuses_certificate(std::iter::once(error.to_string())))
    })
}

async fn first_byte(tls: &ClientConfig, address: &Url) -> io::Result<u8> {
    let (host, port) =
        address.host_str().zip(address.port_or_known_default()).ok_or(io::ErrorKind::InvalidInput)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tcp = TcpStream::connect((host.as_str(), port)).await?;
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(tls.clone())).connect(name, tcp).await?.read_u8().await
}
