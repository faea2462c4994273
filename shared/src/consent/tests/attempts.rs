//! Attempts one transition at a time: what it leads to, and above all what it refuses.

use super::*;

#[test]
fn nobody_settles_a_start_whose_claim_is_not_theirs() {
    assert_eq!(refused(begun().registered(claim(2, 30), registration(), at(1))), Refused::ClaimLost);
    assert_eq!(refused(begun().start_failed(claim(2, 30), NOT_TAKEN, at(1))), Refused::ClaimLost);
}

#[test]
fn a_start_whose_lease_is_over_has_failed_and_takes_no_settle() {
    assert_eq!(begun().failure(at(30)), Some(Reason::StartUnknown));
    assert_eq!(refused(begun().registered(claim(1, 30), registration(), at(30))), Refused::ClaimLost);
}

#[test]
fn only_a_start_that_never_left_begins_again() {
    let unsent = begun().start_failed(claim(1, 30), NOT_TAKEN, at(1)).unwrap();
    assert!(matches!(unsent.begin_again(claim(2, 60), at(2)).unwrap().attempt, Attempt::Registering { .. }));
    let unknown = begun().start_failed(claim(1, 30), UNKNOWN, at(1)).unwrap();
    assert_eq!(refused(unknown.begin_again(claim(2, 60), at(2))), Refused::WrongState);
    assert_eq!(refused(begun().begin_again(claim(2, 60), at(2))), Refused::InFlight);
}

#[test]
fn a_method_that_was_not_offered_cannot_be_chosen() {
    let only_redirect = Registration { decoupled: None, ..registration() };
    let consent = begun().registered(claim(1, 30), only_redirect, at(1)).unwrap();
    let wish = consent.choose_decoupled(fingerprint(1, 1), &app(), claim(3, 40), at(2));
    assert_eq!(refused(wish), Refused::NotOffered);
}

#[test]
fn the_first_choice_stands_its_repeat_is_harmless_and_any_other_is_refused() {
    let again = redirected().choose_redirect(fingerprint(1, 1), &app(), false, at(3)).unwrap();
    assert!(matches!(again.attempt, Attempt::AwaitingRedirect(_)));
    assert_eq!(
        refused(redirected().choose_redirect(fingerprint(1, 2), &app(), false, at(3))),
        Refused::OtherBody
    );
    assert_eq!(
        refused(redirected().choose_redirect(fingerprint(2, 1), &app(), false, at(3))),
        Refused::WrongState
    );
    let late = registered().choose_redirect(fingerprint(1, 1), &app(), false, T0 + INTENT_LIFETIME);
    assert_eq!(refused(late), Refused::TooLate);
}

#[test]
fn one_code_is_redeemed_by_one_claimer() {
    let redeeming = || redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    assert_eq!(refused(redeeming().redeem(1, digest(5), claim(4, 50), at(4))), Refused::InFlight);
    let same = redeeming().redeem(1, digest(5), claim(2, 40), at(4)).unwrap();
    assert!(matches!(same.attempt, Attempt::Redeeming { .. }), "a write whose answer was lost finds itself");
    assert_eq!(refused(redeeming().sign(claim(4, 50), signature(5, at(4)), at(4))), Refused::ClaimLost);
    assert_eq!(refused(redeeming().sign(claim(2, 40), signature(5, at(40)), at(40))), Refused::ClaimLost);
    assert_eq!(refused(signed().redeem(1, digest(5), claim(4, 50), at(6))), Refused::AlreadySigned);
}

#[test]
fn a_second_code_ends_the_attempt_in_whatever_state_the_first_is() {
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    for consent in [redeeming, signed()] {
        let ended = consent.redeem(1, digest(6), claim(4, 50), at(6)).unwrap();
        assert_eq!(ended.failure(at(6)), Some(Reason::CodeConflict));
        assert_eq!(refused(ended.sign(claim(2, 40), signature(5, at(7)), at(7))), Refused::ClaimLost);
    }
}

#[test]
fn a_code_that_never_left_is_as_good_as_before_and_one_that_may_have_left_is_not() {
    let redeeming = || redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    let back = redeeming().redeem_again(claim(2, 40), Signal::NotSent, at(4)).unwrap();
    assert!(matches!(back.attempt, Attempt::AwaitingRedirect(_)));
    let lost =
        redeeming().redeem_failed(claim(2, 40), (Reason::ExchangeUnknown, Signal::Lost), at(4)).unwrap();
    assert_eq!(refused(lost.redeem(1, digest(5), claim(4, 50), at(5))), Refused::WrongState);
    assert_eq!(
        redeeming().failure(at(40)),
        Some(Reason::ExchangeUnknown),
        "nothing is stuck longer than its lease"
    );
}

