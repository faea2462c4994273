//! Two things go wrong in one request, chosen by chance: at the bank, at the table, or the process dies. `SEED` repeats a run,
//! `PAIRS` says how many.

use super::{Drill, calm, case, faults, learn, reads};
use crate::{
    dice::Dice,
    mortal::{Death, Mortal},
    paths::{PATHS, Scene},
    world::{Setting, Stage, World, in_process::InProcess, measure},
};
use cloud::{FaultKind, Invoke, ProxyFault};
use futures_util::future::join_all;
use simulated_bank::{CallKind, FaultOrder};
use std::sync::{Arc, Mutex};

/// Side by side: most of it is waiting.
const WORLDS: u64 = 8;
const AT_TABLE: [FaultKind; 5] = [
    FaultKind::Throttled,
    FaultKind::ServerError,
    FaultKind::RequestLost,
    FaultKind::AnswerLost,
    FaultKind::Reset,
];

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    AtBank(FaultOrder),
    AtTable(ProxyFault),
    Dies { polls: usize },
}

impl Trouble {
    fn chosen(dice: &mut Dice, calls: &[CallKind]) -> Self {
        match dice.below(if calls.is_empty() { 2 } else { 4 }) {
            0 => Self::Dies { polls: 1 + dice.below(12) },
            1 => Self::AtTable(ProxyFault {
                operation: None,
                kind: dice.one_of(&AT_TABLE),
                times: 1 + u32::try_from(dice.below(3)).unwrap(),
                skip: u32::try_from(dice.below(4)).unwrap(),
            }),
            _ => {
                let call = dice.one_of(calls);
                let loud: Vec<_> = faults::of(call)
                    .into_iter()
                    .filter(|(fault, _)| !faults::SILENT.contains(fault))
                    .collect();
                let (fault, times) = dice.one_of(&loud);
                Self::AtBank(FaultOrder { call, fault, times, skip: 0 })
            }
        }
    }

    fn happens(&self, world: &World, functions: &Mortal, function: &'static str) {
        match self {
            Self::AtBank(order) => world.bank.fault(order.clone()),
            Self::AtTable(fault) => world.table_proxy.fault(fault.clone()),
            Self::Dies { polls } => functions.doom(function, Death::AtPoll(*polls)),
        }
    }

    fn may_end_a_grant(&self) -> bool {
        matches!(self, Self::AtBank(order) if faults::may_end_a_grant(&order.fault))
    }
}

/// The function that serves a path's request.
pub(super) fn function(path: &str) -> &'static str {
    match path.split([' ', ',']).next().unwrap() {
        "start" | "choose" | "renew" => "consent-start",
        "callback" => "redirect-callback",
        "poll" | "cancel" => "decoupled-poll",
        "activation" | "revoke" | "erase" | "read" | "list" | "health" => "consent-manage",
        _ => "account-fetch",
    }
}

pub(super) async fn world() -> (World, Arc<Mortal>) {
    let overrides = vec![("FUNCTION_TIMEOUT_MS", "6000".to_owned())];
    let stage = Stage::set(Setting { overrides, ..Setting::default() }).await;
    let lines = Arc::new(Mutex::default());
    let functions = Arc::new(Mortal::new(InProcess::new(&stage.environment, &lines)));
    let world = stage.open(Arc::clone(&functions) as Arc<dyn Invoke>, lines).await;
    world.person().connect().await;
    (world, functions)
}

async fn some(seed: u64, pairs: usize) {
    let (world, functions) = world().await;
    let mut dice = Dice::seeded(seed);
    for number in 0..pairs {
        let path = dice.one_of(PATHS);
        let calls = learn(&world, path).await;
        let both = [Trouble::chosen(&mut dice, &calls), Trouble::chosen(&mut dice, &calls)];
        let name = format!("SEED={seed}, pair {number}, {path}: {both:?}");
        // A consent to compare with is made anew each time: the next path is another one.
        let mut other = None;
        let scene = Scene::of(reads::who(&world, path, &mut other), path).await;
        let arm = || both.iter().for_each(|trouble| trouble.happens(&world, &functions, function(path)));
        let disarm = || {
            functions.spare();
            calm(&world);
        };
        let drill = Drill {
            arm: &arm,
            disarm: &disarm,
            over: &|| (),
            may_die: both.iter().any(|trouble| matches!(trouble, Trouble::Dies { .. })),
            may_end: both.iter().any(Trouble::may_end_a_grant),
            may_lose: true,
            harmless: None,
        };
        Box::pin(case(&scene, &drill, &mut other, &name)).await;
    }
    world.search_table().await;
}

fn by_chance() -> u64 {
    u64::from(std::process::id()) * 1_000_003 + u64::try_from(cloud::wall_clock_ms()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_things_that_go_wrong_in_one_request_break_no_more_than_one() {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    // More of them are others each time.
    let seed =
        given("SEED").unwrap_or_else(|| if given("PAIRS").is_some() { by_chance() } else { 20_260_115 });
    let pairs = usize::try_from(given("PAIRS").unwrap_or(64).div_ceil(WORLDS)).unwrap();
    join_all((0..WORLDS).map(|world| some(seed + world, pairs))).await;
    measure("pairs of faults", pairs * usize::try_from(WORLDS).unwrap(), "random, seeded", Some(seed));
}
