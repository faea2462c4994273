//! The words of the field as types. Whatever enters the system is parsed into one of these at the edge, once; inside,
//! no bare `String` means anything.

mod country;
mod id;
mod key;
mod lifetimes;
mod psu;
mod secret;
mod signal;
mod start_limits;
mod state;
mod time;
mod transaction_id;

pub use country::{Country, History, UnknownCountry};
pub use id::{
    AccountId, AppId, BankAccountId, BankConsentId, ClaimId, ConsentId, Digest, Link, Malformed, OwnerId,
    Reference, TraceId,
};
pub use key::{IdentityKey, KeyRing, SealingKey};
pub use lifetimes::Lifetimes;
pub use psu::{CorporateId, CorporateRule, PersonalNumber, Psu, PsuAddress, PsuType};
pub use secret::{
    AccessToken, AuthorizationCode, AutoStartToken, CodeVerifier, Handle, Nonce, QrData, RefreshToken,
    SessionLink,
};
pub use signal::Signal;
pub use start_limits::StartLimits;
pub use state::State;
pub use time::{Date, DayText, Span, Timestamp};
pub use transaction_id::TransactionId;
