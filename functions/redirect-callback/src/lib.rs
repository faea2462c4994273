//! `GET /v1/callback`: the browser comes back from the bank.
//!
//! The browser has no session with us and proves nothing but the `state` it carries. A true state with a code spends
//! the code at once; the tokens then wait, sealed, for whoever can show both the owner's token and the handle.

mod query;
mod redeem;

use lambda_http::{Body, Request, Response};
pub use query::{Callback, NotACallback};
use shared::{
    app::{App, Invocation},
    config,
    consent::{Attempt, Step},
    http::{self, Answer, Problem},
    store::{Stored, UpdateError},
    telemetry::{self, Metric},
    types::{Handle, Signal},
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

/// Answers a browser: with the way to the app, or with a page that says nothing.
pub async fn handle(app: &App, request: Request) -> Answer {
    let Ok(callback) = Callback::try_from(&request) else { return Ok(http::neutral_page()) };
    if !app.config.wire.callback_issuer.admits(&callback.issuers) {
        // A mix-up (RFC 9207): nothing of it counts, not even as an error.
        telemetry::count(Metric::IssuerRefused);
        return Ok(http::neutral_page());
    }
    answer(app, &request, callback).await
}

async fn answer(app: &App, request: &Request, callback: Callback) -> Answer {
    let invocation = app.begin(request).await?;
    telemetry::concerns(&callback.state.consent);
    let material = &invocation.material;
    if !callback.state.is_proved_by(&material.identity) {
        return Ok(http::neutral_page());
    }
    let Some(loaded) = app.store.get(&material.ring, &callback.state.consent, invocation.now()).await? else {
        return Ok(http::neutral_page());
    };
    let stored = loaded.stored;
    let link = stored.app.as_ref().and_then(|id| app.config.apps.get(id));
    let Some(link) = link else { return Ok(http::neutral_page()) };
    let id = stored.id.to_string();
    let outcome = decide(&invocation, callback, stored).await?;
    Ok(send_back(link, &id, &outcome))
}

async fn decide(invocation: &Invocation<'_>, callback: Callback, stored: Stored) -> Result<Outcome, Problem> {
    let Callback { state, code, .. } = callback;
    let (ordinal, now) = (state.ordinal, invocation.now());
    let code = match code {
        Ok(code) => code,
        Err(signal) => return denied(invocation, ordinal, signal, stored).await,
    };
    let identity = &invocation.material.identity;
    let digest = identity.digest("code", &[stored.id.as_bytes(), code.expose().as_bytes()]);
    let handle = identity.handle(&stored.id, ordinal, code.expose());
    let step = stored.callback(ordinal, Some(&digest), now);
    let hit = redeem::Hit { ordinal, code, digest, handle };
    match step {
        Step::Redeem | Step::Conflict => redeem::claim_and_spend(invocation, stored, hit).await,
        Step::Wait => redeem::wait(invocation, &stored.id, hit).await,
        Step::Repeat => Ok(Outcome::Signed(Some(hit.handle))),
        Step::Done => Ok(Outcome::Signed(None)),
        Step::NoteDenial | Step::Denied => Ok(Outcome::Denied),
        Step::Over => {
            bury(invocation, stored).await;
            Ok(Outcome::Failed)
        }
    }
}

/// An error is unauthenticated: it is noted, it ends nothing, a valid code still wins.
async fn denied(
    invocation: &Invocation<'_>,
    ordinal: u16,
    signal: Signal,
    stored: Stored,
) -> Result<Outcome, Problem> {
    let now = invocation.now();
    match stored.callback(ordinal, None, now) {
        Step::NoteDenial => {
            match invocation.apply(stored, |consent| consent.note_denial(ordinal, signal, now)).await {
                // If somebody moved on meanwhile there is nothing to note.
                Ok(_) | Err(UpdateError::Refused(_)) => Ok(Outcome::Denied),
                Err(error) => Err(error.into()),
            }
        }
        Step::Over => Ok(Outcome::Failed),
        _ => Ok(Outcome::Denied),
    }
}

/// A signature that came too late to be claimed is not kept.
async fn bury(invocation: &Invocation<'_>, stored: Stored) {
    let now = invocation.now();
    if matches!(stored.attempt, Attempt::Signed(_))
        && let Err(UpdateError::Store(error)) = invocation.apply(stored, |consent| consent.buried(now)).await
    {
        telemetry::cause(&error);
    }
}

fn send_back(app: &config::App, consent: &str, outcome: &Outcome) -> Response<Body> {
    let word = match outcome {
        Outcome::Signed(_) => "signed",
        Outcome::Denied => "denied",
        Outcome::Failed => "failed",
    };
    let mut parameters = vec![("consent_id", consent), ("outcome", word)];
    if let Outcome::Signed(Some(handle)) = outcome {
        parameters.push(("handle", handle.expose()));
    }
    http::to_app(app, &parameters)
}
