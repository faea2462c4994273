//! The fault matrix: every fault of the bank at every call of every path, and every fault of the secret before every path.
//! After each the caller has an answer in the documented form, the same request again is safe, all that was under way is
//! over when its time is, and the invariants hold (`held.rs`).
//!
//! The rig learns the calls of each path from the simulated bank's ledger: a call of a kind for which `faults.rs` has
//! nothing fails the suite. The table's exchanges have the same in `store_faults/everywhere.rs`, deaths in `crash.rs`.

mod connections;
mod deaths;
mod drill;
mod faults;
mod held;
mod pairs;
mod patience;
mod reads;
mod secret;
mod table;

use crate::{
    paths::{PATHS, Scene},
    world::{World, measure},
};
use drill::{ATTEMPT_MS, CLAIM_MS, Drill, Ending, calm, case, ending, is_answered};
use futures_util::{FutureExt, StreamExt, future::join_all, stream};
use patience::Patience;
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::{any::Any, panic::AssertUnwindSafe};

/// The calls at the bank that one request of this path makes, in order.
async fn learn(world: &World, path: &str) -> Vec<CallKind> {
    let scene = Scene::set(world, path).await;
    let before = world.bank.ledger().calls.len();
    assert_eq!(scene.send().await.status, scene.status, "{path}");
    let calls = world.bank.ledger().calls[before..].iter().map(|call| call.kind).collect();
    scene.strike().await;
    calls
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
            let scene = reads::fresh(&world, path, &mut other).await;
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
