//! No secret in any sink. Every world remembers what was secret in it and is searched when it ends: log lines, problem
//! documents, the raw table. Here the search itself is tested: a leak of each kind in each form is found.

use crate::world::search::{Canaries, Kind};

#[test]
fn a_leak_of_each_kind_in_each_form_is_found() {
    let canaries = Canaries::default();
    for kind in Kind::ALL {
        canaries.add(kind, &format!("canary+of/{kind:?}=\"value\""));
    }
    assert!(Kind::ALL.len() >= 12);
    let mut leaks = 0;
    for kind in Kind::ALL {
        for form in canaries.forms_of(kind) {
            leaks += 1;
            let line = format!(r#"{{"level":"info","text":"before {form} after"}}"#);
            let found = canaries.find(&line);
            assert!(found.contains(&kind), "{kind:?} as {form}");
        }
    }
    assert!(canaries.find(r#"{"level":"info","status":200}"#).is_empty());
    crate::world::measure("kinds of secret × forms, each leak found", leaks, "≥ 12 × 6", None);
}

#[test]
fn a_token_of_the_bank_is_found_by_its_form_even_if_nobody_knew_it() {
    let canaries = Canaries::default();
    // base64 of "AT:" and of "RT:" stand in front of every token.
    for token in [
        "QVQ6M2NkMjUzMzMtZDZkZS00OGU1LTk0MzMtMmVhOTY5ZDA5YmU4",
        "UlQ6M2NkMjUzMzMtZDZkZS00OGU1LTk0MzMtMmVhOTY5ZDA5YmU4",
    ] {
        assert!(canaries.find(&format!("token={token}")).contains(&Kind::Token));
    }
    assert!(canaries.find("c2VhbGVkQVQ6c2VhbGVkc2VhbGVkc2VhbGVkc2VhbGVkc2VhbGVk").is_empty(), "by chance");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_in_which_something_leaks_does_not_pass() {
    let world = crate::world::World::in_process().await;
    let anna = world.person();
    anna.start_decoupled().await;
    world.lines.lock().unwrap().push(format!("somebody logged {}", crate::world::client::ANNA));
    let leaks = world.leaks(&[]);
    assert_eq!(leaks.len(), 1, "{leaks:?}");
    // Or the world's own end would find it too.
    world.lines.lock().unwrap().clear();
}
