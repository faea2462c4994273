//! What goes into a row comes out again, and opens nowhere else.

mod states;

use super::*;
use crate::{
    consent::{Approval, Attempt, BankRevocation, LapseReason, Reason, Refresh},
    types::{AutoStartToken, BankConsentId, KeyRing, QrData, SealingKey, SessionLink},
};
use aws_sdk_dynamodb::types::AttributeValue;
use states::{Make, T0, claim};
use std::collections::BTreeSet;

const STAMP: Stamp = Stamp {
    version: 41,
    write: [5; 16],
    by: ClaimId([6; 16]),
    at: Timestamp::from_millis(1),
    keep: Span::days(30),
};

fn ring() -> KeyRing {
    KeyRing::new(vec![SealingKey { id: "2026-01".to_owned(), key: [9; 32] }]).unwrap()
}

/// The whole consent as text, its secrets included.
fn exposed(consent: &Consent) -> String {
    let tokens = |tokens: &Tokens| {
        format!("{} {:?}", tokens.access.expose(), tokens.refresh.as_ref().map(RefreshToken::expose))
    };
    let granted = match &consent.grant {
        Grant::Active(active) => tokens(&active.tokens),
        _ => String::new(),
    };
    let tried = match &consent.attempt {
        Attempt::Signed(signature) => tokens(&signature.tokens),
        Attempt::AwaitingApproval(Approval { session, .. }) => format!(
            "{} {:?} {:?} {:?}",
            session.poll.expose(),
            session.cancel.as_ref().map(SessionLink::expose),
            session.auto_start.as_ref().map(AutoStartToken::expose),
            session.qr.as_ref().map(QrData::expose),
        ),
        _ => String::new(),
    };
    format!("{consent:?} {granted} {tried}")
}

/// DynamoDB's own rule: names and text in UTF-8 bytes, numbers two digits to a byte and one more, a flag one byte.
fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::Bool(_) => 1,
        other => panic!("an attribute of an unexpected kind: {other:?}"),
    };
    item.iter().map(|(name, it)| name.len() + value(it)).sum()
}

#[test]
fn every_grant_with_every_attempt_comes_back_as_it_went() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    for make in [Make { typical: true }, Make { typical: false }] {
        for consent in make.every_state() {
            let item = render(&consent, &sealer, &STAMP).unwrap();
            let (back, changed, version) = parse(&item, &sealer).unwrap();
            assert_eq!(exposed(&back), exposed(&consent));
            assert_eq!((changed, version), (STAMP.at, STAMP.version));
        }
    }
}

#[test]
fn what_may_be_absent_may_be_absent() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    let whole = Make { typical: true }.consent(Grant::None, Attempt::None);
    let bare =
        Consent { corporate: None, reference: None, app: None, psu_type: PsuType::Individual, ..whole };
    let bare = Consent { start: None, trouble: None, ..bare };
    let (back, ..) = parse(&render(&bare, &sealer, &STAMP).unwrap(), &sealer).unwrap();
    assert_eq!(exposed(&back), exposed(&bare));
}

#[test]
fn an_active_consent_takes_a_kilobyte_and_none_takes_more_than_four() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "sandbox");
    let typical = Make { typical: true };
    let active = typical.consent(typical.active(Refresh::Claimed(claim()), true), Attempt::None);
    let bytes = size(&render(&active, &sealer, &STAMP).unwrap());
    assert!(bytes <= 1024, "{bytes} bytes");
    let full =
        Consent { timeline: Make { typical: false }.consent(Grant::None, Attempt::None).timeline, ..active };
    let bytes = size(&render(&full, &sealer, &STAMP).unwrap());
    assert!(bytes <= 2048, "{bytes} bytes with a full timeline");
    let largest = Make { typical: false }
        .every_state()
        .iter()
        .map(|it| size(&render(it, &sealer, &STAMP).unwrap()))
        .max();
    assert!(largest.unwrap() <= 4096, "{largest:?} bytes");
}

