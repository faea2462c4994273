//! How calls leave: over which connection, how often, for how long, and how much is read of the answer.
//!
//! Two pools over one TLS configuration. Reads keep connections for 50 s. What spends (all POSTs) never uses one that
//! was idle for more than 5 s: the far end may have closed it meanwhile, and a call that dies on it may have been
//! executed. A POST goes out exactly once. A GET goes out once more when the connection died before there was an
//! answer, never after a timeout, and only as long as repeats are few. A service of the bank that has failed several
//! times in a row is not asked for a while.

mod failure;
mod probe;
mod restraint;

use super::{
    Call, Fault, drift,
    faults::{self, Kind},
    retry_after,
};
use crate::telemetry;
use aws_lc_rs::rand;
use data_encoding::HEXLOWER;
use failure::{End, Failure};
use reqwest::{Client, RequestBuilder, Response, Url, header, redirect, retry};
use restraint::Restraint;
use serde::{Deserialize, de::IgnoredAny};
use std::{
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How a call may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Once more if the connection died.
    Get,
    /// Once.
    Post,
    /// Once, and only with time left to settle afterwards: what it spends cannot be spent again.
    Single,
}

/// For address, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(3);
/// A single-use call leaves this much of the deadline for writing down what it brought.
const SETTLE: Duration = Duration::from_secs(2);
/// A single-use call needs this much before it starts.
const SINGLE_NEEDS: Duration = Duration::from_secs(3);
/// What any other call leaves for our own answer, and needs to start at all.
const ANSWER: Duration = Duration::from_millis(250);
/// How long a closed connection's reason is listened for.
const LISTEN: Duration = Duration::from_secs(1);

static NUMBER: AtomicU64 = AtomicU64::new(1);

pub(super) struct Transport {
    pub(super) number: u64,
    tls: rustls::ClientConfig,
    pools: RwLock<Pools>,
    restraint: Restraint,
}

#[derive(Clone)]
struct Pools {
    reads: Client,
    spends: Client,
}

