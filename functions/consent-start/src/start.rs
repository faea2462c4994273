//! `POST /v1/consents`: claims the consent id, registers a consent at the bank, and starts SCA if a method was chosen.

mod asked;

use crate::{
    client_token,
    input::{Choice, Way},
    order::{self, Wanted},
    reply::{not_offered, reopened},
};
use asked::Start;
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    bank::Fault,
    consent::{
        Attempt, Beginning, Claim, Consent, Fingerprint, Grant, Method, Reason, Redirecting, Refused,
        Registration,
    },
    http::{self, Answer, Code, ConsentAnswer, Opening, Problem},
    store::{InsertError, Stored},
    telemetry,
    types::{AccessToken, Country, Psu, PsuAddress},
};

/// What a start works with once its caller is known.
struct Work<'a> {
    invocation: &'a Invocation<'a>,
    country: Country,
    psu: Psu,
    address: PsuAddress,
    claim: Claim,
    fingerprint: Fingerprint,
    choice: Option<Choice<'a>>,
}

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
        app: choice.as_ref().map(|choice| choice.app.id.clone()),
    };
    let (claim, fingerprint) = (invocation.claim(), Fingerprint { key, body });
    let work = Work { invocation: &invocation, country, psu, address, claim, fingerprint, choice };
    let begun = Consent::begin(beginning, claim, invocation.now());
    let claimed = match app.store.insert(invocation.writer(), begun).await {
        Ok(claimed) => claimed,
        Err(InsertError::Exists(known)) => match repeat(&work, *known).await? {
            Repeated::Claimed(claimed) => *claimed,
            Repeated::Answered(answer) => return http::json(201, &answer),
        },
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
async fn repeat(work: &Work<'_>, known: Stored) -> Result<Repeated, Problem> {
    let invocation = work.invocation;
    let now = invocation.now();
    if known.body != work.fingerprint.body {
        return Err(Refused::OtherBody.into());
    }
    match (&known.attempt, known.failure(now)) {
        (Attempt::Failed { reason: Reason::StartNotTaken, .. }, _) if matches!(known.grant, Grant::None) => {
            let claim = work.claim;
            let claimed = invocation.apply(known, |consent| consent.begin_again(claim, now)).await?;
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

/// Spends the claim: one consent at the bank, and the order if BankID was chosen with the start.
async fn register(work: Work<'_>, claimed: Stored) -> Result<(Stored, Option<Opening>), Problem> {
    let invocation = work.invocation;
    let registration = match create(&work).await {
        Ok(registration) => registration,
        Err(failure) => return Err(failed(&work, claimed, failure).await),
    };
    let (claim, start, now) = (work.claim, work.fingerprint, invocation.now());
    let offered = |method| registration.methods().contains(&method);
    match work.choice {
        Some(Choice { way: Way::Redirect, .. }) if offered(Method::Redirect) => {
            let redirecting = Redirecting { registration, start, denied: false };
            let settle = |consent: Consent| consent.registered_for_redirect(claim, redirecting.clone(), now);
            let consent = invocation.settle(claimed, settle).await?;
            let opening = reopened(invocation, &consent)?;
            Ok((consent, opening))
        }
        Some(Choice { app, way: Way::Decoupled { number, identity, same_device } })
            if offered(Method::Decoupled) =>
        {
            let wanted = Wanted { number, identity, same_device, address: work.address, start };
            // The bank consent is registered, but the whole start is one step: the same key starts it anew.
            let again =
                |consent: Consent| consent.start_failed(claim, Reason::StartNotTaken, invocation.now());
            order::run(invocation, claimed, (claim, registration), (app, wanted), again).await
        }
        wish => {
            let settle = |consent: Consent| consent.registered(claim, registration.clone(), now);
            let consent = invocation.settle(claimed, settle).await?;
            if wish.is_some() {
                return Err(not_offered(&consent.id, &registration));
            }
            Ok((consent, None))
        }
    }
}

/// Why nothing was registered.
enum Failure {
    /// No client-credentials token: the bank was never asked for a consent.
    BeforeAsking(Fault),
    /// The bank was asked.
    Asked(Fault),
}

async fn create(work: &Work<'_>) -> Result<Registration, Failure> {
    let invocation = work.invocation;
    let bank = invocation.bank(work.country).map_err(|_| Failure::BeforeAsking(Fault::Misconfigured))?;
    let token = client_token::get(invocation, &bank).await.map_err(Failure::BeforeAsking)?;
    let ask = async |token: &AccessToken| {
        bank.create_consent(&invocation.exchange(), token, work.country, &work.psu, &work.address).await
    };
    let made = match ask(&token).await {
        // The bank forgot a token that should live: nothing was registered, so a new one may ask once more.
        Err(Fault::TokenInactive) => {
            let fresh = client_token::anew(invocation, &bank).await.map_err(Failure::BeforeAsking)?;
            ask(&fresh).await
        }
        made => made,
    };
    let made = made.map_err(Failure::Asked)?;
    if made.redirect.is_none() && made.decoupled.is_none() {
        return Err(Failure::Asked(Fault::NoMethod));
    }
    let (redirect, decoupled) = (made.redirect, made.decoupled);
    Ok(Registration { bank_consent: made.id, redirect, decoupled, made: invocation.now() })
}

/// Settles a start that did not come about. If nobody knows whether the bank registered a consent, its key is used up;
/// in every other case nobody can sign what was not handed out, and the same key may try again: at most one bank consent
/// that anybody can sign.
async fn failed(work: &Work<'_>, claimed: Stored, failure: Failure) -> Problem {
    let (fault, reason) = match failure {
        Failure::Asked(Fault::Lost) => (Fault::Lost, Reason::StartUnknown),
        Failure::Asked(fault) | Failure::BeforeAsking(fault) => (fault, Reason::StartNotTaken),
    };
    let (claim, now) = (work.claim, work.invocation.now());
    match work.invocation.settle(claimed, |consent| consent.start_failed(claim, reason, now)).await {
        Ok(_) => order::problem(fault, reason),
        Err(error) => error.into(),
    }
}
