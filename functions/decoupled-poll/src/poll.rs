//! `POST …/authorization/poll`: one call at the bank at most, and none before its time.

use crate::hold::{answered, note};
use lambda_http::Request;
use serde::Serialize;
use shared::{
    app::{App, Invocation},
    bank::{Fault, Granted, Poll},
    consent::{Approval, Attempt, Clocks, Consent, Grant, Reason, Refused, Tokens},
    http::{self, Answer, AuthorizationAnswer, Code, Problem},
    store::{Stored, UpdateError},
    telemetry::{self, Metric},
    types::{BankConsentId, ConsentId, OwnerId, QrData},
};

/// How the order stands.
#[derive(Serialize)]
struct Standing {
    consent_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_after_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr_data: Option<String>,
    authorization: AuthorizationAnswer,
}

/// A poll names its consent and says nothing else.
struct Input(ConsentId);

impl TryFrom<&Request> for Input {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let errors = http::Fields::of(request)?.errors("body");
        if errors.is_empty() { http::path_consent(request).map(Self) } else { Err(Problem::fields(errors)) }
    }
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let Input(id) = Input::try_from(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    match (&stored.attempt, stored.failure(invocation.now())) {
        (Attempt::AwaitingApproval(_), None) => poll(&invocation, stored).await,
        _ => standing(&invocation, &stored),
    }
}

/// How it stands without asking the bank: the end of an order is repeated for whoever asks again.
fn standing(invocation: &Invocation<'_>, consent: &Consent) -> Answer {
    match (&consent.grant, &consent.attempt, consent.failure(invocation.now())) {
        (_, Attempt::AwaitingApproval(_), None)
        | (_, _, Some(_))
        | (Grant::Active(_), Attempt::None, None) => answer(invocation, consent),
        _ => Err(Problem::new(Code::NothingToPoll)),
    }
}

async fn poll(invocation: &Invocation<'_>, stored: Stored) -> Answer {
    let now = invocation.now();
    if let Attempt::AwaitingApproval(approval) = &stored.attempt
        && now < approval.next_poll
    {
        telemetry::count(Metric::EarlyPolls);
        return answer(invocation, &stored);
    }
    let (owner, id) = (stored.owner, stored.id);
    match invocation.apply(stored, |consent| consent.claim_poll(now)).await {
        Ok(claimed) => ask(invocation, claimed).await,
        Err(UpdateError::Refused(_)) => {
            // Somebody else polled, cancelled or finished at the same moment: say how it stands now.
            telemetry::count(Metric::EarlyPolls);
            standing(invocation, &invocation.load(&owner, &id).await?.stored)
        }
        Err(error) => Err(error.into()),
    }
}

async fn ask(invocation: &Invocation<'_>, claimed: Stored) -> Answer {
    let Attempt::AwaitingApproval(approval) = &claimed.attempt else {
        return Err(Problem::new(Code::NothingToPoll));
    };
    let bank = invocation.bank(claimed.country)?;
    let (order, asked) = (approval.registration.bank_consent.clone(), invocation.now());
    let (link, patience) = (approval.session.poll.clone(), approval.sleep.as_duration() / 2);
    let exchange = invocation.exchange();
    let polling = std::pin::pin!(bank.poll(&exchange, &link));
    let (claimed, held, polled) = answered(invocation, claimed, &order, patience, polling).await;
    match polled {
        Ok(Poll::Pending { qr }) => pending(invocation, claimed, &order, qr, held).await,
        Ok(Poll::Complete(Granted { access, access_lifetime, refresh, refresh_lifetime })) => {
            let tokens =
                Tokens::new(access, access_lifetime, refresh, asked).refreshable_for(refresh_lifetime);
            keep(invocation, claimed, &order, &tokens).await
        }
        Err(fault) => match terminal(&fault) {
            Some(reason) => {
                let why = (reason, fault.signal());
                settle(invocation, claimed, |consent| consent.not_approved(&order, why, invocation.now()))
                    .await
            }
            // Nothing that is known to end an order: the caller polls again.
            None => {
                telemetry::count(Metric::BankFaults);
                note(invocation, claimed, &order, &fault, held).await;
                Err(fault.into())
            }
        },
    }
}

