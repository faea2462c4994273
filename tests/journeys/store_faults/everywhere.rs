//! One fault of the table at each exchange of each path: throttled, failed, lost on the way, **written but the answer
//! lost**, slow. The SDK sends again, and what was written already is recognised: the caller notices nothing, the bank is
//! asked as often as without.

use crate::{
    paths::{PATHS, Scene},
    world::World,
};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join_all;

/// The slow one outlasts the time of one try: it is sent again while the first is still under way, and executed twice.
const KINDS: [FaultKind; 6] = [
    FaultKind::Throttled,
    FaultKind::ServerError,
    FaultKind::RequestLost,
    FaultKind::AnswerLost,
    FaultKind::Reset,
    FaultKind::Slow(2_000),
];

/// These faults at all exchanges of one path, one after another in a world of its own; how many there were.
async fn strike_everywhere(path: &'static str, kinds: &[FaultKind]) -> usize {
    let world = World::in_process().await;
    world.person().start_redirect().await;
    let scene = Scene::set(&world, path).await;
    let (bank, table) = world.exchanges();
    assert_eq!(scene.send().await.status, scene.status, "{path}");
    let after = world.exchanges();
    let (calls, exchanges) = (after.0 - bank, after.1 - table);
    scene.strike().await;
    for skip in 0..exchanges {
        for &kind in kinds {
            let what = format!("{path}: {kind:?} at exchange {} of {exchanges}", skip + 1);
            let scene = Scene::set(&world, path).await;
            let (bank, _) = world.exchanges();
            let skip = u32::try_from(skip).unwrap();
            world.table_proxy.fault(ProxyFault { operation: None, kind, times: 1, skip });
            let answer = scene.send().await;
            assert_eq!(answer.status, scene.status, "{what}: {}", answer.text);
            assert_eq!(world.exchanges().0 - bank, calls, "{what}: calls at the bank");
            world.table_proxy.reset();
            scene.strike().await;
        }
    }
    let ledger = world.bank.ledger();
    assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0), "{path}");
    exchanges * kinds.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fault_of_the_table_at_any_exchange_of_any_path_is_noticed_by_nobody() {
    // The quick kinds beside the slow one, and all paths beside each other: most of it is waiting.
    let worlds = PATHS.iter().flat_map(|path| KINDS.chunks(3).map(|kinds| strike_everywhere(path, kinds)));
    let cases: usize = join_all(worlds).await.iter().sum();
    let asked = format!("{} kinds × all exchanges of {} paths", KINDS.len(), PATHS.len());
    crate::world::measure("single faults of the table at every exchange", cases, &asked, None);
}
