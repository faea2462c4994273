//! What the bank has seen: every call, and what was wrong with the callers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::CallKind;

/// One call on the API or page port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// What it was.
    pub kind: CallKind,
    /// HTTP method.
    pub method: String,
    /// Path with query, as received.
    pub target: String,
    /// `TPP-Transaction-ID` as received.
    pub tpp_transaction_id: Option<String>,
    /// `TPP-Request-ID` as received.
    pub tpp_request_id: Option<String>,
    /// `PSU-IP-Address` as received; a doubled header is joined by `, `.
    pub psu_ip_address: Option<String>,
    /// The consent that the call is about, where the bank could tell.
    pub consent_id: Option<String>,
    /// The status that was, or would have been, sent.
    pub status: u16,
    /// False if the answer was withheld by a fault (closed, lost, cut).
    pub answered: bool,
    /// False if a fault kept the bank from acting on the call.
    pub executed: bool,
    /// The bank's time at arrival, Unix milliseconds.
    pub at_ms: i64,
    /// Number of the connection, counted from 1 over both ports.
    pub connection: u64,
    /// Why the bank refused, in words for the tester; never sent.
    pub refusal: Option<String>,
    /// The fault that was applied, by name.
    pub fault: Option<String>,
}

/// A snapshot of everything that the bank has seen since start (or since it was cleared).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The calls, oldest first.
    pub calls: Vec<Call>,
    /// Authorization codes that came again after they had been spent.
    pub code_reuses: u64,
    /// Codes that were never issued, or with another app, redirect URI or scope, or too late.
    pub codes_refused: u64,
    /// Refresh tokens that came again after rotation had replaced them.
    pub refresh_reuses: u64,
    /// Refresh tokens that were unknown, revoked, expired, or another app's.
    pub refreshes_refused: u64,
    /// Polls before `sleep_time` had passed.
    pub early_polls: u64,
    /// Calls that came with something the bank does not know (path, field, parameter, header, value).
    pub refused_unknown: u64,
    /// Calls whose `TPP-Request-ID` had been seen before.
    pub repeated_request_ids: u64,
    /// The most calls that were under way at a time.
    pub most_under_way: u64,
    /// TCP connections to the API port.
    pub connections: u64,
    /// TLS handshakes that succeeded.
    pub handshakes_ok: u64,
    /// TLS handshakes that succeeded, by the common name of the client certificate that was shown.
    pub handshakes_by_certificate: BTreeMap<String, u64>,
    /// TLS handshakes that failed: no certificate, foreign CA, expired, or not TLS at all.
    pub handshakes_refused: u64,
}

impl Ledger {
    /// How many calls of a kind there were; `"token"`, `"decoupled"`, `"accounts"` and so on count the whole family.
    #[must_use]
    pub fn count(&self, kind: impl AsRef<str>) -> usize {
        self.of_kind(kind).len()
    }

    /// The calls of a kind (or of a family, see [`Ledger::count`]), oldest first.
    #[must_use]
    pub fn of_kind(&self, kind: impl AsRef<str>) -> Vec<&Call> {
        let wanted = kind.as_ref();
        let family = format!("{wanted}.");
        let matches = |call: &&Call| call.kind.as_str() == wanted || call.kind.as_str().starts_with(&family);
        self.calls.iter().filter(matches).collect()
    }

    /// The calls that carried this `TPP-Transaction-ID`, oldest first.
    #[must_use]
    pub fn for_transaction(&self, id: &str) -> Vec<&Call> {
        self.calls.iter().filter(|call| call.tpp_transaction_id.as_deref() == Some(id)).collect()
    }

    /// Calls per kind.
    #[must_use]
    pub fn by_kind(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(call.kind.to_string()).or_default() += 1;
        }
        counts
    }

    /// Calls per `TPP-Transaction-ID`; calls without one are left out.
    #[must_use]
    pub fn exchanges(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for id in self.calls.iter().filter_map(|call| call.tpp_transaction_id.clone()) {
            *counts.entry(id).or_default() += 1;
        }
        counts
    }
}
