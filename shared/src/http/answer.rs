//! A consent as callers see it. Built from the state each time; nothing of it is stored.

use super::codes::Code;
use super::problem::UserMessage;
use crate::{
    budget::{Standing, Subject},
    config::App,
    consent::{Approval, Attempt, Consent, Entry, Grant, Identity, LimitedBy, Method, Timeline},
    types::{QrData, Signal, Timestamp},
};
use serde::Serialize;
use std::fmt;

/// One consent.
#[derive(Debug, Serialize)]
pub struct ConsentAnswer {
    /// Our id.
    pub consent_id: String,
    /// See [`crate::consent::Status`].
    pub status: &'static str,
    /// Why it is expired or rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<&'static str>,
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// `individual` or `corporate`.
    pub psu_type: &'static str,
    /// The caller's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// End of the grant: the earlier of its two clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// End of the refresh token: one of the two clocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_expires_at: Option<String>,
    /// End of the consent: the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_expires_at: Option<String>,
    /// Whether it is time for a renewal; reads still work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal_due: Option<bool>,
    /// From when on a renewal should be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_by: Option<String>,
    /// `refresh_token` or `consent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<&'static str>,
    /// `verified` or `asserted`: who vouched for the personal number. Absent after a redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'static str>,
    /// When its owner revoked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// What became of it at the bank, see [`crate::consent::BankRevocation`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_revocation: Option<&'static str>,
    /// How often the access token of the present grant has been replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refreshes: Option<u32>,
    /// Where the attempt stands.
    pub authorization: AuthorizationAnswer,
    /// What of the unattended budget was used in the last 24 hours; only where one consent is read. Resources that are not
    /// listed were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Vec<BudgetAnswer>>,
    /// What has happened, newest first; only where one consent is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Vec<EventAnswer>>,
}

/// The unattended budget of one resource.
#[derive(Debug, Serialize)]
pub struct BudgetAnswer {
    /// `accounts`, `account`, `transactions`, `card_accounts`, `card_transactions`.
    pub resource: &'static str,
    /// Our id of the account, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Reads in the last 24 hours.
    pub used: u8,
    /// Reads that are left now.
    pub left: u8,
    /// When the next one is free again, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
}

/// One event of the timeline.
#[derive(Debug, Serialize)]
pub struct EventAnswer {
    /// RFC 3339.
    pub at: String,
    /// See [`crate::consent::Event`].
    pub event: &'static str,
    /// Why, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What the bank said: see [`crate::types::Signal`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_code: Option<&'static str>,
    /// The request of ours that made it.
    pub trace_id: String,
}

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

/// What starts SCA on the PSU's side. Secret: it stands in the answer to a start and its repeats, nowhere else.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Opening {
    /// The bank's page.
    Redirect {
        /// To be opened in the PSU's own browser.
        url: String,
    },
    /// The BankID app.
    Decoupled {
        /// For links of the caller's own making.
        #[serde(skip_serializing_if = "Option::is_none")]
        auto_start_token: Option<String>,
        /// Ready links for this device.
        #[serde(skip_serializing_if = "Option::is_none")]
        links: Option<StartLinks>,
        /// To be shown as a QR code on another device.
        #[serde(skip_serializing_if = "Option::is_none")]
        qr_data: Option<String>,
    },
}

/// Links that start the BankID app.
#[derive(Serialize)]
pub struct StartLinks {
    mobile: String,
    desktop: String,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(redacted)")
    }
}

impl fmt::Debug for StartLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartLinks(redacted)")
    }
}

