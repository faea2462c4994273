//! Crashes: wherever a request that spends something is cut or dies, the consent comes back by itself. Nothing is stuck
//! for longer than a lease, no code is spent twice, a refresh token whose answer was lost is used at most once more, and
//! at worst the person signs again.
//!
//! The rig learns the exchanges of each route from the proxy before the table and from the simulated bank, and fails if
//! they are not those whose cuts it tries.

mod processes;
mod route;

use crate::{
    mortal::{Death, Mortal},
    world::{Setting, Stage, World, in_process::InProcess, measure, report},
};
use cloud::{FaultKind, ProxyFault};
use futures_util::future::join_all;
use route::{Route, Scene};
use simulated_bank::{CallKind, Fault, FaultOrder, Rotation};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::watch;

const ROUTES: [Route; 7] = [
    Route::Start,
    Route::StartBankId,
    Route::Callback,
    Route::Poll,
    Route::Refresh(Rotation::None),
    Route::Refresh(Rotation::Rotate),
    Route::Refresh(Rotation::RotateRevokeFamily),
];

/// What a crash looks like from outside.
#[derive(Clone, Copy, Debug)]
enum Crash {
    /// At an exchange with the table, before it arrives there.
    Table { at: usize, executed: bool, dies: bool },
    /// At a call to the bank.
    Bank { kind: CallKind, executed: bool, dies: bool },
    /// After so many polls of the handler's future.
    Poll(usize),
}

/// What a route's crashes came to.
#[derive(Debug, Default)]
struct Tally {
    cuts: usize,
    drops: usize,
    deaths: usize,
    signed_again: usize,
}

/// A world whose functions can die.
struct Rig {
    world: World,
    functions: Arc<Mortal>,
    route: Route,
}

impl Rig {
    async fn set(route: Route) -> Self {
        // Nobody waits long in vain.
        let overrides = vec![("FUNCTION_TIMEOUT_MS", "5000".to_owned())];
        let setting = Setting { overrides, ..Setting::default() };
        let stage = Stage::set(setting).await;
        let lines = Arc::new(Mutex::default());
        let functions = Arc::new(Mortal::new(InProcess::new(&stage.environment, &lines)));
        let invoke = Arc::clone(&functions) as Arc<dyn cloud::Invoke>;
        let world = stage.open(invoke, lines).await;
        // Whatever is made once has been made.
        world.person().connect().await;
        Self { world, functions, route }
    }

    /// One request without a crash: the exchanges that it makes must be those that are known.
    async fn learn(&self) {
        let scene = Scene::set(&self.world, self.route).await;
        let (table, bank) = (self.world.table_proxy.exchanges().len(), self.world.bank.ledger().calls.len());
        let answer = scene.act().await;
        assert!(answer.status < 400, "{:?}: {}", self.route, answer.text);
        let exchanges = self.world.table_proxy.exchanges();
        let table: Vec<&str> =
            exchanges[table..].iter().map(|exchange| exchange.operation.as_str()).collect();
        let ledger = self.world.bank.ledger();
        let bank: Vec<String> = ledger.calls[bank..].iter().map(|call| call.kind.to_string()).collect();
        let (known_table, known_bank) = self.route.exchanges();
        assert_eq!(table, known_table, "{:?}: an exchange with the table that has no case here", self.route);
        assert_eq!(bank, known_bank, "{:?}: a call to the bank that has no case here", self.route);
        scene.strike().await;
    }

    /// All crashes at exchanges.
    fn cuts(&self) -> Vec<Crash> {
        let (table, bank) = self.route.exchanges();
        let both = [(false, false), (false, true), (true, false), (true, true)];
        let at_table =
            (0..table.len()).flat_map(|at| both.map(|(executed, dies)| Crash::Table { at, executed, dies }));
        let at_bank = bank.iter().flat_map(|name| {
            let kind: CallKind = serde_json::from_value((*name).into()).unwrap();
            both.map(|(executed, dies)| Crash::Bank { kind, executed, dies })
        });
        at_table.chain(at_bank).collect()
    }

