//! Freeze and thaw: between two requests a function stands still, and whatever it held open dies meanwhile: closed, reset, or
//! forgotten by a device in between without a word. Nobody outside may notice. `FREEZES` cycles, 30 by default.

use crate::{
    processes::world_of_processes,
    world::{World, measure, report},
};
use cloud::{HangUp, RuntimeApi};
use serde_json::{Value, json};

/// Between two requests, by event time.
const AWAY_MS: i64 = 60_000;
const WAYS: [HangUp; 3] = [HangUp::Close, HangUp::Reset, HangUp::Silence];
/// One that reads, one that spends.
const FROZEN: [&str; 2] = ["account-fetch", "consent-start"];

async fn frozen_and_thawed(world: &World, runtime: &RuntimeApi, how: HangUp) {
    assert!(FROZEN.iter().all(|function| runtime.stop(function, 0)));
    world.bank.hang_up(how).await;
    world.table_proxy.hang_up(how).await;
    world.pass(AWAY_MS);
    assert!(FROZEN.iter().all(|function| runtime.thaw(function, 0)));
}

/// Connections that have been opened: at the bank, at the table.
fn opened(world: &World) -> (u64, usize) {
    (world.bank.ledger().connections, world.table_proxy.connections())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_its_connections_died_a_thawed_function_answers_and_nothing_is_sent_twice() {
    let cycles = std::env::var("FREEZES").ok().and_then(|given| given.parse().ok()).unwrap_or(30);
    let (world, runtime) = world_of_processes("account-fetch", 1).await;
    // A customer whose accounts are one call, as a start is: a second one, right behind the first, may open another
    // connection while that of the first is on its way back into the pool.
    let (sanne, start) = (world.person(), dutch());
    let accounts = format!("/v1/consents/{}/accounts", sanne.connect_as(&start, "nl-sanne").await);
    sanne.get(&accounts).await.expect(200);
    let (mut at_bank, mut at_table) = (0, 0);
    for (cycle, how) in (0..cycles).zip(WAYS.into_iter().cycle()) {
        frozen_and_thawed(&world, &runtime, how).await;
        let (before, created) = (opened(&world), world.at_bank("consents.create"));
        let read = sanne.get(&accounts).await;
        let between = opened(&world);
        let started = sanne.post("/v1/consents", &start).await;
        let after = opened(&world);
        assert_eq!((read.status, started.status), (200, 201), "{how:?}, cycle {cycle}: {}", read.text);
        assert_eq!(world.at_bank("consents.create") - created, 1, "{how:?}, cycle {cycle}");
        for (before, after) in [(before, between), (between, after)] {
            let opened = (after.0 - before.0, after.1 - before.1);
            assert!(opened.0 <= 1 && opened.1 <= 1, "{how:?}, cycle {cycle}: {opened:?} connections");
            (at_bank, at_table) = (at_bank + opened.0, at_table + opened.1);
        }
        assert_eq!(
            world.table_proxy.unheard(),
            0,
            "{how:?}, cycle {cycle}: a dead connection was spoken into"
        );
        world.bank.clear_ledger();
        world.table_proxy.reset();
    }
    world.search(&runtime.logs());
    measure("freezes, idle connections closed, reset or silent", cycles, "30; 1 000 with FREEZES=1000", None);
    report(&format!(
        "{cycles} freezes: 0 errors, 0 doubled calls, per freeze and function {} and {} connections at bank and table",
        per(at_bank, 2 * cycles),
        per(at_table as u64, 2 * cycles)
    ));
}

fn dutch() -> Value {
    let authorization = json!({"method": "redirect", "app": "android"});
    json!({"country": "NL", "psu_type": "individual", "authorization": authorization})
}

/// To the hundredth.
fn per(all: u64, of: u64) -> String {
    let hundredths = all * 100 / of.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
