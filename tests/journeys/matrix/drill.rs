//! One request in trouble, what an app does then, and what must hold.

use super::{held::Book, reads};
use crate::{
    paths::Scene,
    world::{Answer, World, client::parameter},
};
use serde_json::Value;

/// Longer than any claim.
pub(super) const CLAIM_MS: i64 = 60_000;
/// Longer than anybody has to sign.
pub(super) const ATTEMPT_MS: i64 = 16 * 60_000;

/// Problems that say honestly that nobody knows, or that somebody else has to act first.
const SERVER_SIDE: [&str; 10] = [
    "bank_answer_lost",
    "bank_answer_unusable",
    "bank_busy",
    "bank_refused_us",
    "bank_unavailable",
    "bank_unrecognised",
    "out_of_time",
    "refresh_in_flight",
    "service_unavailable",
    "start_unknown",
];

/// An answer is what was asked for, a redirect, or a problem: never nothing, and no 5xx but one that says whose fault it is.
/// A browser gets a page in place of a problem.
pub(super) fn is_answered(answer: &Answer, case: &str) {
    assert_ne!(answer.status, 500, "{case}: {}", answer.text);
    let kind = answer.header("content-type").unwrap_or_default();
    if answer.status < 400 {
        return;
    }
    if case.contains("callback") {
        assert!(kind.starts_with("text/html"), "{case}: {kind}");
        return;
    }
    assert_eq!(kind, "application/problem+json", "{case}: {}", answer.text);
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{case}: {problem}");
    if answer.status > 500 {
        assert!(SERVER_SIDE.iter().any(|known| problem["code"] == *known), "{case}: {problem}");
    }
}

/// What goes wrong, and what it may come to.
pub(super) struct Drill<'d> {
    /// Sets it off.
    pub(super) arm: &'d (dyn Fn() + Sync),
    /// Takes it away again.
    pub(super) disarm: &'d (dyn Fn() + Sync),
    /// Says that the request has been repeated.
    pub(super) over: &'d (dyn Fn() + Sync),
    pub(super) may_die: bool,
    pub(super) may_end: bool,
    /// What the bank has answered may be lost on our side.
    pub(super) may_lose: bool,
    /// Nothing was done by it: the request that is repeated afterwards ends as it would have without it.
    pub(super) harmless: Option<Ending>,
}

/// How a request ended: its status, where it leaves a browser, and where it leaves a consent.
pub(super) type Ending = (u16, Option<String>, [Value; 2]);

pub(super) fn ending(answer: &Answer) -> Ending {
    let outcome = answer.header("location").and_then(|link| parameter(link, "outcome"));
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    (answer.status, outcome, [body["status"].clone(), body["authorization"]["state"].clone()])
}

/// Nothing goes wrong any more.
pub(super) fn calm(world: &World) {
    world.bank.clear_faults();
    world.bank.change_switches(|switches| switches.away = None);
    world.table_proxy.reset();
}

/// The same request once more.
async fn again(scene: &Scene<'_>, case: &str) -> Answer {
    let answer = scene.send().await;
    is_answered(&answer, case);
    answer
}

/// One request in trouble, and what an app does then.
pub(super) async fn case(scene: &Scene<'_>, drill: &Drill<'_>, other: &mut Option<String>, case: &str) {
    let world = scene.person.world;
    let mut book = Book::open(scene).await;
    (drill.arm)();
    let answer = scene.send().await;
    if !(drill.may_die && answer.status == 500) {
        is_answered(&answer, case);
    }
    book.answered(answer);
    (drill.disarm)();
    book.answered(again(scene, case).await);
    world.pass(CLAIM_MS);
    let last = again(scene, case).await;
    if let Some(usual) = &drill.harmless {
        assert_eq!(ending(&last), *usual, "{case}: harm was done: {}", last.text);
    }
    book.answered(last);
    (drill.over)();
    // Where reads are counted, more than are allowed.
    for _ in 0..if scene.is_unattended() { 4 } else { 0 } {
        book.answered(again(scene, case).await);
    }
    book.holds(drill, case).await;
    if scene.reads_data() {
        reads::are_as_ever(scene, drill.may_end, other, case).await;
        return;
    }
    world.pass(ATTEMPT_MS);
    for consent in scene.person.get("/v1/consents").await.expect(200)["consents"].as_array().unwrap() {
        let over = ["active", "expired", "rejected", "revoked"].iter().any(|word| consent["status"] == *word);
        assert!(over, "{case}: stuck: {consent}");
    }
    scene.strike().await;
}
