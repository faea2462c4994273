//! Requests in, answers out. Input is parsed here once, into types; every failure becomes one RFC 9457 problem from the
//! one table in [`Code`]; every answer carries `Trace-Id` and may not be cached.

mod answer;
mod browser;
mod call;
mod codes;
mod coding;
mod event;
mod input;
mod problem;
mod rows;
mod status_table;

pub use answer::{AuthorizationAnswer, BudgetAnswer, ConsentAnswer, EventAnswer, Opening};
pub use browser::{neutral_page, to_app, trouble_page};
pub use call::{Caller, Clock, psu_address, route, trace_id, verified, xray};
pub use codes::{ActionBy, Code};
pub use coding::{Coding, Oversize, fitted};
pub use event::legible;
pub use input::{Fields, ListQuery, idempotency_key, no_query, path_account, path_consent, text_field};
pub use problem::{Brief, FieldError, Problem, Rule};
pub use rows::{DateRange, Days, RowsQuery, wants_source};

use lambda_http::{Body, Response, http::HeaderValue};
use serde::Serialize;

/// An answer that any function may give.
pub type Answer = Result<Response<Body>, Problem>;

/// A JSON answer.
pub fn json(status: u16, body: &impl Serialize) -> Answer {
    let text =
        serde_json::to_string(body).map_err(|error| Problem::new(Code::ServiceError).caused_by(&error))?;
    Ok(response(status, "application/json", Body::Text(text)))
}

/// 204: done, nothing to say.
pub fn no_content() -> Answer {
    let mut answer = response(204, "application/json", Body::Empty);
    answer.headers_mut().remove("content-type");
    Ok(answer)
}

/// An answer with the headers that all of ours carry: nothing here may rest in a cache.
pub(crate) fn response(status: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = lambda_http::http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = answer.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    answer
}