#[test]
fn no_secret_shows_in_any_attribute_of_any_state() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    for consent in (Make { typical: true }).every_state() {
        let item = render(&consent, &sealer, &STAMP).unwrap();
        for (name, value) in &item {
            let bytes = match value {
                AttributeValue::B(blob) => blob.as_ref(),
                AttributeValue::S(text) => text.as_bytes(),
                _ => continue,
            };
            assert!(!bytes.windows(6).any(|window| window == b"SECRET"), "{name} of {consent:?}");
        }
    }
}

#[test]
fn a_sealed_attribute_opens_in_no_other_row_and_in_no_other_generation() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    let make = Make { typical: true };
    let granted =
        || render(&make.consent(make.active(Refresh::Idle, true), Attempt::None), &sealer, &STAMP).unwrap();
    let other = |text: &str| AttributeValue::S(text.to_owned());
    for (name, value) in [
        ("pk", other(&ConsentId([99; 16]).to_string())),
        ("o", other(&OwnerId([99; 16]).to_string())),
        ("c", other("NL")),
        ("gn", AttributeValue::N("8".to_owned())),
    ] {
        let mut item = granted();
        item.insert(name.to_owned(), value).unwrap();
        let (consent, ..) = parse(&item, &sealer).unwrap();
        assert!(consent.is_unreadable() && exposed(&consent).find("SECRET").is_none(), "{name}");
    }
    let elsewhere = Sealer::new(&ring, "live");
    assert!(parse(&granted(), &elsewhere).unwrap().0.is_unreadable());
}

#[test]
fn tokens_that_nobody_has_claimed_do_not_open_as_a_grant_nor_in_another_attempt() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    let make = Make { typical: true };
    let signed = make.attempts().into_iter().find(|attempt| matches!(attempt, Attempt::Signed(_))).unwrap();
    let mut item = render(&make.consent(make.active(Refresh::Idle, true), signed), &sealer, &STAMP).unwrap();
    let unclaimed = item["tz"].clone();
    let claimed = item.insert("gz".to_owned(), unclaimed).unwrap();
    let (consent, ..) = parse(&item, &sealer).unwrap();
    assert!(consent.is_unreadable() && matches!(consent.attempt, Attempt::Signed(_)), "{consent:?}");
    item.insert("gz".to_owned(), claimed).unwrap();
    item.insert("n".to_owned(), AttributeValue::N("4".to_owned())).unwrap();
    let (consent, ..) = parse(&item, &sealer).unwrap();
    assert!(matches!(consent.attempt, Attempt::Failed { reason: Reason::Unreadable, .. }), "{consent:?}");
    assert!(matches!(consent.grant, Grant::Active(_)), "{consent:?}");
}

#[test]
fn a_grant_that_does_not_open_outlasts_every_write_but_its_end_and_opens_again_with_its_key() {
    let make = Make { typical: true };
    let known = ring();
    let granted = make.consent(make.active(Refresh::Idle, true), Attempt::None);
    let before = render(&granted, &Sealer::new(&known, "local"), &STAMP).unwrap();
    let other = KeyRing::new(vec![SealingKey { id: "2026-02".to_owned(), key: [8; 32] }]).unwrap();
    let sealer = Sealer::new(&other, "local");
    let (consent, ..) = parse(&before, &sealer).unwrap();
    let unopened = unopened(&before, &consent);
    let attempt = Attempt::Failed { reason: Reason::TooLate, at: T0, signal: None };
    let consent = Consent { attempt, ..consent };
    let mut after = render(&consent, &sealer, &STAMP).unwrap();
    put_back(&mut after, &consent, unopened.as_ref());
    for (name, value) in before.iter().filter(|(name, _)| name.starts_with('g') || *name == "ttl") {
        assert_eq!(after.get(name), Some(value), "{name}");
    }
    let (back, ..) = parse(&after, &Sealer::new(&known, "local")).unwrap();
    assert_eq!(format!("{:?}", back.grant), format!("{:?}", granted.grant));
    let revoked = consent.revoke(T0).unwrap();
    let mut ended = render(&revoked, &sealer, &STAMP).unwrap();
    put_back(&mut ended, &revoked, unopened.as_ref());
    assert!(!ended.contains_key("gz") && ended["g"] == AttributeValue::S("revoked".to_owned()), "{ended:?}");
}

