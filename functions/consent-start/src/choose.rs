//! `POST /v1/consents/{consent_id}/authorization`: the PSU has chosen among the methods that the bank returned.

use crate::{
    input::{Choice, Way, Wish},
    order::{self, Wanted},
    reply::{missing_address, not_offered, reopened},
};
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    consent::{Attempt, Claim, Consent, Fingerprint, Grant, Refused, Registration},
    http::{self, Answer, Code, ConsentAnswer, Fields, Opening, Problem},
    store::{Stored, UpdateError},
    types::{ConsentId, PsuAddress},
};

/// The body and headers of a choice.
struct Chosen {
    consent: ConsentId,
    key: String,
    address: PsuAddress,
    wish: Wish,
}

impl TryFrom<&Request> for Chosen {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let address = http::psu_address(request)?;
        let mut errors = Vec::new();
        let wish = Wish::of(Fields::of(request)?, "body", &mut errors);
        let key = http::idempotency_key(request).map_err(|error| errors.push(error));
        let address = address.ok_or(()).map_err(|()| errors.push(missing_address()));
        match (key, address, wish) {
            (Ok(key), Ok(address), Some(wish)) if errors.is_empty() => {
                Ok(Self { consent: http::path_consent(request)?, key, address, wish })
            }
            _ => Err(Problem::fields(errors)),
        }
    }
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let Chosen { consent: id, key, address, wish } = Chosen::try_from(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let identity = &invocation.material.identity;
    let parts = wish.parts();
    let start = Fingerprint {
        key: identity.digest("key", &[key.as_bytes()]),
        body: identity.digest("body", &parts.each_ref().map(String::as_bytes)),
    };
    let choice = wish.choice(&invocation, &caller)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    if stored.repeats(&start, invocation.now()) {
        let opening = reopened(&invocation, &stored)?;
        return http::json(200, &ConsentAnswer::of(&stored, invocation.now()).opened_by(opening));
    }
    startable(&stored, &invocation)?;
    let registration = match &stored.attempt {
        Attempt::Registered(registration) => Some(registration.clone()),
        _ => None,
    };
    let (consent, opening) = match choice {
        Choice { app, way: Way::Redirect } => {
            let now = invocation.now();
            let chosen =
                invocation.apply(stored, |consent| consent.choose_redirect(start, &app.id, now)).await;
            let consent = chosen.map_err(|error| refused(error, &id, registration.as_ref()))?;
            let opening = reopened(&invocation, &consent)?;
            (consent, opening)
        }
        Choice { app, way: Way::Decoupled { number, identity, same_device } } => {
            let wanted = Wanted { number, identity, same_device, address, start };
            let (claim, now) = (invocation.claim(), invocation.now());
            let claimed = invocation
                .apply(stored, |consent| consent.choose_decoupled(start, &app.id, claim, now))
                .await;
            let claimed = claimed.map_err(|error| refused(error, &id, registration.as_ref()))?;
            decoupled(&invocation, claimed, claim, (app, wanted)).await?
        }
    };
    http::json(200, &ConsentAnswer::of(&consent, invocation.now()).opened_by(opening))
}

fn refused(error: UpdateError, id: &ConsentId, registration: Option<&Registration>) -> Problem {
    match (error, registration) {
        (UpdateError::Refused(Refused::NotOffered), Some(registration)) => not_offered(id, registration),
        (error, _) => error.into(),
    }
}

/// What cannot be started, said by name.
fn startable(consent: &Consent, invocation: &Invocation<'_>) -> Result<(), Problem> {
    match (&consent.grant, consent.failure(invocation.now()), &consent.attempt) {
        (Grant::Revoked { .. }, ..) => Err(Refused::Revoked.into()),
        (Grant::Active(_), ..) => Err(Problem::new(Code::ConsentActive)),
        (Grant::Lapsed { .. }, ..) => Err(Refused::GrantOver.into()),
        (Grant::None, Some(reason), _) => Err(Problem::new(Code::of_failure(reason))),
        (Grant::None, None, Attempt::Registered(_)) => Ok(()),
        // The transition tells a repeat in flight from another body and from another attempt.
        (Grant::None, None, _) => Ok(()),
    }
}

/// Spend and settle: the order is started at the bank and written down.
async fn decoupled(
    invocation: &Invocation<'_>,
    claimed: Stored,
    claim: Claim,
    wanted: (&shared::config::App, Wanted),
) -> Result<(Stored, Option<Opening>), Problem> {
    let registration = match &claimed.attempt {
        Attempt::Initiating { registration, .. } => registration.clone(),
        // A twin of this very request was faster.
        Attempt::AwaitingApproval(_) => {
            let opening = reopened(invocation, &claimed)?;
            return Ok((claimed, opening));
        }
        _ => return Err(Refused::WrongState.into()),
    };
    let again = |consent: Consent| consent.choose_again(claim, invocation.now());
    order::run(invocation, claimed, (claim, registration), wanted, again).await
}
