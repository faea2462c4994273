//! Starting a BankID order: the one call at the bank that both starts share, and what its refusals mean.

use shared::{
    app::Invocation,
    bank::Fault,
    consent::{Approval, Fingerprint, Identity, OPEN_WITHIN, Reason, Registration, Session},
    types::{Country, PersonalNumber, PsuAddress},
};

/// What an order is started with.
pub(crate) struct Wanted {
    pub(crate) number: PersonalNumber,
    pub(crate) identity: Identity,
    pub(crate) same_device: bool,
    pub(crate) address: PsuAddress,
    pub(crate) start: Fingerprint,
}

/// Starts the order. The claim for it has been written before.
pub(crate) async fn begin(
    invocation: &Invocation<'_>,
    country: Country,
    registration: Registration,
    wanted: Wanted,
) -> Result<Approval, Fault> {
    let bank = invocation.bank(country).map_err(|_| Fault::Misconfigured)?;
    let link = registration.decoupled.as_ref().ok_or(Fault::NoMethod)?;
    let Wanted { number, identity, same_device, address, start } = wanted;
    let (call, consent) = (invocation.exchange(), &registration.bank_consent);
    let order = bank.begin_decoupled(&call, link, consent, &number, &address, same_device).await?;
    let now = invocation.now();
    let session =
        Session { poll: order.poll, cancel: order.cancel, auto_start: order.auto_start, qr: order.qr };
    let (sleep, next_poll, open_by) = (order.sleep, now + order.sleep, now + OPEN_WITHIN);
    Ok(Approval { registration, start, session, sleep, next_poll, open_by, same_device, identity })
}

/// Why there is no order, for the consent's own memory.
pub(crate) fn reason(fault: &Fault) -> Reason {
    match fault {
        fault if fault.provably_not_sent() => Reason::StartNotSent,
        Fault::Lost => Reason::StartUnknown,
        Fault::IntentExpired => Reason::TooLate,
        Fault::BankIdFailed => Reason::BankIdFailed,
        Fault::NotCustomer => Reason::NotCustomer,
        Fault::BankIdNotActivated => Reason::BankIdNotActivated,
        Fault::InvalidPersonalNumber => Reason::PersonalNumberRefused,
        _ => Reason::StartRefused,
    }
}
