//! Starting a BankID order: the one call at the bank that both starts share, and what its refusals mean.

use shared::{
    app::Invocation,
    bank::Fault,
    config::App,
    consent::{Approval, Claim, Consent, Identity, OPEN_WITHIN, Reason, Refused, Registration, Session},
    http::{Code, Opening, Problem},
    store::Stored,
    telemetry::{self, Metric},
    types::{Country, PersonalNumber, PsuAddress, Signal},
};

/// What an order is started with.
pub(crate) struct Wanted {
    pub(crate) number: PersonalNumber,
    pub(crate) identity: Identity,
    pub(crate) same_device: bool,
    pub(crate) address: PsuAddress,
}

/// Starts the order that `claimed` has claimed, and writes it down. `not_taken` is where the consent goes if the bank did
/// not take the order.
pub(crate) async fn run(
    invocation: &Invocation<'_>,
    claimed: Stored,
    (claim, registration): (Claim, Registration),
    (app, wanted): (&App, Wanted),
    not_taken: impl Fn(Consent, Signal) -> Result<Consent, Refused> + Send + Sync,
) -> Result<(Stored, Option<Opening>), Problem> {
    let country = claimed.country;
    let approval = match begin(invocation, country, registration, wanted).await {
        Ok(approval) => approval,
        Err(fault) => {
            let (now, reason, signal) = (invocation.now(), reason(&fault), fault.signal());
            let settle = |consent: Consent| match reason {
                Reason::StartNotTaken => not_taken(consent, signal),
                reason => consent.start_failed(claim, (reason, signal), now),
            };
            invocation.settle(claimed, settle).await?;
            return Err(problem(fault, reason));
        }
    };
    let now = invocation.now();
    match invocation.settle(claimed, |consent| consent.approval_begun(claim, approval.clone(), now)).await {
        Ok(consent) => Ok((consent, Some(Opening::of_order(&approval, Some(app))))),
        Err(error) => {
            // The attempt was ended meanwhile: nobody would follow this order, so it must not wait on a phone.
            if let Some(link) = &approval.session.cancel
                && invocation.bank(country)?.cancel(&invocation.exchange(), link).await.is_err()
            {
                telemetry::count(Metric::CancelFailures);
            }
            Err(error.into())
        }
    }
}

/// A start that failed is called the same by its first answer and by every repeat.
pub(crate) fn problem(fault: Fault, reason: Reason) -> Problem {
    match reason {
        Reason::StartNotTaken => fault.into(),
        reason => Problem::new(Code::of_failure(reason)).caused_by(&fault),
    }
}

/// The call itself. The claim for it has been written before.
async fn begin(
    invocation: &Invocation<'_>,
    country: Country,
    registration: Registration,
    wanted: Wanted,
) -> Result<Approval, Fault> {
    let bank = invocation.bank(country).map_err(|_| Fault::Misconfigured)?;
    let link = registration.decoupled.as_ref().ok_or(Fault::NoMethod)?;
    let Wanted { number, identity, same_device, address } = wanted;
    let (call, consent) = (invocation.exchange(), &registration.bank_consent);
    let order = bank.begin_decoupled(&call, link, consent, &number, &address, same_device).await?;
    let now = invocation.now();
    let session =
        Session { poll: order.poll, cancel: order.cancel, auto_start: order.auto_start, qr: order.qr };
    let (sleep, next_poll, open_by) = (order.sleep, now + order.sleep, now + OPEN_WITHIN);
    Ok(Approval { registration, session, sleep, next_poll, open_by, same_device, identity })
}

/// Why there is no order. Whatever the bank answered but these gave nobody anything to sign, so it can be tried again.
fn reason(fault: &Fault) -> Reason {
    match fault {
        Fault::Lost => Reason::StartUnknown,
        Fault::IntentExpired => Reason::TooLate,
        Fault::BankIdFailed => Reason::BankIdFailed,
        Fault::NotCustomer => Reason::NotCustomer,
        Fault::BankIdNotActivated => Reason::BankIdNotActivated,
        Fault::InvalidPersonalNumber => Reason::PersonalNumberRefused,
        _ => Reason::StartNotTaken,
    }
}
