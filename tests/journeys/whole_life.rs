//! A consent from its start to its end, with the bank's clock moved: half a year in a second.

use crate::{
    renewal::redirect,
    world::{World, client::parameter},
};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

async fn consent(anna: &crate::world::Person<'_>, id: &str) -> Value {
    anna.get(&format!("/v1/consents/{id}")).await.expect(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swedish_consent_is_renewed_on_day_89_lives_to_day_179_expires_and_comes_back() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let first = anna.account_ids(&id).await;
    // Every day the access token is over, and one refresh brings the next.
    for day in 1..=75 {
        world.pass(DAY);
        if day % 25 == 0 {
            assert_eq!(anna.account_ids(&id).await, first, "day {day}");
        }
    }
    let due = consent(&anna, &id).await;
    assert_eq!((&due["status"], &due["limited_by"]), (&json!("active"), &json!("refresh_token")));
    assert!(due["renew_by"].as_str() <= Some(&iso(&world)), "day 75 is the day to ask: {due}");
    assert_eq!(due["refreshes"], 3);
    world.pass(14 * DAY);
    // Day 89: the renewal stands beside living reads until it is activated.
    let renewing = anna.renew(&id, &redirect()).await.expect(200);
    assert_eq!(anna.account_ids(&id).await, first);
    let link = world.browser().sign(renewing["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    assert_eq!(anna.account_ids(&id).await, first);
    let renewed = anna.activate(&id, &parameter(&link, "handle").unwrap()).await.expect(200);
    assert_eq!(renewed["accounts"]["kept"].as_array().unwrap().len(), first.len());
    assert_eq!(renewed["refreshes"], 0);
    world.pass(90 * DAY - 60_000);
    assert_eq!(anna.account_ids(&id).await, first, "day 179, a minute before the end");
    world.pass(61_000);
    let calls = world.bank.ledger().calls.len();
    let over = anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(over["next"], json!({"method": "POST", "path": format!("/v1/consents/{id}/authorization")}));
    assert_eq!(world.bank.ledger().calls.len(), calls, "nothing is asked with what is over");
    let expired = consent(&anna, &id).await;
    assert_eq!(
        (&expired["status"], &expired["status_reason"]),
        (&json!("expired"), &json!("refresh_token_expired"))
    );
    // The call that the problem names brings it back, under the same id and with the same accounts.
    let handle = anna.sign_renewal(&id, "se-anna").await;
    let back = anna.activate(&id, &handle).await.expect(200);
    assert_eq!((&back["status"], back["accounts"]["lost"].as_array().unwrap().len()), (&json!("active"), 0));
    assert_eq!(anna.account_ids(&id).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_british_consent_is_limited_by_itself_at_ninety_days() {
    let world = World::in_process().await;
    let oliver = world.person();
    let body = json!({"country": "GB", "psu_type": "individual", "authorization": redirect()});
    let id = oliver.connect_as(&body, "gb-oliver").await;
    assert_eq!(consent(&oliver, &id).await["limited_by"], "consent");
    world.pass(90 * DAY - 60_000);
    oliver.account_ids(&id).await;
    world.pass(61_000);
    oliver.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(consent(&oliver, &id).await["status_reason"], "consent_expired");
    let handle = oliver.sign_renewal(&id, "gb-oliver").await;
    oliver.activate(&id, &handle).await.expect(200);
    oliver.account_ids(&id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_the_customer_took_back_at_the_bank_lapses_and_can_be_renewed() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let before = anna.account_ids(&id).await;
    let dump = world.dump().await;
    let row = dump.as_array().unwrap().iter().find(|it| it["pk"]["S"] == *id && it["sk"]["S"] == "consent");
    assert!(world.bank.revoke_grant(row.unwrap()["gb"]["S"].as_str().unwrap()));
    let over = anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(over["next"]["method"], "POST");
    let lapsed = consent(&anna, &id).await;
    assert_eq!((&lapsed["status"], &lapsed["status_reason"]), (&json!("expired"), &json!("refresh_refused")));
    assert_eq!(lapsed["timeline"][0]["event"], "lapsed");
    assert_eq!(lapsed["timeline"][0]["bank_code"], "unauthorized_client");
    let calls = world.bank.ledger().calls.len();
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(world.bank.ledger().calls.len(), calls, "a grant that is over is not tried again");
    let handle = anna.sign_renewal(&id, "se-anna").await;
    anna.activate(&id, &handle).await.expect(200);
    assert_eq!(anna.account_ids(&id).await, before);
    // And a lapsed one that somebody else signs stays lapsed.
    let dump = world.dump().await;
    let row = dump.as_array().unwrap().iter().find(|it| it["pk"]["S"] == *id && it["sk"]["S"] == "consent");
    assert!(world.bank.revoke_grant(row.unwrap()["gb"]["S"].as_str().unwrap()));
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    let handle = anna.sign_renewal(&id, "se-tom").await;
    anna.activate(&id, &handle).await.problem(409, "renewal_other_customer");
    assert_eq!(consent(&anna, &id).await["status"], "expired");
}

/// The bank's time as answers show instants.
fn iso(world: &World) -> String {
    shared::types::Timestamp::from_millis(world.bank.clock().now_ms()).rfc3339()
}
