//! One line per request with its metrics in it, and an audit line per access. Nothing else is ever printed: no body, no
//! query, no address, no token. A failure is logged once, at the edge, by its stable code.

mod audit;
mod line;
mod metric;
mod output;

pub use audit::{Access, Audit};
pub use metric::Metric;
pub use output::{Log, Output};

use crate::types::{ConsentId, TraceId};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

tokio::task_local! {
    static NOTES: RefCell<Notes>;
}

/// Below so many days every line says how many there are, else only the first of a process.
const CERTIFICATE_ENDS_SOON: i64 = 60;
/// One line names so many shapes that nobody knows.
const MOST_SHAPES: u32 = 3;

/// What one request gathers for its line.
#[derive(Default)]
struct Notes {
    counts: BTreeMap<Metric, u32>,
    /// Milliseconds of each call to the bank, by kind.
    calls: BTreeMap<&'static str, Vec<u64>>,
    /// The last call to the bank that failed, and how.
    bank: Option<String>,
    drift: Option<String>,
    consent: Option<ConsentId>,
    cause: Option<String>,
    certificate_days: Option<i64>,
    audit: Vec<Audit>,
}

fn note(what: impl FnOnce(&mut Notes)) {
    let _ = NOTES.try_with(|notes| what(&mut notes.borrow_mut()));
}

/// Keeps an audit line for when the request has ended.
fn keep(audit: Audit) {
    note(|notes| notes.audit.push(audit));
}

/// Counts something that happened during this request.
pub fn count(metric: Metric) {
    note(|notes| *notes.counts.entry(metric).or_default() += 1);
}

/// Says how long a call to the bank took, and by which class it failed, if it did.
pub fn bank_call(call: &'static str, took: Duration, fault: Option<&'static str>) {
    note(|notes| {
        notes.calls.entry(call).or_default().push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        if let Some(fault) = fault {
            notes.bank = Some(format!("{call}: {fault}"));
        }
    });
}

/// Counts something in an answer of the bank that no table knows. `shape` says where: names of fields that the bank
/// chose, never a value.
pub fn drift(shape: &str) {
    note(|notes| {
        let count = notes.counts.entry(Metric::Drift).or_default();
        *count += 1;
        match &mut notes.drift {
            Some(known) if *count > MOST_SHAPES || known.contains(shape) => {}
            Some(known) => *known = format!("{known}, {shape}"),
            none => *none = Some(shape.to_owned()),
        }
    });
}

/// Says which consent this request is about.
pub fn concerns(consent: &ConsentId) {
    note(|notes| notes.consent = Some(*consent));
}

/// Says in how many days the first of our certificates ends; negative after that.
pub fn certificate_days(days: i64) {
    note(|notes| notes.certificate_days = Some(days));
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
    note(|notes| notes.cause = Some(text));
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
    /// X-Ray's id of the trace, if the request is sampled.
    pub xray: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl Log {
    /// Runs one request and prints its lines when it has ended.
    pub async fn observe<T>(&self, request: impl Future<Output = T>, ending: impl FnOnce(&T) -> Ending) -> T {
        NOTES
            .scope(RefCell::default(), async {
                let answer = request.await;
                let mut notes = NOTES.with(RefCell::take);
                let ending = ending(&answer);
                notes.certificate_days =
                    notes.certificate_days.filter(|days| ending.cold || *days < CERTIFICATE_ENDS_SOON);
                self.request(&ending, &notes);
                answer
            })
            .await
    }
}

#[cfg(test)]
mod tests;
