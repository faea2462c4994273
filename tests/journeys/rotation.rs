//! Certificates change while requests go on: the bank takes the old one and the new one, the new one is promoted, broken
//! ones are promoted, the old one is withdrawn. Nobody notices.

use crate::world::{
    SECRET, World,
    client::{parameter, swedish},
    secret_of,
};
use serde_json::{Value, json};
use simulated_bank::{ClientIdentity, ClientSpec};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::RwLock;

/// Between two requests of one caller: the gateway lets through a hundred in a second.
const PACE: Duration = Duration::from_millis(40);

/// Callers that never stop, and what became of their requests.
struct Load<'w> {
    world: &'w World,
    over: AtomicBool,
    answered: Mutex<BTreeMap<&'static str, usize>>,
    failed: Mutex<Vec<String>>,
    /// Held by whoever is in the middle of a walk; the clock is moved between walks only.
    clock: RwLock<()>,
}

impl Load<'_> {
    fn note(&self, what: &'static str, status: u16, expected: u16, text: &str) {
        *self.answered.lock().unwrap().entry(what).or_default() += 1;
        if status != expected {
            self.failed.lock().unwrap().push(format!("{what}: {status} {text}"));
        }
    }

    fn total(&self) -> usize {
        self.answered.lock().unwrap().values().sum()
    }

    /// How often the kind of request was answered that was answered least.
    fn fewest(&self) -> usize {
        let answered = self.answered.lock().unwrap();
        if answered.len() < 4 { 0 } else { answered.values().copied().min().unwrap_or_default() }
    }

    async fn until_over(&self, mut step: impl AsyncFnMut()) {
        while !self.over.load(Ordering::Relaxed) {
            let walking = self.clock.read().await;
            step().await;
            drop(walking);
            tokio::time::sleep(PACE).await;
        }
    }

    /// Reads its accounts again and again.
    async fn read(&self) {
        let anna = self.world.person();
        let id = anna.connect().await;
        self.until_over(async || {
            let answer = anna.get(&format!("/v1/consents/{id}/accounts")).await;
            self.note("read", answer.status, 200, &answer.text);
        })
        .await;
    }

    /// Walks through one consent after the other: what spends goes out as POST.
    async fn connect(&self) {
        let anna = self.world.person();
        self.until_over(async || {
            let started = anna.post("/v1/consents", &swedish("redirect")).await;
            self.note("start", started.status, 201, &started.text);
            let Ok(consent) = serde_json::from_str::<Value>(&started.text) else { return };
            let (Some(id), Some(url)) =
                (consent["consent_id"].as_str(), consent["authorization"]["url"].as_str())
            else {
                return;
            };
            let location = self.world.browser().approve(url, "se-anna").await;
            let back = self.world.browser().come_back(&location).await;
            self.note("callback", back.status, 303, &back.text);
            let handle = back.header("location").and_then(|link| parameter(link, "handle"));
            let activated = anna.activate(id, &handle.unwrap_or_default()).await;
            self.note("activation", activated.status, 200, &activated.text);
        })
        .await;
    }

    /// Moves the clock between walks.
    async fn pass(&self, milliseconds: i64) {
        let _between = self.clock.write().await;
        self.world.pass(milliseconds);
    }

    /// Goes on until this holds and every kind of request has been answered some more.
    async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let mut enough = None;
        for _ in 0..6000 {
            if enough.is_none() && holds() {
                enough = Some(self.fewest() + 4);
            }
            if enough.is_some_and(|enough| self.fewest() >= enough) {
                return;
            }
            // Whoever fails will not go on as is waited for.
            assert!(self.failed.lock().unwrap().is_empty(), "{what}: {:#?}", self.failed.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }
}

fn handshakes(world: &World, name: &str) -> u64 {
    world.bank.ledger().handshakes_by_certificate.get(name).copied().unwrap_or_default()
}

fn issued(world: &World, name: &str) -> ClientIdentity {
    let spec = ClientSpec { common_name: Some(name.to_owned()), ..ClientSpec::default() };
    world.bank.pki().issue_client(&spec).unwrap()
}

fn promote(world: &World, chain_pem: &str, key_pem: &str) {
    let mut secret = secret_of(&world.bank, world.bank.pki());
    secret["sets"]["main"]["chain_pem"] = json!(chain_pem);
    secret["sets"]["main"]["key_pem"] = json!(key_pem);
    world.secrets.put(SECRET, &secret).unwrap();
}

fn lines_with(world: &World, text: &str) -> usize {
    world.lines.lock().unwrap().iter().filter(|line| line.contains(text)).count()
}

async fn rotate(load: &Load<'_>) {
    let world = load.world;
    load.until("requests are answered", || load.total() >= 20).await;
    // One: a new certificate, which the bank takes beside the old one.
    let two = issued(world, "TPP two");
    promote(world, &two.chain_pem, &two.key_pem);
    load.pass(301_000).await;
    // start, callback and read have connections of their own.
    load.until("the new certificate is shown", || handshakes(world, "TPP two") >= 3).await;
    // Two: one whose key does not fit. It is seen, and left alone.
    let foreign = world.bank.pki().other_ca().unwrap();
    promote(world, &two.chain_pem, foreign.client_key_pem());
    load.pass(301_000).await;
    load.until("the broken version is seen", || lines_with(world, "secret_refused") >= 3).await;
    // Three: one that is sound in itself, and that the bank does not know.
    let refused = world.bank.ledger().handshakes_refused;
    promote(world, foreign.client_chain_pem(), foreign.client_key_pem());
    load.pass(301_000).await;
    let all_fell_back = || world.bank.ledger().handshakes_refused >= refused + 3;
    load.until("the bank has refused it everywhere", all_fell_back).await;
    // Four: the old ones are withdrawn in the moment in which the third one is promoted. A day later no connection is
    // left, and each access token has to be refreshed.
    let three = issued(world, "TPP three");
    let pki = world.bank.pki();
    let (chain_pem, key_pem) = (pki.client_chain_pem().to_owned(), pki.client_key_pem().to_owned());
    pki.withdraw(&ClientIdentity { chain_pem, key_pem }).unwrap();
    pki.withdraw(&two).unwrap();
    promote(world, &three.chain_pem, &three.key_pem);
    load.pass(25 * 3_600_000).await;
    load.until("the third certificate is shown", || handshakes(world, "TPP three") >= 3).await;
    load.over.store(true, Ordering::Relaxed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_rotated_broken_and_withdrawn_under_load_and_no_request_fails() {
    let world = World::in_process().await;
    let load = Load {
        world: &world,
        over: AtomicBool::new(false),
        answered: Mutex::default(),
        failed: Mutex::default(),
        clock: RwLock::new(()),
    };
    tokio::join!(rotate(&load), load.read(), load.read(), load.connect());
    let ledger = world.bank.ledger();
    let answered = load.answered.lock().unwrap().clone();
    println!(
        "rotation under load: {} requests {answered:?}, {} failed; handshakes {:?}, {} refused; {} calls at the bank, {} \
         refreshes of 2 consents",
        load.total(),
        load.failed.lock().unwrap().len(),
        ledger.handshakes_by_certificate,
        ledger.handshakes_refused,
        ledger.calls.len(),
        ledger.count("token.refresh_token"),
    );
    assert!(load.failed.lock().unwrap().is_empty(), "{:#?}", load.failed.lock().unwrap());
    assert_eq!(ledger.count("token.refresh_token"), 2, "what spends went out once");
    assert_eq!((ledger.code_reuses, ledger.refresh_reuses), (0, 0));
    assert!(answered.values().all(|count| *count >= 16), "{answered:?}");
}
