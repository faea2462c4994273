//! The demo consents beside the one that is walked: one signed in the BankID app, one that waits for a choice. On a
//! second start both are found again.

use std::io;
use std::time::Duration;

use serde_json::Value;
use simulated_bank::BankIdAction;

use super::caller::{Caller, text};
use super::demo;
use super::stand_ins::StandIns;
use crate::template::invalid;

/// Polls of one order. The person has approved before the first; a second one is for a clock at the edge.
const POLLS: usize = 5;
/// Longest pause before a poll, whatever the answer asks for.
const LONGEST_PAUSE_MS: u64 = 5_000;

/// A demo consent as it stands.
#[derive(Debug)]
pub(super) struct Seeded {
    /// Its `Idempotency-Key`.
    pub(super) key: &'static str,
    /// Id and status, or the problem that a repeated start answers once its attempt is over.
    pub(super) standing: Result<(String, String), String>,
}

/// Both at once: the pause before the first poll is the longest part.
pub(super) async fn others(stand_ins: &StandIns) -> io::Result<[Seeded; 2]> {
    let caller = Caller::new(stand_ins);
    let (decoupled, registered) = tokio::try_join!(decoupled(&caller), registered(&caller))?;
    Ok([decoupled, registered])
}

async fn registered(caller: &Caller<'_>) -> io::Result<Seeded> {
    let started = caller.start(demo::REGISTERED_KEY, demo::registered_body()).await?;
    seeded(demo::REGISTERED_KEY, started)
}

/// Started, approved through the bank's control surface, polled until done.
async fn decoupled(caller: &Caller<'_>) -> io::Result<Seeded> {
    let started = caller.start(demo::DECOUPLED_KEY, demo::decoupled_body()).await?;
    let Ok(mut standing) = started else { return seeded(demo::DECOUPLED_KEY, started) };
    let path = format!("/v1/consents/{}/authorization/poll", text(&standing, "/consent_id")?);
    if text(&standing, "/status")? == "awaiting_approval" {
        approve(caller.stand_ins);
        pause(standing.pointer("/authorization/poll_after_ms")).await;
    }
    for _ in 0..POLLS {
        if text(&standing, "/status")? != "awaiting_approval" {
            return seeded(demo::DECOUPLED_KEY, Ok(standing));
        }
        standing = caller.call("POST", &path, None).await?;
        pause(standing.get("poll_after_ms")).await;
    }
    Err(invalid(format!("the BankID order of {} is not over after {POLLS} polls", demo::DECOUPLED_KEY)))
}

/// Only an order that a person can still act on: without one the bank would approve every later order by itself.
fn approve(stand_ins: &StandIns) {
    if stand_ins.bank.orders().first().is_some_and(|order| order.live) {
        stand_ins.bank.bankid(BankIdAction::Approve);
    }
}

async fn pause(wanted_ms: Option<&Value>) {
    let wanted_ms = wanted_ms.and_then(Value::as_u64).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(wanted_ms.min(LONGEST_PAUSE_MS))).await;
}

fn seeded(key: &'static str, started: Result<Value, String>) -> io::Result<Seeded> {
    let standing = match started {
        Ok(consent) => Ok((text(&consent, "/consent_id")?, text(&consent, "/status")?)),
        Err(problem) => {
            let problem: Value = serde_json::from_str(&problem).map_err(invalid)?;
            Err(problem.get("code").and_then(Value::as_str).unwrap_or("ended").to_owned())
        }
    };
    Ok(Seeded { key, standing })
}
