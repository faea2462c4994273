//! Every pair of a state and a transition: drawn, or refused. `>` leads on, `=` finds its own result and leaves it, `.` is
//! refused. Each transition comes with the best it could bring: the claim, the code, the handle that fit.

use super::states::{AttemptKind, GrantKind, copy, kinds, whole};
use super::steps::{Act, LEASE, Shown, apply};
use super::*;

/// When every state below is alive and no lease is over.
const NOW: i64 = 8;

/// N none, G registering, R registered, A awaiting redirect, M redeeming, I initiating, P awaiting approval, S signed by
/// redirect, s signed by BankID, F failed, U failed before it left.
const ATTEMPTS: &[(&str, Act, &str)] = &[
    //                                                                            NGRAMIPSsFU
    ("begin_again", Act::BeginAgain { by: 1 }, /*                              */ ".=........>"),
    ("registered", Act::Registered { by: 1 }, /*                               */ ".>=........"),
    ("registered_for_redirect", Act::RegisteredForRedirect { by: 1 }, /*       */ ".>.=......."),
    ("choose_redirect", Act::ChooseRedirect { key: 1 }, /*                     */ "..>=..=...."),
    ("choose_redirect, other key", Act::ChooseRedirect { key: 2 }, /*          */ "..>........"),
    ("choose_decoupled", Act::ChooseDecoupled { key: 1, by: 1 }, /*            */ "..>=.==...."),
    ("choose_decoupled, other key", Act::ChooseDecoupled { key: 2, by: 2 }, /* */ "..>........"),
    ("approval_begun", Act::ApprovalBegun { by: 1 }, /*                        */ ".>...>=...."),
    ("choose_again", Act::ChooseAgain { by: 1 }, /*                            */ ".....>....."),
    ("start_failed", Act::StartFailed { by: 1, unsent: true }, /*              */ ".>...>...=="),
    ("cancel", Act::Cancel, /*                                                 */ ".>>>>>>>>.."),
    ("note_denial", Act::NoteDenial { past: false }, /*                        */ "...>......."),
    ("refuse_unprotected", Act::RefuseUnprotected, /*                          */ "...>......."),
    ("redeem", Act::Redeem { code: 5, by: 1, past: false }, /*                 */ "...>=...>.."),
    ("redeem, other claimer", Act::Redeem { code: 5, by: 2, past: false }, /*  */ "...>....>.."),
    ("redeem, other code", Act::Redeem { code: 6, by: 2, past: false }, /*     */ "...>>..>>.."),
    ("sign", Act::Sign { code: 5, by: 1 }, /*                                  */ "....>..=..."),
    ("sign, other code", Act::Sign { code: 6, by: 1 }, /*                      */ "..........."),
    ("redeem_failed", Act::RedeemFailed { by: 1 }, /*                          */ "....>....=="),
    ("redeem_again", Act::RedeemAgain { by: 1 }, /*                            */ "....>......"),
    ("activate, handle", Act::Activate { shown: Shown::Handle }, /*            */ ".......>..."),
    ("activate, other handle", Act::Activate { shown: Shown::OtherHandle }, /* */ "..........."),
    ("activate, no handle", Act::Activate { shown: Shown::Nothing }, /*        */ "........>.."),
    ("claim_poll", Act::ClaimPoll, /*                                          */ "......>...."),
    ("hold_poll", Act::HoldPoll { by: 1, foreign: false }, /*                  */ "......>...."),
    ("hold_poll, other order", Act::HoldPoll { by: 1, foreign: true }, /*      */ "..........."),
    ("release_poll", Act::ReleasePoll { foreign: false }, /*                   */ "......>...."),
    ("release_poll, other order", Act::ReleasePoll { foreign: true }, /*       */ "..........."),
    ("show_qr", Act::ShowQr { foreign: false }, /*                             */ "......>...."),
    ("show_qr, other order", Act::ShowQr { foreign: true }, /*                 */ "..........."),
    ("approved", Act::Approved { foreign: false }, /*                          */ "......>==.."),
    ("approved, other order", Act::Approved { foreign: true }, /*              */ "..........."),
    ("not_approved", Act::NotApproved { foreign: false }, /*                   */ "......>...."),
    ("not_approved, other order", Act::NotApproved { foreign: true }, /*       */ "..........."),
    ("renewed_by_another", Act::RenewedByAnother, /*                           */ ".......>>.."),
    ("note_trouble", Act::NoteTrouble { foreign: false }, /*                   */ "......>...."),
    ("note_trouble, other order", Act::NoteTrouble { foreign: true }, /*       */ "..........."),
    ("renew", Act::Renew { key: 2, by: 1 }, /*                                 */ ">=.......>>"),
    ("renew, latest key", Act::Renew { key: 1, by: 1 }, /*                     */ ".=........>"),
    ("buried", Act::Buried, /*                                                 */ "..........."),
];

