//! `POST /v1/consents/{consent_id}/authorization`: the PSU has chosen among the methods that the bank returned.

use crate::{
    input::{Choice, Way, Wish},
    order,
    start::missing_address,
};
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    consent::{Attempt, Consent, Fingerprint, Grant, Method, Refused},
    http::{self, Answer, Code, ConsentAnswer, Fields, Opening, Problem},
    store::{Stored, UpdateError},
    types::{ConsentId, PsuAddress, State},
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
    let (consent, opening) = match choice {
        Choice { app, way: Way::Redirect } => {
            let now = invocation.now();
            let consent =
                invocation.apply(stored, |consent| consent.choose_redirect(start, &app.id, now)).await?;
            let opening = reopened(&invocation, &consent)?;
            (consent, opening)
        }
        Choice { app, way: Way::Decoupled { number, identity, same_device } } => {
            let wanted = order::Wanted { number, identity, same_device, address, start };
            decoupled(&invocation, stored, app, wanted).await?
        }
    };
    http::json(200, &ConsentAnswer::of(&consent, invocation.now()).opened_by(opening))
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

/// Claim, spend, settle: the order is claimed in the table, started at the bank, and written down.
async fn decoupled(
    invocation: &Invocation<'_>,
    stored: Stored,
    app: &shared::config::App,
    wanted: order::Wanted,
) -> Result<(Stored, Option<Opening>), Problem> {
    let (claim, start, now) = (invocation.claim(), wanted.start, invocation.now());
    let methods: Vec<_> = match &stored.attempt {
        Attempt::Registered(registration) => registration.methods().into_iter().map(Method::as_str).collect(),
        _ => Vec::new(),
    };
    let id = stored.id;
    let claimed =
        invocation.apply(stored, |consent| consent.choose_decoupled(start, &app.id, claim, now)).await;
    let claimed = claimed.map_err(|error| match error {
        UpdateError::Refused(Refused::NotOffered) => {
            Problem::new(Code::MethodNotOffered).with_methods(&id, methods)
        }
        other => other.into(),
    })?;
    let registration = match &claimed.attempt {
        Attempt::Initiating { registration, .. } => registration.clone(),
        _ => return Err(Refused::WrongState.into()),
    };
    match order::begin(invocation, claimed.country, registration, wanted).await {
        Ok(approval) => {
            let now = invocation.now();
            let settle = |consent: Consent| consent.approval_begun(claim, approval.clone(), now);
            let consent = invocation.apply(claimed, settle).await?;
            Ok((consent, Some(Opening::of_order(&approval, Some(app)))))
        }
        Err(fault) => {
            let (now, reason) = (invocation.now(), order::reason(&fault));
            let settle = |consent: Consent| {
                if fault.provably_not_sent() {
                    consent.choose_again(claim, now)
                } else {
                    consent.start_failed(claim, reason, now)
                }
            };
            invocation.apply(claimed, settle).await?;
            Err(fault.into())
        }
    }
}

/// What opens the present attempt, built again from the state.
pub(crate) fn reopened(invocation: &Invocation<'_>, consent: &Consent) -> Result<Option<Opening>, Problem> {
    match &consent.attempt {
        Attempt::AwaitingRedirect(redirecting) => {
            let state = State::render(&invocation.material.identity, &consent.id, consent.ordinal);
            let bank = invocation.bank(consent.country)?;
            let registration = &redirecting.registration;
            let link = registration.redirect.as_ref().ok_or(Problem::new(Code::MethodNotOffered))?;
            Ok(Some(Opening::Redirect { url: bank.authorize_url(link, &registration.bank_consent, &state)? }))
        }
        Attempt::AwaitingApproval(approval) => {
            let app = consent.app.as_ref().and_then(|id| invocation.app.config.apps.get(id));
            Ok(Some(Opening::of_order(approval, app)))
        }
        _ => Ok(None),
    }
}
