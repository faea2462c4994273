//! Owner × resource: on every route, what is another's, what never was, what is none at all and what was erased are answered
//! by the same words and headers, and nobody is asked. Without a good token, with a wrong scope, for a machine and for a
//! foreign issuer `authorizer.rs` has the same routes; cursors `following.rs`, handles `attacks.rs`.

use crate::{
    authorizer::one_per_route,
    input::{Call, WellFormed, bearer},
    world::{
        Answer, Person, World,
        client::{fresh_key, swedish},
        measure, only_in_process,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

only_in_process![
    another_s_consent_is_answered_like_one_that_never_was_on_every_route,
    another_s_account_is_answered_like_one_that_never_was_on_every_route,
    the_same_key_of_two_owners_begins_two_consents_and_shows_neither_the_other,
];

/// All that a caller can see, but what names this very request.
fn seen(answer: &Answer) -> (u16, BTreeMap<String, String>, Value) {
    let own = ["trace-id", "date", "apigw-requestid"];
    let headers = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("trace_id");
    (answer.status, headers.collect(), body)
}

/// As long as the other and of the same letters, and yet nobody's.
fn never_was(id: &str) -> String {
    let other = if id.ends_with('A') { 'Q' } else { 'A' };
    let turned: String = id.chars().map(|letter| if letter == '7' { '3' } else { letter }).collect();
    format!("{}{other}", &turned[..turned.len() - 1])
}

async fn ask(call: &Call, person: &Person<'_>) -> Answer {
    call.send(person.world, Some(&bearer(person.world, &person.spec))).await
}

async fn another_s_consent_is_answered_like_one_that_never_was_on_every_route(world: &World) {
    let (anna, other, gone) = (world.person(), world.person(), world.person());
    let well_formed = WellFormed::prepare(&anna).await;
    other.connect().await;
    let erased = gone.connect().await;
    gone.call("DELETE", "/v1/consents").send().await;
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let (mut routes, mut cases) = (0, 0);
    for call in one_per_route(world, &well_formed).into_iter().filter(|call| call.has("{consent_id}")) {
        let at = |consent: String| Call { consent, ..call.clone() };
        let foreign = seen(&ask(call, &other).await);
        assert_eq!((foreign.0, &foreign.2["code"]), (404, &"consent_not_found".into()), "{}", call.route);
        for (name, call, person) in [
            ("one that never was", at(never_was(&call.consent)), &anna),
            ("none at all", at("none".to_owned()), &anna),
            ("far too long", at("A".repeat(300)), &anna),
            ("an account's", at(call.account.clone() + "x"), &anna),
            ("erased", at(erased.clone()), &gone),
            ("erased, and another's", at(erased.clone()), &anna),
        ] {
            assert_eq!(seen(&ask(&call, person).await), foreign, "{name}: {}", call.route);
            cases += 1;
        }
        routes += 1;
    }
    assert!(routes >= 11, "{routes} routes");
    assert!((world.bank.ledger().calls.len(), world.dump().await) == before, "somebody was asked");
    measure("owner × resource, answered alike", cases, &format!("6 kinds of id × {routes} routes"), None);
}

async fn another_s_account_is_answered_like_one_that_never_was_on_every_route(world: &World) {
    let (anna, other) = (world.person(), world.person());
    let hers = WellFormed::prepare(&anna).await;
    // One personal number, one live order.
    world.pass(4 * 60_000);
    let others = WellFormed::prepare(&other).await;
    let one =
        |of: &WellFormed, route: &str| of.reads.iter().find(|call| call.route == route).unwrap().clone();
    for call in hers.reads.iter().filter(|call| call.has("{account_id}")) {
        let at = |account: String| Call { account, ..call.clone() };
        // The other's own id of an account that both may see at the bank.
        let foreign = ask(&at(one(&others, call.route).account), &anna).await;
        assert_eq!(foreign.json()["code"], "account_not_found", "{}: {}", call.route, foreign.text);
        let known = seen(&foreign);
        for account in [never_was(&call.account), "none".to_owned(), "a".repeat(300), call.consent.clone()] {
            assert_eq!(seen(&ask(&at(account.clone()), &anna).await), known, "{account}: {}", call.route);
        }
    }
}

async fn the_same_key_of_two_owners_begins_two_consents_and_shows_neither_the_other(world: &World) {
    let (anna, other, key) = (world.person(), world.person(), fresh_key());
    let hers = anna.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
    let others = other.post_keyed("/v1/consents", &swedish("redirect"), &key).await.expect(201);
    assert_ne!(hers["consent_id"], others["consent_id"]);
    assert_ne!(hers["authorization"], others["authorization"]);
    // Another body under a key that only somebody else has used is no conflict.
    let third = world.person();
    third.post_keyed("/v1/consents", &swedish("decoupled"), &key).await.expect(201);
    assert_eq!(world.at_bank("consents.create"), 3);
}
