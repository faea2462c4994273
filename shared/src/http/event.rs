//! What a caller wrote into the address of a request, before it becomes a request.

use lambda_http::{http::header::HOST, request::LambdaRequest};
use std::fmt::Write as _;
use url::Url;

/// Makes an event fit to become a request. A query may hold letters that no URI may have (RFC 3986 section 2; whether the
/// gateway hands them on is unknown), and `lambda_http` panics over such a query, host or scheme: a call without any
/// token would count as an error of ours. In the query they are percent-encoded, so that they are read as what they are
/// and refused as such; a host or scheme that is none is left out, because nothing here reads it.
pub fn legible(event: &mut LambdaRequest) {
    #[allow(irrefutable_let_patterns, reason = "the only kind of event with the features that are built")]
    let LambdaRequest::ApiGatewayV2(event) = event else { return };
    if let Some(query) = &mut event.raw_query_string
        && !query.bytes().all(legal)
    {
        *query = encoded(query);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
    let is_host = |host: &str| host.bytes().all(plain) && Url::parse(&format!("https://{host}/")).is_ok();
    if event.headers.get(HOST).is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        event.headers.remove(HOST);
    }
    event.request_context.domain_name.take_if(|host| !is_host(host));
    const SCHEME: &str = "x-forwarded-proto";
    if event.headers.get(SCHEME).is_some_and(|scheme| scheme != "https" && scheme != "http") {
        event.headers.remove(SCHEME);
    }
    if let Some(path) = event.raw_path.as_mut().filter(|path| !path.starts_with('/')) {
        path.insert(0, '/');
    }
}

/// What may stand in a query.
const fn legal(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'<' | b'>' | b'#' | b'"' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn encoded(query: &str) -> String {
    let mut legible = String::with_capacity(query.len() + 16);
    for byte in query.bytes() {
        if legal(byte) {
            legible.push(char::from(byte));
        } else {
            let _ = write!(legible, "%{byte:02X}");
        }
    }
    legible
}
