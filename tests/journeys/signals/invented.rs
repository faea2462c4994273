//! Signals that nobody has ever seen. `SEED=n` repeats a run.

use super::provoke::{CALLS, provoke, signal};
use crate::{dice::Dice, world::World};

/// What may be said of a signal that is not known: nothing about its cause.
const GENERAL: [&str; 7] = [
    "bank_unrecognised",
    "bank_unavailable",
    "bank_busy",
    "bank_answer_unusable",
    "exchange_unknown",
    "start_not_taken",
    "ok",
];
const STATUSES: [u16; 16] = [400, 401, 402, 403, 404, 405, 406, 409, 410, 412, 418, 422, 423, 451, 501, 504];
const SYLLABLES: [&str; 8] = ["mbid", "shb", "not", "token", "consent", "zork", "limit", "psu"];

/// Words that no table has.
fn words(dice: &mut Dice) -> String {
    let words: Vec<&str> = (0..3).map(|_| SYLLABLES[dice.below(SYLLABLES.len())]).collect();
    format!("{}_{}", words.join("_"), dice.below(1000))
}

fn counted(world: &World) -> usize {
    world.lines.lock().unwrap().iter().filter(|line| line.contains(r#""drift":1"#)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_invented_signals_never_yield_a_cause_and_are_counted_as_drift() {
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::try_from(cloud::wall_clock_ms()).unwrap());
    crate::world::report(&format!("invented signals from SEED={seed}"));
    let mut dice = Dice::seeded(seed);
    let world = World::in_process().await;
    // Tokens are fetched once per process, so their signals are the table's alone.
    let calls: Vec<&str> =
        CALLS.iter().map(|(call, _)| *call).filter(|call| *call != "client_credentials").collect();
    for number in 0..200 {
        let (call, words) = (calls[dice.below(calls.len())], words(&mut dice));
        let mut status = STATUSES[dice.below(STATUSES.len())];
        let resource =
            !matches!(call, "exchange_code" | "refresh" | "create_consent" | "begin_decoupled" | "poll");
        // These two have a meaning whatever the words (documented; inferred).
        if resource && matches!(status, 403 | 404) {
            status = 418;
        }
        let drift = counted(&world);
        let outcome = provoke(&world, call, signal(call, status, &words)).await;
        let what = format!("SEED={seed}, {number}: {call} {status} {words}");
        assert!(GENERAL.contains(&outcome.code.as_str()), "{what}: {}", outcome.answer.text);
        assert!(!outcome.answer.text.contains(&words), "{what} is echoed");
        let counted = counted(&world) - drift;
        assert_eq!(counted, 1, "{what}: one unknown answer is one drift: {}", outcome.answer.text);
    }
}
