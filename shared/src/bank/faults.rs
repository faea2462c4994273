//! Everything that can go wrong at the bank, with as many words as there are different reactions, and the one place
//! where an answer of the bank becomes one of them.

mod tables;

use crate::{
    telemetry,
    types::{Signal, Span},
};

/// Why a call brought nothing. No text of the bank and no address is in any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Connection refused, name unknown, or handshake failed: the call provably never left.
    #[error("the bank cannot be reached")]
    NotSent,
    /// The bank refused our client certificate by a TLS alert: nothing was executed.
    #[error("the bank refuses the client certificate")]
    CertificateRefused,
    /// Too little of the deadline is left; nothing was sent.
    #[error("too little time left to call the bank")]
    NoTime,
    /// Sent, or perhaps sent, and no usable answer came: timeout, reset, cut body. Whether it was executed is unknown.
    #[error("the bank's answer is lost")]
    Lost,
    /// 500 or 503.
    #[error("the bank is unavailable")]
    Unavailable {
        /// `Retry-After`, where it came and says something (at most a day).
        retry_after: Option<Span>,
    },
    /// This service of the bank has failed several times in a row and is left alone; nothing was sent.
    #[error("the bank was failing a moment ago and is left alone")]
    Resting {
        /// For so long.
        rest: Span,
    },
    /// 502: the gateway did not get through to the bank behind it.
    #[error("the bank's gateway is failing")]
    ProxyError,
    /// 429. Never seen at this bank.
    #[error("the bank limits the rate of calls")]
    RateLimited {
        /// `Retry-After`, where it came and says something (at most a day).
        retry_after: Option<Span>,
    },
    /// The bank's firewall answered with its page, typically with status 200.
    #[error("the bank's firewall rejected the call")]
    Rejected,
    /// Status of success, but not the JSON that this call answers: no JSON, wrong type, missing field, unknown state.
    #[error("the bank's answer is malformed")]
    Malformed,
    /// More than 8 MB; of a token or an order, more than 256 KB.
    #[error("the bank's answer is too large")]
    TooLarge,
    /// 401 `Token is not active`: the access token is over. Refresh, then once more.
    #[error("the access token is not active")]
    TokenInactive,
    /// 401 `Invalid token grant type.`: a client-credentials token where a consent's is needed, or the reverse.
    #[error("the token is of the wrong kind")]
    WrongTokenKind,
    /// 403 on a resource: the PSU has to answer the bank's know-your-customer questions (documented).
    #[error("the bank asks its customer to answer questions first")]
    KycMissing,
    /// `Not registered to plan`: the app has not subscribed to this product.
    #[error("the app is not subscribed to this product of the bank")]
    NotRegistered,
    /// 400 `Invalid time interval`: too old, or reversed.
    #[error("the bank refuses the time interval")]
    InvalidInterval,
    /// 404 on a call that names an account (inferred).
    #[error("the bank does not know the account")]
    NotFound,
    /// A link of the bank leads where configuration does not allow.
    #[error("a link of the bank leads elsewhere")]
    ForeignLink,
    /// The bank offers no way of authorization that this client speaks.
    #[error("the bank offers no known authorization method")]
    NoMethod,
    /// The refresh token is over or revoked: the grant has ended.
    #[error("the bank refuses the refresh token")]
    RefreshRefused {
        /// In its own word.
        says: Signal,
    },
    /// The authorization code is wrong, spent, or over.
    #[error("the bank refuses the authorization code")]
    CodeRefused {
        /// In its own word.
        says: Signal,
    },
    /// The bank refuses us, not the PSU: client id, scope or grant type.
    #[error("the bank refuses the client")]
    ClientRefused {
        /// In its own word.
        says: Signal,
    },
    /// The 15 minutes in which the PSU had to authorize are over.
    #[error("the consent was not authorized in time")]
    IntentExpired,
    /// BankID failed or was not opened in time.
    #[error("BankID failed")]
    BankIdFailed,
    /// More polls than the bank allows; the order is over.
    #[error("the order was polled too often")]
    PolledTooOften,
    /// Not a customer, or a private person in a company's consent.
    #[error("the person is not a customer of the bank")]
    NotCustomer,
    /// A BankID of another bank that was never activated at this one.
    #[error("the BankID is not activated at the bank")]
    BankIdNotActivated,
    /// The bank does not take the personal number.
    #[error("the bank refuses the personal number")]
    InvalidPersonalNumber,
    /// The PSU cancelled in the BankID app.
    #[error("the customer cancelled")]
    UserCancelled,
    /// Our configuration cannot be used: an address that is neither https nor loopback, a client id or a TLS
    /// configuration that no client can be built with. Nothing was sent.
    #[error("the bank client is misconfigured")]
    Misconfigured,
    /// Anything else. Never a guess.
    #[error("the bank's answer to {call} with status {status} is not known")]
    Unrecognised {
        /// Which call.
        call: &'static str,
        /// The HTTP status.
        status: u16,
    },
}

