//! From one version to the next: what is taken, what is refused, and what serves in its place.

use super::{fetch::*, *};

/// A sound secret with another certificate, and something changed in it.
fn with(pointer: &str, value: Value) -> Value {
    let mut changed = sound();
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

#[tokio::test]
async fn a_new_version_takes_over_only_if_all_of_it_is_sound() {
    let dropped = json!([{"id": "2026-03", "key": BASE64.encode(&[4; 32])}]);
    for (new, fault) in [
        (broken(), Fault::KeyMismatch("one".to_owned())),
        (with("/identity_key", json!(BASE64.encode(&[9; 32]))), Fault::IdentityChanged),
        (with("/sealing_keys", dropped), Fault::SealingKeyDropped),
        (with("/sealing_keys/0/key", json!(BASE64.encode(&[9; 32]))), Fault::SealingKeyDropped),
        (
            with("/sets/one/client_id", json!("")),
            Fault::SetField { set: "one".to_owned(), field: "client_id" },
        ),
    ] {
        let (secrets, manager) = secrets();
        manager.promote("v-1", &sound());
        version(&secrets, after(0)).await;
        manager.promote("v-2", &new);
        for round in 1..=3 {
            let standing = settled(&secrets, after(300 * round)).await;
            assert_eq!(standing.material.version, "v-1");
            assert_eq!(standing.trouble, Some(fault.clone().into()), "remembered, not tried again");
            assert!(standing.refused() && !standing.stale);
        }
        manager.promote("v-3", &sound());
        let standing = settled(&secrets, after(1200)).await;
        assert_eq!((standing.material.version.as_str(), standing.trouble), ("v-3", None));
    }
}

#[tokio::test]
async fn a_sealing_key_is_added_before_it_seals_and_dropped_after() {
    let (secrets, manager) = secrets();
    let key = |id: &str, byte: u8| json!({"id": id, "key": BASE64.encode(&[byte; 32])});
    let rings = [
        json!([key("2026-02", 2), key("2026-01", 3)]),
        json!([key("2026-02", 2), key("2026-03", 4)]),
        json!([key("2026-03", 4), key("2026-02", 2)]),
        json!([key("2026-03", 4)]),
    ];
    for (round, ring) in rings.into_iter().enumerate() {
        let name = format!("v-{round}");
        manager.promote(&name, &with("/sealing_keys", ring));
        let standing = settled(&secrets, after(300 * i64::try_from(round).unwrap())).await;
        assert_eq!((standing.material.version.clone(), standing.trouble), (name, None));
    }
}

#[tokio::test]
async fn a_certificate_that_has_yet_to_begin_waits_for_its_day_and_one_that_is_over_is_never_taken() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &secret(&json!({"one": set(&issued_from(2025), &["SE"])})));
    let day = |date: &str| at(&format!("{date}T12:00:00Z"));
    assert_eq!(version(&secrets, day("2025-12-01")).await, "v-1");
    manager.promote("v-2", &secret(&json!({"one": set(&issued_from(2026), &["SE"])})));
    let standing = settled(&secrets, day("2025-12-31")).await;
    assert_eq!(standing.material.version, "v-1");
    assert_eq!(standing.trouble, Some(Fault::OutOfDate("one".to_owned()).into()));
    assert_eq!(settled(&secrets, day("2026-01-02")).await.material.version, "v-2");
    manager.promote("v-3", &secret(&json!({"one": set(&issued_from(2025), &["SE"])})));
    assert_eq!(settled(&secrets, day("2026-01-03")).await.material.version, "v-2");
}

#[tokio::test]
async fn a_process_that_starts_on_a_broken_version_takes_the_one_before_it() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    manager.promote("v-2", &broken());
    let standing = secrets.standing(after(0)).await.unwrap();
    assert_eq!(standing.material.version, "v-1");
    assert!(standing.refused());
    manager.promote("v-3", &sound());
    assert_eq!(settled(&secrets, after(300)).await.material.version, "v-3");
}

#[tokio::test]
async fn a_certificate_out_of_its_dates_is_taken_only_where_there_is_nothing_better() {
    let late = at("2027-06-01T00:00:00Z");
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    assert_eq!(version(&secrets, late).await, "v-1");
    assert_eq!(secrets.standing(late).await.unwrap().material.days_left(late), Some(-151));
    let (secrets, manager) = fetch::secrets();
    manager.promote("v-1", &secret(&json!({"one": set(&issued_from(2027), &["SE"])})));
    manager.promote("v-2", &sound());
    assert_eq!(version(&secrets, late).await, "v-1");
}

