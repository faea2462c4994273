//! A BankID order: started by the TPP, acted on by a person, reported by polls.

use serde::{Deserialize, Serialize};

/// What the person does with the BankID app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum BankIdAction {
    /// Opens the app and signs.
    Approve,
    /// Opens the app and cancels there: `USER_CANCEL`.
    Deny,
    /// Does nothing: after the start window the order fails with `mbid_error`.
    #[default]
    Ignore,
    /// Opens the app and hesitates: `IN_PROGRESS` until the intent is over.
    Open,
    /// The order fails with this error, for example `mbid_error`.
    Fail {
        /// The value of `error` in the answer to the next poll.
        error: String,
    },
}

/// A scripted answer for one poll; scripted answers are used up before the order's own state is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PollOutcome {
    /// 200 `IN_PROGRESS`.
    InProgress,
    /// 200 `COMPLETE` with tokens.
    Complete,
    /// 200 `USER_CANCEL`.
    UserCancel,
    /// 400 with this `error`.
    Error {
        /// For example `mbid_max_polling`.
        error: String,
    },
    /// 200 with a `result` that nobody knows.
    Unknown {
        /// The value of `result`.
        result: String,
    },
}

/// An order as the control surface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// `sessionId` of the links.
    pub session_id: String,
    /// The consent that is being signed.
    pub consent_id: String,
    /// Key of the customer.
    pub customer: String,
    /// `waiting`, `opened`, `approved`, `denied`, `failed`, `cancelled` or `reported`.
    pub state: String,
    /// Polls so far.
    pub polls: u32,
    /// Whether a person can still act on it.
    pub live: bool,
}

/// An order as the bank remembers it. Times are Unix milliseconds of the bank's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) session_id: String,
    pub(crate) consent_id: String,
    pub(crate) customer: String,
    pub(crate) created_ms: i64,
    /// When the next poll may come.
    pub(crate) next_poll_ms: i64,
    pub(crate) polls: u32,
    pub(crate) qr: Option<String>,
    pub(crate) state: OrderState,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OrderState {
    Waiting,
    Opened,
    Approved,
    Denied,
    Failed(String),
    /// Cancelled by the TPP.
    Cancelled,
    /// Its end has been told to the TPP.
    Reported,
}

impl OrderState {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::Reported => "reported",
        }
    }
}

impl Order {
    /// Whether a person can still act on it.
    pub(crate) fn is_live(&self, now_ms: i64, start_window_ms: i64) -> bool {
        match self.state {
            OrderState::Waiting => now_ms <= self.created_ms + start_window_ms,
            OrderState::Opened => true,
            _ => false,
        }
    }

    pub(crate) fn act(&mut self, action: &BankIdAction) {
        self.state = match action {
            BankIdAction::Approve => OrderState::Approved,
            BankIdAction::Deny => OrderState::Denied,
            BankIdAction::Ignore => OrderState::Waiting,
            BankIdAction::Open => OrderState::Opened,
            BankIdAction::Fail { error } => OrderState::Failed(error.clone()),
        };
    }
}