/// Settles that only the claimer may do: with another claim, nothing of `>` is left.
const FOREIGN_CLAIMS: &[(&str, Act)] = &[
    ("registered", Act::Registered { by: 2 }),
    ("registered_for_redirect", Act::RegisteredForRedirect { by: 2 }),
    ("approval_begun", Act::ApprovalBegun { by: 2 }),
    ("choose_again", Act::ChooseAgain { by: 2 }),
    ("start_failed", Act::StartFailed { by: 2, unsent: true }),
    ("sign", Act::Sign { code: 5, by: 2 }),
    ("redeem_failed", Act::RedeemFailed { by: 2 }),
    ("redeem_again", Act::RedeemAgain { by: 2 }),
];

const RELEASE: Act = Act::ReleaseRefresh { by: 1, stale: false, executed: false };
const RELEASE_ANOTHERS: Act = Act::ReleaseRefresh { by: 2, stale: false, executed: false };

/// N none, I active and idle, C active with a refresh claimed, X with a refresh token that was sent twice for nothing,
/// E active past its clock, L lapsed, R revoked.
const GRANTS: &[(&str, Act, &str)] = &[
    //                                                                                   NICXELR
    ("claim_refresh", Act::ClaimRefresh { by: 1, stale: false }, /*                   */ ".>=...."),
    ("claim_refresh, other claimer", Act::ClaimRefresh { by: 2, stale: false }, /*    */ ".>....."),
    ("claim_refresh, old generation", Act::ClaimRefresh { by: 1, stale: true }, /*    */ "......."),
    ("settle_refresh", Act::SettleRefresh { by: 1, stale: false }, /*                 */ "..>...."),
    ("settle_refresh, other claimer", Act::SettleRefresh { by: 2, stale: false }, /*  */ "......."),
    ("settle_refresh, old generation", Act::SettleRefresh { by: 1, stale: true }, /*  */ "......."),
    ("release_refresh", RELEASE, /*                                                   */ "..>...."),
    ("release_refresh, other claimer", RELEASE_ANOTHERS, /*                           */ "......."),
    ("give_up", Act::GiveUp { stale: false }, /*                                      */ "...>..."),
    ("give_up, old generation", Act::GiveUp { stale: true }, /*                       */ "......."),
    ("lapse", Act::Lapse { by: 1, stale: false }, /*                                  */ "..>...."),
    ("lapse, other claimer", Act::Lapse { by: 2, stale: false }, /*                   */ "......."),
    ("restored", Act::Restored, /*                                                    */ ".>>>>.."),
    ("revoke", Act::Revoke, /*                                                        */ ">>>>>>."),
    ("revoke_at_bank", Act::RevokeAtBank, /*                                          */ ">>>>>>."),
    ("bank_revoked", Act::BankRevoked, /*                                             */ "......."),
];

/// The attempts in the order of the columns.
fn attempts() -> [Attempt; 11] {
    let redirecting = || Redirecting { registration: registration(), denied: false, pkce: false };
    let held = claim(1, 40);
    let by_bankid = Signature { proof: Proof::Identity(Identity::Asserted), ..signature(5, at(4)) };
    [
        Attempt::None,
        Attempt::Registering { claim: held },
        Attempt::Registered(registration()),
        Attempt::AwaitingRedirect(redirecting()),
        Attempt::Redeeming { redirecting: redirecting(), claim: held, code: digest(5) },
        Attempt::Initiating { registration: registration(), claim: held },
        Attempt::AwaitingApproval(approval()),
        Attempt::Signed(signature(5, at(4))),
        Attempt::Signed(by_bankid),
        Attempt::failed(Reason::Cancelled, at(4)),
        Attempt::failed(Reason::StartNotTaken, at(4)),
    ]
}

