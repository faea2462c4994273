//! `POST /v1/consents`: claims the consent id, registers a consent at the bank, and starts SCA if a method was chosen.

mod asked;

pub(crate) use asked::missing_address;

use crate::{
    choose::reopened,
    client_token,
    input::{Choice, Way},
    order,
};
use asked::Start;
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    bank::Fault,
    consent::{
        Attempt, Beginning, Claim, Consent, Fingerprint, Method, Reason, Redirecting, Refused, Registration,
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
    let (ring, now) = (&invocation.material.ring, invocation.now());
    let claimed = match app.store.insert(ring, Consent::begin(beginning, claim, now), &invocation.trace).await
    {
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
        (Attempt::Failed { reason: Reason::StartNotSent, .. }, _) => {
            let claim = work.claim;
            let claimed = invocation.apply(known, |consent| consent.begin_again(claim, now)).await?;
            Ok(Repeated::Claimed(Box::new(claimed)))
        }
        (_, Some(reason)) => Err(Problem::new(Code::of_failure(reason))),
        (Attempt::Registering { .. } | Attempt::Initiating { .. }, None) => Err(Refused::InFlight.into()),
        (Attempt::Registered(registration), None) if work.choice.is_some() => {
            Err(not_offered(&known, registration))
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
        Err(fault) => return Err(failed(&work, claimed, fault).await),
    };
    let (claim, start, now) = (work.claim, work.fingerprint, invocation.now());
    let offered = |method| registration.methods().contains(&method);
    match work.choice {
        Some(Choice { way: Way::Redirect, .. }) if offered(Method::Redirect) => {
            let redirecting = Redirecting { registration, start, denied: false };
            let settle = |consent: Consent| consent.registered_for_redirect(claim, redirecting.clone(), now);
            let consent = invocation.apply(claimed, settle).await?;
            let opening = reopened(invocation, &consent)?;
            Ok((consent, opening))
        }
        Some(Choice { app, way: Way::Decoupled { number, identity, same_device } })
            if offered(Method::Decoupled) =>
        {
            let wanted = order::Wanted { number, identity, same_device, address: work.address, start };
            let approval = match order::begin(invocation, work.country, registration, wanted).await {
                Ok(approval) => approval,
                Err(fault) => {
                    let reason = order::reason(&fault);
                    // The bank consent is registered but the whole start is one step: its answer is the failure.
                    let settle = |consent: Consent| consent.start_failed(claim, reason, now);
                    invocation.apply(claimed, settle).await?;
                    return Err(fault.into());
                }
            };
            let settle = |consent: Consent| consent.approval_begun(claim, approval.clone(), now);
            let consent = invocation.apply(claimed, settle).await?;
            Ok((consent, Some(Opening::of_order(&approval, Some(app)))))
        }
        wish => {
            let settle = |consent: Consent| consent.registered(claim, registration.clone(), now);
            let consent = invocation.apply(claimed, settle).await?;
            if wish.is_some() {
                return Err(not_offered(&consent, &registration));
            }
            Ok((consent, None))
        }
    }
}

async fn create(work: &Work<'_>) -> Result<Registration, Fault> {
    let invocation = work.invocation;
    let bank = invocation.bank(work.country).map_err(|_| Fault::Misconfigured)?;
    let token = client_token::get(invocation, &bank).await?;
    let ask = async |token: &AccessToken| {
        bank.create_consent(&invocation.exchange(), token, work.country, &work.psu, &work.address).await
    };
    let made = match ask(&token).await {
        // The bank forgot a token that should live: nothing was registered, so a new one may ask once more.
        Err(Fault::TokenInactive) => ask(&client_token::anew(invocation, &bank).await?).await?,
        made => made?,
    };
    if made.redirect.is_none() && made.decoupled.is_none() {
        return Err(Fault::NoMethod);
    }
    let (redirect, decoupled) = (made.redirect, made.decoupled);
    Ok(Registration { bank_consent: made.id, redirect, decoupled, made: invocation.now() })
}

/// Settles a start that did not come about. If nothing was registered, the same key may try again; if nobody knows, it
/// may not: at most one bank consent that anybody can sign.
async fn failed(work: &Work<'_>, claimed: Stored, fault: Fault) -> Problem {
    let not_taken = matches!(fault, Fault::RateLimited { .. } | Fault::Unavailable | Fault::ProxyError);
    let reason = match fault {
        fault if fault.provably_not_sent() || not_taken => Reason::StartNotSent,
        Fault::Lost => Reason::StartUnknown,
        _ => Reason::StartRefused,
    };
    let (claim, now) = (work.claim, work.invocation.now());
    match work.invocation.apply(claimed, |consent| consent.start_failed(claim, reason, now)).await {
        Ok(_) if reason == Reason::StartUnknown => Problem::new(Code::StartUnknown).caused_by(&fault),
        Ok(_) => fault.into(),
        Err(error) => error.into(),
    }
}

fn not_offered(consent: &Consent, registration: &Registration) -> Problem {
    let methods = registration.methods().into_iter().map(Method::as_str).collect();
    Problem::new(Code::MethodNotOffered).with_methods(&consent.id, methods)
}
