//! Every signal of the bank that is known, sent by the simulated bank on the call that it belongs to, and what a caller
//! gets; and signals that nobody has ever seen, which must never be taken for a known cause.

mod invented;
mod provoke;
mod table;

use crate::world::Answer;
use serde_json::Value;

/// What came of a call that the bank answered with a signal.
pub(crate) struct Outcome {
    /// What the caller got; after a callback, the consent.
    pub(crate) answer: Answer,
    /// Code of the problem, or reason of the attempt, or `ok`.
    pub(crate) code: String,
}

impl Outcome {
    fn of(answer: Answer) -> Self {
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let word = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let code = word("/code").or(word("/authorization/reason")).or(word("/reason"));
        Self { code: code.unwrap_or("ok").to_owned(), answer }
    }
}
