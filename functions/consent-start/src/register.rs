//! Registering a consent at the bank under a claim, and the order or redirect that was chosen with it: what a first start
//! and a renewal have in common.

use crate::{
    input::{Choice, Way},
    order::{self, Wanted},
    reply::{not_offered, reopened},
};
use shared::{
    app::Invocation,
    bank::Fault,
    consent::{Claim, Consent, Method, Reason, Redirecting, Registration},
    http::{Opening, Problem},
    store::Stored,
    types::{AccessToken, Country, Psu, PsuAddress},
};

/// What a start or a renewal works with once its caller is known.
pub(crate) struct Work<'a> {
    pub(crate) invocation: &'a Invocation<'a>,
    pub(crate) country: Country,
    pub(crate) psu: Psu,
    pub(crate) address: PsuAddress,
    pub(crate) claim: Claim,
    pub(crate) choice: Option<Choice<'a>>,
}

/// Spends the claim: one consent at the bank, and the order if BankID was chosen with the start.
pub(crate) async fn register(work: Work<'_>, claimed: Stored) -> Result<(Stored, Option<Opening>), Problem> {
    let invocation = work.invocation;
    let registration = match create(&work).await {
        Ok(registration) => registration,
        Err(failure) => return Err(failed(&work, claimed, failure).await),
    };
    let (claim, now) = (work.claim, invocation.now());
    let offered = |method| registration.methods().contains(&method);
    match work.choice {
        Some(Choice { way: Way::Redirect, .. }) if offered(Method::Redirect) => {
            let pkce = invocation.app.config.wire.pkce.is_sent();
            let redirecting = Redirecting { registration, denied: false, pkce };
            let settle = |consent: Consent| consent.registered_for_redirect(claim, redirecting.clone(), now);
            let consent = invocation.settle(claimed, settle).await?;
            let opening = reopened(invocation, &consent)?;
            Ok((consent, opening))
        }
        Some(Choice { app, way: Way::Decoupled { number, identity, same_device } })
            if offered(Method::Decoupled) =>
        {
            let wanted = Wanted { number, identity, same_device, address: work.address };
            // The bank consent is registered, but the whole start is one step: the same key starts it anew.
            let again = |consent: Consent, signal| {
                consent.start_failed(claim, (Reason::StartNotTaken, signal), invocation.now())
            };
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
    let token = invocation.client_token(&bank).await.map_err(Failure::BeforeAsking)?;
    let ask = async |token: &AccessToken| {
        bank.create_consent(&invocation.exchange(), token, work.country, &work.psu, &work.address).await
    };
    let made = match ask(&token).await {
        // The bank forgot a token that should live: nothing was registered, so a new one may ask once more.
        Err(Fault::TokenInactive) => {
            let fresh = invocation.fresh_client_token(&bank, &token).await;
            let fresh = fresh.map_err(Failure::BeforeAsking)?;
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
    let (claim, why, now) = (work.claim, (reason, fault.signal()), work.invocation.now());
    match work.invocation.settle(claimed, |consent| consent.start_failed(claim, why, now)).await {
        Ok(_) => order::problem(fault, reason),
        Err(error) => error.into(),
    }
}
