//! Claim, spend, settle: one code, one exchange, whatever the browser does.

use crate::Outcome;
use shared::{
    app::Invocation,
    bank::{Client, Fault},
    config::Pkce,
    consent::{Attempt, Claim, Clocks, Consent, Proof, Reason, Refused, Signature, Step, Tokens},
    http::Problem,
    store::{Stored, UpdateError},
    telemetry::{self, Metric},
    types::{AuthorizationCode, ConsentId, Digest, Handle},
};
use std::time::Duration;

/// Pauses between reads while another request spends the same code; the last one repeats.
const PAUSES_MS: [u64; 5] = [50, 100, 200, 400, 800];
/// A waiting browser is answered this long before our own deadline.
const ANSWER_RESERVE: Duration = Duration::from_secs(1);

/// What a browser brought, and what follows from it.
pub(crate) struct Hit {
    pub(crate) ordinal: u16,
    pub(crate) code: AuthorizationCode,
    /// Keyed hash of the code.
    pub(crate) digest: Digest,
    /// What claims the result, if this code is spent.
    pub(crate) handle: Handle,
}

/// Claims the attempt for this code and spends it. Whoever loses the race waits for the winner's result.
pub(crate) async fn claim_and_spend(
    invocation: &Invocation<'_>,
    stored: Stored,
    hit: Hit,
) -> Result<Outcome, Problem> {
    let (id, claim, now) = (stored.id, invocation.claim(), invocation.now());
    let bank = invocation.bank(stored.country)?;
    if invocation.app.config.wire.pkce == Pkce::Required && stored.is_unprotected() {
        return refuse(invocation, stored, hit.ordinal).await;
    }
    let (ordinal, digest) = (hit.ordinal, hit.digest);
    match invocation.apply(stored, |consent| consent.redeem(ordinal, digest, claim, now)).await {
        Ok(claimed) if matches!(claimed.attempt, Attempt::Redeeming { .. }) => {
            spend(invocation, &bank, claimed, claim, hit).await
        }
        Ok(_) => {
            telemetry::count(Metric::CodeConflict);
            Ok(Outcome::Failed)
        }
        Err(UpdateError::Refused(Refused::InFlight)) => wait(invocation, &id, hit).await,
        Err(UpdateError::Refused(Refused::AlreadySigned)) => Ok(Outcome::Signed(Some(hit.handle))),
        Err(UpdateError::Refused(_)) => Ok(Outcome::Failed),
        Err(error) => Err(error.into()),
    }
}

/// The attempt began before a challenge was required: its code is not spent.
async fn refuse(invocation: &Invocation<'_>, stored: Stored, ordinal: u16) -> Result<Outcome, Problem> {
    let now = invocation.now();
    match invocation.apply(stored, |consent| consent.refuse_unprotected(ordinal, now)).await {
        // If it has moved on meanwhile there is nothing left to refuse.
        Ok(_) | Err(UpdateError::Refused(_)) => Ok(Outcome::Failed),
        Err(error) => Err(error.into()),
    }
}

async fn spend(
    invocation: &Invocation<'_>,
    bank: &Client,
    claimed: Stored,
    claim: Claim,
    hit: Hit,
) -> Result<Outcome, Problem> {
    let Attempt::Redeeming { redirecting, .. } = &claimed.attempt else { return Ok(Outcome::Failed) };
    let (bank_consent, asked) = (redirecting.registration.bank_consent.clone(), invocation.now());
    let Hit { ordinal, code, digest, handle } = hit;
    let identity = &invocation.material.identity;
    let verifier = redirecting.pkce.then(|| identity.verifier(&claimed.id, ordinal));
    let exchange = invocation.exchange();
    let granted = match bank.exchange_code(&exchange, &bank_consent, code, verifier.as_ref()).await {
        Ok(granted) => granted,
        Err(fault) => return not_spent(invocation, claimed, claim, fault).await,
    };
    let now = invocation.now();
    let tokens = Tokens::new(granted.access, granted.access_lifetime, granted.refresh, asked)
        .refreshable_for(granted.refresh_lifetime);
    let clocks = Clocks::new(claimed.country, &tokens, now, &invocation.app.config.lifetimes);
    let claimed_by = identity.digest("handle", &[handle.expose().as_bytes()]);
    let proof = Proof::Handle { code: digest, handle: claimed_by };
    let signature = Signature { bank_consent, tokens, clocks, proof, at: now };
    let sign = |consent: Consent| consent.sign(claim, signature.clone(), invocation.now());
    match invocation.settle(claimed, sign).await {
        Ok(_) => Ok(Outcome::Signed(Some(handle))),
        Err(UpdateError::Refused(_)) => {
            telemetry::count(Metric::TokensDropped);
            Ok(Outcome::Failed)
        }
        Err(error) => {
            // The code is spent and its tokens could not be kept: a reload would find nothing.
            telemetry::count(Metric::TokensDropped);
            telemetry::cause(&error);
            Ok(Outcome::Failed)
        }
    }
}

/// The code brought nothing. If it provably never left, the browser may come again with it.
async fn not_spent(
    invocation: &Invocation<'_>,
    claimed: Stored,
    claim: Claim,
    fault: Fault,
) -> Result<Outcome, Problem> {
    telemetry::count(Metric::BankFaults);
    telemetry::cause(&fault);
    let (now, unsent, signal) = (invocation.now(), fault.provably_not_sent(), fault.signal());
    let refused = matches!(fault, Fault::CodeRefused { .. });
    let why = (if refused { Reason::CodeRefused } else { Reason::ExchangeUnknown }, signal);
    let settle = |consent: Consent| {
        if unsent { consent.redeem_again(claim, signal, now) } else { consent.redeem_failed(claim, why, now) }
    };
    match invocation.settle(claimed, settle).await {
        Ok(_) | Err(UpdateError::Refused(_)) if matches!(fault, Fault::Unrecognised { .. }) => {
            fault.count_drift();
            Ok(Outcome::Failed)
        }
        Ok(_) if unsent => Err(fault.into()),
        Ok(_) | Err(UpdateError::Refused(_)) => Ok(Outcome::Failed),
        Err(error) => Err(error.into()),
    }
}

/// Another request spends this very code: read again with growing pauses until it is settled or time runs out.
pub(crate) async fn wait(invocation: &Invocation<'_>, id: &ConsentId, hit: Hit) -> Result<Outcome, Problem> {
    for round in 0.. {
        let pause = PAUSES_MS.get(round).or(PAUSES_MS.last()).copied().unwrap_or(800);
        let pause = Duration::from_millis(pause);
        if invocation.clock.left() < pause + ANSWER_RESERVE {
            break;
        }
        tokio::time::sleep(pause).await;
        let loaded = invocation.app.store.get(&invocation.material.ring, id, invocation.now()).await?;
        let Some(consent) = loaded.map(|loaded| loaded.stored) else { return Ok(Outcome::Failed) };
        match consent.callback(hit.ordinal, Some(&hit.digest), invocation.now()) {
            Step::Wait => {}
            Step::Repeat => return Ok(Outcome::Signed(Some(hit.handle))),
            Step::Done => return Ok(Outcome::Signed(None)),
            // The winner gave the claim back: the code was not spent and a reload can spend it.
            Step::Redeem => break,
            _ => return Ok(Outcome::Failed),
        }
    }
    Err(Problem::new(shared::http::Code::OutOfTime))
}
