//! One JSON line per request, metrics counted into it, and the audit line. Nothing else is ever printed: no body, no
//! query, no address, no token. A failure is logged once, at the edge, by its stable code.

mod audit;

pub use audit::{Access, Audit};

use crate::types::{ConsentId, TraceId};
use audit::AuditLine;
use serde::Serialize;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What is counted. The name is stable: alarms hang on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Exchanges with the bank.
    BankCalls,
    /// Exchanges with the bank that did not bring a usable answer.
    BankFaults,
    /// Requests that ended because the bank had been failing and was left alone.
    BankRested,
    /// Answers of the bank that no table knows.
    Drift,
    /// A conditional write found that somebody else had won.
    ClaimsLost,
    /// Access tokens refreshed.
    Refreshes,
    /// Refreshes that the bank refused: the grant lapsed.
    RefreshFailures,
    /// Times that a request waited for somebody else's refresh.
    RefreshWaits,
    /// Two codes under one state.
    CodeConflict,
    /// A renewal was signed by somebody whose accounts are others.
    RenewalOtherCustomer,
    /// Callbacks that did not name the bank as they should.
    IssuerRefused,
    /// Polls answered without asking the bank.
    EarlyPolls,
    /// An unattended read that the budget did not allow.
    BudgetExhausted,
    /// A BankID order that could not be cancelled at the bank.
    CancelFailures,
    /// BankID orders that a newer start of the same person ended.
    OrdersSuperseded,
    /// A consent that could not be deleted at the bank.
    RevocationFailures,
    /// Running balances that do not join: the bank left rows out, or shows wrong ones.
    ChainBroken,
    /// Reads in which the bank cut answers at fewer rows than its known cap.
    CutShort,
    /// Tokens that nobody could be given and were dropped.
    TokensDropped,
    /// Served with keys and certificates that are older than they should be: Secrets Manager is not reachable.
    SecretStale,
    /// Served with an older version of the secret, because the one in force cannot be used.
    SecretRefused,
    /// Something sealed did not open: its key was dropped, or somebody has altered or moved it.
    SealsUnopened,
    /// The bank refused our client certificate.
    CertificateRefused,
}

/// Where lines go.
#[derive(Clone, Debug)]
pub enum Output {
    /// Standard output, which Lambda ships to CloudWatch.
    Stdout,
    /// Kept in memory for whoever wants to look at them.
    Kept(Arc<Mutex<Vec<String>>>),
}

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// What one request gathers for its line.
#[derive(Default)]
struct Notes {
    counts: BTreeMap<Metric, u32>,
    consent: Option<ConsentId>,
    code: Option<&'static str>,
    cause: Option<String>,
    certificate_days: Option<i64>,
    audit: Vec<Audit>,
}

/// Keeps an audit line for when the request has ended.
fn keep(audit: Audit) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().audit.push(audit));
}

/// Counts something that happened during this request.
pub fn count(metric: Metric) {
    let _ = NOTES.try_with(|notes| *notes.borrow_mut().counts.entry(metric).or_default() += 1);
}

/// Says which consent this request is about.
pub fn concerns(consent: &ConsentId) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().consent = Some(*consent));
}

/// Says in how many days the first of our certificates ends; negative after that.
pub fn certificate_days(days: i64) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().certificate_days = Some(days));
}

/// Says by which code this request failed, where its answer is not the problem itself.
pub fn failed(code: &'static str) {
    let _ = NOTES.try_with(|notes| notes.borrow_mut().code = Some(code));
}

/// Keeps the inner cause of a failure for the line. It never goes into an answer, and must never hold a value from
/// outside: error types here render codes and names only.
pub fn cause(cause: &dyn std::error::Error) {
    let mut text = cause.to_string();
    let mut inner = cause.source();
    while let Some(error) = inner {
        text = format!("{text}: {error}");
        inner = error.source();
    }
    let _ = NOTES.try_with(|notes| notes.borrow_mut().cause = Some(text));
}

/// How a request ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Our request id.
    pub trace: TraceId,
    /// The function.
    pub function: &'static str,
    /// The route of the template, not the path.
    pub route: String,
    /// HTTP status.
    pub status: u16,
    /// Code of the problem, if it was one.
    pub code: Option<&'static str>,
    /// First request of this process.
    pub cold: bool,
    /// How long it took.
    pub took: Duration,
}

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    trace_id: &'a str,
    function: &'static str,
    route: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_id: Option<String>,
    cold: bool,
    took_ms: u64,
    /// An alarm hangs on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days: Option<i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    counts: BTreeMap<Metric, u32>,
}

impl Output {
    /// Runs one request and prints its lines when it has ended.
    pub async fn observe<T>(&self, request: impl Future<Output = T>, ending: impl FnOnce(&T) -> Ending) -> T {
        NOTES
            .scope(RefCell::default(), async {
                let answer = request.await;
                let notes = NOTES.with(RefCell::take);
                self.print(&ending(&answer), notes);
                answer
            })
            .await
    }

    fn print(&self, ending: &Ending, notes: Notes) {
        let level = if ending.status >= 500 { "error" } else { "info" };
        let trace_id = ending.trace.as_str();
        for audit in notes.audit {
            self.write(&AuditLine { level: "audit", trace_id, audit });
        }
        self.write(&Line {
            level,
            trace_id,
            function: ending.function,
            route: &ending.route,
            status: ending.status,
            code: ending.code.or(notes.code),
            cause: notes.cause,
            consent_id: notes.consent.map(|id| id.to_string()),
            cold: ending.cold,
            took_ms: u64::try_from(ending.took.as_millis()).unwrap_or(u64::MAX),
            certificate_days: notes.certificate_days,
            counts: notes.counts,
        });
    }

    /// A line about the process itself.
    pub fn process(&self, function: &'static str, event: &'static str, error: &dyn std::error::Error) {
        self.write(&BTreeMap::from([
            ("level", "error"),
            ("function", function),
            ("event", event),
            ("cause", &error.to_string()),
        ]));
    }

    fn write(&self, line: &impl Serialize) {
        let Ok(mut line) = serde_json::to_string(line) else { return };
        match self {
            Self::Kept(lines) => {
                if let Ok(mut lines) = lines.lock() {
                    lines.push(line);
                }
            }
            Self::Stdout => {
                line.push('\n');
                // One write per line, so that lines of concurrent requests do not mix. A closed pipe is nobody's loss.
                let _ = std::io::stdout().lock().write_all(line.as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::OwnerId;

    #[tokio::test]
    async fn a_request_leaves_one_line_with_its_counts_and_its_audit_line_before_it() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let trace = TraceId::parse("6b24ce42-237f-4303-a917-cf778e5013d6").unwrap();
        let ending = |_: &()| Ending {
            trace: trace.clone(),
            function: "account-fetch",
            route: "GET /v1/x".to_owned(),
            status: 200,
            code: None,
            cold: true,
            took: Duration::from_millis(3),
        };
        Output::Kept(Arc::clone(&kept))
            .observe(
                async {
                    count(Metric::BankCalls);
                    count(Metric::BankCalls);
                    let access = Access { resource: "accounts", account: None, present: true, source: false };
                    Audit::record(&OwnerId([1; 16]), &ConsentId([2; 16]), access, "ok");
                },
                ending,
            )
            .await;
        let lines = kept.lock().unwrap().clone();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(r#""resource":"accounts""#), "{}", lines[0]);
        assert!(lines[1].contains(r#""counts":{"bank_calls":2}"#), "{}", lines[1]);
    }
}
