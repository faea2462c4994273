//! `GET /v1/callback`: the browser comes back from the bank.
//!
//! The browser has no session with us and proves nothing but the `state` it carries. A true state with a code spends
//! the code at once; the tokens then wait, sealed, for whoever can show both the owner's token and the handle.

mod query;
mod redeem;

use lambda_http::Request;
use query::Callback;
use shared::{
    app::{App, Invocation},
    consent::{Consent, Step},
    http::{self, Answer, Code, Problem},
    store::Stored,
    telemetry::{self, Metric},
    types::{Digest, Handle},
};

/// What the browser is told.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Signed; with the handle as long as nobody has claimed it.
    Signed(Option<Handle>),
    /// The bank reported an error.
    Denied,
    /// Too late, cancelled, refused.
    Failed,
}

/// Answers a browser: with the way to the app, or with one neutral page.
pub async fn handle(app: &App, request: Request) -> Answer {
    let Ok(callback) = Callback::try_from(&request) else { return Ok(http::neutral_page()) };
    let invocation = match app.begin(&request).await {
        Ok(invocation) => invocation,
        Err(problem) if problem.code() == Code::ServiceUnavailable => return Ok(http::try_again_page()),
        Err(problem) => return Err(problem),
    };
    telemetry::concerns(&callback.state.consent);
    let identity = &invocation.material.identity;
    if !callback.state.is_proved_by(identity) {
        return Ok(http::neutral_page());
    }
    let loaded = match app.store.get(&invocation.material.ring, &callback.state.consent).await {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return Ok(http::neutral_page()),
        Err(error) => return temporary(error.into()),
    };
    let app_id = loaded.stored.app.clone();
    let Some(app) = app_id.and_then(|id| invocation.app.config.apps.get(&id)) else {
        return Ok(http::neutral_page());
    };
    match decide(&invocation, callback, loaded.stored).await {
        Ok(outcome) => Ok(send_back(app, &invocation, outcome)),
        Err(problem) => temporary(problem),
    }
}

/// What passes by itself and spent nothing is worth a reload; the rest is answered as the problem it is.
fn temporary(problem: Problem) -> Answer {
    match problem.code() {
        Code::ServiceUnavailable | Code::BankUnavailable | Code::OutOfTime => Ok(http::try_again_page()),
        _ => Err(problem),
    }
}

async fn decide(
    invocation: &Invocation<'_>,
    callback: Callback,
    stored: Stored,
) -> Result<(Outcome, String), Problem> {
    let id = stored.id.to_string();
    let now = invocation.now();
    let Callback { state, code } = callback;
    let Some(code) = code else {
        return Ok((denied(invocation, &state, stored).await?, id));
    };
    let digest = code_digest(invocation, &stored, code.expose());
    let handle = invocation.material.identity.handle(&stored.id, state.ordinal, code.expose());
    let outcome = match stored.callback(state.ordinal, Some(&digest), now) {
        Step::Redeem | Step::Conflict => {
            redeem::claim_and_spend(invocation, stored, code, digest, handle).await?
        }
        Step::Wait => redeem::wait(invocation, &stored.id, &digest, handle).await?,
        Step::Repeat => Outcome::Signed(Some(handle)),
        Step::Done => Outcome::Signed(None),
        Step::NoteDenial | Step::Denied => Outcome::Denied,
        Step::Over => Outcome::Failed,
    };
    Ok((outcome, id))
}

/// An error is unauthenticated: it is noted, it ends nothing, a valid code still wins.
async fn denied(
    invocation: &Invocation<'_>,
    state: &shared::types::State,
    stored: Stored,
) -> Result<Outcome, Problem> {
    let now = invocation.now();
    match stored.callback(state.ordinal, None, now) {
        Step::NoteDenial => {
            // If somebody moved on meanwhile there is nothing to note.
            let noted = invocation.apply(stored, |consent| consent.note_denial(now)).await;
            match noted {
                Ok(_) | Err(shared::store::UpdateError::Refused(_)) => Ok(Outcome::Denied),
                Err(error) => Err(error.into()),
            }
        }
        Step::Over => Ok(Outcome::Failed),
        _ => Ok(Outcome::Denied),
    }
}

fn code_digest(invocation: &Invocation<'_>, consent: &Consent, code: &str) -> Digest {
    invocation.material.identity.digest("code", &[consent.id.as_bytes(), code.as_bytes()])
}

fn send_back(
    app: &shared::config::App,
    invocation: &Invocation<'_>,
    (outcome, id): (Outcome, String),
) -> lambda_http::Response<lambda_http::Body> {
    let word = match &outcome {
        Outcome::Signed(_) => "signed",
        Outcome::Denied => "denied",
        Outcome::Failed => "failed",
    };
    let mut parameters = vec![("consent_id", id.as_str()), ("outcome", word)];
    if let Outcome::Signed(Some(handle)) = &outcome {
        parameters.push(("handle", handle.expose()));
    }
    let trace = invocation.trace.as_str();
    parameters.push(("trace_id", trace));
    http::to_app(app, &parameters)
}

/// Counted where two codes came under one state: one of them belongs to somebody else.
pub(crate) fn count_conflict() {
    telemetry::count(Metric::CodeConflict);
}
