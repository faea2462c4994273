//! Every transition as a value that can be drawn at random, listed in a table and applied twice.

use super::*;
use crate::types::QrData;

/// How long a claim holds in these tests, in seconds.
pub(super) const LEASE: i64 = 30;

/// What somebody who activates shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Handle,
    OtherHandle,
    Nothing,
}

/// One transition; `by` is the claimer, `key` the `Idempotency-Key` of a start, `stale` means one generation too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    BeginAgain { by: u8 },
    Registered { by: u8 },
    RegisteredForRedirect { by: u8 },
    ChooseRedirect { key: u8 },
    ChooseDecoupled { key: u8, by: u8 },
    ApprovalBegun { by: u8 },
    ChooseAgain { by: u8 },
    StartFailed { by: u8, unsent: bool },
    Cancel,
    NoteDenial { past: bool },
    RefuseUnprotected,
    Redeem { code: u8, by: u8, past: bool },
    Sign { code: u8, by: u8 },
    RedeemFailed { by: u8 },
    RedeemAgain { by: u8 },
    Activate { shown: Shown },
    ClaimPoll,
    HoldPoll { by: u8, foreign: bool },
    ReleasePoll { foreign: bool },
    ShowQr { foreign: bool },
    Approved { foreign: bool },
    NotApproved { foreign: bool },
    RenewedByAnother,
    ClaimRefresh { by: u8, stale: bool },
    SettleRefresh { by: u8, stale: bool },
    ReleaseRefresh { by: u8, stale: bool, executed: bool },
    GiveUp { stale: bool },
    Lapse { by: u8, stale: bool },
    Restored,
    NoteTrouble { foreign: bool },
    Renew { key: u8, by: u8 },
    Revoke,
    RevokeAtBank,
    BankRevoked,
    Buried,
}

/// Applies it `second` seconds after the beginning, with what the bank would have sent then.
pub(super) fn apply(consent: Consent, act: Act, second: i64) -> Result<Consent, Refused> {
    let now = at(second);
    let lease = |by| claim(by, second + LEASE);
    let ordinal = consent.ordinal;
    let of_attempt = |past: bool| if past { ordinal - 1 } else { ordinal };
    let current = match &consent.grant {
        Grant::Active(active) => active.generation,
        _ => 1,
    };
    let of_grant = |stale: bool| if stale { current - 1 } else { current };
    let order = |foreign: bool| if foreign { bank_consent(0) } else { bank_consent(ordinal) };
    let made = registration_of(&consent, now);
    match act {
        Act::BeginAgain { by } => consent.begin_again(lease(by), now),
        Act::Registered { by } => consent.registered(lease(by), made, now),
        Act::RegisteredForRedirect { by } => {
            let redirecting = Redirecting { registration: made, denied: false, pkce: false };
            consent.registered_for_redirect(lease(by), redirecting, now)
        }
        Act::ChooseRedirect { key } => consent.choose_redirect(fingerprint(key, key), &app(), false, now),
        Act::ChooseDecoupled { key, by } => {
            consent.choose_decoupled(fingerprint(key, key), &app(), lease(by), now)
        }
        Act::ApprovalBegun { by } => {
            let pending = approval_of(made, second);
            consent.approval_begun(lease(by), pending, now)
        }
        Act::ChooseAgain { by } => consent.choose_again(lease(by), Signal::NotSent, now),
        Act::StartFailed { by, unsent: true } => consent.start_failed(lease(by), NOT_TAKEN, now),
        Act::StartFailed { by, unsent: false } => consent.start_failed(lease(by), UNKNOWN, now),
        Act::Cancel => consent.cancel(now),
        Act::NoteDenial { past } => consent.note_denial(of_attempt(past), Signal::AccessDenied, now),
        Act::RefuseUnprotected => consent.refuse_unprotected(ordinal, now),
        Act::Redeem { code, by, past } => consent.redeem(of_attempt(past), digest(code), lease(by), now),
        Act::Sign { code, by } => {
            let signature = Signature { bank_consent: bank_consent(ordinal), ..signature(code, now) };
            consent.sign(lease(by), signature, now)
        }
        Act::RedeemFailed { by } => {
            consent.redeem_failed(lease(by), (Reason::CodeRefused, Signal::InvalidGrant), now)
        }
        Act::RedeemAgain { by } => consent.redeem_again(lease(by), Signal::NotSent, now),
        Act::Activate { shown: Shown::Handle } => consent.activate(Some(&digest(7)), now),
        Act::Activate { shown: Shown::OtherHandle } => consent.activate(Some(&digest(8)), now),
        Act::Activate { shown: Shown::Nothing } => consent.activate(None, now),
        Act::ClaimPoll => consent.claim_poll(now),
        Act::HoldPoll { by, foreign } => consent.hold_poll(&order(foreign), lease(by)),
        Act::ReleasePoll { foreign } => consent.release_poll(&order(foreign), now),
        Act::ShowQr { foreign } => consent.show_qr(&order(foreign), QrData::new("newest")),
        Act::Approved { foreign } => {
            consent.approved(&order(foreign), &tokens("approved"), clocks_at(now), now)
        }
        Act::NotApproved { foreign } => {
            consent.not_approved(&order(foreign), (Reason::BankIdCancelled, Signal::UserCancel), now)
        }
        Act::NoteTrouble { foreign } => consent.note_trouble(&order(foreign), Signal::ProxyError),
        Act::RenewedByAnother => consent.renewed_by_another(now),
        Act::ClaimRefresh { by, stale } => consent.claim_refresh(of_grant(stale), lease(by), now),
        Act::SettleRefresh { by, stale } => {
            consent.settle_refresh(of_grant(stale), lease(by), &tokens("refreshed"))
        }
        Act::ReleaseRefresh { by, stale, executed } => {
            consent.release_refresh(of_grant(stale), lease(by), executed)
        }
        Act::GiveUp { stale } => consent.give_up(of_grant(stale), now),
        Act::Lapse { by, stale } => {
            consent.lapse(of_grant(stale), lease(by), Some(Signal::UnauthorizedClient), now)
        }
        Act::Renew { key, by } => consent.renew(fingerprint(key, key), lease(by), &app(), now),
        Act::Restored => consent.restored(now),
        Act::Revoke => consent.revoke(now),
        Act::RevokeAtBank => consent.revoke_at_bank(now),
        Act::BankRevoked => consent.bank_revoked(&BankRevocation::Done),
        Act::Buried => consent.buried(now),
    }
}

/// The bank's id for what attempt `ordinal` signs.
fn bank_consent(ordinal: u16) -> BankConsentId {
    BankConsentId::parse(&format!("bank-{ordinal}")).unwrap()
}

/// What is being signed: known already, or registered just now.
fn registration_of(consent: &Consent, now: Timestamp) -> Registration {
    match &consent.attempt {
        Attempt::Initiating { registration, .. } => registration.clone(),
        _ => Registration { bank_consent: bank_consent(consent.ordinal), made: now, ..registration() },
    }
}

fn approval_of(registration: Registration, second: i64) -> Approval {
    let known = approval();
    Approval { registration, next_poll: at(second + 2), ..known }
}