impl Transport {
    /// `failures`: so many in a row, and a service rests; 0: never.
    pub(super) fn new(mut tls: rustls::ClientConfig, failures: u32) -> Result<Self, Fault> {
        if tls.alpn_protocols.is_empty() {
            tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        let pools = RwLock::new(Pools::new(&tls)?);
        let restraint = Restraint::new(failures);
        Ok(Self { number: NUMBER.fetch_add(1, Ordering::Relaxed), tls, pools, restraint })
    }

    /// Sends what `request` builds and returns the body of an answer that is no fault.
    pub(super) async fn send(
        &self,
        call: &Call<'_>,
        kind: Kind,
        way: Way,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Vec<u8>, Fault> {
        self.restraint.admit(kind.service(), call.now)?;
        let began = Instant::now();
        let outcome = self.exchange(call, kind, way, &request).await;
        telemetry::bank_call(kind.name(), began.elapsed(), outcome.as_ref().err().map(Fault::code));
        self.restraint.note(kind.service(), &outcome, call.now);
        outcome
    }

    async fn exchange(
        &self,
        call: &Call<'_>,
        kind: Kind,
        way: Way,
        request: &impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Vec<u8>, Fault> {
        let response = match self.answer(call, way, request).await {
            // Boxed: a path that is hardly ever taken must not make every call's future larger.
            Err(Fault::CertificateRefused) => Box::pin(self.once_more(call, way, request)).await?,
            answer => answer?,
        };
        let (status, retry_after) = (response.status().as_u16(), retry_after::of(response.headers()));
        let body = read(response, kind.largest()).await?;
        faults::of_answer(kind, status, retry_after, &body).map_or(Ok(body), Err)
    }

    /// The head of an answer, or what it means that there is none.
    async fn answer(
        &self,
        call: &Call<'_>,
        way: Way,
        request: &impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, Fault> {
        match self.attempts(call, way, request).await {
            Ok(response) => Ok(response),
            Err(failure) => Err(Box::pin(self.diagnose(call, way, failure)).await),
        }
    }

    /// The bank refused our certificate, so nothing of the call was executed: it goes out once more, with another
    /// certificate, if there is one before our time is over.
    async fn once_more(
        &self,
        call: &Call<'_>,
        way: Way,
        request: &impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, Fault> {
        let patience = time_for(way, call.deadline).map_err(|_| Fault::CertificateRefused)?;
        let standby = call.standby.ok_or(Fault::CertificateRefused)?;
        let other = timeout(patience, standby.instead_of(self.number)).await.unwrap_or_default();
        other.ok_or(Fault::CertificateRefused)?.transport.answer(call, way, request).await
    }

    /// One attempt, or two for a read whose connection ended.
    async fn attempts(
        &self,
        call: &Call<'_>,
        way: Way,
        request: &impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let client = self.pools().of(way);
        let first = match attempt(call, way, request(&client)).await {
            Err(failure) if way == Way::Get && matches!(failure.end, End::TurnedAway(_) | End::Died) => {
                failure
            }
            outcome => {
                outcome.iter().for_each(|_| self.restraint.went_well());
                return outcome;
            }
        };
        if !self.restraint.may_repeat().await {
            return Err(first);
        }
        let second = attempt(call, way, request(&client)).await;
        second.iter().for_each(|_| self.restraint.repeated_well());
        second.map_err(|second| match (first.end, second.fault) {
            // Then another certificate may do, and a read may be repeated whatever became of the first.
            (End::TurnedAway(_), _) | (_, Fault::CertificateRefused) => second,
            // Whatever stops the second one, the first may have arrived.
            _ => Fault::Lost.into(),
        })
    }

    /// What a failure means, once more is known than the HTTP client tells.
    async fn diagnose(&self, call: &Call<'_>, way: Way, failure: Failure) -> Fault {
        match (failure.end, time_for(way, call.deadline)) {
            (End::TurnedAway(address), Ok(time)) if address.scheme() == "https" => {
                let refused = probe::certificate_is_refused(&self.tls, &address, time.min(LISTEN)).await;
                if refused { Fault::CertificateRefused } else { failure.fault }
            }
            _ => failure.fault,
        }
    }

    pub(super) async fn warm(&self, root: &Url, reads: bool, spends: bool) {
        let pools = self.pools();
        let wanted = [(pools.reads, reads), (pools.spends, spends)];
        let touched = wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(client, _)| {
            let request = client.head(root.clone()).timeout(CONNECT).send();
            // The outcome is nobody's business: a bank that is down now may be up when the first call comes.
            async { drop(request.await) }
        });
        futures_util::future::join_all(touched).await;
    }

    /// Whether the bank answers anything at all on a connection of ours.
    pub(super) async fn greet(&self, call: &Call<'_>, root: &Url) -> Result<(), Fault> {
        self.answer(call, Way::Get, &|client: &Client| client.head(root.clone())).await.map(drop)
    }

    pub(super) fn forget(&self) {
        // The same configuration was built once before. Should it fail now, the old pools go on.
        if let Ok(fresh) = Pools::new(&self.tls) {
            *self.pools.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    fn pools(&self) -> Pools {
        self.pools.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Pools {
    fn new(tls: &rustls::ClientConfig) -> Result<Self, Fault> {
        Ok(Self {
            reads: client(tls, Duration::from_secs(50))?,
            spends: client(tls, Duration::from_secs(5))?,
        })
    }

    fn of(self, way: Way) -> Client {
        if way == Way::Get { self.reads } else { self.spends }
    }
}

fn client(tls: &rustls::ClientConfig, idle: Duration) -> Result<Client, Fault> {
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(idle)
        .build()
        .map_err(|_| Fault::Misconfigured)
}

async fn attempt(call: &Call<'_>, way: Way, request: RequestBuilder) -> Result<Response, Failure> {
    let time = time_for(way, call.deadline)?;
    request
        .timeout(time)
        .header(header::ACCEPT, "application/json")
        .header("TPP-Transaction-ID", call.trace.as_str())
        .header("TPP-Request-ID", request_id()?)
        .send()
        .await
        .map_err(Failure::from)
}

/// How long a call may take, from connecting to the last byte.
fn time_for(way: Way, deadline: Instant) -> Result<Duration, Fault> {
    let left = deadline.saturating_duration_since(Instant::now());
    let (needs, keeps) = if way == Way::Single { (SINGLE_NEEDS, SETTLE) } else { (ANSWER * 2, ANSWER) };
    if left < needs { Err(Fault::NoTime) } else { Ok(left.saturating_sub(keeps)) }
}

/// A fresh UUID, version 4 (RFC 9562 section 5.4).
fn request_id() -> Result<String, Fault> {
    let mut bytes = [0_u8; 16];
    // Without randomness nothing is sent.
    rand::fill(&mut bytes).map_err(|_| Fault::Misconfigured)?;
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    let part = |range| hex.get::<std::ops::Range<usize>>(range).unwrap_or_default();
    Ok([part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-"))
}

/// The body, chunk by chunk, so that nothing larger than the cap is ever held.
async fn read(mut response: Response, largest: usize) -> Result<Vec<u8>, Fault> {
    if response.content_length().is_some_and(|length| length > largest as u64) {
        return Err(Fault::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Fault::Lost)? {
        if body.len().saturating_add(chunk.len()) > largest {
            return Err(Fault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An answer's body as what it should be. Fields that nobody asked for are tolerated; nesting ends at 128.
pub(super) fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    // UTF-8 is checked once for the whole, not string by string.
    let text = str::from_utf8(body).map_err(|_| Fault::Malformed)?;
    drift::watched(text).map_err(|_| Fault::Malformed)
}

/// An answer of which only matters that it is no page: nothing at all, or any JSON.
pub(super) fn json_or_nothing(body: &[u8]) -> Result<(), Fault> {
    if body.is_empty() { Ok(()) } else { json::<IgnoredAny>(body).map(drop) }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod tls_tests;
