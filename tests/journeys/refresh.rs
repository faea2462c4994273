//! Refresh: one call for one generation, whoever asks and however many at once, with three kinds of bank.

use crate::{
    processes::world_of_processes,
    world::{Person, START_MS, Setting, World},
};
use futures_util::future::join_all;
use serde_json::json;
use simulated_bank::{Away, CallKind, Fault, FaultOrder, Options, Rotation};

const HOUR: i64 = 3_600_000;
const KINDS: [Rotation; 3] = [Rotation::None, Rotation::Rotate, Rotation::RotateRevokeFamily];

async fn world_with(rotation: Rotation, seed: u64) -> World {
    let bank = Options { starts_at_ms: START_MS, ticking: false, seed, ..Options::default() };
    let world = World::with(Setting { bank, ..Setting::default() }).await;
    world.bank.change_switches(|switches| switches.rotation = rotation);
    world
}

/// A connected person whose accounts have been read once.
async fn connected<'w>(world: &'w World) -> (Person<'w>, String) {
    let anna = world.person();
    let path = format!("/v1/consents/{}/accounts", anna.connect().await);
    anna.get(&path).await.expect(200);
    (anna, path)
}

fn counted(world: &World, metric: &str) -> usize {
    let name = format!(r#""{metric}":"#);
    world.lines.lock().unwrap().iter().filter(|line| line.contains(&name)).count()
}

/// So many reads at once. Each is answered: up to ten with data; where fifty wait for one on a busy machine perhaps with a
/// bounded 503 that says when to come again, and then with data.
async fn read(person: &Person<'_>, path: &str, readers: usize) {
    let answers = join_all((0..readers).map(|_| person.get(path))).await;
    let (data, waits): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    for answer in &waits {
        let bounded = readers > 10 && answer.status == 503 && answer.header("retry-after").is_some();
        assert!(bounded, "{readers} readers: {}", answer.text);
        person.get(path).await.expect(200);
    }
    assert!(!data.is_empty(), "none of {readers} got data");
}

/// So many at once.
const READERS: [usize; 4] = [2, 10, 50, 200];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_read_with_an_expired_token_one_refreshes_and_all_are_answered() {
    let mut seed = 0;
    for rotation in KINDS {
        for readers in READERS {
            seed += 1;
            let world = world_with(rotation, seed).await;
            let (anna, path) = connected(&world).await;
            // Twice, so that what rotated is used too; once where so many are work enough.
            for round in 1..=if readers > 10 { 1 } else { 2 } {
                world.pass(25 * HOUR);
                read(&anna, &path, readers).await;
                let calls = world.at_bank("token.refresh_token");
                assert_eq!(calls, round, "{rotation:?}, {readers} readers, seed {seed}");
            }
        }
    }
    let reached = READERS.map(|readers| readers.to_string()).join(", ");
    crate::world::measure("reads at once on an expired token, one refresh", reached, "2, 10, 50, 200", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_and_ten_processes_refresh_once_too() {
    let processes = [2, 10];
    for readers in processes {
        let (world, runtime) = world_of_processes("account-fetch", readers).await;
        world.bank.change_switches(|switches| switches.rotation = Rotation::RotateRevokeFamily);
        let (anna, path) = connected(&world).await;
        world.pass(25 * HOUR);
        read(&anna, &path, readers).await;
        assert_eq!(world.at_bank("token.refresh_token"), 1, "{readers} processes");
        world.search(&runtime.logs());
    }
    let reached = processes.map(|readers| readers.to_string()).join(", ");
    crate::world::measure("reads at once in processes of their own, one refresh", reached, "2, 10", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_its_last_hour_a_token_is_replaced_by_one_while_the_others_go_on_with_it() {
    let world = world_with(Rotation::None, 1).await;
    let (anna, path) = connected(&world).await;
    world.pass(12 * HOUR);
    read(&anna, &path, 5).await;
    assert_eq!(world.at_bank("token.refresh_token"), 0, "half of its life is left");
    world.pass(12 * HOUR - 60_000);
    read(&anna, &path, 20).await;
    assert_eq!((world.at_bank("token.refresh_token"), counted(&world, "refresh_waits")), (1, 0));
    // The old token would be over now; nobody notices.
    world.pass(2 * HOUR);
    read(&anna, &path, 5).await;
    assert_eq!(world.at_bank("token.refresh_token"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_ahead_of_time_that_fails_costs_the_reader_nothing() {
    let world = world_with(Rotation::None, 1).await;
    let (anna, path) = connected(&world).await;
    world.pass(24 * HOUR - 60_000);
    for fault in [Fault::Unavailable, Fault::AnswerLost] {
        world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, fault));
        read(&anna, &path, 1).await;
    }
    // One without an answer is enough as long as there is no need; with the need there is a second.
    read(&anna, &path, 3).await;
    assert_eq!(world.at_bank("token.refresh_token"), 2);
    world.pass(HOUR);
    read(&anna, &path, 3).await;
    assert_eq!(world.at_bank("token.refresh_token"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_rotates_finds_each_refresh_token_spent_once_for_a_month() {
    for rotation in [Rotation::Rotate, Rotation::RotateRevokeFamily] {
        let world = world_with(rotation, 7).await;
        let (anna, path) = connected(&world).await;
        for day in 1..=30 {
            world.pass(24 * HOUR);
            read(&anna, &path, 3).await;
            assert_eq!(world.at_bank("token.refresh_token"), day);
        }
        assert_eq!(world.bank.ledger().refresh_reuses, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_should_live_and_does_not_is_refreshed_once_and_asked_once_more() {
    let world = world_with(Rotation::None, 1).await;
    let (anna, path) = connected(&world).await;
    let lists = world.at_bank("accounts.list");
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::TokenNotActive));
    anna.get(&path).await.expect(200);
    assert_eq!((world.at_bank("accounts.list") - lists, world.at_bank("token.refresh_token")), (2, 1));
    for _ in 0..10 {
        world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::TokenNotActive));
    }
    let lists = world.at_bank("accounts.list");
    anna.get(&path).await.problem(502, "bank_unrecognised");
    assert_eq!(
        (world.at_bank("accounts.list") - lists, world.at_bank("token.refresh_token")),
        (2, 2),
        "no loop"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_whose_answer_was_lost_is_sent_once_more_and_never_again() {
    let world = world_with(Rotation::RotateRevokeFamily, 1).await;
    let (anna, path) = connected(&world).await;
    world.pass(25 * HOUR);
    for sent in 1..=2 {
        world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, Fault::RequestCut));
        anna.get(&path).await.problem(502, "bank_answer_lost");
        assert_eq!(world.at_bank("token.refresh_token"), sent);
        // Until the lease is over nobody takes over.
        world.pass(60_000);
    }
    let over = anna.get(&path).await.problem(409, "consent_expired");
    assert_eq!(over["next"]["method"], "POST");
    assert_eq!(world.at_bank("token.refresh_token"), 2);
    let consent = anna.get(path.trim_end_matches("/accounts")).await.expect(200);
    assert_eq!(
        (&consent["status"], &consent["status_reason"]),
        (&json!("expired"), &json!("refresh_unknown"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_that_needs_a_token_twice_sends_the_refresh_token_no_oftener_than_two_would() {
    let world = world_with(Rotation::RotateRevokeFamily, 1).await;
    let (anna, path) = connected(&world).await;
    // Ageing: the answer is lost, the read goes on with the old token, and the bank does not take that any more.
    world.pass(24 * HOUR - 60_000);
    for call in [CallKind::TokenRefreshToken, CallKind::TokenRefreshToken] {
        world.bank.fault(FaultOrder::next(call, Fault::RequestCut));
    }
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::TokenNotActive));
    let answer = anna.get(&path).await;
    assert!(matches!(answer.status, 502 | 503), "{}", answer.text);
    for _ in 0..3 {
        world.pass(60_000);
        anna.get(&path).await;
    }
    assert_eq!(world.at_bank("token.refresh_token"), 2, "both were lost, and a third might end the family");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_is_down_for_a_day_costs_nobody_a_signature() {
    let world = world_with(Rotation::RotateRevokeFamily, 1).await;
    let (anna, path) = connected(&world).await;
    world.pass(25 * HOUR);
    for fault in [
        Fault::Unavailable,
        Fault::ProxyError,
        Fault::RequestRejected,
        Fault::TooManyRequests { retry_after_s: None },
    ] {
        for _ in 0..4 {
            world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, fault.clone()));
            assert!(anna.get(&path).await.status >= 500);
            world.pass(HOUR);
        }
    }
    world.bank.change_switches(|switches| switches.away = Some(Away::Closed));
    world.bank.close_connections().await;
    for _ in 0..4 {
        anna.get(&path).await.problem(503, "bank_unavailable");
        world.pass(HOUR);
    }
    world.bank.change_switches(|switches| switches.away = None);
    read(&anna, &path, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lifetime_that_is_absent_or_absurd_counts_as_a_day_and_a_short_one_is_obeyed() {
    let name = || "expires_in".to_owned();
    let faults = [Some(Fault::MissingField { name: name() }), Some(Fault::WrongType { name: name() }), None];
    for (fault, seconds) in faults.into_iter().zip([86_400, 86_400, 99_999_999_999]) {
        let world = world_with(Rotation::None, 1).await;
        let (anna, path) = connected(&world).await;
        world.bank.change_switches(|switches| switches.access_token_s = seconds);
        fault
            .into_iter()
            .for_each(|fault| world.bank.fault(FaultOrder::next(CallKind::TokenRefreshToken, fault)));
        world.pass(25 * HOUR);
        for (hours, refreshes) in [(0, 1), (12, 1), (13, 2)] {
            world.pass(hours * HOUR);
            read(&anna, &path, 1).await;
            assert_eq!(world.at_bank("token.refresh_token"), refreshes, "{hours} hours later");
        }
    }
    let world = world_with(Rotation::None, 1).await;
    let (anna, path) = connected(&world).await;
    world.bank.change_switches(|switches| switches.access_token_s = 1800);
    world.pass(25 * HOUR);
    for refreshes in 1..=3 {
        read(&anna, &path, 1).await;
        assert_eq!(world.at_bank("token.refresh_token"), refreshes);
        world.pass(HOUR / 2);
    }
}
