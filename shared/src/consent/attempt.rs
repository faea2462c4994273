//! One try at SCA, as data: each state carries what exists in it and nothing else.

use super::{Clocks, INTENT_LIFETIME, Identity, Reason, SIGNED_LIFETIME, Tokens};
use crate::types::{
    AutoStartToken, BankConsentId, ClaimId, Digest, Link, QrData, SessionLink, Signal, Span, Timestamp,
};

/// How the PSU signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// In the browser, on the bank's page.
    Redirect,
    /// On the phone, with Mobile BankID.
    Decoupled,
}

impl Method {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::Decoupled => "decoupled",
        }
    }
}

/// Who is doing something that can be done once, and until when we believe them (event time).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The invocation.
    pub by: ClaimId,
    /// End of the lease: the claimer's deadline plus 5 s.
    pub until: Timestamp,
}

impl Claim {
    /// Whether the holder may still settle.
    pub fn live(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// Which request started an attempt: keyed hashes of its `Idempotency-Key` and body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of the key.
    pub key: Digest,
    /// Of the body.
    pub body: Digest,
}

/// A consent as the bank registered it, not signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The bank's id.
    pub bank_consent: BankConsentId,
    /// Where a browser signs, if the bank offered that.
    pub redirect: Option<Link>,
    /// Where a BankID order is started, if the bank offered that.
    pub decoupled: Option<Link>,
    /// When it was registered; the bank forgets it 15 minutes later.
    pub made: Timestamp,
}

impl Registration {
    /// The methods the bank returned, redirect first.
    pub fn methods(&self) -> Vec<Method> {
        let redirect = self.redirect.as_ref().map(|_| Method::Redirect);
        redirect.into_iter().chain(self.decoupled.as_ref().map(|_| Method::Decoupled)).collect()
    }

    /// Whether both are the same consent at the bank.
    pub fn is_of(&self, other: &Self) -> bool {
        self.bank_consent == other.bank_consent
    }

    /// When the bank forgets it.
    pub fn expires(&self) -> Timestamp {
        self.made + INTENT_LIFETIME
    }
}

/// The browser is, or was, at the bank.
#[derive(Clone, Debug)]
pub struct Redirecting {
    /// What is being signed.
    pub registration: Registration,
    /// An error came back with a true state. It is noted and ends nothing: the callback is unauthenticated.
    pub denied: bool,
    /// The bank was sent a code challenge, so the code is exchanged with its verifier (RFC 7636). What configuration
    /// says meanwhile does not count.
    pub pkce: bool,
}

/// A live BankID order. All of it is secret and sealed.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where to ask.
    pub poll: SessionLink,
    /// Where to cancel, if the bank said.
    pub cancel: Option<SessionLink>,
    /// Starts the BankID app for this order.
    pub auto_start: Option<AutoStartToken>,
    /// The newest code for another device, if the bank sent one.
    pub qr: Option<QrData>,
}

/// The BankID app is asking.
#[derive(Clone, Debug)]
pub struct Approval {
    /// What is being signed.
    pub registration: Registration,
    /// The order at the bank.
    pub session: Session,
    /// The bank's pause between polls.
    pub sleep: Span,
    /// No poll reaches the bank before this.
    pub next_poll: Timestamp,
    /// Until when the PSU should have opened the app.
    pub open_by: Timestamp,
    /// Whether the app is on the same device as the caller's.
    pub same_device: bool,
    /// Who vouches for the personal number.
    pub identity: Identity,
}

/// What shows that a signature is its owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// After a redirect: whoever shows the handle besides the owner's token.
    Handle {
        /// Keyed hash of the code that was spent.
        code: Digest,
        /// Keyed hash of the handle that claims it.
        handle: Digest,
    },
    /// After a BankID order in a renewal: its personal number ties the two, so the owner's token is enough.
    Identity(Identity),
}

/// Tokens are held, but nobody has shown that they are theirs.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What was signed.
    pub bank_consent: BankConsentId,
    /// Sealed, not usable for reads.
    pub tokens: Tokens,
    /// When they end.
    pub clocks: Clocks,
    /// What shows whose it is.
    pub proof: Proof,
    /// When.
    pub at: Timestamp,
}

