//! What the caller gets: the function's answer as HTTP, or an error that the gateway makes itself.

use data_encoding::BASE64;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::wire::respond;

/// Errors of the gateway's own: `{"message": …}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GatewayError {
    Unauthorized(Option<&'static str>),
    Forbidden(String),
    NotFound,
    BodyTooLarge,
    TooManyRequests,
    HeadersTooLarge,
    InternalServerError,
    ServiceUnavailable,
}

impl GatewayError {
    pub(super) fn response(&self) -> Response<Bytes> {
        let (status, message) = match self {
            Self::Unauthorized(_) => (401, "Unauthorized"),
            Self::Forbidden(_) => (403, "Forbidden"),
            Self::NotFound => (404, "Not Found"),
            Self::BodyTooLarge => (413, "Request Entity Too Large"),
            Self::TooManyRequests => (429, "Too Many Requests"),
            Self::HeadersTooLarge => (431, "Request Header Fields Too Large"),
            Self::InternalServerError => (500, "Internal Server Error"),
            Self::ServiceUnavailable => (503, "Service Unavailable"),
        };
        let mut response = respond(status, "application/json", json!({ "message": message }).to_string());
        if let Some(challenge) = self.challenge().and_then(|text| text.parse().ok()) {
            response.headers_mut().insert("www-authenticate", challenge);
        }
        response
    }

    /// AWS: "Troubleshooting issues with HTTP API JWT authorizers" shows the form for an invalid token; the form for a
    /// missing scope is inferred from it (RFC 6750 section 3).
    fn challenge(&self) -> Option<String> {
        match self {
            Self::Unauthorized(None) => Some("Bearer".to_owned()),
            Self::Unauthorized(Some(reason)) => {
                Some(format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{reason}\""))
            }
            Self::Forbidden(scopes) => {
                Some(format!("Bearer scope=\"{scopes}\" error=\"insufficient_scope\""))
            }
            _ => None,
        }
    }
}

/// The answer of a function as HTTP; `None` where the gateway would answer 500.
pub(super) fn response(answered: &[u8]) -> Option<Response<Bytes>> {
    let value: Value = serde_json::from_slice(answered).ok()?;
    match value.get("statusCode") {
        Some(status) => formatted(&value, status),
        // AWS: valid JSON without a statusCode is taken for the body of a 200.
        None => Some(respond(200, "application/json", value.to_string())),
    }
}

fn formatted(value: &Value, status: &Value) -> Option<Response<Bytes>> {
    let status = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let text = match value.get("body") {
        None | Some(Value::Null) => "",
        Some(body) => body.as_str()?,
    };
    let encoded = value.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or(false);
    let body = if encoded { BASE64.decode(text.as_bytes()).ok()? } else { text.as_bytes().to_vec() };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    for (name, text) in header_lines(value)? {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        // The length is the gateway's to say.
        if name != hyper::header::CONTENT_LENGTH {
            response.headers_mut().append(name, HeaderValue::from_str(&text).ok()?);
        }
    }
    if !response.headers().contains_key(hyper::header::CONTENT_TYPE) && !response.body().is_empty() {
        // AWS: "By default, the response header content-type is application/json" where the function names none.
        response
            .headers_mut()
            .insert(hyper::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Some(response)
}

/// `headers`, then those of `multiValueHeaders` that it does not name, then `cookies`. Format 2.0 does not document
/// `multiValueHeaders`, and `lambda_http` fills both, so `headers` is what counts.
fn header_lines(value: &Value) -> Option<Vec<(String, String)>> {
    let none = Map::new();
    let object = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Some(none.clone()),
        Some(Value::Object(object)) => Some(object.clone()),
        Some(_) => None,
    };
    let single = object("headers")?;
    let mut lines = Vec::new();
    for (name, text) in &single {
        lines.push((name.clone(), scalar(text)?));
    }
    for (name, texts) in object("multiValueHeaders")? {
        if !single.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
            for text in texts.as_array()? {
                lines.push((name.clone(), scalar(text)?));
            }
        }
    }
    for cookie in value.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        lines.push(("set-cookie".to_owned(), scalar(cookie)?));
    }
    Some(lines)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