impl ConsentAnswer {
    /// As it stands now.
    pub fn of(consent: &Consent, now: Timestamp) -> Self {
        let (active, revoked) = match &consent.grant {
            Grant::Active(active) => (Some(active), None),
            Grant::Revoked { at, bank } => (None, Some((*at, bank))),
            Grant::None | Grant::Lapsed { .. } => (None, None),
        };
        Self {
            consent_id: consent.id.to_string(),
            status: consent.status(now).as_str(),
            status_reason: consent.status_reason(now),
            country: consent.country.code(),
            psu_type: consent.psu_type.as_str(),
            reference: consent.reference.as_ref().map(|reference| reference.as_str().to_owned()),
            created_at: consent.created.rfc3339(),
            expires_at: active.map(|active| active.clocks.expires_at().rfc3339()),
            refresh_token_expires_at: active.map(|active| active.clocks.refresh_expires.rfc3339()),
            consent_expires_at: active.map(|active| active.clocks.consent_expires.rfc3339()),
            renewal_due: active.map(|active| active.clocks.renewal_due(now)),
            renew_by: active.map(|active| active.clocks.renew_by().rfc3339()),
            limited_by: active.map(|active| match active.clocks.limited_by() {
                LimitedBy::RefreshToken => "refresh_token",
                LimitedBy::Consent => "consent",
            }),
            identity: active.and_then(|active| active.identity).map(|identity| match identity {
                Identity::Verified => "verified",
                Identity::Asserted => "asserted",
            }),
            revoked_at: revoked.map(|(at, _)| at.rfc3339()),
            bank_revocation: revoked.map(|(_, bank)| bank.as_str()),
            refreshes: active.map(|active| active.refreshes),
            authorization: AuthorizationAnswer::of(consent, now),
            budget: None,
            timeline: None,
        }
    }

    /// With what has happened so far, newest first.
    #[must_use]
    pub fn with_timeline(mut self, timeline: &Timeline) -> Self {
        self.timeline = Some(timeline.entries().rev().map(EventAnswer::of).collect());
        self
    }

    /// With what opens the attempt; for the answer to a start.
    #[must_use]
    pub fn opened_by(mut self, opening: Option<Opening>) -> Self {
        self.authorization.opening = opening;
        self
    }
}

impl BudgetAnswer {
    /// Of what was counted for a subject.
    pub fn of(subject: Subject, standing: Standing) -> Self {
        Self {
            resource: subject.resource,
            account_id: subject.account.map(|account| account.as_str().to_owned()),
            used: standing.used,
            left: standing.left,
            next_at: standing.next_at.map(Timestamp::rfc3339),
        }
    }
}

impl EventAnswer {
    fn of(entry: &Entry) -> Self {
        Self {
            at: entry.at.rfc3339(),
            event: entry.event.code(),
            reason: entry.event.reason(),
            bank_code: entry.event.signal().map(Signal::code),
            trace_id: entry.by.trace_id(),
        }
    }
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

impl Opening {
    /// What starts the BankID app for this order.
    pub fn of_order(approval: &Approval, app: Option<&App>) -> Self {
        let token = approval.session.auto_start.as_ref().map(|token| token.expose().to_owned());
        let links = token.as_deref().map(|token| start_links(token, app));
        Self::Decoupled { links, qr_data: qr_data(approval), auto_start_token: token }
    }
}

/// What another device scans: the bank's newest code, else (decoupled 1.0) the link that starts the app.
pub(crate) fn qr_data(approval: &Approval) -> Option<String> {
    if approval.same_device {
        return None;
    }
    let session = &approval.session;
    let from_token =
        || session.auto_start.as_ref().map(|token| format!("bankid:///?autostarttoken={}", token.expose()));
    session.qr.as_ref().map(|qr: &QrData| qr.expose().to_owned()).or_else(from_token)
}

/// BankID wants a `redirect`; on iOS it is mandatory. It is the app's own registered link, without anything secret.
fn start_links(token: &str, app: Option<&App>) -> StartLinks {
    let query = |redirect: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("autostarttoken", token).append_pair("redirect", redirect).finish()
    };
    StartLinks {
        mobile: format!("https://app.bankid.com/?{}", query(app.map_or("null", |app| app.link.as_str()))),
        desktop: format!("bankid:///?{}", query("null")),
    }
}

impl Approval {
    /// What another device should scan now, if this order is for another device.
    pub fn qr_text(&self) -> Option<String> {
        qr_data(self)
    }
}