    /// One request that meets a crash; whether it died of it.
    async fn crash(&self, scene: &Scene<'_>, crash: Crash) -> bool {
        let before = self.functions.died();
        let world = &self.world;
        let (table, calls) = (world.table_proxy.exchanges().len(), world.bank.ledger().calls.len());
        let struck = |strikes: usize| move || world.table_proxy.exchanges().len() >= strikes;
        match crash {
            Crash::Poll(polls) => {
                self.functions.doom(self.route.function(), Death::AtPoll(polls));
                scene.act().await;
            }
            Crash::Table { at, executed, dies } => {
                let skip = u32::try_from(at).unwrap();
                // One that lives sees the cut at every try of this exchange; one that dies sees nothing after it.
                let times = if dies { 99 } else { 3 };
                let fault = |kind, skip, times| ProxyFault { operation: None, kind, times, skip };
                if executed {
                    world.table_proxy.fault(fault(FaultKind::AnswerLost, skip, if dies { 1 } else { 3 }));
                    if dies {
                        world.table_proxy.fault(fault(FaultKind::RequestLost, 0, 99));
                    }
                } else {
                    world.table_proxy.fault(fault(FaultKind::RequestLost, skip, times));
                }
                self.until(scene, dies, struck(table + at + 1)).await;
            }
            Crash::Bank { kind, executed, dies } => {
                let fault = if executed { Fault::AnswerLost } else { Fault::CloseBeforeAnswer };
                // A read is sent once more.
                world.bank.fault(FaultOrder { call: kind, fault, times: 2, skip: 0 });
                let seen = move || {
                    let ledger = world.bank.ledger();
                    ledger.calls[calls..].iter().any(|call| call.kind == kind)
                };
                self.until(scene, dies, seen).await;
            }
        }
        self.functions.spare();
        self.world.bank.clear_faults();
        self.world.table_proxy.reset();
        self.functions.died() > before
    }

    /// The request, which dies, if it is to, as soon as the sign is seen.
    async fn until(&self, scene: &Scene<'_>, dies: bool, seen: impl Fn() -> bool) {
        let (sign, death) = watch::channel(false);
        if dies {
            self.functions.doom(self.route.function(), Death::When(death));
        }
        let mut request = std::pin::pin!(scene.act());
        loop {
            tokio::select! {
                _ = &mut request => return,
                () = tokio::time::sleep(Duration::from_millis(1)), if !*sign.borrow() => {
                    if seen() {
                        sign.send_replace(true);
                    }
                }
            }
        }
    }

    /// A crash, what people do then, and what must hold.
    async fn case(&self, crash: Crash, tally: &mut Tally) -> bool {
        let (route, world) = (self.route, &self.world);
        let case = format!("{route:?}, {crash:?}");
        let mut scene = Scene::set(world, route).await;
        let before = world.bank.ledger();
        let died = self.crash(&scene, crash).await;
        let again = scene.recover(died, &case).await;
        scene.strike().await;
        let ledger = world.bank.ledger();
        let calls = |kind: &str| ledger.count(kind) - before.count(kind);
        assert_eq!(ledger.code_reuses, 0, "{case}: a code was spent twice");
        let codes = usize::from(matches!(route, Route::Start | Route::Callback)) + 1;
        assert!(calls("token.authorization_code") <= codes, "{case}: {:?}", ledger.by_kind());
        assert!(calls("token.refresh_token") <= 2, "{case}: a lost refresh token went out a third time");
        if let Route::Refresh(rotation) = route {
            // A bank that rotates has replaced what the lost answer held; this one has not.
            assert!(!again || rotation != Rotation::None, "{case}: a signature was lost");
            assert!(rotation != Rotation::None || ledger.refresh_reuses == 0, "{case}");
        }
        assert!(ledger.calls.len() - before.calls.len() <= 30, "{case}: no end of calls");
        tally.deaths += usize::from(died);
        tally.signed_again += usize::from(again);
        died
    }
}

/// All crashes of one route, one after another.
async fn all_of(route: Route) -> Tally {
    let rig = Rig::set(route).await;
    let mut tally = Tally::default();
    rig.learn().await;
    for crash in rig.cuts() {
        rig.case(crash, &mut tally).await;
        tally.cuts += 1;
    }
    for polls in 1..500 {
        if !rig.case(Crash::Poll(polls), &mut tally).await {
            break;
        }
        tally.drops += 1;
    }
    assert!(tally.drops >= 3 && tally.drops < 499, "{route:?}: {tally:?}");
    rig.world.search_table().await;
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_request_is_cut_or_dies_the_consent_comes_back_and_nothing_is_spent_twice() {
    let tallies = join_all(ROUTES.map(all_of)).await;
    let (mut cuts, mut drops, mut deaths, mut signed_again) = (0, 0, 0, 0);
    for (route, tally) in ROUTES.iter().zip(tallies) {
        report(&format!("crashes of {route:?}: {tally:?}"));
        (cuts, drops) = (cuts + tally.cuts, drops + tally.drops);
        deaths += tally.deaths - tally.drops;
        signed_again += tally.signed_again;
    }
    let reached = format!("{cuts}, {deaths} deaths");
    let what = "crashes: each exchange cut before it arrives and after it was executed";
    measure(what, reached, "every one, with and without a death", None);
    let reached = format!("{drops}, {signed_again} signatures again");
    measure("crashes: the handler dropped after its n-th poll", reached, "every one", None);
}
