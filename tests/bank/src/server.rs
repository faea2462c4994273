//! Listeners: TLS with client certificates on the API port, plain HTTP on the page port.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::answer::Request;
use crate::open::Open;
use crate::pki::Admission;
use crate::routes::Door;
use crate::service::{Delivery, Manner, Shared, lock, serve};
use crate::wire::{Ending, HangUp, Line, Pieces};
use crate::{Away, ClientIdentity, Mode, entrance};

/// The longest request body that is read.
const LONGEST_BODY: usize = 1 << 20;
/// How long a caller may take for its handshake, real time.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a caller whose handshake was refused is listened to, real time.
const GOODBYE: Duration = Duration::from_secs(2);

pub(crate) async fn bind(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// TLS 1.2 and 1.3; in live a client certificate of this CA is demanded in the handshake.
pub(crate) fn tls(
    server: &ClientIdentity,
    admission: Admission,
    mode: Mode,
    http2: bool,
) -> io::Result<TlsAcceptor> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = match mode {
        Mode::Sandbox => config.with_no_client_auth(),
        Mode::Live => config.with_client_cert_verifier(Arc::new(admission)),
    };
    let key = PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).map_err(io::Error::other)?;
    let chain = certificates(&server.chain_pem)?;
    let mut config = config.with_single_cert(chain, key).map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if http2 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    // A resumed session shows no certificate: whoever was withdrawn would come in by it.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(pem: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(io::Error::other)
}

/// What a listener needs. `closing` fires to end the connections, and is gone when the bank is.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) world: Shared,
    pub(crate) closing: watch::Receiver<HangUp>,
    pub(crate) open: Open,
}

/// Accepts connections until the bank is gone. `tls` is None on the page port.
pub(crate) fn listen(
    mut listener: TcpListener,
    door: Door,
    tls: Option<TlsAcceptor>,
    house: House,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut gone = house.closing.clone();
        let entrance = Arc::clone(&lock(&house.world).entrance);
        loop {
            if door == Door::Api && entrance::is_deserted(&house.world) {
                let mut away = std::pin::pin!(entrance::desert(&house.world, listener));
                listener = loop {
                    tokio::select! {
                        back = &mut away => match back {
                            Ok(back) => break back,
                            // The port is lost: whoever waits for the bank waits in vain, and says so.
                            Err(_) => return,
                        },
                        changed = gone.changed() => if changed.is_err() { return },
                    }
                };
            }
            tokio::select! {
                () = entrance.rung(), if door == Door::Api => {}
                accepted = listener.accept() => match accepted {
                    Ok((tcp, _)) => drop(tokio::spawn(connection(tcp, door, tls.clone(), house.clone()))),
                    // Out of file handles, most likely: the next round may be luckier.
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                },
                changed = gone.changed() => if changed.is_err() { return },
            }
        }
    })
}

async fn connection(tcp: TcpStream, door: Door, tls: Option<TlsAcceptor>, house: House) {
    // Latency only; a socket that refuses it still works.
    let _ = tcp.set_nodelay(true);
    let entry = house.open.enter();
    let number = entry.number();
    let ending = Ending::default();
    let line = Line::new(tcp, ending.clone());
    let end = ending.clone();
    let mut closing = house.closing.clone();
    closing.mark_unchanged();
    let world = Arc::clone(&house.world);
    let talk = async move {
        let Some(tls) = tls else {
            let caller = Caller { number, certificate: None };
            return converse(line, door, caller, ending, world).await;
        };
        lock(&world).ledger.connections += 1;
        let away = lock(&world).switches.away;
        let Some(tls) = met(&world, away, tls) else {
            lock(&world).ledger.handshakes_refused += 1;
            if away == Some(Away::Silent) {
                hear_out(line).await;
            }
            return;
        };
        match tokio::time::timeout(HANDSHAKE, tls.accept(line).into_fallible()).await {
            Ok(Ok(stream)) => {
                let caller = Caller { number, certificate: welcome(&world, stream.get_ref().1) };
                converse(stream, door, caller, ending, world).await;
            }
            Ok(Err((_, line))) => {
                lock(&world).ledger.handshakes_refused += 1;
                say_goodbye(line).await;
            }
            Err(_) => lock(&world).ledger.handshakes_refused += 1,
        }
    };
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        () = &mut talk => return,
        changed = closing.changed() => if changed.is_err() { return },
    }
    let how = *closing.borrow_and_update();
    match how {
        HangUp::Silence if door == Door::Api => {
            // It counts as ended; the socket stays as it is until the next time or the bank's end.
            drop(entry);
            let _ = closing.changed().await;
        }
        HangUp::Reset => end.reset(),
        HangUp::Close | HangUp::Silence => {}
    }
}

