//! The secret's faults, before a process has ever read it.

use super::is_answered;
use crate::{
    paths::{PATHS, Scene},
    world::{Answer, Setting, Stage, World, in_process::InProcess, measure},
};
use cloud::{FaultKind, Invoke, InvokeFailure, ProxyFault};
use futures_util::{StreamExt, stream};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
};

const KINDS: [FaultKind; 6] = [
    FaultKind::Throttled,
    FaultKind::ServerError,
    FaultKind::RequestLost,
    FaultKind::AnswerLost,
    FaultKind::Reset,
    FaultKind::Slow(1_200),
];

/// More new processes at once than these keep each other waiting on a small machine.
const SIDE_BY_SIDE: usize = 10;

type Lines = Arc<Mutex<Vec<String>>>;

/// Functions that can be started anew while people have them in use.
struct Restarted {
    now: Mutex<Arc<InProcess>>,
    environment: BTreeMap<String, String>,
    lines: Lines,
}

impl Restarted {
    async fn world() -> (World, Arc<Self>) {
        let stage = Stage::set(Setting::default()).await;
        let (lines, environment) = (Lines::default(), stage.environment.clone());
        let now = Mutex::new(Arc::new(InProcess::new(&environment, &lines)));
        let functions = Arc::new(Self { now, environment, lines: Arc::clone(&lines) });
        let world = stage.open(Arc::clone(&functions) as Arc<dyn Invoke>, lines).await;
        (world, functions)
    }

    /// Nothing is left in anybody's memory.
    fn restart(&self) {
        *self.now.lock().unwrap() = Arc::new(InProcess::new(&self.environment, &self.lines));
    }
}

impl Invoke for Restarted {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let (now, function) = (Arc::clone(&self.now.lock().unwrap()), function.to_owned());
        Box::pin(async move { now.invoke(&function, event).await })
    }
}

/// One that passes is not noticed; one that stays is a 503 that can be repeated, before anything was asked or written.
async fn all_of(path: &'static str) -> usize {
    let (world, functions) = Restarted::world().await;
    let mut cases = 0;
    for kind in KINDS {
        for times in [1, 99] {
            let case = format!("{path}: secret {kind:?} × {times}");
            let scene = Scene::set(&world, path).await;
            functions.restart();
            let (calls, rows) = (world.bank.ledger().calls.len(), world.dump().await);
            world.secret_proxy.fault(ProxyFault { operation: None, kind, times, skip: 0 });
            let answer = scene.send().await;
            is_answered_or_away(&answer, &case);
            // A slow one may be given up or not.
            let is_slow = matches!(kind, FaultKind::Slow(_));
            if !is_slow {
                let status = if times == 1 { scene.status } else { 503 };
                assert_eq!(answer.status, status, "{case}: {}", answer.text);
            }
            if answer.status == 503 {
                assert_eq!(world.bank.ledger().calls.len(), calls, "{case}: the bank was asked");
                assert_eq!(world.dump().await, rows, "{case}: something was written");
            }
            world.secret_proxy.reset();
            let again = scene.send().await;
            is_answered(&again, &case);
            assert!(again.status < 500, "{case}: a failure was kept: {}", again.text);
            scene.strike().await;
            cases += 1;
        }
    }
    cases
}

fn is_answered_or_away(answer: &Answer, case: &str) {
    if answer.status == 503 && answer.text.contains(r#""code":"service_unavailable""#) {
        return;
    }
    is_answered(answer, case);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_cannot_be_read_stops_a_new_process_before_it_does_anything_and_not_for_longer() {
    let paths = stream::iter(PATHS).map(|path| all_of(path)).buffer_unordered(SIDE_BY_SIDE);
    let cases: usize = paths.collect::<Vec<_>>().await.iter().sum();
    measure("single faults of the secret before every path", cases, "all kinds × all paths", None);
}
