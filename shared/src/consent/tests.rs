//! The transitions one by one: what they lead to, and above all what they refuse.

use super::*;
use crate::types::{AccessToken, AutoStartToken, BankConsentId, ClaimId, Link, RefreshToken, SessionLink};

const T0: Timestamp = Timestamp::from_millis(1_768_464_000_000);

fn at(seconds: i64) -> Timestamp {
    T0 + Span::seconds(seconds)
}

fn claim(number: u8, until: i64) -> Claim {
    Claim { by: ClaimId([number; 16]), until: at(until) }
}

fn digest(number: u8) -> Digest {
    Digest([number; 16])
}

fn fingerprint(key: u8, body: u8) -> Fingerprint {
    Fingerprint { key: digest(key), body: digest(body) }
}

fn app() -> AppId {
    AppId::parse("android").unwrap()
}

fn begun() -> Consent {
    let beginning = Beginning {
        id: ConsentId([1; 16]),
        owner: OwnerId([2; 16]),
        country: Country::Se,
        psu_type: PsuType::Individual,
        corporate: None,
        reference: None,
        body: digest(9),
        app: None,
    };
    Consent::begin(beginning, claim(1, 30), T0)
}

fn registration() -> Registration {
    Registration {
        bank_consent: BankConsentId::parse("bank-1").unwrap(),
        redirect: Link::parse("https://bank.example/authorize/1.0").ok(),
        decoupled: Link::parse("https://bank.example/init/2.0").ok(),
        made: T0,
    }
}

fn registered() -> Consent {
    begun().registered(claim(1, 30), registration(), at(1)).unwrap()
}

fn redirected() -> Consent {
    registered().choose_redirect(fingerprint(1, 1), &app(), at(2)).unwrap()
}

fn tokens(name: &str) -> Tokens {
    Tokens {
        access: AccessToken::new(name),
        access_expires: at(86_400),
        refresh: Some(RefreshToken::new(format!("refresh of {name}"))),
    }
}

fn signature(code: u8, now: Timestamp) -> Signature {
    let tokens = tokens("first");
    let clocks = Clocks::new(Country::Se, &tokens, now);
    let bank_consent = BankConsentId::parse("bank-1").unwrap();
    Signature {
        bank_consent,
        tokens,
        clocks,
        proof: Proof::Handle { code: digest(code), handle: digest(7) },
        at: now,
    }
}

fn signed() -> Consent {
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    redeeming.sign(claim(2, 40), signature(5, at(4)), at(4)).unwrap()
}

fn active() -> Consent {
    signed().activate(Some(&digest(7)), at(5)).unwrap()
}

fn approval(start: Fingerprint) -> Approval {
    Approval {
        registration: registration(),
        start,
        session: Session {
            poll: SessionLink::new("https://bank.example/poll"),
            cancel: None,
            auto_start: Some(AutoStartToken::new("auto")),
            qr: None,
        },
        sleep: Span::seconds(2),
        next_poll: at(4),
        open_by: at(32),
        same_device: true,
        identity: Identity::Asserted,
    }
}

fn approving() -> Consent {
    let initiating = registered().choose_decoupled(fingerprint(1, 1), &app(), claim(3, 40), at(2)).unwrap();
    initiating.approval_begun(claim(3, 40), approval(fingerprint(1, 1)), at(2)).unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Refused>) -> Refused {
    result.unwrap_err()
}

#[test]
fn nobody_settles_a_start_whose_claim_is_not_theirs() {
    assert_eq!(refused(begun().registered(claim(2, 30), registration(), at(1))), Refused::ClaimLost);
    assert_eq!(refused(begun().start_failed(claim(2, 30), Reason::StartNotTaken, at(1))), Refused::ClaimLost);
}

#[test]
fn a_start_whose_lease_is_over_has_failed_and_takes_no_settle() {
    assert_eq!(begun().failure(at(30)), Some(Reason::StartUnknown));
    assert_eq!(refused(begun().registered(claim(1, 30), registration(), at(30))), Refused::ClaimLost);
}

