//! The same with real processes, killed (SIGKILL) while the bank holds the call that spends: before it has acted on it, and
//! after.

use super::route::{Route, Scene};
use crate::{processes::world_of_processes, world::measure};
use simulated_bank::{CallKind, Fault, FaultOrder, Rotation};
use std::time::Duration;

const CALLS: [(Route, CallKind); 6] = [
    (Route::Start, CallKind::ConsentsCreate),
    (Route::StartBankId, CallKind::ConsentsCreate),
    (Route::StartBankId, CallKind::DecoupledInit),
    (Route::Callback, CallKind::TokenAuthorizationCode),
    (Route::Poll, CallKind::DecoupledPoll),
    (Route::Refresh(Rotation::None), CallKind::TokenRefreshToken),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_killed_while_the_bank_is_asked_costs_one_signature_at_most() {
    let (world, runtime) = world_of_processes("consent-start", 1).await;
    world.person().connect().await;
    let (mut killed, mut signed_again) = (0, 0);
    for (route, kind) in CALLS {
        for held in [Fault::Delay { ms: 1_000 }, Fault::HeaderStall { ms: 60_000 }] {
            let case = format!("{route:?} killed at {kind}, {held:?}");
            let mut scene = Scene::set(&world, route).await;
            let before = world.bank.ledger();
            world.bank.fault(FaultOrder::next(kind, held));
            let (answer, ()) = tokio::join!(scene.act(), async {
                // A call is in the ledger when it has arrived, a delayed one when its delay is over.
                while runtime.working(route.function()).is_empty() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                tokio::time::sleep(Duration::from_millis(400)).await;
                for instance in runtime.working(route.function()) {
                    killed += usize::from(runtime.kill(route.function(), instance));
                }
            });
            assert!(answer.status >= 500, "{case}: it was answered: {}", answer.text);
            tokio::time::sleep(Duration::from_millis(700)).await;
            world.bank.clear_faults();
            let again = scene.recover(true, &case).await;
            assert!(!again || !matches!(route, Route::Refresh(_)), "{case}: a signature was lost");
            signed_again += usize::from(again);
            scene.strike().await;
            let ledger = world.bank.ledger();
            assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0), "{case}");
            assert!(ledger.count("token.refresh_token") - before.count("token.refresh_token") <= 2, "{case}");
        }
    }
    assert_eq!(killed, CALLS.len() * 2);
    world.search(&runtime.logs());
    world.search_table().await;
    let reached = format!("{killed}, {signed_again} signatures again");
    measure("functions killed while the bank was asked", reached, "every exchange that spends, twice", None);
}