impl Fault {
    /// Counts a signal that no table knows, by call and status. For whoever reacts to one or hands it on; each once.
    pub fn count_drift(&self) {
        if let Self::Unrecognised { call, status } = self {
            telemetry::drift(&format!("{call} answered {status}"));
        }
    }

    /// Whether the bank has certainly not executed the call, so that a claim can be given back.
    pub const fn provably_not_sent(&self) -> bool {
        matches!(
            self,
            Self::NotSent
                | Self::Resting { .. }
                | Self::CertificateRefused
                | Self::NoTime
                | Self::Misconfigured
        )
    }

    /// What a timeline keeps of it: the bank's own word where it has one.
    pub const fn signal(&self) -> Signal {
        match self {
            Self::RefreshRefused { says } | Self::CodeRefused { says } | Self::ClientRefused { says } => {
                *says
            }
            Self::NotSent | Self::Resting { .. } => Signal::NotSent,
            Self::CertificateRefused => Signal::CertificateRefused,
            Self::NoTime => Signal::NoTime,
            Self::Lost => Signal::Lost,
            Self::Unavailable { .. } => Signal::Unavailable,
            Self::ProxyError => Signal::ProxyError,
            Self::RateLimited { .. } => Signal::TooManyRequests,
            Self::Rejected => Signal::RequestRejected,
            Self::Malformed => Signal::Malformed,
            Self::TooLarge => Signal::TooLarge,
            Self::TokenInactive => Signal::TokenNotActive,
            Self::WrongTokenKind => Signal::InvalidTokenGrantType,
            Self::KycMissing => Signal::Forbidden,
            Self::NotRegistered => Signal::NotRegisteredToPlan,
            Self::InvalidInterval => Signal::InvalidTimeInterval,
            Self::NotFound => Signal::NotFound,
            Self::ForeignLink => Signal::ForeignLink,
            Self::NoMethod => Signal::NoMethod,
            Self::IntentExpired => Signal::IntentExpired,
            Self::BankIdFailed => Signal::MbidError,
            Self::PolledTooOften => Signal::MbidMaxPolling,
            Self::NotCustomer => Signal::NotShbApproved,
            Self::BankIdNotActivated => Signal::MbidNotShbActivated,
            Self::InvalidPersonalNumber => Signal::InvalidRequest,
            Self::UserCancelled => Signal::UserCancel,
            Self::Misconfigured => Signal::Misconfigured,
            Self::Unrecognised { .. } => Signal::Unrecognised,
        }
    }

    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::CertificateRefused => "certificate_refused",
            Self::NoTime => "no_time",
            Self::Lost => "lost",
            Self::Unavailable { .. } => "unavailable",
            Self::Resting { .. } => "resting",
            Self::ProxyError => "proxy_error",
            Self::RateLimited { .. } => "rate_limited",
            Self::Rejected => "rejected",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::TokenInactive => "token_inactive",
            Self::WrongTokenKind => "wrong_token_kind",
            Self::KycMissing => "kyc_missing",
            Self::NotRegistered => "not_registered",
            Self::InvalidInterval => "invalid_interval",
            Self::NotFound => "not_found",
            Self::ForeignLink => "foreign_link",
            Self::NoMethod => "no_method",
            Self::RefreshRefused { .. } => "refresh_refused",
            Self::CodeRefused { .. } => "code_refused",
            Self::ClientRefused { .. } => "client_refused",
            Self::IntentExpired => "intent_expired",
            Self::BankIdFailed => "bankid_failed",
            Self::PolledTooOften => "polled_too_often",
            Self::NotCustomer => "not_customer",
            Self::BankIdNotActivated => "bankid_not_activated",
            Self::InvalidPersonalNumber => "invalid_personal_number",
            Self::UserCancelled => "user_cancelled",
            Self::Misconfigured => "misconfigured",
            Self::Unrecognised { .. } => "unrecognised",
        }
    }
}

pub(super) use tables::{Kind, Service, of_answer};
pub use tables::{KnownSignal, faults, known_signals};
