//! The bank cannot be reached at all, from each call of each path on: every connection is gone, and no new one comes
//! about. Nothing was sent, so nothing is spent and nothing is in doubt.

use super::{CLAIM_MS, Done, Drill, Ending, Patience, calm, case, ending, learn, reads, steps};
use crate::{
    paths::Scene,
    world::{World, measure},
};
use futures_util::{FutureExt, StreamExt, stream};
use simulated_bank::{Away, CallKind, Fault, FaultOrder, HangUp};
use std::panic::AssertUnwindSafe;

/// Every way of one path, one after another.
async fn all_of(path: &'static str, calls: &[CallKind], ways: &[Away]) -> Done {
    let (world, functions) = Patience::world(6_000).await;
    learn(&world, path).await;
    let usual = as_usual(&world, path).await;
    let mut done = Done::default();
    let mut other = None;
    for place in 0..calls.len() {
        for &how in ways {
            let name = format!("{path}: {how:?} before call {place}");
            let scene = Scene::of(reads::who(&world, path, &mut other), path).await;
            world.bank.hang_up(HangUp::Close).await;
            let refused = world.bank.ledger().calls.len();
            let arm = || {
                functions.hurry(how == Away::Silent);
                close_before(&world, calls, place, how);
            };
            let over = || functions.hurry(false);
            let disarm = || {
                assert_eq!(
                    world.bank.ledger().calls.len(),
                    refused + place,
                    "{name}: calls that got through"
                );
                calm(&world);
            };
            // Later on something may have been begun that the bank alone knows.
            let harmless = (place == 0).then(|| usual.clone());
            let drill = Drill {
                arm: &arm,
                disarm: &disarm,
                over: &over,
                may_die: false,
                may_end: false,
                may_lose: false,
                harmless,
            };
            let run = Box::pin(case(&scene, &drill, &mut other, &name));
            if let Err(panic) = AssertUnwindSafe(run).catch_unwind().await {
                done.complain(&*panic, &name);
                calm(&world);
                functions.hurry(false);
            }
            world.bank.meet(None).await;
            done.cases += 1;
        }
    }
    done
}

/// How the path ends when nothing is wrong, for one who asks again as late as in a case.
async fn as_usual(world: &World, path: &str) -> Ending {
    let scene = Scene::set(world, path).await;
    scene.send().await;
    world.pass(CLAIM_MS);
    let usual = ending(&scene.send().await);
    scene.strike().await;
    usual
}

/// Nobody gets in once the call before this one has been answered.
fn close_before(world: &World, calls: &[CallKind], place: usize, how: Away) {
    let Some(last) = place.checked_sub(1) else {
        world.bank.change_switches(|switches| switches.away = Some(how));
        return;
    };
    let skip = calls[..last].iter().filter(|earlier| **earlier == calls[last]).count();
    let (call, fault) = (calls[last], Fault::ThenAway { how });
    world.bank.fault(FaultOrder { call, fault, times: 1, skip: u32::try_from(skip).unwrap() });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_cannot_be_reached_before_any_call_of_any_path_is_answered_and_spends_nothing() {
    let (paths, calls) = steps().await;
    let (silent, told): (Vec<Away>, Vec<Away>) = Away::ALL.into_iter().partition(|how| *how == Away::Silent);
    let quick = stream::iter(&paths).map(|(path, calls)| all_of(path, calls, &told)).buffer_unordered(4);
    let silent =
        futures_util::future::join_all(paths.iter().map(|(path, calls)| all_of(path, calls, &silent)));
    let (mut done, waited) = tokio::join!(quick.collect::<Vec<_>>(), silent);
    done.extend(waited);
    let cases: usize = done.iter().map(|done| done.cases).sum();
    let complaints: Vec<String> = done.into_iter().flat_map(|done| done.complaints).collect();
    assert!(complaints.is_empty(), "{} of {cases} cases:\n{}", complaints.len(), complaints.join("\n"));
    let asked = format!("5 ways × all {calls} calls");
    measure("a bank that cannot be reached, from every call on", cases, &asked, None);
}