#[test]
fn only_a_start_that_never_left_begins_again() {
    let unsent = begun().start_failed(claim(1, 30), Reason::StartNotTaken, at(1)).unwrap();
    assert!(matches!(unsent.begin_again(claim(2, 60), at(2)).unwrap().attempt, Attempt::Registering { .. }));
    let unknown = begun().start_failed(claim(1, 30), Reason::StartUnknown, at(1)).unwrap();
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
    let again = redirected().choose_redirect(fingerprint(1, 1), &app(), at(3)).unwrap();
    assert!(matches!(again.attempt, Attempt::AwaitingRedirect(_)));
    assert_eq!(refused(redirected().choose_redirect(fingerprint(1, 2), &app(), at(3))), Refused::OtherBody);
    assert_eq!(refused(redirected().choose_redirect(fingerprint(2, 1), &app(), at(3))), Refused::WrongState);
    let late = registered().choose_redirect(fingerprint(1, 1), &app(), T0 + INTENT_LIFETIME);
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
    let back = redeeming().redeem_again(claim(2, 40), at(4)).unwrap();
    assert!(matches!(back.attempt, Attempt::AwaitingRedirect(_)));
    let lost = redeeming().redeem_failed(claim(2, 40), Reason::ExchangeUnknown, at(4)).unwrap();
    assert_eq!(refused(lost.redeem(1, digest(5), claim(4, 50), at(5))), Refused::WrongState);
    assert_eq!(
        redeeming().failure(at(40)),
        Some(Reason::ExchangeUnknown),
        "nothing is stuck longer than its lease"
    );
}

#[test]
fn an_error_at_the_callback_is_noted_and_ends_nothing() {
    let noted = redirected().note_denial(1, at(3)).unwrap();
    assert_eq!(noted.callback(1, None, at(3)), Step::Denied);
    assert_eq!(noted.callback(1, Some(&digest(5)), at(3)), Step::Redeem);
    assert_eq!(signed().callback(1, None, at(5)), Step::Denied);
    assert_eq!(refused(signed().note_denial(1, at(5))), Refused::WrongState);
    assert_eq!(refused(noted.note_denial(1, at(4))), Refused::AlreadySo);
    assert_eq!(refused(redirected().note_denial(2, at(3))), Refused::WrongState);
    assert_eq!(refused(redirected().redeem(2, digest(5), claim(2, 40), at(3))), Refused::WrongState);
}

#[test]
fn a_callback_of_another_attempt_is_over() {
    assert_eq!(redirected().callback(2, Some(&digest(5)), at(3)), Step::Over);
    assert_eq!(redirected().callback(1, Some(&digest(5)), T0 + INTENT_LIFETIME), Step::Over);
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
    let granted = approving().approved(&bank_consent, &tokens("first"), at(5)).unwrap();
    assert_eq!(granted.status(at(5)), Status::Active);
    assert!(
        granted.approved(&bank_consent, &tokens("first"), at(6)).is_ok(),
        "a settle finds its own result"
    );
}

#[test]
fn a_slow_poll_holds_back_the_next_one_until_it_is_answered_or_its_lease_is_over() {
    let slow = || approving().claim_poll(at(4)).unwrap().hold_poll(claim(5, 34)).unwrap();
    assert_eq!(refused(slow().claim_poll(at(10))), Refused::TooEarly { wait: Span::seconds(24) });
    assert!(slow().claim_poll(at(34)).is_ok());
    let answered = slow().release_poll(at(10)).unwrap();
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
    assert_eq!(refused(cancelled.approved(&bank_consent, &tokens("late"), at(5))), Refused::ClaimLost);
    let other = BankConsentId::parse("bank-2").unwrap();
    assert_eq!(refused(approving().approved(&other, &tokens("foreign"), at(5))), Refused::ClaimLost);
}

#[test]
fn a_renewal_is_an_attempt_beside_a_living_grant_and_its_failure_changes_nothing() {
    let renewing = || active().renew(claim(6, 100), None, at(50)).unwrap();
    assert_eq!((renewing().ordinal, renewing().status(at(51))), (2, Status::Active));
    assert_eq!(refused(renewing().renew(claim(7, 110), None, at(51))), Refused::InFlight);
    assert_eq!(refused(approving().renew(claim(7, 110), None, at(5))), Refused::WrongState);
    let failed = renewing().start_failed(claim(6, 100), Reason::StartNotTaken, at(51)).unwrap();
    assert_eq!(failed.readable(at(52)).unwrap().tokens.access.expose(), "first");
    assert_eq!(
        failed.callback(1, Some(&digest(5)), at(52)),
        Step::Over,
        "the first attempt's state is of the past"
    );
}

#[test]
fn a_decoupled_renewal_waits_as_signed_and_is_swapped_in_by_the_owners_token() {
    let order = BankConsentId::parse("bank-1").unwrap();
    let signed = || {
        let registered = Registration { made: at(50), ..registration() };
        let pending = Approval { registration: registered, ..approval(fingerprint(3, 3)) };
        let asked = active().renew(claim(6, 100), None, at(50)).unwrap();
        let asked = asked.approval_begun(claim(6, 100), pending, at(51)).unwrap();
        asked.approved(&order, &tokens("second"), at(60)).unwrap()
    };
    assert!(matches!(signed().attempt, Attempt::Signed(_)));
    assert_eq!(signed().readable(at(61)).unwrap().tokens.access.expose(), "first", "the old grant reads on");
    assert_eq!(refused(signed().activate(Some(&digest(7)), at(61))), Refused::OtherHandle);
    let swapped = signed().activate(None, at(61)).unwrap();
    let now = swapped.readable(at(62)).unwrap();
    assert_eq!((now.tokens.access.expose(), now.generation), ("second", 2));
    let kept = signed().renewed_by_another(at(61)).unwrap();
    assert_eq!(kept.readable(at(62)).unwrap().tokens.access.expose(), "first");
    assert_eq!(kept.failure(at(62)), Some(Reason::RenewalOtherCustomer));
}

