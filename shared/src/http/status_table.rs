//! Every inner failure and the problem it becomes, side by side. Whatever status we can send begins here.

use super::{Code, Problem};
use crate::{
    bank::Fault,
    consent::{Reason, Refused},
    secrets::SecretsError,
    store::{Denied, ListError, StoreError, UpdateError},
    telemetry::{self, Metric},
};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::new(match refused {
            Refused::InFlight => Code::StartInFlight,
            Refused::OtherBody => Code::IdempotencyKeyReused,
            Refused::WrongState | Refused::AlreadySigned | Refused::AlreadySo => Code::AttemptInProgress,
            Refused::ClaimLost => Code::AttemptOver,
            Refused::NotOffered => Code::MethodNotOffered,
            Refused::TooLate => Code::AttemptExpired,
            Refused::OtherHandle => Code::HandleRefused,
            Refused::TooEarly { .. } => Code::NothingToPoll,
            Refused::NotActive => Code::ConsentNotActive,
            Refused::GrantOver | Refused::Exhausted => Code::ConsentExpired,
            Refused::Revoked => Code::ConsentRevoked,
            Refused::Superseded => Code::RefreshInFlight,
        })
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        fault.count_drift();
        let retry_after = match &fault {
            Fault::RateLimited { retry_after } | Fault::Unavailable { retry_after } => *retry_after,
            Fault::Resting { rest } => {
                telemetry::count(Metric::BankRested);
                Some(*rest)
            }
            _ => None,
        };
        let code = match fault {
            Fault::NotSent | Fault::Unavailable { .. } | Fault::Resting { .. } | Fault::ProxyError => {
                Code::BankUnavailable
            }
            Fault::CertificateRefused | Fault::NotRegistered | Fault::ClientRefused { .. } => {
                Code::BankRefusedUs
            }
            Fault::Misconfigured => Code::ServiceError,
            Fault::NoTime => Code::OutOfTime,
            Fault::Lost => Code::BankAnswerLost,
            Fault::RateLimited { .. } => Code::BankBusy,
            Fault::Rejected | Fault::Malformed | Fault::TooLarge | Fault::ForeignLink | Fault::NoMethod => {
                Code::BankAnswerUnusable
            }
            Fault::KycMissing => Code::KycMissing,
            Fault::InvalidInterval => Code::IntervalRefused,
            Fault::NotFound => Code::AccountNotFound,
            Fault::RefreshRefused { .. } => Code::ConsentExpired,
            Fault::CodeRefused { .. } => Code::AttemptOver,
            Fault::IntentExpired => Code::AttemptExpired,
            Fault::BankIdFailed => Code::BankIdFailed,
            Fault::PolledTooOften => Code::PolledTooOften,
            Fault::NotCustomer => Code::NotCustomer,
            Fault::BankIdNotActivated => Code::BankIdNotActivated,
            Fault::InvalidPersonalNumber => Code::PersonalNumberRefused,
            Fault::UserCancelled => Code::BankIdCancelled,
            Fault::TokenInactive | Fault::WrongTokenKind | Fault::Unrecognised { .. } => {
                Code::BankUnrecognised
            }
        };
        Self::new(code).retry_after(retry_after).caused_by(&fault)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Unavailable | StoreError::Contended => Code::ServiceUnavailable,
            StoreError::Unreadable { .. } | StoreError::Broken(_) => Code::ServiceError,
        };
        Self::new(code).caused_by(&error)
    }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Absent => Self::new(Code::ConsentNotFound),
            UpdateError::Refused(refused) => refused.into(),
            UpdateError::Denied(denied) => denied.into(),
            UpdateError::Store(error) => error.into(),
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Limited { wait } => Self::new(Code::StartLimited).retry_after(Some(wait)),
            // Nothing of whose order it is.
            Denied::Ordered { rest, .. } => Self::new(Code::OrderInProgress).retry_after(Some(rest)),
        }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor => Self::new(Code::CursorInvalid).about("cursor", "as a former answer gave it"),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<SecretsError> for Problem {
    fn from(error: SecretsError) -> Self {
        let code = match error {
            SecretsError::Unavailable => Code::ServiceUnavailable,
            _ => Code::ServiceError,
        };
        Self::new(code).caused_by(&error)
    }
}

impl Code {
    /// What a failed attempt is called when somebody asks about it later.
    pub const fn of_failure(reason: Reason) -> Self {
        match reason {
            Reason::StartUnknown => Self::StartUnknown,
            Reason::StartNotTaken => Self::BankUnavailable,
            Reason::TooLate | Reason::NotClaimed => Self::AttemptExpired,
            Reason::ExchangeUnknown
            | Reason::CodeRefused
            | Reason::CodeConflict
            | Reason::Cancelled
            | Reason::PkceMissing
            | Reason::Unreadable => Self::AttemptOver,
            Reason::BankIdCancelled => Self::BankIdCancelled,
            Reason::BankIdFailed => Self::BankIdFailed,
            Reason::BankIdNotActivated => Self::BankIdNotActivated,
            Reason::NotCustomer => Self::NotCustomer,
            Reason::PolledTooOften => Self::PolledTooOften,
            Reason::PersonalNumberRefused => Self::PersonalNumberRefused,
            Reason::RenewalOtherCustomer => Self::RenewalOtherCustomer,
        }
    }
}
