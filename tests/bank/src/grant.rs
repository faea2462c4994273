//! What the bank remembers of consents, codes and tokens: the part of the world that rests on disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::customers::Country;
use crate::enrolment::Enrolment;
use crate::order::Order;

/// Everything that outlives a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) consents: BTreeMap<String, Consent>,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) access_tokens: BTreeMap<String, AccessToken>,
    pub(crate) refresh_tokens: BTreeMap<String, RefreshToken>,
    pub(crate) orders: Vec<Order>,
    #[serde(default)]
    pub(crate) enrolment: Enrolment,
}

/// A consent from `POST /consents`. Times are Unix milliseconds of the bank's clock.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) country: Country,
    pub(crate) corporate_id: Option<String>,
    pub(crate) created_ms: i64,
    pub(crate) grant: Option<Grant>,
    pub(crate) revoked: bool,
}

/// The PSU's approval.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) customer: String,
    pub(crate) expires_ms: i64,
    /// Account or card key to `accountId`, fresh for each consent (bank FAQ).
    pub(crate) account_ids: BTreeMap<String, String>,
}

/// An authorization code: single use, bound to app, redirect URI and consent (RFC 6749 section 4.1.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) consent_id: String,
    pub(crate) expires_ms: i64,
    pub(crate) spent: bool,
    /// What its verifier must hash to (RFC 7636 section 4.6).
    #[serde(default)]
    pub(crate) challenge: Option<String>,
}

/// An access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) client_id: String,
    pub(crate) expires_ms: i64,
    pub(crate) bearer: Bearer,
}

/// Whom an access token stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Bearer {
    /// The app itself (client credentials), with the words of its scope.
    App { scopes: Vec<String> },
    /// A PSU (authorization code or decoupled grant), bound to one consent.
    Psu { consent_id: String },
}

/// A refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) client_id: String,
    pub(crate) consent_id: String,
    pub(crate) expires_ms: i64,
    /// Replaced by rotation.
    pub(crate) spent: bool,
}

impl Consent {
    /// Received, not signed, and inside the intent's time.
    pub(crate) const fn awaits_signature(&self, now_ms: i64, intent_ms: i64) -> bool {
        self.grant.is_none() && !self.revoked && now_ms < self.created_ms + intent_ms
    }

    /// Signed, not taken back, not over.
    pub(crate) fn live_grant(&self, now_ms: i64) -> Option<&Grant> {
        self.grant.as_ref().filter(|grant| !self.revoked && now_ms < grant.expires_ms)
    }
}
