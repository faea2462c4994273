//! The table stays away, from each exchange of each path on: it fails, or **does what it is told and never says so**. One
//! fault that passes is noticed by nobody (`store_faults/everywhere.rs`); one that stays is answered.

use super::{Drill, calm, case, pairs, reads};
use crate::{
    paths::{PATHS, Scene},
    world::measure,
};
use cloud::{FaultKind, ProxyFault};
use futures_util::{StreamExt, stream};

/// Most of it is waiting; of more than that a small machine makes trouble of its own.
const SIDE_BY_SIDE: usize = 12;
const KINDS: [FaultKind; 2] = [FaultKind::ServerError, FaultKind::AnswerLost];

async fn all_of(path: &'static str, kind: FaultKind) -> usize {
    let (world, _) = pairs::world().await;
    let mut other = None;
    let scene = Scene::of(reads::who(&world, path, &mut other), path).await;
    let before = world.table_proxy.exchanges().len();
    scene.send().await;
    let exchanges = world.table_proxy.exchanges().len() - before;
    scene.strike().await;
    for skip in 0..exchanges {
        let name = format!("{path}: {kind:?} from exchange {} of {exchanges} on", skip + 1);
        let scene = reads::fresh(&world, path, &mut other).await;
        let skip = u32::try_from(skip).unwrap();
        let arm = || world.table_proxy.fault(ProxyFault { operation: None, kind, times: 99, skip });
        let disarm = || calm(&world);
        let drill = Drill {
            arm: &arm,
            disarm: &disarm,
            over: &|| (),
            may_die: false,
            may_end: false,
            may_lose: true,
            harmless: None,
        };
        Box::pin(case(&scene, &drill, &mut other, &name)).await;
    }
    exchanges
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_stays_away_from_any_exchange_of_any_path_on_is_answered_and_leaves_nothing_broken() {
    let worlds = PATHS.iter().flat_map(|path| KINDS.map(|kind| all_of(path, kind)));
    let worlds = stream::iter(worlds).buffer_unordered(SIDE_BY_SIDE);
    let cases: usize = worlds.collect::<Vec<_>>().await.iter().sum();
    let asked = format!("{} kinds × all exchanges of {} paths", KINDS.len(), PATHS.len());
    measure("a table that stays away, from every exchange on", cases, &asked, None);
}
