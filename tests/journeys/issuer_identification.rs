//! `iss` at the callback (RFC 9207), in each mode of ours against a bank that sends it and one that does not.

use crate::world::{Setting, World, client::parameter};
use simulated_bank::{Options, Switches};

const EXCHANGE: &str = "token.authorization_code";

async fn world(mode: &str, bank_sends_it: bool) -> World {
    let setting = Setting::default();
    let switches = Switches { callback_iss: bank_sends_it, ..Switches::default() };
    let mut world =
        World::with(Setting { bank: Options { switches, ..setting.bank }, overrides: Vec::new() }).await;
    let issuer = world.bank.page_url();
    world.reconfigure(&[("CALLBACK_ISS", mode), ("BANK_ISSUER", &issuer)]).await;
    world
}

/// The location with another `iss`, or none.
fn with_issuer(location: &str, issuer: Option<&str>) -> String {
    let bare = location.split("&iss=").next().unwrap();
    issuer.map_or_else(|| bare.to_owned(), |issuer| format!("{bare}&iss={issuer}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_and_an_error_pass_as_the_mode_says() {
    for (mode, bank_sends_it, passes) in [
        ("off", false, true),
        ("off", true, true),
        ("tolerant", false, true),
        ("tolerant", true, true),
        ("required", false, false),
        ("required", true, true),
    ] {
        let world = world(mode, bank_sends_it).await;
        let (anna, browser) = (world.person(), world.browser());
        let started = anna.start_redirect().await;
        for (location, outcome) in [
            (browser.deny(&started.url).await, "denied"),
            (browser.approve(&started.url, "se-anna").await, "signed"),
        ] {
            assert_eq!(parameter(&location, "iss").is_some(), bank_sends_it, "{location}");
            let answer = browser.come_back(&location).await;
            if passes {
                assert_eq!(parameter(&answer.location(), "outcome").as_deref(), Some(outcome), "{mode}");
            } else {
                assert_eq!((answer.status, answer.header("location")), (400, None), "{mode}");
            }
        }
        assert_eq!(world.at_bank(EXCHANGE), usize::from(passes), "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_issuer_notes_nothing_spends_nothing_and_says_nothing() {
    for mode in ["tolerant", "required"] {
        let world = world(mode, true).await;
        let (anna, browser) = (world.person(), world.browser());
        let started = anna.start_redirect().await;
        let (denied, valid) =
            (browser.deny(&started.url).await, browser.approve(&started.url, "se-anna").await);
        let path = format!("/v1/consents/{}", started.id);
        let before = (anna.get(&path).await.expect(200), world.exchanges());
        let issuer = world.bank.page_url();
        let elsewhere = "https%3A%2F%2Felsewhere.example".to_owned();
        let other = [
            elsewhere,
            format!("{issuer}/"),
            issuer.to_uppercase(),
            String::new(),
            format!("{issuer}&iss={issuer}"),
        ];
        for location in [&denied, &valid] {
            for wrong in &other {
                let answer = browser.come_back(&with_issuer(location, Some(wrong))).await;
                assert_eq!((answer.status, answer.header("location")), (400, None), "{mode}: {wrong}");
                assert!(
                    !answer.text.contains("elsewhere") && !answer.text.contains("href"),
                    "{}",
                    answer.text
                );
            }
        }
        let (bank, table) = world.exchanges();
        assert_eq!((bank, table), before.1, "{mode}: neither bank nor table was asked");
        assert_eq!(anna.get(&path).await.expect(200), before.0, "{mode}: nothing was noted");
        let link = browser.come_back(&valid).await.location();
        anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_is_off_nothing_about_it_matters() {
    let world = world("off", true).await;
    let browser = world.browser();
    for wrong in [None, Some("https%3A%2F%2Felsewhere.example"), Some("a&iss=b")] {
        let anna = world.person();
        let started = anna.start_redirect().await;
        let location = with_issuer(&browser.approve(&started.url, "se-anna").await, wrong);
        assert!(parameter(&browser.come_back(&location).await.location(), "handle").is_some(), "{wrong:?}");
    }
}
