//! How often BankID may be started, and that a personal number has one order at a time: as the table's rows decide it,
//! in one transaction with the start.

mod faults;
mod limits;
mod one_order;

use crate::world::{Setting, World, client::swedish, search::Kind};
use serde_json::{Value, json};

/// Simulated customers besides Anna. Nils' BankID is not activated: the bank refuses his order at once.
const TOM: &str = "190304059835";
const FRIDA: &str = "190405069840";
const NILS: &str = "190506079854";

/// A world without the higher limits of all the others.
async fn with_defaults() -> World {
    let default = |name| (name, String::new());
    let overrides = vec![default("BANKID_STARTS_IN_5_MINUTES"), default("BANKID_STARTS_IN_A_DAY")];
    known(World::with(Setting { overrides, ..Setting::default() }).await)
}

/// The higher limits: only orders are in each other's way.
async fn without_limits() -> World {
    known(World::in_process().await)
}

/// No number of these may show anywhere.
fn known(world: World) -> World {
    for number in [TOM, FRIDA, NILS] {
        world.canaries.add(Kind::PersonalNumber, number);
    }
    world
}

/// A start with BankID for this number.
fn start_for(number: &str) -> Value {
    let mut body = swedish("decoupled");
    body["authorization"]["personal_number"] = json!(number);
    body
}

fn registered() -> Value {
    json!({"country": "SE", "psu_type": "individual"})
}

/// How many starts each owner and each number has, as it rests, in no order of meaning.
async fn counted(world: &World) -> Vec<usize> {
    let dump = world.dump().await;
    let rows = dump.as_array().unwrap().iter();
    let rows = rows.filter(|row| row["pk"]["S"].as_str().unwrap().starts_with("limit#"));
    let mut counts: Vec<usize> = rows.map(starts).collect();
    counts.sort_unstable();
    counts
}

fn starts(row: &Value) -> usize {
    let attributes = row.as_object().unwrap().iter();
    let instants = attributes.filter(|(name, _)| name.starts_with('s') && *name != "sk");
    instants.filter(|(_, value)| value["N"] != "0").count()
}

fn live_orders(world: &World) -> usize {
    world.bank.orders().iter().filter(|order| order.live).count()
}

/// Seconds of a problem's `Retry-After`, which its document repeats. A few seconds more or less are the test's own.
#[track_caller]
fn assert_retry_after(answer: &crate::world::Answer, seconds: i64) {
    let header: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(answer.json()["retry_after_s"], header);
    assert!((seconds - 20..=seconds + 20).contains(&header), "{header} s, not {seconds} s");
}