#[test]
fn an_error_at_the_callback_is_noted_and_ends_nothing() {
    let noted = redirected().note_denial(1, Signal::AccessDenied, at(3)).unwrap();
    assert_eq!(noted.callback(1, None, at(3)), Step::Denied);
    assert_eq!(noted.callback(1, Some(&digest(5)), at(3)), Step::Redeem);
    assert_eq!(signed().callback(1, None, at(5)), Step::Denied);
    assert_eq!(refused(signed().note_denial(1, Signal::AccessDenied, at(5))), Refused::WrongState);
    assert_eq!(refused(noted.note_denial(1, Signal::AccessDenied, at(4))), Refused::AlreadySo);
    assert_eq!(refused(redirected().note_denial(2, Signal::AccessDenied, at(3))), Refused::WrongState);
    assert_eq!(refused(redirected().redeem(2, digest(5), claim(2, 40), at(3))), Refused::WrongState);
}

#[test]
fn a_callback_of_another_attempt_is_over() {
    assert_eq!(redirected().callback(2, Some(&digest(5)), at(3)), Step::Over);
    assert_eq!(redirected().callback(1, Some(&digest(5)), T0 + INTENT_LIFETIME), Step::Over);
}

#[test]
fn an_attempt_without_a_challenge_can_be_refused_before_its_code_is_spent_and_one_with_it_cannot() {
    let unprotected = redirected().refuse_unprotected(1, at(3)).unwrap();
    assert_eq!(unprotected.failure(at(3)), Some(Reason::PkceMissing));
    assert_eq!(refused(redirected().refuse_unprotected(2, at(3))), Refused::WrongState);
    let protected = registered().choose_redirect(fingerprint(1, 1), &app(), true, at(2)).unwrap();
    assert_eq!(refused(protected.refuse_unprotected(1, at(3))), Refused::WrongState);
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    assert_eq!(refused(redeeming.refuse_unprotected(1, at(4))), Refused::WrongState, "too late to ask");
}

#[test]
fn a_signature_is_claimed_by_its_handle_within_five_minutes() {
    assert_eq!(refused(signed().activate(Some(&digest(8)), at(5))), Refused::OtherHandle);
    assert_eq!(refused(signed().activate(Some(&digest(7)), at(4) + SIGNED_LIFETIME)), Refused::TooLate);
    assert_eq!(refused(redirected().activate(Some(&digest(7)), at(5))), Refused::WrongState);
    assert_eq!(refused(active().activate(Some(&digest(7)), at(6))), Refused::AlreadySo, "again is as good");
    assert_eq!(refused(active().activate(Some(&digest(8)), at(6))), Refused::OtherHandle);
}

#[test]
fn polls_keep_the_banks_pause_and_approval_leads_to_the_grant() {
    let bank_consent = BankConsentId::parse("bank-1").unwrap();
    assert_eq!(refused(approving().claim_poll(at(3))), Refused::TooEarly { wait: Span::seconds(1) });
    let claimed = approving().claim_poll(at(4)).unwrap();
    assert_eq!(refused(claimed.claim_poll(at(5))), Refused::TooEarly { wait: Span::seconds(1) });
    let granted = approving().approved(&bank_consent, &tokens("first"), clocks(), at(5)).unwrap();
    assert_eq!(granted.status(at(5)), Status::Active);
    assert!(
        granted.approved(&bank_consent, &tokens("first"), clocks(), at(6)).is_ok(),
        "a settle finds its own result"
    );
}

#[test]
fn a_slow_poll_holds_back_the_next_one_until_it_is_answered_or_its_lease_is_over() {
    let order = registration().bank_consent;
    let slow = || approving().claim_poll(at(4)).unwrap().hold_poll(&order, claim(5, 34)).unwrap();
    assert_eq!(refused(slow().claim_poll(at(10))), Refused::TooEarly { wait: Span::seconds(24) });
    assert!(slow().claim_poll(at(34)).is_ok());
    let answered = slow().release_poll(&order, at(10)).unwrap();
    assert_eq!(refused(answered.claim_poll(at(11))), Refused::TooEarly { wait: Span::seconds(1) });
}

#[test]
fn a_signature_that_nobody_claimed_is_buried_with_its_tokens() {
    let late = at(4) + SIGNED_LIFETIME;
    assert!(matches!(
        signed().buried(late).unwrap().attempt,
        Attempt::Failed { reason: Reason::NotClaimed, .. }
    ));
    assert_eq!(refused(signed().buried(at(5))), Refused::AlreadySo);
}

#[test]
fn tokens_of_an_order_that_was_cancelled_meanwhile_are_refused() {
    let bank_consent = BankConsentId::parse("bank-1").unwrap();
    let cancelled = approving().cancel(at(3)).unwrap();
    assert_eq!(
        refused(cancelled.approved(&bank_consent, &tokens("late"), clocks(), at(5))),
        Refused::ClaimLost
    );
    let other = BankConsentId::parse("bank-2").unwrap();
    assert_eq!(
        refused(approving().approved(&other, &tokens("foreign"), clocks(), at(5))),
        Refused::ClaimLost
    );
}
