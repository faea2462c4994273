//! Whether the PSU is there, and what a read costs when they are not: it draws on a budget that the table keeps.

use crate::reader::{Question, Reader};
use lambda_http::{
    Body, Response,
    http::{HeaderMap, HeaderValue},
};
use serde::Serialize;
use shared::{
    app::Reservation,
    budget::{Standing, Subject, WINDOW},
    http::{self, Answer, Code, Oversize, Problem},
    types::Timestamp,
};

/// An answer's own fields, and its consent beside them.
#[derive(Serialize)]
struct WithClocks<'a, B> {
    #[serde(flatten)]
    body: &'a B,
    consent: ConsentClocks<'a>,
}

/// How long reads will still work.
#[derive(Serialize)]
struct ConsentClocks<'a> {
    renewal_due: bool,
    renew_by: &'a str,
    expires_at: &'a str,
}

impl Reader<'_> {
    /// Counts this read, unless the PSU is there. Nothing has been called yet.
    pub(crate) async fn reserve<Q: Question>(&self, question: &Q) -> Result<Option<Reservation>, Problem> {
        if self.is_attended() {
            return Ok(None);
        }
        let subject =
            Subject { resource: Q::RESOURCE, account: question.account().map(|account| account.id.clone()) };
        self.invocation.reserve(&self.stored.owner, &subject).await.map(Some)
    }

    /// An answer with data. What the bank answered at once is always smaller than Lambda's limit, but for a bank gone mad.
    pub(crate) fn json(&self, body: &impl Serialize) -> Answer {
        self.fitted(body)?.map_err(|_| Problem::new(Code::BankAnswerUnusable))
    }

    /// An answer with data, and where its consent stands: past `renew_by` a header says so too. Without the PSU it says
    /// what is left of the budget (draft `RateLimit` header fields for HTTP).
    pub(crate) fn fitted(&self, body: &impl Serialize) -> Result<Result<Response<Body>, Oversize>, Problem> {
        let (now, clocks) = (self.invocation.now(), self.active()?.clocks);
        let due = clocks.renewal_due(now);
        let (renew_by, expires_at) = (clocks.renew_by().rfc3339(), clocks.expires_at().rfc3339());
        let consent = ConsentClocks { renewal_due: due, renew_by: &renew_by, expires_at: &expires_at };
        let mut answer = match http::fitted(&WithClocks { body, consent }, self.coding())? {
            Ok(answer) => answer,
            Err(oversize) => return Ok(Err(oversize)),
        };
        if let (true, Ok(value)) = (due, HeaderValue::from_str(&renew_by)) {
            answer.headers_mut().insert("consent-renew-by", value);
        }
        if let Some(standing) = self.standing {
            rate_limit(answer.headers_mut(), standing, now);
        }
        Ok(Ok(answer))
    }
}

fn rate_limit(headers: &mut HeaderMap, standing: Standing, now: Timestamp) {
    let reset = standing.next_at.map_or(0, |at| at.after(now).as_seconds_up());
    let policy = format!("\"unattended\";q={};w={}", standing.used + standing.left, WINDOW.as_seconds_up());
    let limit = format!("\"unattended\";r={};t={reset}", standing.left);
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}
