//! The edge between answers and sockets: bodies that pause or break, and connections that end with RST.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::service::Manner;

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    Pause(u64),
    Break,
}

/// A response body made of pieces.
#[derive(Debug)]
pub(crate) struct Pieces {
    queue: VecDeque<Piece>,
    pause: Option<Pin<Box<Sleep>>>,
    /// What the head says of the length, less what has left; nothing where it says nothing.
    left: Option<u64>,
}

/// Long enough that what was written before a reset has left the process.
const FLUSH_MS: u64 = 30;

/// How an answer of unknown length leaves.
const PIECE: usize = 64 * 1024;

impl Pieces {
    pub(crate) fn new(body: Vec<u8>, manner: &Manner) -> Self {
        let left = (*manner != Manner::Unannounced).then(|| u64::try_from(body.len()).unwrap_or(u64::MAX));
        let mut body = Bytes::from(body);
        let mut first_half = || body.split_to(body.len() / 2);
        let queue = match manner {
            Manner::Reset => {
                VecDeque::from([Piece::Bytes(first_half()), Piece::Pause(FLUSH_MS), Piece::Break])
            }
            Manner::Stall(ms) => {
                VecDeque::from([Piece::Bytes(first_half()), Piece::Pause(*ms), Piece::Bytes(body)])
            }
            Manner::Trickle(bytes, pause_ms) => {
                let mut queue = VecDeque::new();
                while !body.is_empty() {
                    queue.push_back(Piece::Bytes(body.split_to((*bytes).clamp(1, body.len()))));
                    queue.push_back(Piece::Pause(*pause_ms));
                }
                queue
            }
            Manner::Unannounced => {
                let mut queue = VecDeque::new();
                while !body.is_empty() {
                    queue.push_back(Piece::Bytes(body.split_to(body.len().min(PIECE))));
                }
                queue
            }
            Manner::Plain | Manner::Close | Manner::Late(_) => VecDeque::from([Piece::Bytes(body)]),
        };
        Self { queue, pause: None, left }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(pause) = self.pause.as_mut() {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.queue.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) if bytes.is_empty() => {}
                Some(Piece::Bytes(bytes)) => {
                    let gone = u64::try_from(bytes.len()).unwrap_or(0);
                    self.left = self.left.map(|left| left.saturating_sub(gone));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Piece::Pause(ms)) => self.pause = Some(Box::pin(sleep(Duration::from_millis(ms)))),
                Some(Piece::Break) => {
                    return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.queue.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// How open connections end, idle ones too, without the other side having asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// An orderly close (FIN).
    Close,
    /// An abortive close (RST).
    Reset,
    /// Not at all: nothing is read or said on them any more, as if a device in between had forgotten them.
    Silence,
}

/// Says how a connection is to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending {
    reset: Arc<AtomicBool>,
}

impl Ending {
    /// The connection will end with RST instead of FIN.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }
}

/// A TCP stream below TLS that can end with RST.
#[derive(Debug)]
pub(crate) struct Line {
    tcp: TcpStream,
    ending: Ending,
}

impl Line {
    pub(crate) const fn new(tcp: TcpStream, ending: Ending) -> Self {
        Self { tcp, ending }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.ending.reset.load(Ordering::Relaxed) {
            // If it cannot be set the peer sees FIN instead of RST; nothing better is left to do.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
