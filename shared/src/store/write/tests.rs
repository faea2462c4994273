//! What the reasons of a cancelled transaction mean, and which of them comes first.

use super::*;
use crate::{
    consent::{Beginning, Claim},
    types::{
        ClaimId, ConsentId, Country, Digest, IdentityKey, OwnerId, PersonalNumber, PsuType, StartLimits,
    },
};
use aws_sdk_dynamodb::primitives::Blob;

const NOW: Timestamp = Timestamp::from_millis(1_768_464_000_000);
const WRITE: [u8; 16] = [7; 16];

fn consent() -> Consent {
    let beginning = Beginning {
        id: ConsentId([1; 16]),
        owner: OwnerId([2; 16]),
        country: Country::Se,
        psu_type: PsuType::Individual,
        corporate: None,
        reference: None,
        body: Digest([9; 16]),
        start: None,
        app: None,
    };
    Consent::begin(beginning, Claim { by: ClaimId([3; 16]), until: NOW + Span::seconds(30) }, NOW)
}

fn reservation() -> Reservation {
    let identity = IdentityKey::new(&[1; 32]).unwrap();
    let number = PersonalNumber::parse("190102039815").unwrap();
    Reservation::new(&identity, &OwnerId([2; 16]), &number, StartLimits::DEFAULT)
}

fn read(reasons: [CancellationReason; 4]) -> Result<Option<Outcome>, StoreError> {
    let consent = consent();
    let change =
        Change { consent: &consent, item: Item::new(), write: WRITE, before: Before::Nothing, now: NOW };
    verdict(reasons.into(), &change, Some(&reservation()))
}

fn reason(code: &str, item: Option<Item>) -> CancellationReason {
    CancellationReason::builder().code(code).set_item(item).build()
}

fn fine() -> CancellationReason {
    reason("None", None)
}

fn failed(item: Item) -> CancellationReason {
    reason("ConditionalCheckFailed", Some(item))
}

fn number(name: &str, value: i64) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::N(value.to_string()))
}

fn written_by(write: [u8; 16]) -> Item {
    Item::from([("w".to_owned(), AttributeValue::B(Blob::new(write)))])
}

/// Three starts, the first of them so many seconds ago.
fn starts(seconds: i64) -> Item {
    let ago = (NOW - Span::seconds(seconds)).millis();
    Item::from([number("s0", NOW.millis()), number("s1", NOW.millis()), number("s2", ago)])
}

fn guard() -> Item {
    let mut item = written_by([4; 16]);
    item.extend([number("n", 1), number("u", (NOW + Span::seconds(90)).millis())]);
    item.insert("c".to_owned(), AttributeValue::S(ConsentId([5; 16]).to_string()));
    item
}

#[test]
fn the_consents_own_condition_comes_before_limits_and_guard() {
    let all = |consent| [consent, failed(starts(10)), failed(starts(10)), failed(guard())];
    assert!(matches!(read(all(failed(written_by(WRITE)))).unwrap(), Some(Outcome::Written)));
    assert!(matches!(read(all(failed(written_by([8; 16])))).unwrap(), Some(Outcome::Lost(Some(_)))));
    let gone = all(reason("ConditionalCheckFailed", None));
    assert!(matches!(read(gone).unwrap(), Some(Outcome::Lost(None))));
}

#[test]
fn a_row_that_was_busy_is_no_verdict() {
    for code in ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"] {
        let busy = [fine(), failed(starts(10)), fine(), reason(code, None)];
        assert!(read(busy).unwrap().is_none(), "{code}");
        let known = [failed(written_by([8; 16])), fine(), fine(), reason(code, None)];
        assert!(matches!(read(known).unwrap(), Some(Outcome::Lost(_))), "{code}");
    }
}

#[test]
fn the_longer_wait_counts_and_a_limit_comes_before_the_guard() {
    let limited = |reasons| match read(reasons).unwrap() {
        Some(Outcome::Denied(Denied::Limited { wait })) => wait,
        other => panic!("{other:?}"),
    };
    let wait = limited([fine(), failed(starts(200)), failed(starts(100)), failed(guard())]);
    assert_eq!(wait, Span::seconds(200));
    assert_eq!(limited([fine(), fine(), failed(starts(299)), fine()]), Span::seconds(1));
}

#[test]
fn a_guard_says_whose_it_is_and_until_when() {
    let held = read([fine(), fine(), fine(), failed(guard())]).unwrap();
    let Some(Outcome::Denied(Denied::Ordered { guard, rest })) = held else { panic!("{held:?}") };
    assert_eq!((guard.consent, guard.ordinal, guard.write), (ConsentId([5; 16]), 1, [4; 16]));
    assert_eq!(rest, Span::seconds(90));
    let swept = [fine(), fine(), fine(), reason("ConditionalCheckFailed", None)];
    assert_eq!(read(swept).unwrap_err(), StoreError::Contended);
}

#[test]
fn reasons_that_nobody_knows_are_an_error_and_no_guess() {
    let refused = read([fine(), reason("ValidationError", None), fine(), fine()]);
    assert!(matches!(refused, Err(StoreError::Broken(_))), "{refused:?}");
    assert_eq!(read([fine(), fine(), fine(), fine()]).unwrap_err(), StoreError::Unavailable);
    let consent = consent();
    let change =
        Change { consent: &consent, item: Item::new(), write: WRITE, before: Before::Nothing, now: NOW };
    assert_eq!(verdict(Vec::new(), &change, Some(&reservation())).unwrap_err(), StoreError::Unavailable);
}

#[test]
fn two_writes_that_met_do_not_wait_the_same_and_each_wait_is_short() {
    assert_ne!(pause(1, &[0; 16]), pause(1, &[200; 16]));
    for meeting in 1..MEETINGS {
        assert!(pause(meeting, &[255; 16]) <= Span::millis(320));
    }
}