/// With what a connection's handshake is made; None: with nothing.
fn met(world: &Shared, away: Option<Away>, usual: TlsAcceptor) -> Option<TlsAcceptor> {
    let (pki, mode) = {
        let world = lock(world);
        (Arc::clone(&world.pki), world.mode)
    };
    // Whoever cannot make another CA meets nobody.
    match away {
        None => Some(usual),
        Some(Away::Stranger) => tls(pki.other_ca().ok()?.server(), pki.admission().ok()?, mode, false).ok(),
        Some(Away::Unwelcome) => tls(pki.server(), pki.other_ca().ok()?.admission().ok()?, mode, false).ok(),
        Some(Away::Refused | Away::Closed | Away::Silent) => None,
    }
}

/// Who is at the other end of a connection.
#[derive(Clone)]
struct Caller {
    number: u64,
    /// The client certificate, DER.
    certificate: Option<Arc<[u8]>>,
}

/// Counts a handshake, by the certificate that was shown, and returns that.
fn welcome(world: &Shared, tls: &rustls::ServerConnection) -> Option<Arc<[u8]>> {
    let shown = tls.peer_certificates().and_then(|chain| chain.first());
    let mut world = lock(world);
    world.ledger.handshakes_ok += 1;
    if let Some(certificate) = shown {
        let name = world.pki.register().name(certificate);
        *world.ledger.handshakes_by_certificate.entry(name).or_default() += 1;
    }
    shown.map(|certificate| Arc::from(certificate.as_ref()))
}

/// The alert is written; what the caller has sent meanwhile is read away, or the reset that follows unread bytes would
/// overtake the alert.
async fn say_goodbye(mut line: Line) {
    let rest = async {
        // Whoever has hung up already needs no goodbye.
        if line.shutdown().await.is_ok() {
            hear_out(line).await;
        }
    };
    let _ = tokio::time::timeout(GOODBYE, rest).await;
}

/// Reads whatever comes, until the other side hangs up.
async fn hear_out(mut line: Line) {
    let mut room = [0; 4096];
    while line.read(&mut room).await.is_ok_and(|count| count > 0) {}
}

async fn converse<S>(stream: S, door: Door, caller: Caller, ending: Ending, world: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (world, ending, caller) = (Arc::clone(&world), ending.clone(), caller.clone());
        async move { respond(&world, door, caller, &ending, request).await }
    });
    // An error here is the caller's hanging up, or a fault of our own making; the ledger has the call.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(
    world: &Shared,
    door: Door,
    caller: Caller,
    ending: &Ending,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Pieces>> {
    let request = read(request, caller).await?;
    let Delivery { answer, manner } = serve(world, door, request).await;
    match manner {
        Manner::Close => return Err(io::ErrorKind::ConnectionAborted.into()),
        Manner::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        Manner::Reset => ending.reset(),
        Manner::Plain | Manner::Stall(_) | Manner::Trickle(..) | Manner::Unannounced => {}
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Pieces::new(answer.bytes(), &manner)).map_err(io::Error::other)
}

/// Reads a request through, body and all.
async fn read(request: hyper::Request<Incoming>, caller: Caller) -> io::Result<Request> {
    let (head, body) = request.into_parts();
    let body =
        Limited::new(body, LONGEST_BODY).collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(header).collect(),
        body,
        connection: caller.number,
        certificate: caller.certificate,
        now_ms: 0,
    })
}

/// A service for the control surface: plain HTTP, the same listener rules.
pub(crate) fn listen_control(listener: TcpListener, house: House) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut gone = house.closing.clone();
        loop {
            tokio::select! {
                accepted = listener.accept() => if let Ok((tcp, _)) = accepted {
                    tokio::spawn(control(tcp, house.clone()));
                },
                changed = gone.changed() => if changed.is_err() { return },
            }
        }
    })
}

async fn control(tcp: TcpStream, mut house: House) {
    let world = Arc::clone(&house.world);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let world = Arc::clone(&world);
        async move {
            let response = match read(request, Caller { number: 0, certificate: None }).await {
                Ok(request) => crate::control::answer(&world, &request),
                Err(_) => crate::control::refused("the body is too long or was cut"),
            };
            Ok::<_, Infallible>(response)
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let talk = builder.serve_connection(TokioIo::new(tcp), service);
    tokio::select! {
        _ = talk => {}
        _ = async { while house.closing.changed().await.is_ok() {} } => {}
    }
}
