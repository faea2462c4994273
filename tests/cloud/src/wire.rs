//! Plain HTTP/1.1 on the loopback address: one small server and one client for all stand-ins.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client as LegacyClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use simulated_bank::HangUp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How a connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// An orderly close (FIN).
    Close,
    /// An abortive close (RST).
    Reset,
}

/// What a handler gives back: an answer, or no answer.
pub(crate) type Answer = Result<Response<Bytes>, Cut>;

/// A listener with its connections; dropping it ends them all.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
    hanging_up: watch::Sender<HangUp>,
    counts: Arc<Counts>,
}

/// Connections: how many there have been, and how many are open.
#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicUsize,
    open: AtomicUsize,
    /// Bytes that came on connections that had gone silent.
    unheard: AtomicUsize,
}

impl Server {
    /// Listens on 127.0.0.1 (`port` 0 = any free one) and answers each request, body read whole, by `answer`.
    pub(crate) async fn start<F, R>(port: u16, answer: F) -> io::Result<Self>
    where
        F: Fn(Request<Bytes>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (hanging_up, heard) = watch::channel(HangUp::Close);
        let counts = Arc::<Counts>::default();
        let task = tokio::spawn(accept(listener, answer, heard, counts.clone()));
        Ok(Self { address, task, hanging_up, counts })
    }

    /// How many connections there have been.
    pub(crate) fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::Acquire)
    }

    /// How many bytes were sent into connections that had gone silent.
    pub(crate) fn unheard(&self) -> usize {
        self.counts.unheard.load(Ordering::Acquire)
    }

    /// Ends every connection that is open; new ones are accepted. When it returns they are ended.
    pub(crate) async fn hang_up(&self, how: HangUp) {
        self.hanging_up.send_replace(how);
        while self.counts.open.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<F, R>(
    listener: TcpListener,
    answer: F,
    hanging_up: watch::Receiver<HangUp>,
    counts: Arc<Counts>,
) where
    F: Fn(Request<Bytes>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    // The set lives in this task, so aborting the task aborts every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                counts.accepted.fetch_add(1, Ordering::AcqRel);
                let mut hanging_up = hanging_up.clone();
                hanging_up.mark_unchanged();
                connections.spawn(connection(stream, answer.clone(), hanging_up, Entry::new(&counts)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One open connection, counted until it is dropped.
struct Entry(Arc<Counts>);

impl Entry {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.open.fetch_add(1, Ordering::AcqRel);
        Self(counts.clone())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn connection<F, R>(stream: TcpStream, answer: F, mut hanging_up: watch::Receiver<HangUp>, entry: Entry)
where
    F: Fn(Request<Bytes>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Answer> + Send + 'static,
{
    let (reset, silent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (hung, counts) = (reset.clone(), entry.0.clone());
    let io = TokioIo::new(Connection { stream, reset: reset.clone(), silent: silent.clone(), counts });
    let service = service_fn(move |request: Request<Incoming>| {
        let (answer, reset) = (answer.clone(), reset.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Ended)?.to_bytes();
            match answer(Request::from_parts(head, body)).await {
                Ok(response) => Ok(response.map(Full::new)),
                Err(cut) => {
                    reset.store(cut == Cut::Reset, Ordering::Release);
                    Err(Ended)
                }
            }
        }
    });
    let mut talk = std::pin::pin!(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
    tokio::select! {
        // An error here is a client that went away or a cut that was asked for.
        _ = &mut talk => return,
        changed = hanging_up.changed() => if changed.is_err() { return },
    }
    let how = *hanging_up.borrow_and_update();
    match how {
        HangUp::Close => {}
        HangUp::Reset => hung.store(true, Ordering::Release),
        HangUp::Silence => {
            silent.store(true, Ordering::Release);
            drop(entry);
            tokio::select! {
                _ = &mut talk => {}
                _ = hanging_up.changed() => {}
            }
        }
    }
}

/// Tells hyper to drop the connection without a word.
#[derive(Debug)]
struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("connection ended on purpose")
    }
}

impl std::error::Error for Ended {}

/// A stream that can leave with an RST (linger zero at the moment it is dropped), or fall silent.
struct Connection {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
    silent: Arc<AtomicBool>,
    counts: Arc<Counts>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Acquire) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let came = buf.filled().len() - before;
        if came > 0 && self.silent.load(Ordering::Acquire) {
            self.counts.unheard.fetch_add(came, Ordering::AcqRel);
            buf.set_filled(before);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would send the FIN before the RST can be.
        if self.reset.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A plain HTTP client with its own connection pool.
#[derive(Debug, Clone)]
pub(crate) struct Client(LegacyClient<HttpConnector, Full<Bytes>>);

impl Client {
    pub(crate) fn new() -> Self {
        Self(LegacyClient::builder(TokioExecutor::new()).build_http())
    }

    /// Sends one request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> io::Result<Response<Bytes>> {
        let response = self.0.request(request.map(Full::new)).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    pub(crate) async fn get(&self, url: &str) -> io::Result<Response<Bytes>> {
        self.send(Request::get(url).body(Bytes::new()).map_err(io::Error::other)?).await
    }
}

/// An answer with one content type.
pub(crate) fn respond(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(hyper::header::CONTENT_TYPE, value);
    }
    response
}

/// Name and value pairs of a query, percent-decoded, in order.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    let split = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decoded(&name.replace('+', " ")), percent_decoded(&value.replace('+', " ")))
    };
    query.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

/// Percent-decodes; a sequence that is none, or that is not UTF-8, stays readable rather than being refused.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A random UUID (version 4, RFC 9562 section 5.4).
pub(crate) fn uuid() -> String {
    let mut bytes = [0_u8; 16];
    // The generator of aws-lc fails only when the kernel has none; zeros are then still a well-formed id.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    let number = (number & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// A lock that outlives a panic elsewhere: the stand-ins keep answering, the test that panicked reports.
pub(crate) fn locked<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
