//! Grants one transition at a time: renewal, revocation, refresh, clocks.

use super::*;

#[test]
fn a_renewal_is_an_attempt_beside_a_living_grant_and_its_failure_changes_nothing() {
    let renewing = || active().renew(fingerprint(3, 3), claim(6, 100), &app(), at(50)).unwrap();
    assert_eq!((renewing().ordinal, renewing().status(at(51))), (2, Status::Active));
    assert_eq!(
        refused(renewing().renew(fingerprint(3, 3), claim(7, 110), &app(), at(51))),
        Refused::InFlight
    );
    assert_eq!(
        refused(approving().renew(fingerprint(4, 4), claim(7, 110), &app(), at(5))),
        Refused::WrongState
    );
    let failed = renewing().start_failed(claim(6, 100), NOT_TAKEN, at(51)).unwrap();
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
        let pending = Approval { registration: registered, ..approval() };
        let asked = active().renew(fingerprint(3, 3), claim(6, 100), &app(), at(50)).unwrap();
        let asked = asked.approval_begun(claim(6, 100), pending, at(51)).unwrap();
        asked.approved(&order, &tokens("second"), clocks(), at(60)).unwrap()
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
fn the_request_that_began_a_renewal_begins_no_second_one_however_late_it_is_repeated() {
    let renew = |consent: Consent, key: u8, body: u8, now: i64| {
        consent.renew(fingerprint(key, body), claim(8, now + 30), &app(), at(now))
    };
    let cancelled = || {
        let renewing = renew(active(), 3, 3, 50).unwrap();
        renewing.cancel(at(51)).unwrap()
    };
    assert_eq!(refused(renew(cancelled(), 3, 3, 60)), Refused::AlreadySo);
    assert_eq!(refused(renew(cancelled(), 3, 4, 60)), Refused::OtherBody);
    assert_eq!(renew(cancelled(), 4, 4, 60).unwrap().ordinal, 3);
    let swapped = {
        let renewing = renew(active(), 3, 3, 50).unwrap();
        let redirecting = Redirecting { registration: registration(), denied: false, pkce: false };
        let redirected = renewing.registered_for_redirect(claim(8, 80), redirecting, at(51)).unwrap();
        let redeeming = redirected.redeem(2, digest(6), claim(9, 90), at(52)).unwrap();
        let signed = redeeming.sign(claim(9, 90), signature(6, at(53)), at(53)).unwrap();
        signed.activate(Some(&digest(7)), at(54)).unwrap()
    };
    assert_eq!(refused(renew(swapped, 3, 3, 60)), Refused::AlreadySo);
    let not_taken = renew(active(), 3, 3, 50).unwrap().start_failed(claim(8, 80), NOT_TAKEN, at(51)).unwrap();
    assert!(renew(not_taken, 3, 3, 60).is_ok(), "nobody can sign what the bank did not take");
}

#[test]
fn nothing_is_renewed_where_nothing_was_granted() {
    let failed = begun().start_failed(claim(1, 30), UNKNOWN, at(1)).unwrap();
    assert_eq!(refused(failed.renew(fingerprint(3, 3), claim(6, 100), &app(), at(2))), Refused::WrongState);
}

#[test]
fn revoked_is_for_ever() {
    let revoked = || active().revoke(at(10)).unwrap();
    assert_eq!(revoked().status(at(11)), Status::Revoked);
    assert_eq!(revoked().readable(at(11)).unwrap_err(), Refused::Revoked);
    assert_eq!(refused(revoked().renew(fingerprint(3, 3), claim(6, 100), &app(), at(11))), Refused::Revoked);
    assert_eq!(refused(revoked().activate(Some(&digest(7)), at(11))), Refused::Revoked);
    assert_eq!(refused(revoked().claim_refresh(1, claim(6, 100), at(11))), Refused::Revoked);
    let late = approving().revoke(at(3)).unwrap().approved(
        &registration().bank_consent,
        &tokens("late"),
        clocks(),
        at(5),
    );
    assert_eq!(refused(late), Refused::Revoked);
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    assert_eq!(
        refused(redeeming.revoke(at(4)).unwrap().sign(claim(2, 40), signature(5, at(5)), at(5))),
        Refused::ClaimLost
    );
    assert_eq!(refused(revoked().revoke(at(20))), Refused::AlreadySo);
}

/// What is left at the bank, if anybody knows how it stands there.
fn at_the_bank(consent: &Consent) -> (&'static str, Vec<&str>) {
    let Grant::Revoked { bank, .. } = &consent.grant else { panic!("not revoked") };
    (bank.as_str(), bank.left().iter().map(BankConsentId::as_str).collect())
}

#[test]
fn what_is_to_be_deleted_at_the_bank_is_that_of_the_very_state_that_ended() {
    let renewing = || {
        let made = Registration {
            bank_consent: BankConsentId::parse("bank-2").unwrap(),
            made: at(51),
            ..registration()
        };
        let asked = active().renew(fingerprint(3, 3), claim(6, 100), &app(), at(50)).unwrap();
        asked.registered(claim(6, 100), made, at(51)).unwrap()
    };
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    let lapsed = active().claim_refresh(1, claim(4, 60), at(10)).unwrap();
    let lapsed = lapsed.lapse(1, claim(4, 60), None, at(11)).unwrap();
    for (consent, now, expected) in [
        (begun(), at(1), ("nothing_to_revoke", vec![])),
        (registered(), at(3), ("unknown", vec!["bank-1"])),
        (redirected(), at(3), ("unknown", vec!["bank-1"])),
        (redeeming, at(4), ("unknown", vec!["bank-1"])),
        (approving(), at(3), ("unknown", vec!["bank-1"])),
        (signed(), at(5), ("unknown", vec!["bank-1"])),
        (active(), at(10), ("unknown", vec!["bank-1"])),
        (lapsed, at(12), ("unknown", vec!["bank-1"])),
        (renewing(), at(52), ("unknown", vec!["bank-1", "bank-2"])),
        (registered(), T0 + INTENT_LIFETIME, ("nothing_to_revoke", vec![])),
    ] {
        let kinds = states::kinds(&consent);
        let revoked = consent.revoke_at_bank(now).unwrap();
        assert_eq!(at_the_bank(&revoked), expected, "{kinds:?}");
        assert_eq!((revoked.status(now), states::token_sets(&revoked)), (Status::Revoked, 0));
    }
    assert_eq!(at_the_bank(&active().revoke(at(10)).unwrap()), ("not_supported", vec![]));
}

#[test]
fn what_failed_at_the_bank_is_tried_again_and_what_is_done_stays_done() {
    let pending = || active().revoke_at_bank(at(10)).unwrap();
    let failed = || {
        let left = BankRevocation::Failed(vec![BankConsentId::parse("bank-1").unwrap()]);
        pending().bank_revoked(&left).unwrap()
    };
    let done = || pending().bank_revoked(&BankRevocation::Done).unwrap();
    assert_eq!(at_the_bank(&failed()), ("failed", vec!["bank-1"]));
    for again in [pending(), failed()] {
        let again = again.revoke_at_bank(at(20)).unwrap();
        assert_eq!(at_the_bank(&again), ("unknown", vec!["bank-1"]));
        assert!(matches!(again.grant, Grant::Revoked { at: since, .. } if since == at(10)), "it ended then");
    }
    assert_eq!(at_the_bank(&failed().bank_revoked(&BankRevocation::Done).unwrap()), ("done", vec![]));
    let late = BankRevocation::Failed(vec![BankConsentId::parse("bank-1").unwrap()]);
    assert_eq!(refused(done().bank_revoked(&late)), Refused::AlreadySo);
    assert_eq!(refused(done().revoke_at_bank(at(20))), Refused::AlreadySo);
    assert_eq!(refused(pending().revoke(at(20))), Refused::AlreadySo, "without the switch nothing is tried");
    assert_eq!(refused(active().bank_revoked(&BankRevocation::Done)), Refused::WrongState);
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
fn a_claim_that_is_over_may_have_sent_the_token_so_claiming_it_again_counts_again_whoever_does() {
    let claimed = active().claim_refresh(1, claim(4, 60), at(10)).unwrap();
    // A write that is repeated because its answer was lost.
    let same = claimed.claim_refresh(1, claim(4, 60), at(11)).unwrap();
    let second = same.claim_refresh(1, claim(4, 90), at(60)).unwrap();
    assert_eq!(refused(second.claim_refresh(1, claim(4, 120), at(90))), Refused::Exhausted);
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
    let lapsed = claimed.lapse(1, claim(4, 60), None, at(11)).unwrap();
    assert_eq!(lapsed.readable(at(12)).unwrap_err(), Refused::GrantOver);
    assert_eq!(lapsed.status(at(12)), Status::Expired);
}

#[test]
fn clocks_follow_the_country() {
    let lifetimes = Lifetimes::default();
    let clocks = |country| Clocks::new(country, &tokens("any"), T0, &lifetimes);
    assert_eq!(clocks(Country::Se).limited_by(), LimitedBy::RefreshToken);
    assert_eq!(clocks(Country::Se).expires_at(), T0 + Span::days(90));
    assert_eq!(clocks(Country::Gb).limited_by(), LimitedBy::Consent);
    assert_eq!(clocks(Country::Nl).renew_by(), T0 + Span::days(75));
    let by_the_bank = Tokens { refresh_expires: Some(at(86_400 * 30)), ..tokens("any") };
    assert_eq!(Clocks::new(Country::Se, &by_the_bank, T0, &lifetimes).expires_at(), at(86_400 * 30));
    let no_refresh = Tokens { refresh: None, ..tokens("any") };
    assert_eq!(Clocks::new(Country::Se, &no_refresh, T0, &lifetimes).expires_at(), at(86_400));
}

#[test]
fn every_reason_survives_its_code() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.code()), Some(*reason));
    }
    assert_eq!(Reason::parse("something else"), None);
}
