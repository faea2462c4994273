//! `POST /v1/consents`: claims the consent id, registers a consent at the bank, and starts SCA if a method was chosen.

mod asked;

use crate::{
    register::{Work, register},
    reply::{not_offered, reopened},
};
use asked::Start;
use lambda_http::Request;
use shared::{
    app::App,
    consent::{Attempt, Beginning, Consent, Fingerprint, Grant, Reason, Refused},
    http::{self, Answer, Code, ConsentAnswer, Problem},
    store::{InsertError, Reservation, Stored},
    telemetry,
    types::Digest,
};

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let start = Start::of(&request, app.config.corporate_rule)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let identity = &invocation.material.identity;
    let (body, corporate) = (start.digest(identity), start.corporate_digest(identity));
    let id = identity.consent(&caller.owner, &start.key);
    let key = identity.digest("key", &[start.key.as_bytes()]);
    telemetry::concerns(&id);
    let Start { country, psu, address, reference, wish, .. } = start;
    let choice = wish.map(|wish| wish.choice(&invocation, &caller)).transpose()?;
    invocation.bank(country)?;
    let beginning = Beginning {
        id,
        owner: caller.owner,
        country,
        psu_type: psu.psu_type(),
        corporate,
        reference,
        body,
        start: choice.as_ref().map(|_| Fingerprint { key, body }),
        app: choice.as_ref().map(|choice| choice.app.id.clone()),
    };
    let reservation = choice.as_ref().and_then(|choice| choice.reservation(&invocation, &caller.owner));
    let claim = invocation.claim();
    let work = Work { invocation: &invocation, country, psu, address, claim, choice };
    let begin = || Consent::begin(beginning.clone(), claim, invocation.now());
    let claimed = match invocation.insert(begin, reservation).await {
        Ok(claimed) => claimed,
        Err(InsertError::Exists(known)) => match repeat(&work, *known, &body, reservation).await? {
            Repeated::Claimed(claimed) => *claimed,
            Repeated::Answered(answer) => return http::json(201, &answer),
        },
        Err(InsertError::Denied(denied)) => return Err(denied.into()),
        Err(InsertError::Store(error)) => return Err(error.into()),
    };
    let (consent, opening) = register(work, claimed).await?;
    http::json(201, &ConsentAnswer::of(&consent, invocation.now()).opened_by(opening))
}

/// What became of a start whose key is known already.
enum Repeated {
    Claimed(Box<Stored>),
    Answered(Box<ConsentAnswer>),
}

/// The same key again: the same answer, built again from the state; nothing is asked of the bank.
async fn repeat(
    work: &Work<'_>,
    known: Stored,
    body: &Digest,
    reservation: Option<Reservation>,
) -> Result<Repeated, Problem> {
    let invocation = work.invocation;
    let now = invocation.now();
    if known.body != *body {
        return Err(Refused::OtherBody.into());
    }
    match (&known.attempt, known.failure(now)) {
        (Attempt::Failed { reason: Reason::StartNotTaken, .. }, _) if matches!(known.grant, Grant::None) => {
            let claim = work.claim;
            let again = |consent: Consent| consent.begin_again(claim, now);
            // It prompts anew, so it counts anew.
            let claimed = invocation.apply_reserving(known, reservation, again).await?;
            Ok(Repeated::Claimed(Box::new(claimed)))
        }
        (_, Some(reason)) if matches!(known.grant, Grant::None) => {
            Err(Problem::new(Code::of_failure(reason)))
        }
        // A claim of ours whose answer was lost, and which somebody has looked at since.
        (Attempt::Registering { claim }, None) if claim.by == work.claim.by => {
            Ok(Repeated::Claimed(Box::new(known)))
        }
        (Attempt::Registering { .. } | Attempt::Initiating { .. }, None) => Err(Refused::InFlight.into()),
        (Attempt::Registered(registration), None) if work.choice.is_some() => {
            Err(not_offered(&known.id, registration))
        }
        _ => {
            let opening = reopened(invocation, &known)?;
            Ok(Repeated::Answered(Box::new(ConsentAnswer::of(&known, now).opened_by(opening))))
        }
    }
}
