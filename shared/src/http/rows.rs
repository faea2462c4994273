//! The query of a read of rows: a range of days or a cursor, and whether the bank's own objects are wanted too.

use super::{FieldError, Problem};
use crate::types::{Country, Date, Timestamp};
use lambda_http::{Request, RequestExt};

/// Rows of which days, and how.
#[derive(Clone, Debug)]
pub struct RowsQuery {
    /// Which days.
    pub days: Days,
    /// `include=source`: the bank's own objects too.
    pub source: bool,
}

/// Which days.
#[derive(Clone, Debug)]
pub enum Days {
    /// `date_from` and `date_to`.
    Range(DateRange),
    /// `cursor`, of an earlier answer.
    Cursor(String),
}

/// Two inclusive dates, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl DateRange {
    /// The same, if it does not reach into the future of the bank's zone.
    pub fn until_today(self, country: Country, now: Timestamp) -> Result<Self, Problem> {
        if self.to > now.date_in(&country.zone()) {
            return Err(Problem::field("date_to", "not after today in the bank's time zone"));
        }
        Ok(self)
    }
}

impl TryFrom<&Request> for RowsQuery {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let query = request.query_string_parameters();
        let mut errors = Vec::new();
        if query.iter().any(|(name, _)| !["date_from", "date_to", "cursor", "include"].contains(&name)) {
            let rule = "no parameters but date_from, date_to, cursor and include";
            errors.push(FieldError { field: "query", rule });
        }
        let source = included(request, &mut errors);
        let days = match query.all("cursor").unwrap_or_default().as_slice() {
            [] => range(request, &mut errors).map(Days::Range),
            [cursor] => {
                for field in ["date_from", "date_to"] {
                    if query.all(field).is_some() {
                        errors.push(FieldError { field, rule: "not beside cursor, which knows its days" });
                    }
                }
                Some(Days::Cursor((*cursor).to_owned()))
            }
            _ => {
                errors.push(FieldError { field: "cursor", rule: "once" });
                None
            }
        };
        match days {
            Some(days) if errors.is_empty() => Ok(Self { days, source }),
            _ => Err(Problem::fields(errors)),
        }
    }
}

fn range(request: &Request, errors: &mut Vec<FieldError>) -> Option<DateRange> {
    let query = request.query_string_parameters();
    let mut date = |field: &'static str| {
        let values = query.all(field).unwrap_or_default();
        let parsed = match values.as_slice() {
            [text] if text.len() == 10 => text.parse::<Date>().ok(),
            _ => None,
        };
        if parsed.is_none() {
            errors.push(FieldError { field, rule: "required, once, a date as YYYY-MM-DD" });
        }
        parsed
    };
    let (from, to) = (date("date_from"), date("date_to"));
    let (from, to) = (from?, to?);
    if from > to {
        errors.push(FieldError { field: "date_from", rule: "not after date_to" });
    }
    Some(DateRange { from, to })
}

fn included(request: &Request, errors: &mut Vec<FieldError>) -> bool {
    match request.query_string_parameters().all("include").unwrap_or_default().as_slice() {
        [] => false,
        ["source"] => true,
        _ => {
            errors.push(FieldError { field: "include", rule: "once, `source`" });
            false
        }
    }
}

/// The query of a read that knows no parameter but `include`: whether the bank's own objects are wanted.
pub fn wants_source(request: &Request) -> Result<bool, Problem> {
    let mut errors = Vec::new();
    let source = included(request, &mut errors);
    if request.query_string_parameters().iter().any(|(name, _)| name != "include") {
        errors.push(FieldError { field: "query", rule: "no parameters but include" });
    }
    if errors.is_empty() { Ok(source) } else { Err(Problem::fields(errors)) }
}
