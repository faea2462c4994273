//! The two clocks of a consent: what every answer says of them, and what an operator may set.

use crate::world::{Setting, World};
use serde_json::json;
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder};

const DAY: i64 = 86_400_000;

async fn with(overrides: &[(&'static str, &str)]) -> World {
    let overrides = overrides.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    World::with(Setting { overrides, ..Setting::default() }).await
}

/// Days from now to an instant of the consent, rounded.
async fn days(world: &World, person: &crate::world::Person<'_>, id: &str, field: &str) -> i64 {
    let consent = person.get(&format!("/v1/consents/{id}")).await.expect(200);
    let date = |text: &str| text[..10].parse::<shared::types::Date>().unwrap();
    let now = shared::types::Timestamp::from_millis(world.bank.clock().now_ms()).rfc3339();
    i64::from((date(consent[field].as_str().unwrap()) - date(&now)).get_days())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_renew_by_every_read_still_works_and_says_so_in_a_header_and_a_field() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let accounts = format!("/v1/consents/{id}/accounts");
    let list = anna.get(&accounts).await.expect(200);
    let account = format!("{accounts}/{}", list["accounts"][0]["account_id"].as_str().unwrap());
    let rows = format!("{account}/transactions?date_from=2026-01-01&date_to=2026-01-15");
    let cards = format!("/v1/consents/{id}/card-accounts");
    for (day, due) in [(0, false), (74, false), (1, true), (14, true)] {
        world.pass(day * DAY + 1000);
        for path in [&accounts, &account, &rows, &cards] {
            let answer = anna.get(path).await;
            assert_eq!(answer.header("consent-renew-by").is_some(), due, "{path}");
            let read = answer.clone().expect(200);
            assert_eq!(read["consent"]["renewal_due"], due, "{path}");
            assert_eq!(
                read["consent"]["renew_by"].as_str(),
                answer.header("consent-renew-by").or(read["consent"]["renew_by"].as_str())
            );
        }
        let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
        assert_eq!(consent["renewal_due"], due);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_dates_behind_stand_in_the_answer_and_the_earlier_one_rules() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(consent["expires_at"], consent["refresh_token_expires_at"]);
    assert_eq!(consent["limited_by"], "refresh_token");
    for (field, expected) in
        [("expires_at", 90), ("refresh_token_expires_at", 90), ("consent_expires_at", 180), ("renew_by", 75)]
    {
        assert_eq!(days(&world, &anna, &id, field).await, expected, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_banks_own_figure_for_the_refresh_token_rules_in_whichever_answer_it_stands() {
    for name in ["refresh_token_expires_in", "refresh_expires_in"] {
        let world = World::in_process().await;
        world.bank.change_switches(|switches| {
            switches.refresh_token_field = Some(name.to_owned());
            switches.refresh_token_days = 45;
        });
        let anna = world.person();
        let order = anna.start_decoupled().await;
        world.bank.bankid(BankIdAction::Approve);
        world.pass(2_500);
        let by_bankid = order["consent_id"].as_str().unwrap().to_owned();
        anna.poll(&by_bankid).await.expect(200);
        for id in [&by_bankid, &anna.connect().await] {
            for (field, expected) in [("refresh_token_expires_at", 45), ("expires_at", 45), ("renew_by", 30)]
            {
                assert_eq!(days(&world, &anna, id, field).await, expected, "{name}: {field}");
            }
        }
        // A refresh says how much is left of it.
        world.pass(2 * DAY);
        anna.get(&format!("/v1/consents/{by_bankid}/accounts")).await.expect(200);
        assert_eq!(days(&world, &anna, &by_bankid, "refresh_token_expires_at").await, 43, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_that_comes_with_a_refresh_only_counts_from_then_on_and_nonsense_never() {
    let world = World::in_process().await;
    let anna = world.person();
    let name = "refresh_token_expires_in".to_owned();
    world.bank.fault(FaultOrder::next(CallKind::TokenAuthorizationCode, Fault::ExtraField { name }));
    // The simulated bank's invented field holds no number: it is no figure, and the documented one counts.
    let id = anna.connect().await;
    assert_eq!(days(&world, &anna, &id, "refresh_token_expires_at").await, 90);
    world.bank.change_switches(|switches| switches.refresh_token_days = 60);
    let other = anna.connect().await;
    assert_eq!(days(&world, &anna, &other, "refresh_token_expires_at").await, 90, "the bank says nothing");
    world.bank.change_switches(|switches| {
        switches.refresh_token_field = Some("refresh_expires_in".to_owned());
        switches.refresh_token_days = 1;
    });
    // As long as the access token: of no use as a refresh token's, so it is not taken for one.
    let useless = anna.connect().await;
    assert_eq!(days(&world, &anna, &useless, "refresh_token_expires_at").await, 90);
    world.pass(10 * DAY);
    anna.get(&format!("/v1/consents/{other}/accounts")).await.expect(200);
    assert_eq!(days(&world, &anna, &other, "refresh_token_expires_at").await, 50, "what is left of 60");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_may_set_the_clocks_when_the_law_or_the_bank_changes_them() {
    let world = with(&[
        ("CONSENT_DAYS", r#"{"SE":60,"GB":100}"#),
        ("REFRESH_TOKEN_DAYS", "70"),
        ("RENEW_AHEAD_DAYS", "5"),
    ])
    .await;
    let anna = world.person();
    let id = anna.connect().await;
    for (field, expected) in [("expires_at", 60), ("refresh_token_expires_at", 70), ("renew_by", 55)] {
        assert_eq!(days(&world, &anna, &id, field).await, expected, "{field}");
    }
    assert_eq!(anna.get(&format!("/v1/consents/{id}")).await.expect(200)["limited_by"], "consent");
    let british = json!({"country": "GB", "psu_type": "individual", "authorization": {"method": "redirect", "app": "android"}});
    let id = anna.connect_as(&british, "gb-oliver").await;
    assert_eq!(days(&world, &anna, &id, "consent_expires_at").await, 100);
}
