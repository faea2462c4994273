//! The unattended budget over years: day after day twenty callers at once and some alone, requests that die anywhere,
//! renewals, two consents of one owner. What was read is counted by the simulated bank alone.
//!
//! `make budget` runs a thousand days; here are a few (`BUDGET_DAYS`, and `BUDGET_SEED` repeats a run).

use crate::{
    dice::Dice,
    mortal::{Death, Mortal},
    world::{Person, Setting, World, in_process::InProcess, measure},
};
use cloud::Invoke;
use futures_util::future::join_all;
use simulated_bank::CallKind;
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;
const CALLERS: usize = 20;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What the law allows, and what the bank saw.
#[derive(Default)]
struct Count {
    /// Reads that a caller who wastes nothing would have made, by instant.
    allowed: Vec<i64>,
    /// Reads that reached the bank.
    read: Vec<i64>,
}

impl Count {
    fn within(reads: &[i64], now: i64) -> usize {
        reads.iter().rev().take_while(|at| **at > now - DAY_MS).count()
    }

    /// So many call at one instant.
    fn ask(&mut self, now: i64, callers: usize) -> usize {
        let free = 4_usize.saturating_sub(Self::within(&self.allowed, now)).min(callers);
        self.allowed.extend(std::iter::repeat_n(now, free));
        free
    }

    /// The reads that the bank has seen since it was looked at last: lists of accounts without a person, each request once
    /// however often it was sent.
    fn look(&mut self, world: &World) -> usize {
        let mut requests: BTreeMap<String, i64> = BTreeMap::new();
        for call in world.bank.ledger().calls {
            if call.kind == CallKind::AccountsList && call.psu_ip_address.is_none() {
                requests.entry(call.tpp_transaction_id.unwrap()).or_insert(call.at_ms);
            }
        }
        world.bank.clear_ledger();
        let mut instants: Vec<i64> = requests.into_values().collect();
        instants.sort_unstable();
        let seen = instants.len();
        for at in instants {
            self.read.push(at);
            assert!(Self::within(&self.read, at) <= 4, "a fifth read in 24 hours");
        }
        seen
    }
}

async fn ask(anna: &Person<'_>, consents: &[String], callers: usize) {
    let path = |number: usize| format!("/v1/consents/{}/accounts", consents[number % consents.len()]);
    // One token for all who call at an instant, and not among what is searched for later: there would be thousands.
    let token = format!("Bearer {}", anna.world.issuer.token(&anna.spec));
    let answers = join_all((0..callers).map(|number| {
        let request = anna.world.call("GET", &path(number)).header("authorization", &token);
        async move { request.send().await.status }
    }))
    .await;
    assert!(answers.iter().all(|status| [200, 429, 500].contains(status)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_years_nobody_reads_a_fifth_time_and_a_death_costs_one_read_at_most() {
    let days = variable("BUDGET_DAYS").unwrap_or(24);
    let seed = variable("BUDGET_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish() | 1);
    println!("BUDGET_SEED={seed}");
    let mut chance = Dice::seeded(seed);
    let mut world = World::with(Setting::default()).await;
    // An access token that outlives the grant: how refreshes race is another journey's business.
    world.bank.change_switches(|switches| switches.access_token_s = 400 * 86_400);
    let mortal = Arc::new(Mortal::new(InProcess::new(&world.environment, &world.lines)));
    world.invoked_by(Arc::clone(&mortal) as Arc<dyn Invoke>).await;
    let world = world;
    let anna = world.person();
    let consents = [anna.connect().await, anna.connect().await];
    for id in &consents {
        // The map of accounts is there, so that a list asks for nothing else.
        anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    }
    world.bank.clear_ledger();
    let mut count = Count::default();
    let begin = world.bank.clock().now_ms() / DAY_MS * DAY_MS;
    for day in 1..=i64::try_from(days).unwrap() {
        if day % 80 == 0 {
            for id in &consents {
                let handle = anna.sign_renewal(id, "se-anna").await;
                anna.activate(id, &handle).await.expect(200);
                anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
            }
        }
        // Never the same minute on two days: whether 24 hours to the millisecond have passed is not the question here.
        let mut minutes: Vec<i64> =
            (0..4).map(|_| i64::try_from(chance.below(143)).unwrap() * 10 + day % 10).collect();
        minutes.sort_unstable();
        minutes.dedup();
        let burst = chance.below(minutes.len());
        let (mut allowed, mut seen) = (0, 0);
        for (number, minute) in minutes.into_iter().enumerate() {
            let at = begin + day * DAY_MS + minute * MINUTE_MS;
            world.pass(at - world.bank.clock().now_ms());
            let callers = if number == burst { CALLERS } else { 1 };
            if number == burst {
                mortal.doom("account-fetch", Death::AtPoll(1 + chance.below(12)));
            }
            allowed += count.ask(at, callers);
            ask(&anna, &consents, callers).await;
            mortal.spare();
            seen += count.look(&world);
        }
        world.search(&[]);
        world.forget();
        assert!(seen <= allowed && allowed - seen <= 1, "day {day}: {seen} reads of {allowed}, seed {seed}");
    }
    let (read, allowed) = (count.read.len(), count.allowed.len());
    let unused = allowed - read;
    // The times are chance: whoever used all four late in a day waits for the next late call.
    assert!(read > 2 * days as usize, "{read} reads in {days} days");
    let died = mortal.died();
    let reached = format!("{days} days, {read} reads, {allowed} allowed, {unused} unused, {died} deaths");
    measure("unattended reads, never a fifth in 24 hours", reached, "0 too many", Some(seed));
}