#[test]
fn a_reason_of_a_newer_release_reads_as_unreadable_and_the_grants_word_outlasts_a_write() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    let make = Make { typical: true };
    let lapsed = Grant::Lapsed {
        reason: LapseReason::Restored,
        at: T0,
        generation: 3,
        signal: None,
        bank_consent: BankConsentId::parse("bank-1").unwrap(),
    };
    let failed = Attempt::Failed { reason: Reason::TooLate, at: T0, signal: None };
    let mut item = render(&make.consent(lapsed, failed), &sealer, &STAMP).unwrap();
    let word = AttributeValue::S("a_reason_of_tomorrow".to_owned());
    for name in ["gw", "tw"] {
        item.insert(name.to_owned(), word.clone()).unwrap();
    }
    let (consent, ..) = parse(&item, &sealer).unwrap();
    assert!(consent.is_unreadable(), "{consent:?}");
    assert!(matches!(consent.attempt, Attempt::Failed { reason: Reason::Unreadable, .. }), "{consent:?}");
    let mut after = render(&consent, &sealer, &STAMP).unwrap();
    put_back(&mut after, &consent, unopened(&item, &consent).as_ref());
    assert_eq!(after["gw"], word);
}

#[test]
fn a_row_that_lacks_an_attribute_or_has_it_in_another_kind_names_it() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    let make = Make { typical: true };
    let optional = [
        "pc", "ref", "app", "gk", "gi", "gh", "gf", "gp", "gt", "gx", "tr", "td", "tn", "sf", "st", "tl",
        "ty",
    ];
    let unread = ["sk", "w", "by", "ttl"];
    for consent in make.every_state() {
        let item = render(&consent, &sealer, &STAMP).unwrap();
        for name in item.keys().filter(|name| !unread.contains(&name.as_str())) {
            let mut other_kind = item.clone();
            other_kind.insert(name.clone(), AttributeValue::Null(true));
            let found = parse(&other_kind, &sealer).unwrap_err();
            assert!(
                matches!(found, StoreError::Unreadable { attribute } if attribute == name),
                "{name}: {found:?}"
            );
            let mut lacking = item.clone();
            lacking.remove(name);
            assert_eq!(parse(&lacking, &sealer).is_ok(), optional.contains(&name.as_str()), "{name}");
        }
    }
}

#[test]
fn the_row_is_swept_a_day_after_a_start_or_a_month_after_the_grants_end() {
    let make = Make { typical: true };
    let sweep = |grant| sweep_after(&make.consent(grant, Attempt::None), Span::days(30));
    assert_eq!(sweep(Grant::None), T0 + Span::days(1));
    assert_eq!(sweep(make.active(Refresh::Idle, true)), T0 + Span::days(120));
    assert_eq!(sweep(Grant::Revoked { at: T0, bank: BankRevocation::NotSupported }), T0 + Span::days(30));
}

#[test]
fn a_write_is_recognised_by_its_id_and_by_nothing_else() {
    let ring = ring();
    let item =
        render(&Make { typical: true }.consent(Grant::None, Attempt::None), &Sealer::new(&ring, "x"), &STAMP);
    let item = item.unwrap();
    assert!(is_write(&item, &STAMP.write));
    assert!(!is_write(&item, &[6; 16]));
}

/// The attributes of a kind of row that the data map lists.
fn documented(kind: &str) -> BTreeSet<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/data-map.md");
    let page = std::fs::read_to_string(page).unwrap();
    let part = page.split(&format!("\n## Row `{kind}`\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    let first_cells = part.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    first_cells
        .flat_map(|cell| cell.split('`'))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_data_map_lists_the_attributes_of_a_consent_and_no_others() {
    let ring = ring();
    let sealer = Sealer::new(&ring, "local");
    let [typical, longest] = [Make { typical: true }, Make { typical: false }];
    let told = Attempt::Failed { reason: Reason::BankIdFailed, at: T0, signal: Some(Signal::MbidError) };
    let states = [typical.every_state(), longest.every_state(), vec![typical.consent(Grant::None, told)]];
    let written: BTreeSet<String> = states
        .into_iter()
        .flatten()
        .flat_map(|consent| render(&consent, &sealer, &STAMP).unwrap().into_keys())
        .collect();
    assert!(written.len() > 50, "{written:?}");
    assert_eq!(written, documented(CONSENT));
}
