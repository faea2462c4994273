//! The fault matrix: every fault of the bank at every call of every path, and every fault of the secret before every path.
//! After each the caller has an answer in the documented form, the same request again is safe, all that was under way is
//! over when its time is, and the invariants hold (`held.rs`).
//!
//! The rig learns the calls of each path from the simulated bank's ledger: a call of a kind for which `faults.rs` has
//! nothing fails the suite. The table's exchanges have the same in `store_faults/everywhere.rs`, deaths in `crash.rs`.

mod connections;
mod deaths;
mod faults;
mod held;
mod pairs;
mod patience;
mod reads;
mod secret;
mod table;

use crate::{
    paths::{PATHS, Scene},
    world::{Answer, World, client::parameter, measure},
};
use futures_util::{FutureExt, StreamExt, future::join_all, stream};
use held::Book;
use patience::Patience;
use serde_json::Value;
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::{any::Any, panic::AssertUnwindSafe};

/// Longer than any claim.
const CLAIM_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// Longer than anybody has to sign.
const ATTEMPT_MS: i64 = 16 * 60_000;

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

/// The calls at the bank that one request of this path makes, in order.
async fn learn(world: &World, path: &str) -> Vec<CallKind> {
    let scene = Scene::set(world, path).await;
    let before = world.bank.ledger().calls.len();
    assert_eq!(scene.send().await.status, scene.status, "{path}");
    let calls = world.bank.ledger().calls[before..].iter().map(|call| call.kind).collect();
    scene.strike().await;
    calls
}

/// An answer is what was asked for, a redirect, or a problem: never nothing, and no 5xx but one that says whose fault it is.
/// A browser gets a page in place of a problem.
fn is_answered(answer: &Answer, case: &str) {
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
struct Drill<'d> {
    /// Sets it off.
    arm: &'d (dyn Fn() + Sync),
    /// Takes it away again.
    disarm: &'d (dyn Fn() + Sync),
    /// Says that the request has been repeated.
    over: &'d (dyn Fn() + Sync),
    may_die: bool,
    may_end: bool,
    /// What the bank has answered may be lost on our side.
    may_lose: bool,
    /// Nothing was done by it: the request that is repeated afterwards ends as it would have without it.
    harmless: Option<Ending>,
}

/// How a request ended: its status, where it leaves a browser, and where it leaves a consent.
type Ending = (u16, Option<String>, [Value; 2]);

fn ending(answer: &Answer) -> Ending {
    let outcome = answer.header("location").and_then(|link| parameter(link, "outcome"));
    let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    (answer.status, outcome, [body["status"].clone(), body["authorization"]["state"].clone()])
}

/// Nothing goes wrong any more.
fn calm(world: &World) {
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
async fn case(scene: &Scene<'_>, drill: &Drill<'_>, other: &mut Option<String>, case: &str) {
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

/// The faults that are waited for in this way, at all calls of one path, in a world of its own: one case after
/// another.
async fn all_of(path: &'static str, calls: &[CallKind], how_long: Wait) -> Done {
    let (world, functions) = Patience::world(how_long.hasty_ms()).await;
    // What processes fetch once has been fetched.
    learn(&world, path).await;
    let mut done = Done::default();
    let mut other = None;
    for (place, &kind) in calls.iter().enumerate() {
        let faults = faults::of(kind);
        assert!(!faults.is_empty(), "{path}: no faults are known for {kind}");
        let skip = calls[..place].iter().filter(|earlier| **earlier == kind).count();
        for (fault, times) in faults.into_iter().filter(|(fault, _)| how_long.is_for(fault)) {
            let order = FaultOrder { call: kind, fault, times, skip: u32::try_from(skip).unwrap() };
            let name = format!("{path}: {order:?}");
            if path.contains("decoupled") {
                // One personal number has so many starts in a day.
                world.pass(DAY_MS);
            }
            let scene = Scene::of(reads::who(&world, path, &mut other), path).await;
            let arm = || {
                functions.hurry(true);
                world.bank.fault(order.clone());
            };
            let (disarm, over) = (|| calm(&world), || functions.hurry(false));
            let may_end = faults::may_end_a_grant(&order.fault);
            let drill = Drill {
                arm: &arm,
                disarm: &disarm,
                over: &over,
                may_die: false,
                may_end,
                may_lose: false,
                harmless: None,
            };
            let seen = world.bank.ledger().calls.len();
            // Futures of this depth are large.
            let run = Box::pin(async {
                case(&scene, &drill, &mut other, &name).await;
                let struck = world.bank.ledger().calls[seen..].iter().any(|call| call.fault.is_some());
                assert!(struck, "{name}: it never happened");
            });
            if let Err(panic) = AssertUnwindSafe(run).catch_unwind().await {
                done.complain(&*panic, &name);
                calm(&world);
                functions.hurry(false);
                world.pass(ATTEMPT_MS);
            }
            done.cases += 1;
        }
    }
    world.search_table().await;
    done
}

/// What came of a path.
#[derive(Default)]
struct Done {
    cases: usize,
    complaints: Vec<String>,
}

impl Done {
    /// A text that says more is a `String`; one that is fixed does not even name the case.
    fn complain(&mut self, panic: &(dyn Any + Send), case: &str) {
        let said = panic.downcast_ref::<String>();
        self.complaints.push(said.cloned().unwrap_or_else(|| format!("{case}: it panicked")));
    }
}

/// The paths that ask the bank, with the calls of one request; and how many those are. `MATRIX=poll` leaves the paths whose
/// name has the word.
async fn steps() -> (Vec<(&'static str, Vec<CallKind>)>, usize) {
    let word = std::env::var("MATRIX").unwrap_or_default();
    let (world, _) = Patience::world(25_000).await;
    let mut paths = Vec::new();
    for &path in PATHS.iter().filter(|path| path.contains(&word)) {
        let calls = learn(&world, path).await;
        // Without a call at the bank a path is the table's business alone.
        if !calls.is_empty() {
            paths.push((path, calls));
        }
    }
    let calls = paths.iter().map(|(_, calls)| calls.len()).sum();
    assert!(calls >= 24 || !word.is_empty(), "{calls} calls over {} paths", paths.len());
    (paths, calls)
}

/// Silence is waited out, each kind of it in a world of its own, all at once.
#[derive(Clone, Copy, Debug)]
enum Wait {
    No,
    Silence(usize),
}

impl Wait {
    const fn hasty_ms(self) -> u64 {
        if matches!(self, Self::No) { 5_000 } else { 6_000 }
    }

    fn is_for(self, fault: &Fault) -> bool {
        match self {
            Self::No => !faults::SILENT.contains(fault),
            Self::Silence(which) => faults::SILENT[which] == *fault,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_the_bank_at_every_call_of_every_path_is_answered_and_leaves_nothing_broken() {
    let (paths, calls) = steps().await;
    let quick = stream::iter(&paths).map(|(path, calls)| all_of(path, calls, Wait::No)).buffer_unordered(4);
    let silent = paths
        .iter()
        .flat_map(|(path, calls)| (0..3).map(move |which| all_of(path, calls, Wait::Silence(which))));
    let (mut done, silent) = tokio::join!(quick.collect::<Vec<_>>(), join_all(silent));
    done.extend(silent);
    let cases: usize = done.iter().map(|done| done.cases).sum();
    let complaints: Vec<String> = done.into_iter().flat_map(|done| done.complaints).collect();
    assert!(complaints.is_empty(), "{} of {cases} cases:\n{}", complaints.len(), complaints.join("\n"));
    let asked = format!("all kinds that apply × all {calls} calls");
    measure("single faults of the bank at every call", cases, &asked, None);
}
