//! How an answer with data travels: as it is, or compressed where the caller takes that; and whether Lambda lets it through.

use super::{Code, Problem, response};
use flate2::{Compression, write::GzEncoder};
use lambda_http::{Body, Request, Response, http::HeaderValue};
use serde::Serialize;
use std::io::Write as _;

/// What Lambda lets through is 6 MB for the whole answer (AWS Lambda quotas: synchronous invocations): the body as a JSON
/// text, or in base64, and some room for all that is around it.
const MOST_BYTES: usize = 6_000_000 - 64 * 1024;
/// Shorter ones are not worth it.
const WORTH: usize = 1024;

/// Content coding (RFC 9110 section 8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// Compressed.
    Gzip,
}

/// An answer that Lambda would not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oversize {
    bytes: usize,
}

impl Coding {
    /// The one that the caller takes: gzip only if `Accept-Encoding` names it (RFC 9110 section 12.5.3). API Gateway
    /// itself compresses nothing here.
    pub fn of(request: &Request) -> Self {
        let values = request.headers().get_all("accept-encoding").iter();
        let mut codings = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let takes = |coding: &str| {
            let mut parts = coding.split(';').map(str::trim);
            let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            is_gzip && weight.is_none_or(|weight| weight.bytes().any(|digit| (b'1'..=b'9').contains(&digit)))
        };
        if codings.any(takes) { Self::Gzip } else { Self::Plain }
    }
}

impl Oversize {
    /// How many of so many rows are likely to fit.
    pub const fn kept(self, rows: usize) -> usize {
        // A ninth less, because rows differ.
        rows.saturating_mul(MOST_BYTES / 9 * 8) / self.bytes
    }
}

/// A JSON answer, compressed if the caller takes that, if it fits.
///
/// # Errors
/// A problem if the body cannot be written; inside, [`Oversize`].
pub fn fitted(body: &impl Serialize, coding: Coding) -> Result<Result<Response<Body>, Oversize>, Problem> {
    let text =
        serde_json::to_string(body).map_err(|error| Problem::new(Code::ServiceError).caused_by(&error))?;
    let packed = if coding == Coding::Gzip && text.len() >= WORTH { packed(&text) } else { None };
    let bytes = match &packed {
        Some(packed) => packed.len().div_ceil(3).saturating_mul(4),
        None => escaped(&text),
    };
    if bytes > MOST_BYTES {
        return Ok(Err(Oversize { bytes }));
    }
    let is_packed = packed.is_some();
    let body = packed.map_or(Body::Text(text), Body::Binary);
    let mut answer = response(200, "application/json", body);
    let headers = answer.headers_mut();
    headers.insert("vary", HeaderValue::from_static("accept-encoding"));
    if is_packed {
        headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    }
    Ok(Ok(answer))
}

fn packed(text: &str) -> Option<Vec<u8>> {
    // Writing into memory does not fail; if it ever did, the answer would travel as it is.
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

/// The length of a text inside a JSON text.
fn escaped(text: &str) -> usize {
    let length = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read as _;

    fn coding(accept: &[&str]) -> Coding {
        let mut request = Request::new(Body::Empty);
        for value in accept {
            request.headers_mut().append("accept-encoding", value.parse().unwrap());
        }
        Coding::of(&request)
    }

    #[test]
    fn only_who_names_gzip_and_does_not_rule_it_out_gets_it() {
        for takes in [&["gzip"][..], &["br, GZIP;q=0.5"], &["identity", "gzip ; q=1.0"], &["deflate,gzip"]] {
            assert_eq!(coding(takes), Coding::Gzip, "{takes:?}");
        }
        for takes_not in [&[][..], &["identity"], &["gzip;q=0"], &["gzip; q=0.000"], &["br"], &["gzipped"]] {
            assert_eq!(coding(takes_not), Coding::Plain, "{takes_not:?}");
        }
    }

    #[test]
    fn a_compressed_answer_is_the_same_answer() {
        let rows: Vec<String> = (0..500).map(|number| format!("row \u{e5} {number}")).collect();
        let answer = fitted(&rows, Coding::Gzip).unwrap().unwrap();
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        let Body::Binary(packed) = answer.into_body() else { panic!("not compressed") };
        let mut text = String::new();
        GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, serde_json::to_string(&rows).unwrap());
        assert!(packed.len() * 3 < text.len());
        let plain = fitted(&rows, Coding::Plain).unwrap().unwrap();
        assert!(matches!(plain.into_body(), Body::Text(_)));
        let short = fitted(&["x"], Coding::Gzip).unwrap().unwrap();
        assert!(short.headers().get("content-encoding").is_none());
    }

    #[test]
    fn what_lambda_would_not_let_through_is_oversize_and_says_how_much_would_fit() {
        let quotes = "\"".repeat(3_000_000);
        // Each quote is two bytes in the body and four in the answer around it: `\"` and `\\\"`.
        let oversize = fitted(&quotes, Coding::Plain).unwrap().unwrap_err();
        assert_eq!(oversize.bytes, 12_000_004);
        assert!((4_000..5_000).contains(&oversize.kept(10_000)), "{}", oversize.kept(10_000));
        assert!(fitted(&quotes, Coding::Gzip).unwrap().is_ok());
    }
}
