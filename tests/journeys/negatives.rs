//! What must not work, as one table of cases over OAuth and BankID: what stands, what happens, what is answered, which
//! calls the bank may have seen, what is left. Nothing is spent where nothing may be spent.

mod activations;
mod case;
mod exchanges;
mod orders;
mod parameters;
mod polls;
mod refreshes;
mod scene;
mod sequences;
mod standings;
mod starts;
mod states;
mod times;
mod truth;

use crate::world::{Setting, World};
use case::Case;
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// Subjects, in the order of a consent's life.
type Subject = fn() -> Vec<Case>;
const SUBJECTS: &[(&str, Subject)] = &[
    ("starts", starts::cases),
    ("states", states::cases),
    ("parameters", parameters::cases),
    ("sequences", sequences::cases),
    ("times", times::cases),
    ("exchanges", exchanges::cases),
    ("activations", activations::cases),
    ("orders", orders::cases),
    ("polls", polls::cases),
    ("standings", standings::cases),
    ("refreshes", refreshes::cases),
];

/// Each subject in a world of its own, side by side: much of a case is waiting.
async fn play_all(subjects: &[(&str, Subject)]) {
    join_all(subjects.iter().map(|subject| play(*subject))).await;
}

async fn play((subject, cases): (&str, Subject)) {
    // Short, for whoever waits in vain until it is over.
    let overrides = vec![("FUNCTION_TIMEOUT_MS", "12000".to_owned())];
    let world = World::with(Setting { overrides, ..Setting::default() }).await;
    // Whoever is first fetches the app's own token.
    world.person().start_redirect().await;
    let mut complaints = Vec::new();
    for case in cases() {
        let wrong = scene::complaints(&world, &case).await;
        complaints.extend(wrong.into_iter().map(|complaint| format!("{subject}: {complaint}")));
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    let ledger = world.bank.ledger();
    assert_eq!((ledger.code_reuses, ledger.early_polls, ledger.repeated_request_ids), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_back_from_the_bank_spends_one_code_once_or_nothing() {
    play_all(&SUBJECTS[1..6]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_asked_of_us_or_answered_by_the_bank_ends_where_it_should() {
    play_all(&SUBJECTS[..1]).await;
    play_all(&SUBJECTS[6..]).await;
}

#[test]
fn the_cases_are_more_than_a_hundred_and_each_has_a_name_of_its_own() {
    let all: Vec<(&str, Vec<Case>)> = SUBJECTS.iter().map(|(subject, cases)| (*subject, cases())).collect();
    let count: usize = all.iter().map(|(_, cases)| cases.len()).sum();
    let names: BTreeSet<(&str, String)> = all
        .iter()
        .flat_map(|(subject, cases)| cases.iter().map(|case| (*subject, case.name.clone())))
        .collect();
    assert_eq!(names.len(), count, "two cases of one name");
    let each: Vec<String> = all.iter().map(|(subject, cases)| format!("{} {subject}", cases.len())).collect();
    crate::world::report(&format!("{count} negatives: {}", each.join(", ")));
    assert!(count >= 200, "{count}");
    crate::world::measure("OAuth and decoupled negatives", count, "≥ 100", None);
}
