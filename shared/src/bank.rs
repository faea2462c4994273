//! The Handelsbanken client: consents, tokens, Mobile BankID, accounts and cards.
//!
//! One page on this bank. How each fact is known, here and in every other place of this repository: **documented** by the
//! bank; **recorded** in a live answer; **production**: what other people's production code relied on; **sandbox
//! script**: what their scripts did at the bank's sandbox; **third party**: documentation of others; **inferred**;
//! **unknown**. *Tolerated, never seen*: taken if it comes, without any of these.
//!
//! - It is not Berlin Group on the wire (recorded): no `X-Request-ID`, no `Consent-ID` header, no `tppMessages`, no
//!   message signature. The consent travels in the OAuth scope `AIS:<consentId>` (documented).
//! - There is no client secret: the TLS client certificate is the authentication, `client_id` is public (documented).
//! - `TPP-Request-ID` is fresh per request, `TPP-Transaction-ID` is ours for the whole exchange (documented, mandatory
//!   on consents and resources). Token and decoupled calls carry them too: that it does no harm there is inferred; it ties
//!   a request together.
//! - `PSU-IP-Address` says that the PSU is present. It is sent when a caller gave one and never invented; without it
//!   the bank answers all the same in the sandbox (sandbox script), live unknown.
//! - `POST /consents` answers 200 (documented) or 201 (recorded). `scaMethods` come in varying order (recorded): a
//!   method is chosen by `scaMethodType`, never by `name` or place; the decoupled version is read from the link's path.
//! - Token and decoupled addresses have moved once, to `/mlurd/` (documented), so the bank's own links are followed, but
//!   only where [`Endpoints::links`] allows. One that leads elsewhere spoils the whole answer: [`Fault::ForeignLink`].
//! - Access tokens live for 24 hours and refresh tokens for 90 days (documented); `expires_in` rules. A refresh brings
//!   no new refresh token (production), and one that came would have to be stored.
//! - A refresh token that is over is 400 `unauthorized_client` (production), not `invalid_grant` (inferred, taken too).
//! - Decoupled: `sleep_time` is in milliseconds and holds before the first poll too (production). Failures are 400 with
//!   an `error`, but a cancel by the PSU is 200 `USER_CANCEL` (production). Of the 2.0 answers only the body sent to
//!   `initAuthorization` is documented; field names of its answer are unknown, so configured spellings are read. What
//!   cancel answers is unknown.
//! - Amounts are positive JSON numbers, whole or decimal; the sign is in `creditDebit` (recorded). Accounts and cards
//!   name the same things differently (recorded). Letter case of `status` and `creditDebit` varies (production).
//! - `accountId` is another one under every new consent (documented).
//! - No pagination and no transaction id (documented); rows come newest first (recorded); both bounds of a window are
//!   inclusive (inferred).
//! - The firewall answers HTML with status 200 (production): an answer that does not parse is a normal case.
//! - 429 and `Retry-After` have never been seen (unknown) and are read as RFC 9110 defines them.

mod accounts;
mod amounts;
mod breaker;
mod cards;
mod consents;
mod decoupled;
mod drift;
mod endpoints;
mod enrolment;
mod faults;
mod links;
mod retry_after;
mod retry_budget;
mod source;
mod tokens;
mod transport;

#[cfg(test)]
mod stub;

pub use consents::BankConsent;
pub use decoupled::{Order, Poll};
pub use endpoints::Endpoints;
pub use enrolment::{Application, Enrolment, EnrolmentAddresses};
pub use faults::{Fault, KnownSignal, known_signals};
pub use tokens::{ClientToken, Granted};

/// What stands in a body of the bank, read without any call: the client does nothing else with one. For measurements and
/// for tests by chance.
pub mod answer {
    pub use super::accounts::{account, accounts, transactions};
    pub use super::cards::{card_accounts, card_transactions};
    pub use super::drift::KNOWN as KNOWN_AND_UNREAD;
    pub use super::faults::faults;
    pub use super::tokens::token;
}

use crate::types::{AccessToken, Country, PsuAddress, Timestamp, TraceId};
use futures_util::future::BoxFuture;
use reqwest::{RequestBuilder, Url, header::HeaderValue};
use std::{fmt, sync::Arc, time::Instant};
use transport::Transport;

