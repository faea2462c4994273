//! Bodies, headers, paths and queries, parsed once and strictly: an unknown field is a mistake somebody should hear of.

use super::{Code, FieldError, Problem, Rule};
use crate::types::{AccountId, ConsentId, Timestamp};
use lambda_http::{Request, RequestExt};
use serde_json::{Map, Value};
use std::{cell::RefCell, fmt};

/// No valid body is longer.
const MAX_BODY: usize = 4096;

/// The fields of a JSON object body. Errors gather, so that a caller hears of all of them at once.
pub struct Fields {
    values: RefCell<Map<String, Value>>,
    errors: RefCell<Vec<FieldError>>,
}

// What a caller sent is not for logs.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").field("errors", &self.errors).finish_non_exhaustive()
    }
}

impl Fields {
    /// Of a JSON body; an empty body is an empty object.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let body: &[u8] = request.body().as_ref();
        if body.len() > MAX_BODY {
            return Err(Problem::new(Code::BodyTooLarge).about("body", "at most 4096 bytes"));
        }
        if body.is_empty() {
            return Ok(Self::from(Map::new()));
        }
        let content_type =
            request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
        let media_type = content_type.split(';').next().unwrap_or("").trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(Code::UnsupportedMediaType).about("Content-Type", "application/json"));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(values)) => Ok(Self::from(values)),
            _ => Err(Problem::field("body", "a JSON object")),
        }
    }

    fn from(values: Map<String, Value>) -> Self {
        Self { values: RefCell::new(values), errors: RefCell::default() }
    }

    /// A text field, taken out; absent and null are the same.
    pub fn text(&self, field: &'static str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => self.wrong(field, "a string"),
        }
    }

    /// A boolean field, taken out.
    pub fn flag(&self, field: &'static str) -> Option<bool> {
        match self.take(field)? {
            Value::Bool(flag) => Some(flag),
            _ => self.wrong(field, "true or false"),
        }
    }

    /// An object field, taken out.
    pub fn object(&self, field: &'static str) -> Option<Self> {
        match self.take(field)? {
            Value::Object(values) => Some(Self::from(values)),
            _ => self.wrong(field, "an object"),
        }
    }

    /// A text field through a parser; `rule` says what it must be.
    pub fn parsed<T, E>(
        &self,
        field: &'static str,
        rule: Rule,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(field)?;
        parse(&text).map_or_else(|_| self.wrong(field, rule), Some)
    }

    /// Notes a broken rule.
    pub fn wrong<T>(&self, field: &'static str, rule: Rule) -> Option<T> {
        self.errors.borrow_mut().push(FieldError { field, rule });
        None
    }

    /// A field that must be there and was not; says so unless it was there and wrong.
    pub fn required<T>(&self, field: &'static str, rule: Rule, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.errors.borrow().iter().any(|error| error.field == field) {
            return self.wrong(field, rule);
        }
        value
    }

    /// The errors so far, with a complaint if fields are left that nobody knows.
    pub fn errors(self, inside: &'static str) -> Vec<FieldError> {
        let mut errors = self.errors.into_inner();
        if !self.values.borrow().is_empty() {
            errors.push(FieldError { field: inside, rule: "no fields but the documented ones" });
        }
        errors
    }

    fn take(&self, field: &str) -> Option<Value> {
        self.values.borrow_mut().remove(field).filter(|value| !value.is_null())
    }
}

/// One text field from a body that has no other.
pub fn text_field(request: &Request, field: &'static str, rule: Rule) -> Result<String, Problem> {
    let fields = Fields::of(request)?;
    let value = fields.required(field, rule, fields.text(field));
    let errors = fields.errors("body");
    value.filter(|_| errors.is_empty()).ok_or_else(|| Problem::fields(errors))
}

/// `Idempotency-Key`: one, 8 to 128 visible ASCII characters.
pub fn idempotency_key(request: &Request) -> Result<String, FieldError> {
    let mut values = request.headers().get_all("idempotency-key").iter();
    let text = values.next().and_then(|value| value.to_str().ok()).unwrap_or("");
    let fits = (8..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    if fits && values.next().is_none() {
        Ok(text.to_owned())
    } else {
        Err(FieldError {
            field: "Idempotency-Key",
            rule: "one header of 8 to 128 visible characters, no comma",
        })
    }
}

/// `{consent_id}`. A malformed one is answered as an unknown one.
pub fn path_consent(request: &Request) -> Result<ConsentId, Problem> {
    let parameters = request.path_parameters_ref();
    let text = parameters.and_then(|parameters| parameters.first("consent_id")).unwrap_or("");
    ConsentId::parse(text).map_err(|_| Problem::new(Code::ConsentNotFound))
}

/// `{account_id}`. A malformed one is answered as an unknown one, but only once the consent is known to be the owner's.
pub fn path_account(request: &Request) -> Option<AccountId> {
    let parameters = request.path_parameters_ref();
    AccountId::parse(parameters.and_then(|parameters| parameters.first("account_id")).unwrap_or("")).ok()
}

/// A call that takes no query: whoever sends one means something else than what would happen.
pub fn no_query(request: &Request) -> Result<(), Problem> {
    if request.query_string_parameters().is_empty() {
        Ok(())
    } else {
        Err(Problem::field("query", "no parameters"))
    }
}

/// `cursor` and `changed_since` of a list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Where the page begins.
    pub cursor: Option<String>,
    /// Only what was written at this instant or later.
    pub changed_since: Option<Timestamp>,
}

impl TryFrom<&Request> for ListQuery {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let query = request.query_string_parameters();
        let mut errors = Vec::new();
        let mut once = |field: &'static str| match query.all(field).unwrap_or_default().as_slice() {
            [] => None,
            [one] => Some((*one).to_owned()),
            _ => {
                errors.push(FieldError { field, rule: "once" });
                None
            }
        };
        let (cursor, since) = (once("cursor"), once("changed_since"));
        let changed_since = since.map(|text| text.parse::<jiff::Timestamp>());
        if matches!(changed_since, Some(Err(_))) {
            errors.push(FieldError { field: "changed_since", rule: "an instant as 2026-01-15T08:00:00Z" });
        }
        if query.iter().any(|(name, _)| !["cursor", "changed_since"].contains(&name)) {
            errors.push(FieldError { field: "query", rule: "no parameters but cursor and changed_since" });
        }
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        let instant = |parsed: jiff::Timestamp| Timestamp::from_millis(parsed.as_millisecond());
        Ok(Self { cursor, changed_since: changed_since.and_then(Result::ok).map(instant) })
    }
}