/// The grants in the order of the columns.
fn grants() -> [Grant; 7] {
    // Of an earlier bank consent than the attempt beside it.
    let active = |refresh, uses, ended: bool| {
        let Grant::Active(active) = active().grant else { panic!("not active") };
        let since = if ended { T0 - Span::days(91) } else { T0 };
        let clocks = Clocks::new(Country::Se, &tokens("old"), since, &Lifetimes::default());
        let bank_consent = BankConsentId::parse("bank-of-old").unwrap();
        Grant::Active(Box::new(Active { refresh, uses, clocks, bank_consent, ..*active }))
    };
    [
        Grant::None,
        active(Refresh::Idle, 0, false),
        active(Refresh::Claimed(claim(1, NOW + LEASE)), 1, false),
        active(Refresh::Idle, 2, false),
        active(Refresh::Idle, 0, true),
        Grant::Lapsed {
            reason: LapseReason::RefreshRefused,
            at: T0,
            generation: 1,
            signal: None,
            bank_consent: BankConsentId::parse("bank-of-old").unwrap(),
        },
        revoked_grant(),
    ]
}

fn revoked_grant() -> Grant {
    Grant::Revoked { at: T0, bank: BankRevocation::NotSupported }
}

/// What the machine makes of it, as the tables spell it.
fn verdict(consent: &Consent, act: Act) -> char {
    match apply(copy(consent), act, NOW) {
        Err(_) => '.',
        Ok(next) if whole(&next) == whole(consent) => '=',
        Ok(_) => '>',
    }
}

#[test]
fn an_attempt_takes_the_drawn_transitions_and_refuses_every_other() {
    let mut pairs = 0;
    for (name, act, drawn) in ATTEMPTS {
        for grant in grants().into_iter().take(6) {
            let start = Some(fingerprint(1, 1));
            let beside = Consent { grant, attempt: Attempt::None, start, ..begun() };
            for (attempt, expected) in attempts().into_iter().zip(drawn.chars()) {
                let consent = Consent { attempt, ..copy(&beside) };
                // Only a first start is begun again; a renewal belongs to another key.
                let first = kinds(&consent).0 == GrantKind::None;
                // And where nothing was granted there is nothing to renew.
                let expected = match (*name, first, expected) {
                    ("begin_again", false, '>') => '.',
                    ("renew" | "renew, latest key", true, _) => '.',
                    _ => expected,
                };
                assert_eq!(verdict(&consent, *act), expected, "{name} in {:?}", kinds(&consent));
                pairs += 1;
            }
        }
    }
    report(&format!("{pairs} pairs of attempt and transition"));
    assert_eq!(pairs, 6 * 11 * ATTEMPTS.len(), "one verdict for each");
}

#[test]
fn nobody_settles_what_somebody_else_has_claimed() {
    for (name, act) in FOREIGN_CLAIMS {
        for attempt in attempts() {
            let consent = Consent { attempt, ..begun() };
            assert_ne!(verdict(&consent, *act), '>', "{name} with another claim in {:?}", kinds(&consent));
        }
    }
}

#[test]
fn a_grant_takes_the_drawn_transitions_and_refuses_every_other_whatever_the_attempt_beside_it() {
    for (name, act, drawn) in GRANTS {
        for (grant, expected) in grants().into_iter().zip(drawn.chars()) {
            let start = Some(fingerprint(1, 1));
            let beside = Consent { grant, attempt: Attempt::None, start, ..begun() };
            for attempt in attempts() {
                let consent = Consent { attempt, ..copy(&beside) };
                if kinds(&consent).0 == GrantKind::Revoked && kinds(&consent).1 != AttemptKind::None {
                    continue; // Revoking ends the attempt too.
                }
                assert_eq!(verdict(&consent, *act), expected, "{name} in {:?}", kinds(&consent));
            }
        }
    }
}

#[test]
fn nothing_at_all_happens_to_a_revoked_consent() {
    let revoked = || Consent { grant: revoked_grant(), attempt: Attempt::None, ..begun() };
    for (name, act, _) in ATTEMPTS.iter().chain(GRANTS) {
        assert_eq!(verdict(&revoked(), *act), '.', "{name} after the end");
    }
}

#[test]
fn a_renewal_that_never_left_is_not_begun_again_by_the_first_key() {
    let renewing = active().renew(fingerprint(3, 3), claim(6, 100), &app(), at(50)).unwrap();
    let unsent = renewing.start_failed(claim(6, 100), NOT_TAKEN, at(51)).unwrap();
    assert_eq!(refused(unsent.begin_again(claim(7, 120), at(60))), Refused::WrongState);
}

#[test]
fn an_order_that_is_too_late_is_over_even_if_a_poll_under_way_brings_tokens() {
    let late = T0 + INTENT_LIFETIME;
    assert_eq!(refused(approving().cancel(late)), Refused::AlreadySo, "the caller is told that it is over");
    let tokens = tokens("late");
    assert_eq!(
        refused(approving().approved(&registration().bank_consent, &tokens, clocks(), late)),
        Refused::ClaimLost
    );
}
