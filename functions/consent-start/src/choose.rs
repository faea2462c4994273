//! `POST /v1/consents/{consent_id}/authorization`: the PSU has chosen among the methods that the bank returned, or renews
//! what was granted before.

use crate::{
    input::{Choice, Way, Wish},
    order::{self, Wanted},
    renew,
    reply::{missing_address, not_offered, reopened},
};
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    consent::{Attempt, Claim, Consent, Fingerprint, Grant, Refused, Registration},
    http::{self, Answer, Code, ConsentAnswer, Fields, Opening, Problem},
    store::{Stored, UpdateError},
    types::{ConsentId, Country, IdentityKey, PsuAddress, PsuType, Signal},
};

/// The body and headers of a choice.
pub(crate) struct Chosen {
    consent: ConsentId,
    key: String,
    address: PsuAddress,
    wish: Wish,
    /// What a renewal may repeat but not change.
    pub(crate) country: Option<Country>,
    pub(crate) psu_type: Option<PsuType>,
    pub(crate) corporate_id: Option<String>,
}

impl TryFrom<&Request> for Chosen {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let address = http::psu_address(request)?;
        let mut errors = Vec::new();
        let fields = Fields::of(request)?;
        let country = fields.parsed("country", "SE, NL, GB or LU", str::parse::<Country>);
        let psu_type = fields.parsed("psu_type", "individual or corporate", str::parse::<PsuType>);
        let corporate_id = fields.text("psu_corporate_id");
        let wish = Wish::of(fields, "body", &mut errors);
        let key = http::idempotency_key(request).map_err(|error| errors.push(error));
        let address = address.ok_or(()).map_err(|()| errors.push(missing_address()));
        match (key, address, wish) {
            (Ok(key), Ok(address), Some(wish)) if errors.is_empty() => {
                let consent = http::path_consent(request)?;
                Ok(Self { consent, key, address, wish, country, psu_type, corporate_id })
            }
            _ => Err(Problem::fields(errors)),
        }
    }
}

impl Chosen {
    fn fingerprint(&self, identity: &IdentityKey) -> Fingerprint {
        let mut parts: Vec<String> = self.wish.parts().into();
        // Absent and unchanged mean the same, but a repeat is a repeat only if it says the same.
        let unchanged = [self.country.map(Country::code), self.psu_type.map(PsuType::as_str)];
        parts.extend(unchanged.into_iter().map(|word| word.unwrap_or_default().to_owned()));
        parts.push(self.corporate_id.clone().unwrap_or_default());
        Fingerprint {
            key: identity.digest("key", &[self.key.as_bytes()]),
            body: identity.digest("body", &parts.iter().map(String::as_bytes).collect::<Vec<_>>()),
        }
    }
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let chosen = Chosen::try_from(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let start = chosen.fingerprint(&invocation.material.identity);
    let stored = invocation.load(&caller.owner, &chosen.consent).await?.stored;
    if stored.repeated(&start)? && !renew::not_taken(&stored) {
        return renew::repeat(&invocation, &stored);
    }
    let renewal = leads_to_a_renewal(&stored, &invocation)?;
    let psu = renew::same_psu(&invocation, &stored, &chosen, renewal)?;
    let Chosen { address, wish, .. } = chosen;
    let choice = wish.choice(&invocation, &caller)?;
    match psu {
        Some(psu) if renewal => renew::run(&invocation, stored, psu, (choice, address), start).await,
        _ => first(&invocation, stored, (choice, address), start).await,
    }
}

/// Whether this begins a new attempt beside or after a grant; what cannot be started is said by name.
fn leads_to_a_renewal(consent: &Consent, invocation: &Invocation<'_>) -> Result<bool, Problem> {
    match (&consent.grant, consent.failure(invocation.now()), &consent.attempt) {
        (Grant::Revoked { .. }, ..) => Err(Refused::Revoked.into()),
        (Grant::None, Some(reason), _) => Err(Problem::new(Code::of_failure(reason))),
        (Grant::None, None, _) | (_, None, Attempt::Registered(_)) => Ok(false),
        (Grant::Active(_) | Grant::Lapsed { .. }, ..) => Ok(true),
    }
}

/// A method for a consent that is registered already. The transition tells a repeat in flight from another attempt.
async fn first(
    invocation: &Invocation<'_>,
    stored: Stored,
    (choice, address): (Choice<'_>, PsuAddress),
    start: Fingerprint,
) -> Answer {
    let id = stored.id;
    let registration = match &stored.attempt {
        Attempt::Registered(registration) => Some(registration.clone()),
        _ => None,
    };
    let (consent, opening) = match choice {
        Choice { app, way: Way::Redirect } => {
            let (now, pkce) = (invocation.now(), invocation.app.config.wire.pkce.is_sent());
            let chosen =
                invocation.apply(stored, |consent| consent.choose_redirect(start, &app.id, pkce, now)).await;
            let consent = chosen.map_err(|error| refused(error, &id, registration.as_ref()))?;
            let opening = reopened(invocation, &consent)?;
            (consent, opening)
        }
        Choice { app, way: Way::Decoupled { number, identity, same_device } } => {
            let reservation = invocation.reservation(&stored.owner, &number);
            let wanted = Wanted { number, identity, same_device, address };
            let (claim, now) = (invocation.claim(), invocation.now());
            let claimed = invocation
                .apply_reserving(stored, Some(reservation), |consent| {
                    consent.choose_decoupled(start, &app.id, claim, now)
                })
                .await;
            let claimed = claimed.map_err(|error| refused(error, &id, registration.as_ref()))?;
            decoupled(invocation, claimed, claim, (app, wanted)).await?
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
    let again = |consent: Consent, signal: Signal| consent.choose_again(claim, signal, invocation.now());
    order::run(invocation, claimed, (claim, registration), wanted, again).await
}
