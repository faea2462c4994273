//! Requests as the rules see them, and answers with the bank's header sets.

use std::sync::Arc;

use crate::json::Json;

/// A request, read through.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// Names in lower case, in order of arrival.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) connection: u64,
    /// The client certificate of the connection, DER.
    pub(crate) certificate: Option<Arc<[u8]>>,
    pub(crate) now_ms: i64,
}

impl Request {
    /// The header's value; None if it is absent or comes more than once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, first) = values.next()?;
        if values.next().is_some() { None } else { Some(first.trim()) }
    }

    /// All values of a header, joined as a gateway would.
    pub(crate) fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Empty,
    Json(Json),
    Text(String),
    /// As it goes over the wire.
    Raw(Vec<u8>),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Content,
}

/// Which part of the bank speaks: each has its own headers and error body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// Resources and consents: `httpCode`, `httpMessage`, `moreInformation`.
    Gateway,
    /// Token endpoint: `error`.
    Token,
    /// Decoupled endpoints: `error`.
    Decoupled,
    /// The sign page: HTML.
    Page,
}

const GATEWAY: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("cache-control", "private,no-cache,no-store,no-transform,proxy-revalidate"),
    ("pragma", "no-cache"),
    ("expires", "0"),
    ("content-language", "en-US"),
];
const TOKEN: &[(&str, &str)] = &[
    ("content-type", "application/json;charset=utf-8"),
    ("cache-control", "no-store"),
    ("expires", "0"),
    ("pragma", "no-cache"),
    ("content-language", "en-US"),
    ("x-powered-by", "Servlet/3.0"),
    ("strict-transport-security", "max-age=31536000"),
];
const DECOUPLED: &[(&str, &str)] = &[
    ("content-type", "application/json;charset=utf-8"),
    ("cache-control", "no-cache, no-store"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "1; mode=block"),
    ("x-content-type-options", "nosniff"),
    ("content-language", "sv"),
    ("strict-transport-security", "max-age=31536000"),
];
const PAGE: &[(&str, &str)] = &[
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    ),
];

impl Voice {
    /// The recorded header sets.
    fn headers(self) -> Vec<(String, String)> {
        let set = match self {
            Self::Gateway => GATEWAY,
            Self::Token => TOKEN,
            Self::Decoupled => DECOUPLED,
            Self::Page => PAGE,
        };
        set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    pub(crate) fn json(self, status: u16, body: Json) -> Answer {
        Answer { status, headers: self.headers(), content: Content::Json(body) }
    }

    pub(crate) fn html(self, status: u16, body: String) -> Answer {
        Answer { status, headers: self.headers(), content: Content::Text(body) }
    }

    /// The error body of this part of the bank.
    pub(crate) fn error(self, status: u16, text: &str) -> Answer {
        match self {
            Self::Gateway => self.json(status, gateway_error(status, text)),
            Self::Token | Self::Decoupled => self.json(status, Json::object([("error", Json::text(text))])),
            Self::Page => self.html(status, crate::page::problem(text)),
        }
    }
}

/// `{"httpCode","httpMessage","moreInformation"}`, all three strings (recorded answer).
fn gateway_error(status: u16, text: &str) -> Json {
    Json::object([
        ("httpCode", Json::text(status.to_string())),
        ("httpMessage", Json::text(reason(status))),
        ("moreInformation", Json::text(text)),
    ])
}

fn reason(status: u16) -> &'static str {
    hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

impl Answer {
    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        let headers =
            [("location", location), ("cache-control", "no-store"), ("referrer-policy", "no-referrer")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { status, headers, content: Content::Empty }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.content {
            Content::Empty => Vec::new(),
            Content::Json(json) => json.to_string().into_bytes(),
            Content::Text(text) => text.clone().into_bytes(),
            Content::Raw(bytes) => bytes.clone(),
        }
    }
}

/// Why the bank refuses: what it answers, and what the tester is told in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) voice: Voice,
    pub(crate) status: u16,
    /// `moreInformation` or `error`.
    pub(crate) text: String,
    /// For the ledger only.
    pub(crate) why: String,
    /// The call came with something that the bank does not know.
    pub(crate) unknown: bool,
}

impl Refusal {
    pub(crate) fn new(voice: Voice, status: u16, text: &str, why: impl Into<String>) -> Self {
        Self { voice, status, text: text.to_owned(), why: why.into(), unknown: false }
    }

    /// 400 in the gateway's shape, for what is missing or malformed (inferred).
    pub(crate) fn bad_request(why: impl Into<String>) -> Self {
        let why = why.into();
        Self::new(Voice::Gateway, 400, &why.clone(), why)
    }

    /// 400 `{"error": …}` on the token endpoint.
    pub(crate) fn token(error: &str, why: impl Into<String>) -> Self {
        Self::new(Voice::Token, 400, error, why)
    }

    /// 400 `{"error": …}` on the decoupled endpoints.
    pub(crate) fn decoupled(error: &str, why: impl Into<String>) -> Self {
        Self::new(Voice::Decoupled, 400, error, why)
    }

    /// The same refusal, counted as something unknown.
    #[must_use]
    pub(crate) const fn strange(mut self) -> Self {
        self.unknown = true;
        self
    }

    pub(crate) fn answer(&self) -> Answer {
        self.voice.error(self.status, &self.text)
    }
}

/// The outcome of a rule.
pub(crate) type Ruled = Result<Answer, Refusal>;
