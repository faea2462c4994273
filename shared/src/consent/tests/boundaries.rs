//! Each limit in time, a second before it, at it, and a second after it. What is over is over at the very instant.

use super::*;
use crate::{
    budget::{Standing, WINDOW},
    consent::{Freshness, INTENT_LIFETIME, SIGNED_LIFETIME},
};

/// A limit, when it is, and whether what it limits still stands at an instant.
type Limit = (&'static str, Timestamp, Box<dyn Fn(Timestamp) -> bool>);

fn limit(name: &'static str, at: Timestamp, stands: impl Fn(Timestamp) -> bool + 'static) -> Limit {
    (name, at, Box::new(stands))
}

fn is_open(consent: &Consent, now: Timestamp) -> bool {
    consent.failure(now).is_none()
}

fn of_attempts() -> Vec<Limit> {
    let intent = T0 + INTENT_LIFETIME;
    let redeeming = || redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    let initiating =
        || registered().choose_decoupled(fingerprint(1, 1), &app(), claim(3, 40), at(2)).unwrap();
    vec![
        limit("a start's claim", at(30), |now| is_open(&begun(), now)),
        limit("an order's claim", at(40), move |now| is_open(&initiating(), now)),
        limit("an exchange's claim", at(40), move |now| is_open(&redeeming(), now)),
        limit("the time to choose", intent, |now| is_open(&registered(), now)),
        limit("the time to sign in the browser", intent, |now| is_open(&redirected(), now)),
        limit("the time to sign in the app", intent, |now| is_open(&approving(), now)),
        limit("a code, until the intent is over", intent, |now| {
            redirected()
                .redeem(1, digest(5), claim(2, 4_000), now)
                .is_ok_and(|consent| consent.failure(now).is_none())
        }),
        limit("the time to claim", at(4) + SIGNED_LIFETIME, |now| is_open(&signed(), now)),
        limit("the handle", at(4) + SIGNED_LIFETIME, |now| signed().activate(Some(&digest(7)), now).is_ok()),
        limit("the pause between polls", at(4), |now| approving().claim_poll(now).is_err()),
    ]
}

/// Active, with a refresh token that outlives the consent.
fn long_lived() -> Consent {
    let tokens = Tokens { refresh_expires: Some(T0 + Span::days(400)), ..tokens("first") };
    let clocks = Clocks::new(Country::Se, &tokens, at(4), &Lifetimes::default());
    let signature = Signature { tokens, clocks, ..signature(5, at(4)) };
    let redeeming = redirected().redeem(1, digest(5), claim(2, 40), at(3)).unwrap();
    let signed = redeeming.sign(claim(2, 40), signature, at(4)).unwrap();
    signed.activate(Some(&digest(7)), at(5)).unwrap()
}

fn of_grants() -> Vec<Limit> {
    vec![
        limit("a grant, by its refresh token", at(4) + Span::days(90), |now| active().readable(now).is_ok()),
        limit("a grant, by itself", at(4) + Span::days(180), |now| long_lived().readable(now).is_ok()),
        limit("an access token, less the slack", at(86_390), |now| {
            active().readable(now).unwrap().freshness(0, now) != Freshness::Over
        }),
        limit("another's claim of a refresh", at(60), |now| {
            let claimed = active().claim_refresh(1, claim(4, 60), at(10)).unwrap();
            claimed.claim_refresh(1, claim(5, 90), now).is_err()
        }),
        limit("a read that counts", T0 + WINDOW, |now| Standing::of(&[T0], 1, now).left == 0),
        limit("a renewal that is not due", clocks().renew_by(), |now| !clocks().renewal_due(now)),
    ]
}

#[test]
fn every_limit_stands_until_a_second_before_and_is_over_at_it() {
    let mut cases = 0;
    for (name, at, stands) in of_attempts().into_iter().chain(of_grants()) {
        for (seconds, expected) in [(-1, true), (0, false), (1, false)] {
            assert_eq!(stands(at + Span::seconds(seconds)), expected, "{name}, {seconds} s");
            cases += 1;
        }
    }
    report(&format!(
        "measure | limits in time, a second before, at and after | {cases} | −1 s, 0, +1 s of each | -"
    ));
}
