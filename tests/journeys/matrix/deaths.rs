//! The process dies after the n-th poll of its handler, for every n until it completes, on every path.

use super::{Drill, calm, case, pairs, reads};
use crate::{mortal::Death, paths::PATHS, world::measure};
use futures_util::{StreamExt, stream};

/// Most of it is waiting; of more than that a small machine makes trouble of its own.
const SIDE_BY_SIDE: usize = 8;
/// More than any handler has.
const POLLS: usize = 500;

/// How often one path's handler can be dropped.
async fn all_of(path: &'static str) -> usize {
    let (world, functions) = pairs::world().await;
    let mut other = None;
    for polls in 1..POLLS {
        let name = format!("{path}: dropped after poll {polls}");
        let scene = reads::fresh(&world, path, &mut other).await;
        let before = functions.died();
        let arm = || functions.doom(pairs::function(path), Death::AtPoll(polls));
        let disarm = || {
            functions.spare();
            calm(&world);
        };
        let drill = Drill {
            arm: &arm,
            disarm: &disarm,
            over: &|| (),
            may_die: true,
            may_end: false,
            may_lose: true,
            harmless: None,
        };
        Box::pin(case(&scene, &drill, &mut other, &name)).await;
        if functions.died() == before {
            world.search_table().await;
            return polls - 1;
        }
    }
    panic!("{path}: no end of polls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_handler_is_dropped_on_any_path_the_same_request_again_is_safe() {
    let paths = stream::iter(PATHS).map(|path| all_of(path)).buffer_unordered(SIDE_BY_SIDE);
    let drops: usize = paths.collect::<Vec<_>>().await.iter().sum();
    let asked = format!("every poll of {} paths", PATHS.len());
    measure("the process dies, after every poll of every handler", drops, &asked, None);
}
