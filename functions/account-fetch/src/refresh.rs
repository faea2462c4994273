//! A new access token: claim, spend, settle. Nobody spends a refresh token without having claimed its generation.

use shared::{
    app::Invocation,
    bank::{Client, Fault, Granted},
    consent::{Claim, Consent, Grant, Refresh, Refused, Tokens},
    http::{Code, Problem},
    store::{Stored, UpdateError},
    telemetry::{self, Metric},
    types::Signal,
};

/// Refreshes the grant at hand. A consent that somebody else has refreshed meanwhile is returned as it is now.
pub(crate) async fn run(
    invocation: &Invocation<'_>,
    bank: &Client,
    stored: Stored,
) -> Result<Stored, Problem> {
    let (claim, now, id, owner) = (invocation.claim(), invocation.now(), stored.id, stored.owner);
    let generation = stored.readable(now)?.generation;
    let claimed =
        match invocation.apply(stored, |consent| consent.claim_refresh(generation, claim, now)).await {
            Ok(claimed) => claimed,
            Err(UpdateError::Refused(Refused::Superseded)) => {
                return Ok(invocation.load(&owner, &id).await?.stored);
            }
            Err(UpdateError::Refused(Refused::InFlight)) => return Err(Problem::new(Code::RefreshInFlight)),
            Err(error) => return Err(error.into()),
        };
    let refresh = claimed.readable(now)?.tokens.refresh.clone();
    let Some(refresh) = refresh else {
        // Nothing to refresh with: the access token was all there was.
        return Err(lapse(invocation, claimed, generation, claim, None).await);
    };
    let asked = invocation.now();
    match bank.refresh(&invocation.exchange(), &refresh).await {
        Ok(Granted { access, access_lifetime, refresh }) => {
            let fresh = Tokens::new(access, access_lifetime, refresh, asked);
            settle(invocation, claimed, generation, claim, fresh).await
        }
        Err(Fault::RefreshRefused { says }) => {
            Err(lapse(invocation, claimed, generation, claim, Some(says)).await)
        }
        Err(fault) => Err(give_back(invocation, claimed, generation, claim, fault).await),
    }
}

async fn settle(
    invocation: &Invocation<'_>,
    claimed: Stored,
    generation: u32,
    claim: Claim,
    fresh: Tokens,
) -> Result<Stored, Problem> {
    match invocation.settle(claimed, |consent| settled(consent, generation, claim, &fresh)).await {
        Ok(settled) => {
            telemetry::count(Metric::Refreshes);
            Ok(settled)
        }
        // Somebody took over after our lease, or the grant was ended.
        Err(UpdateError::Refused(Refused::ClaimLost)) => Err(Problem::new(Code::RefreshInFlight)),
        Err(error) => Err(error.into()),
    }
}

/// The settle of a write whose answer was lost finds its own result and leaves it.
fn settled(consent: Consent, generation: u32, claim: Claim, fresh: &Tokens) -> Result<Consent, Refused> {
    match &consent.grant {
        Grant::Active(active)
            if active.generation == generation.saturating_add(1)
                && active.refresh == Refresh::Idle
                && active.tokens.access.expose() == fresh.access.expose() =>
        {
            Ok(consent)
        }
        _ => consent.settle_refresh(generation, claim, fresh),
    }
}

async fn lapse(
    invocation: &Invocation<'_>,
    claimed: Stored,
    generation: u32,
    claim: Claim,
    signal: Option<Signal>,
) -> Problem {
    telemetry::count(Metric::RefreshFailures);
    let (now, id) = (invocation.now(), claimed.id);
    match invocation.settle(claimed, |consent| consent.lapse(generation, claim, signal, now)).await {
        Ok(_) | Err(UpdateError::Refused(_)) => Problem::from(Refused::GrantOver).begins_again(&id),
        Err(error) => error.into(),
    }
}

/// The bank brought nothing usable. The claim goes back if the request provably never left or was answered; if its
/// answer is lost it stays until its lease is over.
async fn give_back(
    invocation: &Invocation<'_>,
    claimed: Stored,
    generation: u32,
    claim: Claim,
    fault: Fault,
) -> Problem {
    telemetry::count(Metric::BankFaults);
    if fault != Fault::Lost
        && let Err(error) =
            invocation.apply(claimed, |consent| consent.release_refresh(generation, claim)).await
    {
        telemetry::cause(&error);
    }
    fault.into()
}
