//! A problem document (RFC 9457): what happened, who can act, whether repeating helps, what to tell the person. It never
//! echoes input and never carries the bank's text.

use super::codes::Code;
use crate::{
    telemetry,
    types::{ConsentId, Span},
};
use lambda_http::{Body, Response, http::HeaderValue};
use serde::Serialize;

/// The rule that a field broke.
pub type Rule = &'static str;

/// A field of the request and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Name of the field, header, path or query parameter.
    pub field: &'static str,
    /// What it must be.
    pub rule: Rule,
}

/// What went wrong, ready to be answered.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
    beside: Option<Box<Beside>>,
}

/// What few problems carry.
#[derive(Debug, Default, Serialize)]
struct Beside {
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextCall>,
}

/// A problem of a part of an answer, where the other parts are fine.
#[derive(Debug, Serialize)]
pub struct Brief {
    code: &'static str,
    action_by: &'static str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u32>,
    user_message: UserMessage,
}

/// The call that starts again.
#[derive(Debug, Serialize)]
struct NextCall {
    method: &'static str,
    path: String,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    action_by: &'static str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u32>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    beside: Option<&'a Beside>,
    user_message: UserMessage,
    trace_id: &'a str,
}

/// What to tell the person.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct UserMessage {
    en: &'static str,
    sv: &'static str,
}

impl Code {
    /// The stable code as text.
    pub const fn id(self) -> &'static str {
        self.entry().code
    }

    /// What to tell the person.
    pub(crate) const fn user_message(self) -> UserMessage {
        let entry = self.entry();
        UserMessage { en: entry.en, sv: entry.sv }
    }
}

impl Problem {
    /// A problem of this kind.
    pub const fn new(code: Code) -> Self {
        Self { code, errors: Vec::new(), retry_after_s: None, beside: None }
    }

    /// A field breaks a rule.
    pub fn field(field: &'static str, rule: Rule) -> Self {
        Self::fields(vec![FieldError { field, rule }])
    }

    /// Several fields break rules.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::InvalidRequest) }
    }

    /// The same with the field that it is about.
    #[must_use]
    pub fn about(mut self, field: &'static str, rule: Rule) -> Self {
        self.errors.push(FieldError { field, rule });
        self
    }

    /// The methods that this consent could be signed with instead.
    #[must_use]
    pub fn with_methods(self, consent: &ConsentId, methods: Vec<&'static str>) -> Self {
        let (methods, consent_id) = (Some(methods), Some(consent.to_string()));
        Self { beside: Some(Box::new(Beside { methods, consent_id, next: None })), ..self }
    }

    /// The same with the call that brings an ended consent back: a renewal on the same id.
    #[must_use]
    pub fn begins_again(self, consent: &ConsentId) -> Self {
        if !matches!(self.code, Code::ConsentExpired) {
            return self;
        }
        let path = format!("/v1/consents/{consent}/authorization");
        let next = Some(NextCall { method: "POST", path });
        Self { beside: Some(Box::new(Beside { next, ..Beside::default() })), ..self }
    }

    /// When repeating may help, if better known than by the table.
    #[must_use]
    pub fn retry_after(self, span: Option<Span>) -> Self {
        let seconds = span.and_then(|span| u32::try_from(span.as_seconds_up()).ok());
        Self { retry_after_s: seconds.or(self.retry_after_s), ..self }
    }

    /// Keeps the inner cause for the log line. It never gets into the answer.
    #[must_use]
    pub fn caused_by(self, cause: &dyn std::error::Error) -> Self {
        telemetry::cause(cause);
        self
    }

    /// Seconds after which repeating the same request may help.
    pub fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s.or(self.code.entry().retry_after_s)
    }

    /// Its code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What of it stands beside the parts of an answer that went well.
    pub fn brief(&self) -> Brief {
        let retry_after_s = self.retry_after_s();
        Brief {
            code: self.code.id(),
            action_by: self.code.entry().action_by.as_str(),
            retryable: retry_after_s.is_some(),
            retry_after_s,
            user_message: self.code.user_message(),
        }
    }

    /// The answer.
    pub fn into_response(self, trace_id: &str) -> Response<Body> {
        let entry = self.code.entry();
        let retry_after_s = self.retry_after_s();
        let document = Document {
            r#type: format!("/problems/{}", entry.code),
            title: entry.title,
            status: entry.status,
            code: entry.code,
            action_by: entry.action_by.as_str(),
            retryable: retry_after_s.is_some(),
            retry_after_s,
            errors: &self.errors,
            beside: self.beside.as_deref(),
            user_message: self.code.user_message(),
            trace_id,
        };
        let text = serde_json::to_string(&document).unwrap_or_default();
        let mut answer = super::response(entry.status, "application/problem+json", Body::Text(text));
        if let Some(seconds) = retry_after_s {
            answer.headers_mut().insert("retry-after", HeaderValue::from(seconds));
        }
        answer
    }
}
