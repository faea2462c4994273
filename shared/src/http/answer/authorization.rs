//! Where one try at SCA stands, as callers see it.

use super::Opening;
use crate::{
    consent::{Approval, Attempt, Consent, Method},
    http::{codes::Code, problem::UserMessage},
    types::{Signal, Timestamp},
};
use serde::Serialize;

/// Where one try at SCA stands.
#[derive(Debug, Default, Serialize)]
pub struct AuthorizationAnswer {
    /// `none`, `registering`, `registered`, `awaiting_redirect`, `redeeming`, `initiating`, `awaiting_approval`,
    /// `signed` or `failed`.
    pub state: &'static str,
    /// The methods that the bank returned, while there is a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<&'static str>>,
    /// The method that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// When this state ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The bank reported an error at the callback. It ended nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub denied: bool,
    /// Stable code of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What the bank said, if that ended the attempt, or troubled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_message: Option<UserMessage>,
    /// When to poll next, in milliseconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_after_ms: Option<i64>,
    /// Until when the PSU should have opened the BankID app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_by: Option<String>,
    /// What opens it; only in the answer to a start.
    #[serde(flatten)]
    pub opening: Option<Opening>,
}

impl AuthorizationAnswer {
    /// As it stands now.
    pub fn of(consent: &Consent, now: Timestamp) -> Self {
        if let Some(reason) = consent.failure(now) {
            let user_message = Some(Code::of_failure(reason).user_message());
            let signal = if let Attempt::Failed { signal, .. } = &consent.attempt { *signal } else { None };
            let bank_code = signal.or(consent.trouble).map(Signal::code);
            let reason = Some(reason.code());
            return Self { state: "failed", reason, bank_code, user_message, ..Self::default() };
        }
        Self { bank_code: consent.trouble.map(Signal::code), ..Self::alive(consent, now) }
    }

    fn alive(consent: &Consent, now: Timestamp) -> Self {
        let in_state = |state| Self { state, ..Self::default() };
        let redirect = |state| Self { method: Some(Method::Redirect.as_str()), ..in_state(state) };
        match &consent.attempt {
            Attempt::None | Attempt::Failed { .. } => in_state("none"),
            Attempt::Registering { .. } => in_state("registering"),
            Attempt::Registered(registration) => Self {
                methods: Some(registration.methods().into_iter().map(Method::as_str).collect()),
                expires_at: Some(registration.expires().rfc3339()),
                ..in_state("registered")
            },
            Attempt::AwaitingRedirect(redirecting) => Self {
                expires_at: Some(redirecting.registration.expires().rfc3339()),
                denied: redirecting.denied,
                ..redirect("awaiting_redirect")
            },
            Attempt::Redeeming { .. } => redirect("redeeming"),
            Attempt::Initiating { .. } => {
                Self { method: Some(Method::Decoupled.as_str()), ..in_state("initiating") }
            }
            Attempt::AwaitingApproval(approval) => Self::awaiting_approval(approval, now),
            Attempt::Signed(signature) => Self {
                method: Some(signature.proof.method().as_str()),
                expires_at: consent.claim_by().map(Timestamp::rfc3339),
                ..in_state("signed")
            },
        }
    }

    fn awaiting_approval(approval: &Approval, now: Timestamp) -> Self {
        Self {
            state: "awaiting_approval",
            method: Some(Method::Decoupled.as_str()),
            expires_at: Some(approval.registration.expires().rfc3339()),
            poll_after_ms: Some(approval.next_poll.after(now).as_millis()),
            open_by: Some(approval.open_by.rfc3339()),
            ..Self::default()
        }
    }
}