/// Keeps the tokens of an order that is complete. They cannot be had again: if the order was ended meanwhile, or the
/// table stays away, they are gone, and that is counted.
async fn keep(
    invocation: &Invocation<'_>,
    claimed: Stored,
    order: &BankConsentId,
    tokens: &Tokens,
) -> Answer {
    let clocks = Clocks::new(claimed.country, tokens, invocation.now(), &invocation.app.config.lifetimes);
    let (owner, id) = (claimed.owner, claimed.id);
    let approved = |consent: Consent| consent.approved(order, tokens, clocks, invocation.now());
    match invocation.settle(claimed, approved).await {
        Ok(granted) => answer(invocation, &granted),
        Err(error) => {
            telemetry::count(Metric::TokensDropped);
            unsettled(invocation, &owner, &id, error).await
        }
    }
}

/// Nothing new, but perhaps a newer code for the other device.
async fn pending(
    invocation: &Invocation<'_>,
    claimed: Stored,
    order: &BankConsentId,
    qr: Option<QrData>,
    held: bool,
) -> Answer {
    let known = match &claimed.attempt {
        Attempt::AwaitingApproval(approval) => approval.session.qr.as_ref().map(QrData::expose),
        _ => None,
    };
    let newer = qr.filter(|qr| known != Some(qr.expose()));
    if newer.is_none() && !held {
        return answer(invocation, &claimed);
    }
    let now = invocation.now();
    let transition = |consent: Consent| {
        let consent = if held { consent.release_poll(order, now)? } else { consent };
        match newer.clone() {
            Some(qr) => consent.show_qr(order, qr),
            None => Ok(consent),
        }
    };
    settle(invocation, claimed, transition).await
}

/// Writes down what the poll brought.
async fn settle(
    invocation: &Invocation<'_>,
    claimed: Stored,
    transition: impl Fn(Consent) -> Result<Consent, Refused> + Send + Sync,
) -> Answer {
    let (owner, id) = (claimed.owner, claimed.id);
    match invocation.settle(claimed, transition).await {
        Ok(settled) => answer(invocation, &settled),
        Err(error) => unsettled(invocation, &owner, &id, error).await,
    }
}

/// It could not be written down. If the attempt has ended otherwise meanwhile, that is the answer.
async fn unsettled(
    invocation: &Invocation<'_>,
    owner: &OwnerId,
    id: &ConsentId,
    error: UpdateError,
) -> Answer {
    match error {
        UpdateError::Refused(_) => {
            telemetry::count(Metric::ClaimsLost);
            standing(invocation, &invocation.load(owner, id).await?.stored)
        }
        error => Err(error.into()),
    }
}

/// Which answers end an order for ever (contract of the decoupled poll). Whatever is not in this list does not.
fn terminal(fault: &Fault) -> Option<Reason> {
    match fault {
        Fault::UserCancelled => Some(Reason::BankIdCancelled),
        Fault::BankIdFailed => Some(Reason::BankIdFailed),
        Fault::BankIdNotActivated => Some(Reason::BankIdNotActivated),
        Fault::NotCustomer => Some(Reason::NotCustomer),
        Fault::PolledTooOften => Some(Reason::PolledTooOften),
        Fault::IntentExpired => Some(Reason::TooLate),
        _ => None,
    }
}

fn answer(invocation: &Invocation<'_>, consent: &Consent) -> Answer {
    let now = invocation.now();
    let approval: Option<&Approval> = match (&consent.attempt, consent.failure(now)) {
        (Attempt::AwaitingApproval(approval), None) => Some(approval),
        _ => None,
    };
    let standing = Standing {
        consent_id: consent.id.to_string(),
        status: consent.status(now).as_str(),
        status_reason: consent.status_reason(now),
        poll_after_ms: approval.map(|approval| approval.next_poll.after(now).as_millis()),
        qr_data: approval.and_then(Approval::qr_text),
        authorization: AuthorizationAnswer::of(consent, now),
    };
    http::json(200, &standing)
}
