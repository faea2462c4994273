//! Ended consents erase themselves: DynamoDB sweeps late, so what has been kept long enough is already gone for whoever
//! asks. The table of these tests never sweeps.

mod unknown;

use crate::world::{
    Setting, TABLE, World,
    client::{fresh_key, swedish},
};
use serde_json::json;

const DAY: i64 = 86_400_000;

async fn keeping(days: &str) -> World {
    let overrides = vec![("ERASE_AFTER_DAYS", days.to_owned())];
    World::with(Setting { overrides, ..Setting::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_consent_is_kept_as_long_as_configured_and_then_unknown() {
    let world = keeping("7").await;
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}");
    assert_eq!(anna.call("DELETE", &path).send().await.status, 204);
    world.pass(7 * DAY - 60_000);
    assert_eq!(anna.get(&path).await.expect(200)["status"], "revoked");
    world.pass(61_000);
    anna.get(&path).await.problem(404, "consent_not_found");
    anna.get(&format!("{path}/accounts")).await.problem(404, "consent_not_found");
    anna.renew(&id, &json!({"method": "redirect", "app": "android"})).await.problem(404, "consent_not_found");
    assert_eq!(anna.get("/v1/consents").await.expect(200)["consents"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_consent_can_be_renewed_until_it_erases_itself() {
    let world = keeping("30").await;
    let anna = world.person();
    let id = anna.connect().await;
    world.pass(90 * DAY + 29 * DAY);
    assert_eq!(anna.get(&format!("/v1/consents/{id}")).await.expect(200)["status"], "expired");
    // A renewal that is under way keeps its consent.
    let handle = anna.sign_renewal(&id, "se-anna").await;
    anna.activate(&id, &handle).await.expect(200);
    world.pass(2 * DAY);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_on_the_last_day_is_not_swept_under_its_feet() {
    let world = keeping("30").await;
    let anna = world.person();
    let id = anna.connect().await;
    world.pass(120 * DAY - 30_000);
    let renewing = anna.renew(&id, &json!({"method": "redirect", "app": "android"})).await.expect(200);
    world.pass(60_000);
    let link = world.browser().sign(renewing["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    let handle = crate::world::client::parameter(&link, "handle").unwrap();
    anna.activate(&id, &handle).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_signed_and_a_day_later_the_same_key_begins_afresh() {
    let world = keeping("30").await;
    let (anna, key) = (world.person(), fresh_key());
    for method in ["redirect", "decoupled"] {
        let first = anna.post_keyed("/v1/consents", &swedish(method), &key).await.expect(201);
        let id = first["consent_id"].as_str().unwrap();
        world.pass(DAY + 16 * 60_000);
        anna.get(&format!("/v1/consents/{id}")).await.problem(404, "consent_not_found");
        let second = anna.post_keyed("/v1/consents", &swedish(method), &key).await.expect(201);
        assert_eq!(second["consent_id"], id, "the same key is the same id");
        assert_ne!(second["authorization"], first["authorization"]);
        world.pass(DAY + 16 * 60_000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_reads_and_erases_what_a_newer_release_ended_for_a_reason_of_its_own() {
    let world = World::in_process().await;
    let anna = world.person();
    let (lapsed, failed) = (anna.connect().await, anna.start_redirect().await.id);
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{failed}/authorization")).send().await.status, 204);
    let word = json!({"S": "a_reason_of_tomorrow"});
    for mut row in world.dump().await.as_array().unwrap().clone() {
        if row["sk"]["S"] != "consent" {
            continue;
        } else if row["pk"]["S"] == *failed {
            row["tw"] = word.clone();
        } else {
            row["g"] = json!({"S": "lapsed"});
            row["gw"] = word.clone();
            for gone in ["gz", "ga", "ge", "gr", "gc", "gd", "gh"] {
                row.as_object_mut().unwrap().remove(gone);
            }
        }
        world.table.put(TABLE, &row).await.unwrap();
    }
    assert_eq!(anna.get("/v1/consents").await.expect(200)["consents"].as_array().unwrap().len(), 2);
    anna.get(&format!("/v1/consents/{lapsed}/accounts")).await.problem(409, "consent_expired");
    assert_eq!(anna.get(&format!("/v1/consents/{failed}")).await.expect(200)["status"], "rejected");
    // Nothing is sealed here, so nothing did not open.
    assert!(!world.lines.lock().unwrap().iter().any(|line| line.contains("seals_unopened")));
    assert_eq!(anna.call("DELETE", "/v1/consents").send().await.status, 204);
    let rest = world.dump().await;
    assert!(!rest.as_array().unwrap().iter().any(|row| row["sk"]["S"] == "consent"), "{rest}");
}
