//! A renewal: a new bank consent and a new SCA on the same consent, beside the living grant or after it. The grant answers
//! reads until its successor is activated; a renewal that fails or is abandoned changes nothing.

use crate::{
    choose::Chosen,
    input::Choice,
    register::{Work, register},
    reply::reopened,
};
use shared::{
    app::Invocation,
    consent::{Attempt, Consent, Fingerprint, Reason, Refused},
    http::{self, Answer, Code, ConsentAnswer, Problem},
    store::{Stored, UpdateError},
    types::{CorporateId, Psu, PsuAddress, PsuType},
};

const CORPORATE_ID: &str = "the one that this consent was started with";

/// The corporate id has to be sent again, because only its keyed hash rests; it cannot change, and neither can country and
/// kind of customer.
pub(crate) fn same_psu(
    invocation: &Invocation<'_>,
    consent: &Consent,
    chosen: &Chosen,
    renewal: bool,
) -> Result<Option<Psu>, Problem> {
    if chosen.country.is_some_and(|country| country != consent.country) {
        return Err(Problem::field("country", "as this consent was started with, or absent"));
    }
    if chosen.psu_type.is_some_and(|psu_type| psu_type != consent.psu_type) {
        return Err(Problem::field("psu_type", "as this consent was started with, or absent"));
    }
    let given = chosen.corporate_id.as_deref();
    if consent.psu_type == PsuType::Individual {
        return match given {
            None => Ok(Some(Psu::Individual)),
            Some(_) => Err(Problem::field("psu_corporate_id", "absent for an individual")),
        };
    }
    // The first time the bank has been told already.
    if given.is_none() && !renewal {
        return Ok(None);
    }
    let wrong = || Problem::field("psu_corporate_id", CORPORATE_ID);
    let rule = invocation.app.config.corporate_rule;
    let id = CorporateId::parse(consent.country, given, rule).map_err(|_| wrong())?;
    let digest = invocation.material.identity.corporate(&id);
    let same = consent.corporate.is_some_and(|known| known.matches(&digest));
    if same { Ok(Some(Psu::Corporate(id))) } else { Err(wrong()) }
}

/// Claim, spend, settle: as a first start, but on a consent that is there already.
pub(crate) async fn run(
    invocation: &Invocation<'_>,
    stored: Stored,
    psu: Psu,
    (choice, address): (Choice<'_>, PsuAddress),
    start: Fingerprint,
) -> Answer {
    let (claim, now, owner, id) = (invocation.claim(), invocation.now(), stored.owner, stored.id);
    let (country, app) = (stored.country, choice.app.id.clone());
    invocation.bank(country)?;
    let reservation = choice.reservation(invocation, &owner);
    let renew = |consent: Consent| consent.renew(start, claim, &app, now);
    let claimed = match invocation.apply_reserving(stored, reservation, renew).await {
        Ok(claimed) => claimed,
        // A twin of this very request was faster: its answer is this one's.
        Err(UpdateError::Refused(Refused::AlreadySo)) => {
            return repeat(invocation, &invocation.load(&owner, &id).await?.stored);
        }
        Err(error) => return Err(error.into()),
    };
    let work = Work { invocation, country, psu, address, claim, choice: Some(choice) };
    let (consent, opening) = register(work, claimed).await?;
    http::json(200, &ConsentAnswer::of(&consent, invocation.now()).opened_by(opening))
}

/// The very request that began the latest attempt: its answer is built again, whatever has become of the attempt.
pub(crate) fn repeat(invocation: &Invocation<'_>, consent: &Consent) -> Answer {
    let now = invocation.now();
    match (&consent.attempt, consent.failure(now)) {
        (_, Some(reason)) => Err(Problem::new(Code::of_failure(reason))),
        (Attempt::Registering { .. } | Attempt::Initiating { .. }, None) => Err(Refused::InFlight.into()),
        _ => {
            let opening = reopened(invocation, consent)?;
            http::json(200, &ConsentAnswer::of(consent, now).opened_by(opening))
        }
    }
}

/// Whether the bank did not take the latest start, so that the very same request may try again.
pub(crate) fn not_taken(consent: &Consent) -> bool {
    matches!(consent.attempt, Attempt::Failed { reason: Reason::StartNotTaken, .. })
}
