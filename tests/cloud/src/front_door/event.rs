//! Events of payload format 2.0 (AWS: "Create AWS Lambda proxy integrations for HTTP APIs").

use data_encoding::BASE64;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::{Map, Value, json};

use crate::template::Route;
use crate::token_check::granted_scopes;
use crate::wire::{percent_decoded, query_pairs, uuid};

const ACCOUNT_ID: &str = "123456789012";
const API_ID: &str = "local00000";
const SOURCE_IP: &str = "127.0.0.1";

/// What the authorizer found.
#[derive(Debug)]
pub(super) struct Authorized {
    pub(super) claims: Map<String, Value>,
}

/// An id of the gateway's kind: 11 random bytes in base64.
pub(super) fn request_id() -> String {
    let mut bytes = [0_u8; 11];
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    BASE64.encode(&bytes)
}

/// AWS: "Total combined size of request line and header values". Whether names count is not said; here they do not.
pub(super) fn header_bytes(request: &Request<Bytes>) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let line = request.method().as_str().len() + target + " HTTP/1.1 ".len();
    request.headers().values().fold(line, |sum, value| sum + value.len())
}

/// The event as JSON text.
pub(super) fn build(
    request: &Request<Bytes>,
    route: &Route,
    path_parameters: Vec<(String, String)>,
    authorized: Option<Authorized>,
    request_id: &str,
    now_ms: i64,
) -> Vec<u8> {
    let query = request.uri().query().unwrap_or_default();
    // Observed on AWS: rawPath arrives percent-decoded, rawQueryString as it was sent.
    let raw_path = percent_decoded(request.uri().path());
    let mut event = Map::new();
    let mut set = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
    set("version", json!("2.0"));
    set("routeKey", json!(route.key()));
    set("rawPath", json!(raw_path));
    set("rawQueryString", json!(query));
    let cookies = cookies(request.headers());
    if !cookies.is_empty() {
        set("cookies", json!(cookies));
    }
    set("headers", Value::Object(headers(request.headers())));
    // Absent, not empty, where there is nothing to say.
    if !query.is_empty() {
        set("queryStringParameters", Value::Object(joined(query_pairs(query))));
    }
    if !path_parameters.is_empty() {
        set("pathParameters", Value::Object(joined(path_parameters)));
    }
    set("requestContext", context(request, route, &raw_path, authorized, request_id, now_ms));
    let (body, encoded) = body(request);
    if let Some(body) = body {
        set("body", Value::String(body));
    }
    set("isBase64Encoded", Value::Bool(encoded));
    Value::Object(event).to_string().into_bytes()
}

fn context(
    request: &Request<Bytes>,
    route: &Route,
    raw_path: &str,
    authorized: Option<Authorized>,
    request_id: &str,
    now_ms: i64,
) -> Value {
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let domain = header("host");
    let prefix = domain.split(['.', ':']).next().unwrap_or_default();
    let mut context = json!({
        "accountId": ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": prefix,
        "http": {
            "method": request.method().as_str(),
            "path": raw_path,
            "protocol": "HTTP/1.1",
            "sourceIp": SOURCE_IP,
            "userAgent": header("user-agent"),
        },
        "requestId": request_id,
        "routeKey": route.key(),
        "stage": "$default",
        "time": log_time(now_ms),
        "timeEpoch": now_ms,
    });
    if let (Some(context), Some(authorized)) = (context.as_object_mut(), authorized) {
        context.insert("authorizer".to_owned(), authorizer(&authorized.claims, &route.scopes));
    }
    context
}

/// All claims as text. `scopes` is null on a route without scopes; which list stands there otherwise is not documented
/// (here the token's own).
fn authorizer(claims: &Map<String, Value>, route_scopes: &[String]) -> Value {
    let scopes = if route_scopes.is_empty() { Value::Null } else { json!(granted_scopes(claims)) };
    let claims: Map<String, Value> =
        claims.iter().map(|(name, value)| (name.clone(), json!(claim(value)))).collect();
    json!({ "jwt": { "claims": claims, "scopes": scopes } })
}

/// Observed on AWS: a list becomes `[a b]`; the form of an object (`map[a:b]`) is inferred from it.
fn claim(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(claim).collect::<Vec<_>>().join(" ")),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name}:{}", claim(value)));
            format!("map[{}]", members.collect::<Vec<_>>().join(" "))
        }
        scalar => scalar.to_string(),
    }
}

/// Lower-case names, duplicates joined by commas, without cookies, with what the gateway adds.
fn headers(sent: &HeaderMap) -> Map<String, Value> {
    let lines =
        sent.iter().filter(|(name, _)| *name != hyper::header::COOKIE && *name != hyper::header::CONNECTION);
    let lines = lines.map(|(name, value)| (name.as_str().to_owned(), latin(value.as_bytes())));
    let mut headers = joined(lines);
    let forwarded =
        headers.get("x-forwarded-for").and_then(Value::as_str).map(|sent| format!("{sent}, {SOURCE_IP}"));
    let trace = format!("Root=1-{}", uuid().replacen('-', "", 1));
    for (name, value) in [
        ("x-forwarded-for", forwarded.unwrap_or_else(|| SOURCE_IP.to_owned())),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
        ("x-amzn-trace-id", trace),
    ] {
        headers.insert(name.to_owned(), Value::String(value));
    }
    headers
}

/// Header bytes as text: UTF-8 where it is, else byte by byte (ISO 8859-1).
fn latin(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect(), str::to_owned)
}

fn cookies(sent: &HeaderMap) -> Vec<String> {
    let lines = sent.get_all(hyper::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .filter(|one| !one.is_empty())
        .collect()
}

fn joined(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let mut joined = Map::new();
    for (name, value) in pairs {
        match joined.get_mut(&name) {
            Some(Value::String(before)) => {
                before.push(',');
                before.push_str(&value);
            }
            _ => drop(joined.insert(name, Value::String(value))),
        }
    }
    joined
}

/// Text as it is, everything else in base64. Observed on AWS: `text/*`, `application/json`, `…/xml` and
/// `…/javascript` are text; forms, `+json` types and a missing content type are not.
fn body(request: &Request<Bytes>) -> (Option<String>, bool) {
    if request.body().is_empty() {
        return (None, false);
    }
    let content_type =
        request.headers().get(hyper::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let textual = media_type.starts_with("text/")
        || matches!(media_type.as_str(), "application/json" | "application/xml" | "application/javascript");
    match std::str::from_utf8(request.body()) {
        Ok(text) if textual => (Some(text.to_owned()), false),
        _ => (Some(BASE64.encode(request.body())), true),
    }
}

/// `15/Jan/2026:08:00:00 +0000`.
fn log_time(now_ms: i64) -> String {
    let instant = jiff::Timestamp::from_millisecond(now_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}
