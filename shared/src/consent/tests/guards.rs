//! The guard of a personal number: what stays in the way of a start and what does not.

use super::*;

const ME: OwnerId = OwnerId([2; 16]);
const SOMEBODY: OwnerId = OwnerId([8; 16]);

fn guard(ordinal: u16) -> OrderGuard {
    OrderGuard { consent: ConsentId([1; 16]), ordinal, until: at(180), write: [0; 16] }
}

fn initiating() -> Consent {
    registered().choose_decoupled(fingerprint(1, 1), &app(), claim(3, 40), at(2)).unwrap()
}

fn refuse(consent: Consent) -> Consent {
    let why = (Reason::BankIdCancelled, Signal::UserCancel);
    consent.not_approved(&registration().bank_consent, why, at(3)).unwrap()
}

#[test]
fn an_order_that_may_live_gives_way_to_its_own_owner_only() {
    for consent in [begun(), initiating(), approving()] {
        assert_eq!(guard(1).against(&SOMEBODY, Some(&consent), at(3)), InTheWay::Stays, "{consent:?}");
        assert_eq!(guard(1).against(&ME, Some(&consent), at(3)), InTheWay::Superseded, "{consent:?}");
        assert_eq!(guard(2).against(&SOMEBODY, Some(&consent), at(3)), InTheWay::Over, "another attempt");
    }
}

#[test]
fn an_attempt_without_an_order_is_in_nobodys_way() {
    let tokens = tokens("new");
    let approved = approving().approved(&registration().bank_consent, &tokens, clocks(), at(3)).unwrap();
    let cancelled = approving().cancel(at(3)).unwrap();
    for consent in [registered(), redirected(), signed(), active(), approved, cancelled, refuse(approving())]
    {
        assert_eq!(guard(1).against(&SOMEBODY, Some(&consent), at(6)), InTheWay::Over, "{consent:?}");
    }
    assert_eq!(guard(1).against(&SOMEBODY, None, at(6)), InTheWay::Over, "erased");
}

#[test]
fn an_attempt_that_time_has_ended_has_no_order() {
    assert_eq!(guard(1).against(&SOMEBODY, Some(&begun()), at(30)), InTheWay::Over);
    assert_eq!(guard(1).against(&SOMEBODY, Some(&initiating()), at(40)), InTheWay::Over);
    assert_eq!(guard(1).against(&SOMEBODY, Some(&approving()), T0 + INTENT_LIFETIME), InTheWay::Over);
}

#[test]
fn superseding_ends_an_order_and_nothing_else() {
    for consent in [begun(), initiating(), approving()] {
        let ended = consent.supersede(1, at(3)).unwrap();
        assert_eq!(ended.failure(at(3)), Some(Reason::Cancelled));
    }
    for consent in [registered(), redirected(), signed(), active(), refuse(approving())] {
        assert_eq!(refused(consent.supersede(1, at(6))), Refused::AlreadySo);
    }
    assert_eq!(refused(approving().supersede(2, at(3))), Refused::AlreadySo, "another attempt");
}

#[test]
fn a_start_is_claimed_by_whoever_registers_or_initiates_it() {
    assert!(begun().start_claimed_by(ClaimId([1; 16])) && !begun().start_claimed_by(ClaimId([2; 16])));
    assert!(initiating().start_claimed_by(ClaimId([3; 16])));
    assert!(!approving().start_claimed_by(ClaimId([3; 16])), "that one is spent");
}
