//! No secret in any sink. Every world remembers what was secret in it and is searched when it ends: log lines with their
//! metrics, problem documents, answers, the raw table. When the whole suite has run, everything that all worlds have left
//! (`world/kept.rs`) is searched for the secrets of all of them, and with it what the suite itself has printed. Here the
//! search is tested too: a leak of each kind in each form is found.

use crate::world::{
    kept::{self, Sink},
    search::{Canaries, Kind},
};
use data_encoding::BASE64;
use std::path::PathBuf;

#[test]
fn a_leak_of_each_kind_in_each_form_is_found() {
    let canaries = Canaries::default();
    for kind in Kind::ALL {
        canaries.add(kind, &format!("canary+of/{kind:?}=\"value\""));
    }
    assert!(Kind::ALL.len() >= 12);
    let (mut leaks, searcher) = (0, canaries.searcher());
    for kind in Kind::ALL {
        for form in canaries.forms_of(kind) {
            leaks += 1;
            let line = format!(r#"{{"level":"info","text":"before{form}after"}}"#);
            let found = searcher.find(&line);
            assert!(found.contains(&kind), "{kind:?} as {form}");
        }
    }
    assert!(searcher.find(r#"{"level":"info","status":200}"#).is_empty());
    crate::world::measure("kinds of secret × forms, each leak found", leaks, "≥ 12 × 6", None);
}

#[test]
fn a_token_of_the_bank_is_found_by_its_form_even_if_nobody_knew_it() {
    let searcher = Canaries::default().searcher();
    // base64 of "AT:" and of "RT:" stand in front of every token.
    for token in [
        "QVQ6M2NkMjUzMzMtZDZkZS00OGU1LTk0MzMtMmVhOTY5ZDA5YmU4",
        "UlQ6M2NkMjUzMzMtZDZkZS00OGU1LTk0MzMtMmVhOTY5ZDA5YmU4",
    ] {
        assert!(searcher.find(&format!("token={token}")).contains(&Kind::Token));
    }
    assert!(searcher.find("c2VhbGVkQVQ6c2VhbGVkc2VhbGVkc2VhbGVkc2VhbGVkc2VhbGVk").is_empty(), "by chance");
}

/// A folder of its own, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_leak_of_each_kind_in_each_sink_of_the_whole_suite_is_found() {
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        let secret = format!("canary+of/{kind:?}=\"value\"");
        let canaries = Canaries::default();
        canaries.add(kind, &secret);
        for sink in Sink::ALL {
            let folder = Folder::new(&format!("kept-{number}-{sink:?}"));
            kept::write_secrets(&folder.0, &canaries);
            kept::write(&folder.0, sink, &["harmless".to_owned(), format!("GET /v1/health {secret} after")]);
            let searched = kept::search(&folder.0, &[]);
            assert_eq!((searched.secrets, searched.texts), (1, 2));
            assert_eq!(searched.leaks.len(), 1, "{kind:?} {sink:?}: {searched:?}");
            // And in what the suite itself has printed.
            let log = folder.0.join("test.log");
            std::fs::write(&log, format!("test a ... ok\n{secret}\n")).unwrap();
            assert_eq!(kept::search(&folder.0, &[log]).leaks.len(), 2, "{kind:?}");
        }
    }
}

/// `KEPT` is the folder of what worlds have left, `PRINTED` the files that the suite has written.
#[test]
#[ignore = "make test runs it when all others have run"]
fn nothing_that_the_whole_suite_printed_answered_stored_or_counted_holds_a_secret_of_any_world() {
    let folder = kept::folder().expect("KEPT names a folder");
    let printed = std::env::var_os("PRINTED").unwrap_or_default();
    let searched = kept::search(&folder, &std::env::split_paths(&printed).collect::<Vec<_>>());
    assert!(searched.leaks.is_empty(), "{} leaks:\n{}", searched.leaks.len(), searched.leaks.join("\n"));
    let missing: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !searched.kinds.contains(kind)).collect();
    assert!(missing.is_empty(), "no world had a secret of these kinds: {missing:?}");
    let (secrets, texts, megabytes) = (searched.secrets, searched.texts, searched.bytes / 1_000_000);
    let reached = format!("0 hits of {secrets} secrets in {texts} texts, {megabytes} MB");
    crate::world::measure(
        "secrets in all that the suite printed, answered, stored, counted",
        reached,
        "0 hits",
        None,
    );
}

#[test]
fn a_secret_is_found_in_the_middle_of_longer_base64() {
    let canaries = Canaries::default();
    canaries.add(Kind::Token, "canary-of-a-token-9471");
    let searcher = canaries.searcher();
    for before in ["", "a", "ab", "abc", "a longer beginning"] {
        let text = BASE64.encode(format!("{before}canary-of-a-token-9471, and more").as_bytes());
        assert!(searcher.find(&text).contains(&Kind::Token), "behind {before:?}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_world_in_which_anything_leaks_does_not_pass() {
    let world = crate::world::World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    anna.start_decoupled().await;
    assert!(world.leaks(&[]).is_empty());
    let known = world.canaries.all();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::QrData) {
        let (_, secret) = known.iter().find(|(of, _)| *of == kind).unwrap_or_else(|| panic!("no {kind:?}"));
        let leaks = world.leaks(&[format!("somebody logged {secret}")]);
        assert!(leaks.len() == 1 && leaks[0].contains(&format!("{kind:?}")), "{kind:?}: {leaks:?}");
        world.answers.lock().unwrap().push(format!("GET /v1/health {secret}"));
        assert_eq!(world.leaks(&[]).len(), 1, "{kind:?} in an answer");
        world.answers.lock().unwrap().pop();
    }
}