#[tokio::test]
async fn a_version_that_the_bank_refuses_is_replaced_once_for_all_who_come_with_it() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    version(&secrets, after(0)).await;
    manager.promote("v-2", &sound());
    let all = futures_util::future::join_all((0..20).map(|_| secrets.instead_of("v-1", after(1)))).await;
    assert!(all.iter().all(|it| it.as_ref().is_some_and(|it| it.version == "v-2")));
    assert_eq!(manager.asked(), ["AWSCURRENT", "AWSCURRENT"]);
    let standing = secrets.standing(after(1)).await.unwrap();
    assert_eq!((standing.material.version.as_str(), standing.trouble), ("v-2", None));
}

#[tokio::test]
async fn a_new_version_that_the_bank_refuses_gives_way_to_the_one_before_it_and_is_not_tried_in_a_loop() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    version(&secrets, after(0)).await;
    manager.promote("v-2", &sound());
    assert_eq!(settled(&secrets, after(300)).await.material.version, "v-2");
    assert_eq!(secrets.instead_of("v-2", after(301)).await.unwrap().version, "v-1");
    let asked = manager.asked().len();
    for seconds in 302..312 {
        let standing = settled(&secrets, after(seconds)).await;
        assert_eq!(standing.material.version, "v-1");
        assert_eq!(standing.trouble, Some(Fault::RefusedByBank.into()));
    }
    assert_eq!(manager.asked().len(), asked);
    // As long as the older one is good the newer one is looked at and left alone.
    for round in 3..6 {
        assert_eq!(settled(&secrets, after(300 * round)).await.material.version, "v-1");
    }
    manager.promote("v-3", &sound());
    assert_eq!(settled(&secrets, after(1800)).await.material.version, "v-3");
}

#[tokio::test]
async fn a_process_that_knows_only_the_refused_version_fetches_the_one_before_it() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    manager.promote("v-2", &sound());
    assert_eq!(version(&secrets, after(0)).await, "v-2");
    assert_eq!(secrets.instead_of("v-2", after(1)).await.unwrap().version, "v-1");
    assert_eq!(manager.asked(), ["AWSCURRENT", "AWSCURRENT", "AWSPREVIOUS"]);
}

#[tokio::test]
async fn where_the_bank_refuses_both_each_is_tried_again_after_a_minute_and_no_sooner() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    version(&secrets, after(0)).await;
    manager.promote("v-2", &sound());
    assert_eq!(secrets.instead_of("v-1", after(1)).await.unwrap().version, "v-2");
    assert!(secrets.instead_of("v-2", after(2)).await.is_none());
    let asked = manager.asked().len();
    for seconds in 3..60 {
        assert!(secrets.instead_of("v-2", after(seconds)).await.is_none());
    }
    assert_eq!(manager.asked().len(), asked, "nobody is asked in between");
    assert_eq!(secrets.instead_of("v-2", after(62)).await.unwrap().version, "v-1");
    assert!(secrets.instead_of("v-1", after(63)).await.is_none());
}

#[tokio::test]
async fn a_pending_version_is_checked_against_the_one_in_force_without_taking_its_place() {
    let (secrets, manager) = secrets();
    manager.promote("v-1", &sound());
    assert_eq!(secrets.pending(after(0)).await.unwrap_err(), SecretsError::Denied("it does not exist"));
    manager.pending("v-2", &broken());
    let fault = secrets.pending(after(0)).await.unwrap_err();
    assert_eq!(fault, Fault::KeyMismatch("one".to_owned()).into());
    manager.pending("v-3", &with("/identity_key", json!(BASE64.encode(&[9; 32]))));
    assert_eq!(secrets.pending(after(0)).await.unwrap_err(), Fault::IdentityChanged.into());
    manager.pending("v-4", &sound());
    assert_eq!(secrets.pending(after(0)).await.unwrap().version, "v-4");
    assert_eq!(
        secrets.pending(at("2028-01-01T00:00:00Z")).await.unwrap_err(),
        Fault::OutOfDate("one".to_owned()).into()
    );
    assert_eq!(version(&secrets, after(0)).await, "v-1");
}