#[test]
fn revoked_is_for_ever() {
    let revoked = || active().revoke(at(10));
    assert_eq!(revoked().status(at(11)), Status::Revoked);
    assert_eq!(revoked().readable(at(11)).unwrap_err(), Refused::Revoked);
    assert_eq!(refused(revoked().renew(claim(6, 100), None, at(11))), Refused::Revoked);
    assert_eq!(refused(revoked().activate(Some(&digest(7)), at(11))), Refused::Revoked);
    assert_eq!(refused(revoked().claim_refresh(1, claim(6, 100), at(11))), Refused::Revoked);
    let late = approving().revoke(at(3)).approved(&registration().bank_consent, &tokens("late"), at(5));
    assert_eq!(refused(late), Refused::Revoked);
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    assert_eq!(
        refused(redeeming.revoke(at(4)).sign(claim(2, 40), signature(5, at(5)), at(5))),
        Refused::ClaimLost
    );
    assert!(matches!(revoked().revoke(at(20)).grant, Grant::Revoked { at: first } if first == at(10)));
}

#[test]
fn one_refresh_per_generation_and_only_the_claimer_settles() {
    let claimed = || active().claim_refresh(1, claim(4, 60), at(10)).unwrap();
    assert_eq!(refused(claimed().claim_refresh(1, claim(5, 70), at(11))), Refused::InFlight);
    assert_eq!(refused(claimed().settle_refresh(1, claim(5, 70), &tokens("second"))), Refused::ClaimLost);
    let settled = || claimed().settle_refresh(1, claim(4, 60), &tokens("second")).unwrap();
    assert_eq!(settled().readable(at(12)).unwrap().generation, 2);
    assert_eq!(refused(settled().claim_refresh(1, claim(5, 70), at(12))), Refused::Superseded);
    assert_eq!(refused(settled().settle_refresh(1, claim(4, 60), &tokens("third"))), Refused::ClaimLost);
    assert!(claimed().claim_refresh(1, claim(5, 90), at(60)).is_ok(), "a lease that is over binds nobody");
}

#[test]
fn a_refresh_without_a_refresh_token_keeps_the_old_one() {
    let fresh = Tokens { refresh: None, ..tokens("second") };
    let claimed = active().claim_refresh(1, claim(4, 60), at(10)).unwrap();
    let settled = claimed.settle_refresh(1, claim(4, 60), &fresh).unwrap();
    let tokens = &settled.readable(at(12)).unwrap().tokens;
    assert_eq!(tokens.access.expose(), "second");
    assert_eq!(tokens.refresh.as_ref().unwrap().expose(), "refresh of first");
}

#[test]
fn nothing_is_read_past_either_clock_or_after_a_lapse() {
    let refresh_over = T0 + Span::days(90) + Span::seconds(4);
    assert!(active().readable(refresh_over - Span::seconds(1)).is_ok());
    assert_eq!(active().readable(refresh_over).unwrap_err(), Refused::GrantOver);
    assert_eq!(refused(active().claim_refresh(1, claim(4, 60), refresh_over)), Refused::GrantOver);
    let claimed = active().claim_refresh(1, claim(4, 60), at(10)).unwrap();
    let lapsed = claimed.lapse(1, claim(4, 60), at(11)).unwrap();
    assert_eq!(lapsed.readable(at(12)).unwrap_err(), Refused::GrantOver);
    assert_eq!(lapsed.status(at(12)), Status::Expired);
}

#[test]
fn clocks_follow_the_country() {
    let clocks = |country| Clocks::new(country, &tokens("any"), T0);
    assert_eq!(clocks(Country::Se).limited_by(), LimitedBy::RefreshToken);
    assert_eq!(clocks(Country::Se).expires_at(), T0 + Span::days(90));
    assert_eq!(clocks(Country::Gb).limited_by(), LimitedBy::Consent);
    assert_eq!(clocks(Country::Nl).renew_by(), T0 + Span::days(75));
    let no_refresh = Tokens { refresh: None, ..tokens("any") };
    assert_eq!(Clocks::new(Country::Se, &no_refresh, T0).expires_at(), at(86_400));
}

#[test]
fn every_reason_survives_its_code() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.code()), Some(*reason));
    }
    assert_eq!(Reason::parse("something else"), None);
}
