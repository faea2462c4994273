//! A consent: what was granted, and the attempt to get a grant. **Read this first.**
//!
//! Two orthogonal parts. The [`Grant`] is what reads live on. The [`Attempt`] is one try at strong customer
//! authentication (SCA); a failed one never touches the grant. Whatever can be spent once (an authorization code, a
//! decoupled session, a refresh token) is *claimed* in the table before it is spent at the bank and *settled* after,
//! and claims are states, so this state machine is also the lock:
//!
//! ```text
//! grant     None ─────────────▶ Active { refresh: Idle ⇄ Claimed } ──▶ Lapsed      (Revoked: for ever)
//!                                   ▲            ▲
//! attempt   Registering ─▶ Registered            │ complete
//!                │    ╲        │     ╲           │
//!                ▼     ╲       ▼      ▼          │
//!        AwaitingRedirect◀╲────┘   Initiating ─▶ AwaitingApproval ─▶ Failed
//!                │         ╲                     ▲
//!                ▼          ╲────────────────────┘
//!            Redeeming ─▶ Signed ── activate ──▶ (grant Active, attempt None)
//! ```
//!
//! Every transition consumes the consent and returns the next one or says why not ([`Refused`]). It is pure: time,
//! claims and derived values come in as arguments. The store re-applies a transition to whatever a racing writer left,
//! and the transition refuses by itself.

mod activation;
mod attempt;
mod clocks;
mod decoupled;
mod grant;
mod order_guard;
mod reason;
mod redirect;
mod refresh;
mod revocation;
mod start;
mod status;
mod timeline;

pub use attempt::{
    Approval, Attempt, Claim, Fingerprint, Method, Proof, Redirecting, Registration, Session, Signature,
};
pub use clocks::{Clocks, LimitedBy};
pub use grant::{Active, Grant, Identity, LapseReason, Refresh, Tokens};
pub use order_guard::{InTheWay, ORDER_LIFETIME, OrderGuard};
pub use reason::Reason;
pub use redirect::Step;
pub use refresh::Freshness;
pub use revocation::BankRevocation;
pub use start::Beginning;
pub use status::Status;
pub use timeline::{Entry, Event, KEPT, Past, Timeline};

use crate::types::{AppId, ConsentId, Country, Digest, OwnerId, PsuType, Reference, Signal, Span, Timestamp};

/// The bank forgets a consent that nobody has signed after this long (documented: 15 minutes).
pub const INTENT_LIFETIME: Span = Span::minutes(15);
/// Tokens that nobody has claimed with the handle are destroyed after this long.
pub const SIGNED_LIFETIME: Span = Span::minutes(5);
/// The PSU has about this long to open the BankID app (documented by a third party only).
pub const OPEN_WITHIN: Span = Span::seconds(30);

/// One consent of one owner.
#[derive(Debug)]
pub struct Consent {
    /// Its id; also the claim that makes starting idempotent.
    pub id: ConsentId,
    /// The end user it belongs to.
    pub owner: OwnerId,
    /// The country of the bank's customer.
    pub country: Country,
    /// Private person or company.
    pub psu_type: PsuType,
    /// Keyed hash of the corporate id, so that a renewal can show that it is for the same company.
    pub corporate: Option<Digest>,
    /// The caller's own word, echoed.
    pub reference: Option<Reference>,
    /// When it was first asked for.
    pub created: Timestamp,
    /// Keyed hash of the body it was asked for with: the same `Idempotency-Key` with another body is refused.
    pub body: Digest,
    /// The app that the latest attempt returns to.
    pub app: Option<AppId>,
    /// Ordinal of the latest attempt, from 1; part of its nonce.
    pub ordinal: u16,
    /// Which request chose how to sign in the latest attempt. It outlives the attempt, so that a repeat which arrives late
    /// starts nothing. Absent as long as nobody has chosen.
    pub start: Option<Fingerprint>,
    /// The latest thing the bank said in this attempt that ended nothing.
    pub trouble: Option<Signal>,
    /// What reads live on.
    pub grant: Grant,
    /// The present try at SCA.
    pub attempt: Attempt,
    /// What has happened so far.
    pub timeline: Timeline,
}

/// Why a transition did not happen. As many variants as there are different reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else holds a live claim; come back when it is settled or its lease is over.
    #[error("another request holds the claim")]
    InFlight,
    /// The claim is no longer ours: it ran out, was settled, or the attempt was ended.
    #[error("the claim is no longer ours")]
    ClaimLost,
    /// The same key with another body.
    #[error("the idempotency key was used with another body")]
    OtherBody,
    /// What was asked for is there already: nothing to write.
    #[error("it is so already")]
    AlreadySo,
    /// The state does not know this step.
    #[error("the consent is not in a state for this")]
    WrongState,
    /// The bank did not offer this method.
    #[error("the bank did not offer this method")]
    NotOffered,
    /// The bank has forgotten the consent that was to be signed.
    #[error("too late: the bank consent is older than 15 minutes")]
    TooLate,
    /// This very code was redeemed already; its answer can be repeated.
    #[error("this code was redeemed already")]
    AlreadySigned,
    /// The handle is not the one of this signature.
    #[error("the handle does not belong to this signature")]
    OtherHandle,
    /// A poll before its time.
    #[error("polled before its time")]
    TooEarly {
        /// How much earlier than allowed.
        wait: Span,
    },
    /// There is no grant, and never was.
    #[error("not active yet")]
    NotActive,
    /// The grant is past one of its clocks or the bank ended it.
    #[error("the grant is over")]
    GrantOver,
    /// Revoked by its owner.
    #[error("revoked")]
    Revoked,
    /// The refresh token was sent as often as it may be.
    #[error("the refresh token was sent as often as it may be")]
    Exhausted,
    /// Tokens of a newer generation are there already.
    #[error("refreshed by somebody else")]
    Superseded,
}

impl Consent {
    /// Whether it belongs to this owner. A foreign consent is answered exactly as an unknown one.
    pub fn belongs_to(&self, owner: &OwnerId) -> bool {
        self.owner == *owner
    }

    /// What time alone has done: an attempt whose lease or lifetime is over has failed, whether or not anybody wrote
    /// it down. Every transition begins with this, so no claim outlives its time.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        if let Some(reason) = self.attempt.overdue(now) {
            self.attempt = Attempt::failed(reason, now);
        }
        self
    }
}

#[cfg(test)]
mod tests;
