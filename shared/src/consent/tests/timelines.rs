//! What a timeline tells: every change of state, once, in its order, with the bank's own word.

use super::*;
use crate::types::Signal;

/// Does to a consent what the store does: applies, compares, remembers.
fn then(consent: Consent, by: u8, second: i64, act: impl FnOnce(Consent) -> Consent) -> Consent {
    let past = (consent.past(), consent.failure(at(second)));
    act(consent).remembering(Some(past), ClaimId([by; 16]), at(second))
}

fn told(consent: &Consent) -> Vec<Event> {
    consent.timeline.entries().map(|entry| entry.event).collect()
}

fn started() -> Consent {
    begun().remembering(None, ClaimId([1; 16]), T0)
}

fn redirect_started() -> Consent {
    let consent = then(started(), 1, 1, |it| it.registered(claim(1, 30), registration(), at(1)).unwrap());
    then(consent, 2, 2, |it| it.choose_redirect(fingerprint(1, 1), &app(), false, at(2)).unwrap())
}

fn activated() -> Consent {
    let consent = then(redirect_started(), 3, 3, |it| it.redeem(1, digest(5), claim(3, 40), at(3)).unwrap());
    let consent = then(consent, 3, 4, |it| it.sign(claim(3, 40), signature(5, at(4)), at(4)).unwrap());
    then(consent, 4, 5, |it| it.activate(Some(&digest(7)), at(5)).unwrap())
}

#[test]
fn a_whole_walk_is_told_in_its_order_each_event_with_its_request() {
    use Event::{Activated, RedirectStarted, Registered, Signed, Started};
    let consent = activated();
    assert_eq!(told(&consent), [Started, Registered, RedirectStarted, Signed, Activated]);
    let by: Vec<u8> = consent.timeline.entries().map(|entry| entry.by.as_bytes()[0]).collect();
    assert_eq!(by, [1, 1, 2, 3, 4]);
}

#[test]
fn a_failure_tells_what_the_bank_said_and_time_tells_only_that_it_passed() {
    let why = (Reason::CodeRefused, Signal::InvalidGrant);
    let redeeming =
        then(redirect_started(), 3, 3, |it| it.redeem(1, digest(5), claim(3, 40), at(3)).unwrap());
    let failed = then(redeeming, 3, 4, |it| it.redeem_failed(claim(3, 40), why, at(4)).unwrap());
    assert_eq!(told(&failed).last(), Some(&Event::Failed(why.0, Some(why.1))));
    let revoked = then(redirect_started(), 9, 5_000, |it| it.revoke(at(5_000)).unwrap());
    assert_eq!(told(&revoked)[3..], [Event::Failed(Reason::TooLate, None), Event::Revoked]);
}

#[test]
fn trouble_that_ends_nothing_is_told_once_until_it_is_another() {
    let denied = then(redirect_started(), 3, 3, |it| it.note_denial(1, Signal::AccessDenied, at(3)).unwrap());
    assert_eq!(told(&denied).last(), Some(&Event::Trouble(Signal::AccessDenied)));
    let redeeming = then(denied, 4, 4, |it| it.redeem(1, digest(5), claim(4, 40), at(4)).unwrap());
    let back = then(redeeming, 4, 5, |it| it.redeem_again(claim(4, 40), Signal::NotSent, at(5)).unwrap());
    assert_eq!(told(&back)[3..], [Event::Trouble(Signal::AccessDenied), Event::Trouble(Signal::NotSent)]);
    let order = registration().bank_consent;
    let once = approving().note_trouble(&order, Signal::ProxyError).unwrap();
    assert_eq!(refused(once.note_trouble(&order, Signal::ProxyError)), Refused::AlreadySo);
}

#[test]
fn a_renewal_and_its_failure_stay_visible_beside_the_grant() {
    let renew = |it: Consent| it.renew(fingerprint(3, 3), claim(6, 100), &app(), at(50)).unwrap();
    let renewing = then(activated(), 6, 50, renew);
    let cancelled = then(renewing, 7, 51, |it| it.cancel(at(51)).unwrap());
    assert_eq!(told(&cancelled)[5..], [Event::RenewalStarted, Event::Failed(Reason::Cancelled, None)]);
    // Whoever begins again after a try that only time has ended finds both told.
    let renewing = then(activated(), 6, 50, renew);
    let again =
        then(renewing, 8, 200, |it| it.renew(fingerprint(4, 4), claim(8, 300), &app(), at(200)).unwrap());
    assert_eq!(told(&again)[6..], [Event::Failed(Reason::StartUnknown, None), Event::RenewalStarted]);
}

#[test]
fn a_refresh_is_a_counter_and_no_event() {
    let before = told(&activated()).len();
    let claimed = then(activated(), 6, 10, |it| it.claim_refresh(1, claim(6, 60), at(10)).unwrap());
    let settled = then(claimed, 6, 11, |it| it.settle_refresh(1, claim(6, 60), &tokens("second")).unwrap());
    assert_eq!(told(&settled).len(), before);
    assert_eq!(settled.readable(at(12)).unwrap().refreshes, 1);
}