/// The states of one try.
#[derive(Debug)]
pub enum Attempt {
    /// No try is under way.
    None,
    /// A bank consent is being created.
    Registering {
        /// By whom.
        claim: Claim,
    },
    /// The methods are known, the PSU has not chosen.
    Registered(Registration),
    /// The browser is at the bank.
    AwaitingRedirect(Redirecting),
    /// A callback is spending the code.
    Redeeming {
        /// Where the browser was.
        redirecting: Redirecting,
        /// By whom.
        claim: Claim,
        /// Keyed hash of the code.
        code: Digest,
    },
    /// A BankID order is being started.
    Initiating {
        /// What is to be signed.
        registration: Registration,
        /// By whom.
        claim: Claim,
    },
    /// The BankID app is asking.
    AwaitingApproval(Approval),
    /// Signed at the bank, not yet claimed by its owner.
    Signed(Signature),
    /// Over, explained.
    Failed {
        /// Why.
        reason: Reason,
        /// Since when.
        at: Timestamp,
        /// What the bank said, if it was the bank that ended it.
        signal: Option<Signal>,
    },
}

impl Proof {
    /// How it was signed.
    pub const fn method(&self) -> Method {
        match self {
            Self::Handle { .. } => Method::Redirect,
            Self::Identity(_) => Method::Decoupled,
        }
    }

    /// Whether what somebody shows beside the owner's token is what it asks for: the handle, or nothing.
    pub fn is_shown_by(&self, handle: Option<&Digest>) -> bool {
        match (self, handle) {
            (Self::Handle { handle: known, .. }, Some(handle)) => known.matches(handle),
            (Self::Identity(_), None) => true,
            _ => false,
        }
    }
}

impl Signature {
    /// Whether this very code brought it.
    pub fn is_of(&self, code: &Digest) -> bool {
        matches!(&self.proof, Proof::Handle { code: spent, .. } if spent.matches(code))
    }
}

impl Attempt {
    /// Over, for a reason of time or of ours.
    pub const fn failed(reason: Reason, at: Timestamp) -> Self {
        Self::Failed { reason, at, signal: None }
    }

    /// Over, because of what the bank said or did not say.
    pub const fn failed_at_the_bank(reason: Reason, signal: Signal, at: Timestamp) -> Self {
        Self::Failed { reason, at, signal: Some(signal) }
    }

    /// The consent at the bank that is being signed, or has been.
    pub const fn bank_consent(&self) -> Option<&BankConsentId> {
        match self {
            Self::None | Self::Registering { .. } | Self::Failed { .. } => None,
            Self::Registered(registration) | Self::Initiating { registration, .. } => {
                Some(&registration.bank_consent)
            }
            Self::AwaitingRedirect(redirecting) | Self::Redeeming { redirecting, .. } => {
                Some(&redirecting.registration.bank_consent)
            }
            Self::AwaitingApproval(approval) => Some(&approval.registration.bank_consent),
            Self::Signed(signature) => Some(&signature.bank_consent),
        }
    }

    /// When it began, or a later moment of it, if it may still be alive.
    pub const fn began(&self) -> Option<Timestamp> {
        match self {
            Self::None | Self::Failed { .. } => None,
            Self::Registering { claim } => Some(claim.until),
            Self::Registered(registration) | Self::Initiating { registration, .. } => Some(registration.made),
            Self::AwaitingRedirect(redirecting) | Self::Redeeming { redirecting, .. } => {
                Some(redirecting.registration.made)
            }
            Self::AwaitingApproval(approval) => Some(approval.registration.made),
            Self::Signed(signature) => Some(signature.at),
        }
    }

    /// Why this attempt is over although nobody has written it down, if it is.
    pub fn overdue(&self, now: Timestamp) -> Option<Reason> {
        let too_late =
            |registration: &Registration| (now >= registration.expires()).then_some(Reason::TooLate);
        match self {
            Self::Registering { claim } => (!claim.live(now)).then_some(Reason::StartUnknown),
            Self::Initiating { registration, claim, .. } => {
                too_late(registration).or_else(|| (!claim.live(now)).then_some(Reason::StartUnknown))
            }
            Self::Redeeming { redirecting, claim, .. } => too_late(&redirecting.registration)
                .or_else(|| (!claim.live(now)).then_some(Reason::ExchangeUnknown)),
            Self::Registered(registration) => too_late(registration),
            Self::AwaitingRedirect(redirecting) => too_late(&redirecting.registration),
            Self::AwaitingApproval(approval) => too_late(&approval.registration),
            Self::Signed(signature) => (now >= signature.at + SIGNED_LIFETIME).then_some(Reason::NotClaimed),
            Self::None | Self::Failed { .. } => None,
        }
    }
}