/// The bank, as one app with one certificate set sees it.
pub struct Client {
    endpoints: Arc<Endpoints>,
    client_id: String,
    client_id_header: HeaderValue,
    redirect_uri: String,
    transport: Transport,
}

/// What every call needs to know of the request it serves.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Goes out as `TPP-Transaction-ID`.
    pub trace: &'a TraceId,
    /// The request's now, in event time: whether the bank still rests is decided by it.
    pub now: Timestamp,
    /// When our own answer is due, in monotonic time. Every timeout comes from it.
    pub deadline: Instant,
    /// Who is asked for another client if the bank refuses the certificate of this one.
    pub standby: Option<&'a dyn Standby>,
}

/// Whoever can put another certificate in the place of one that the bank refuses.
pub trait Standby: Sync {
    /// A client of the same registration with another certificate than the client of this [`number`](Client::number);
    /// nothing if there is none.
    fn instead_of(&self, refused: u64) -> BoxFuture<'_, Option<Arc<Client>>>;
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("trace", self.trace).finish_non_exhaustive()
    }
}

/// Whose data is read.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// Of the consent, not of the client.
    pub token: &'a AccessToken,
    /// Goes out as `Country`, and chooses the path.
    pub country: Country,
    /// Where the PSU is, if they are there and asking. Without it there is no `PSU-IP-Address` header.
    pub address: Option<PsuAddress>,
    /// Whether the bank's own objects are kept beside what is made of them.
    pub source: bool,
}

impl Client {
    /// Checks every configured address and builds the connection pools; opens nothing yet.
    ///
    /// `tls` brings roots and, but for the sandbox, the client certificate. Where it names no protocols, HTTP/2 and
    /// HTTP/1.1 are offered.
    ///
    /// # Errors
    /// [`Fault::Misconfigured`].
    pub fn new(
        endpoints: Arc<Endpoints>,
        client_id: String,
        redirect_uri: String,
        tls: rustls::ClientConfig,
    ) -> Result<Self, Fault> {
        endpoints.check()?;
        let client_id_header = HeaderValue::from_str(&client_id).map_err(|_| Fault::Misconfigured)?;
        let transport = Transport::new(tls, endpoints.rest_after)?;
        Ok(Self { endpoints, client_id, client_id_header, redirect_uri, transport })
    }

    /// The public id of the app at the bank.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Tells this client from every other one of the process.
    pub const fn number(&self) -> u64 {
        self.transport.number
    }

    /// Whether both are the same app to the bank.
    pub fn is_registered_as(&self, other: &Self) -> bool {
        (&self.client_id, &self.redirect_uri) == (&other.client_id, &other.redirect_uri)
    }

    /// Opens connections to the bank, for reads and for what spends, so that the first call does not wait for a
    /// handshake. Sends `HEAD /` without any credential; the answer and every failure are ignored.
    pub async fn warm(&self, reads: bool, spends: bool) {
        if let Ok(root) = Url::parse(&self.endpoints.api).and_then(|api| api.join("/")) {
            self.transport.warm(&root, reads, spends).await;
        }
    }

    /// Whether the bank takes our certificate: a connection and `HEAD /` without any credential. Every answer is a yes.
    ///
    /// # Errors
    /// [`Fault::CertificateRefused`]; anything else says nothing about the certificate.
    pub async fn greet(&self, call: &Call<'_>) -> Result<(), Fault> {
        let root = Url::parse(&self.endpoints.api).and_then(|api| api.join("/"));
        self.transport.greet(call, &root.map_err(|_| Fault::Misconfigured)?).await
    }

    /// Drops all idle connections. To be called after a thaw: the far end may have closed them without our noticing,
    /// and the pool's own clock stood still.
    pub fn forget_connections(&self) {
        self.transport.forget();
    }

    /// Headers of the gateway: consents and resources.
    fn gateway(&self, request: RequestBuilder, token: &AccessToken, country: Country) -> RequestBuilder {
        request
            .bearer_auth(token.expose())
            .header("X-IBM-Client-Id", self.client_id_header.clone())
            .header("Country", country.code())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
