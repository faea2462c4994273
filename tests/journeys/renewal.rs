//! Renewal: a new SCA on the same consent, beside the living grant.

use crate::world::{
    World,
    client::{ANNA, Answer, Person, fresh_key, parameter},
    journeys,
};
use cloud::{FaultKind, ProxyFault};
use serde_json::{Value, json};
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder};

/// The simulated bank's individual without any account.
pub(crate) const TOM: &str = "190304059835";

journeys![
    a_renewal_by_redirect_swaps_the_grant_and_keeps_the_accounts,
    a_renewal_by_bankid_is_swapped_in_by_the_owners_token_alone,
    a_renewal_that_is_abandoned_denied_or_cancelled_changes_nothing,
    a_renewal_that_somebody_else_signed_is_refused_and_the_old_grant_stays,
    a_bankid_renewal_for_somebody_elses_number_is_refused_too,
    country_kind_and_company_cannot_change,
    the_same_key_begins_one_renewal_and_another_body_none,
    one_attempt_at_a_time_and_a_cancelled_one_makes_room,
    a_bank_that_does_not_take_the_renewal_leaves_the_key_free,
    an_account_that_was_closed_is_lost_and_said_so,
    nothing_is_renewed_after_the_owner_revoked,
    a_bank_that_is_down_at_the_comparison_ends_nothing,
];

pub(crate) fn redirect() -> Value {
    json!({"method": "redirect", "app": "android"})
}

pub(crate) fn bankid(number: &str) -> Value {
    json!({"method": "decoupled", "app": "android", "same_device": true, "personal_number": number})
}

impl Person<'_> {
    pub(crate) async fn renew(&self, consent: &str, wish: &Value) -> Answer {
        self.post(&format!("/v1/consents/{consent}/authorization"), wish).await
    }

    /// A redirect renewal, signed by this customer; the handle from the app link.
    pub(crate) async fn sign_renewal(&self, consent: &str, customer: &str) -> String {
        let renewing = self.renew(consent, &redirect()).await.expect(200);
        let url = renewing["authorization"]["url"].as_str().unwrap();
        let link = self.world.browser().sign(url, customer).await;
        parameter(&link, "handle").unwrap_or_else(|| panic!("no handle in {link}"))
    }

    /// Our ids of the accounts that the bank lists now.
    pub(crate) async fn account_ids(&self, consent: &str) -> Vec<String> {
        let list = self.get(&format!("/v1/consents/{consent}/accounts")).await.expect(200);
        let ids = list["accounts"].as_array().unwrap().iter();
        ids.map(|account| account["account_id"].as_str().unwrap().to_owned()).collect()
    }

    async fn state(&self, consent: &str) -> (Value, Value) {
        let consent = self.get(&format!("/v1/consents/{consent}")).await.expect(200);
        (consent["status"].clone(), consent["authorization"]["state"].clone())
    }
}

fn words(ids: &Value) -> Vec<String> {
    ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn a_renewal_by_redirect_swaps_the_grant_and_keeps_the_accounts(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let mut before = anna.account_ids(&id).await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    assert_eq!(anna.state(&id).await, (json!("active"), json!("signed")));
    assert_eq!(anna.account_ids(&id).await, before, "the old grant reads on");
    let renewed = anna.activate(&id, &handle).await.expect(200);
    assert_eq!((&renewed["status"], &renewed["authorization"]["state"]), (&json!("active"), &json!("none")));
    before.sort();
    assert_eq!(words(&renewed["accounts"]["kept"]), before);
    assert_eq!((&renewed["accounts"]["added"], &renewed["accounts"]["lost"]), (&json!([]), &json!([])));
    let again = anna.activate(&id, &handle).await.expect(200);
    assert_eq!(again["expires_at"], renewed["expires_at"]);
    let mut after = anna.account_ids(&id).await;
    after.sort();
    assert_eq!(after, before, "the bank's ids are others, ours are the same");
    let path = format!("/v1/consents/{id}/accounts/{}", before[0]);
    anna.get(&path).await.expect(200);
}

async fn a_renewal_by_bankid_is_swapped_in_by_the_owners_token_alone(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let before = anna.account_ids(&id).await;
    anna.renew(&id, &bankid(ANNA)).await.expect(200);
    world.bank.bankid(BankIdAction::Approve);
    world.pass(10_000);
    let polled = anna.poll(&id).await.expect(200);
    assert_eq!((&polled["status"], &polled["authorization"]["state"]), (&json!("active"), &json!("signed")));
    assert_eq!(polled["authorization"]["method"], "decoupled");
    let activation = format!("/v1/consents/{id}/activation");
    anna.post(&activation, &json!({"handle": "AAAAAAAAAAAAAAAAAAAAAA"})).await.problem(403, "handle_refused");
    let somebody = world.person();
    somebody.post(&activation, &json!({})).await.problem(404, "consent_not_found");
    let renewed = anna.post(&activation, &json!({})).await.expect(200);
    assert_eq!(words(&renewed["accounts"]["kept"]).len(), before.len());
    assert_eq!(renewed["identity"], "asserted");
    anna.post(&activation, &json!({})).await.expect(200);
}

async fn a_renewal_that_is_abandoned_denied_or_cancelled_changes_nothing(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let before = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    let renewing = anna.renew(&id, &redirect()).await.expect(200);
    let denied = world.browser().deny(renewing["authorization"]["url"].as_str().unwrap()).await;
    world.browser().come_back(&denied).await;
    anna.account_ids(&id).await;
    let cancel = anna.call("DELETE", &format!("/v1/consents/{id}/authorization")).send().await;
    assert_eq!(cancel.status, 204);
    let after = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    for field in ["status", "expires_at", "renew_by", "limited_by"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["authorization"]["reason"], "cancelled");
    anna.account_ids(&id).await;
}

async fn a_renewal_that_somebody_else_signed_is_refused_and_the_old_grant_stays(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    // Also if nobody has read any account before: the old grant is asked then.
    for read_before in [false, true] {
        if read_before {
            anna.account_ids(&id).await;
        }
        let handle = anna.sign_renewal(&id, "se-tom").await;
        let problem = anna.activate(&id, &handle).await.problem(409, "renewal_other_customer");
        assert_eq!(problem["action_by"], "psu");
        assert_eq!(anna.state(&id).await, (json!("active"), json!("failed")));
    }
    let dump = world.dump().await;
    let row =
        dump.as_array().unwrap().iter().find(|item| item["pk"]["S"] == *id && item["sk"]["S"] == "consent");
    assert!(row.unwrap()["tz"].is_null(), "the other customer's tokens are destroyed");
    assert!(!anna.account_ids(&id).await.is_empty(), "the old grant stays");
}

async fn a_bankid_renewal_for_somebody_elses_number_is_refused_too(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    anna.account_ids(&id).await;
    anna.renew(&id, &bankid(TOM)).await.expect(200);
    world.bank.bankid(BankIdAction::Approve);
    world.pass(10_000);
    assert_eq!(anna.poll(&id).await.expect(200)["authorization"]["state"], "signed");
    let activation = format!("/v1/consents/{id}/activation");
    anna.post(&activation, &json!({})).await.problem(409, "renewal_other_customer");
    assert_eq!(anna.state(&id).await, (json!("active"), json!("failed")));
}

async fn country_kind_and_company_cannot_change(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let calls = world.at_bank("consents.create");
    for (field, value) in [("country", "NL"), ("psu_type", "corporate"), ("psu_corporate_id", "5599990016")] {
        let mut wish = redirect();
        wish[field] = json!(value);
        let problem = anna.renew(&id, &wish).await.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let mut same = redirect();
    (same["country"], same["psu_type"]) = (json!("SE"), json!("individual"));
    assert_eq!(world.at_bank("consents.create"), calls);
    anna.renew(&id, &same).await.expect(200);
    let company = json!({"country": "SE", "psu_type": "corporate", "psu_corporate_id": "559999-0016",
        "authorization": {"method": "redirect", "app": "android"}});
    let firm = world.person();
    let id = firm.connect_as(&company, "se-corp").await;
    for id_given in [json!(null), json!("5560004615"), json!("12")] {
        let mut wish = redirect();
        wish["psu_corporate_id"] = id_given;
        let problem = firm.renew(&id, &wish).await.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["field"], "psu_corporate_id");
    }
    let mut wish = redirect();
    wish["psu_corporate_id"] = json!("5599990016");
    firm.renew(&id, &wish).await.expect(200);
}

async fn the_same_key_begins_one_renewal_and_another_body_none(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let (path, key, before) =
        (format!("/v1/consents/{id}/authorization"), fresh_key(), world.at_bank("consents.create"));
    let first = anna.post_keyed(&path, &redirect(), &key).await.expect(200);
    let again = anna.post_keyed(&path, &redirect(), &key).await.expect(200);
    assert_eq!(first, again);
    let other = json!({"method": "redirect", "app": "web"});
    anna.post_keyed(&path, &other, &key).await.problem(422, "idempotency_key_reused");
    let link = world.browser().sign(first["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    assert_eq!(
        anna.post_keyed(&path, &redirect(), &key).await.expect(200)["authorization"]["state"],
        "signed"
    );
    anna.activate(&id, &parameter(&link, "handle").unwrap()).await.expect(200);
    let late = anna.post_keyed(&path, &redirect(), &key).await.expect(200);
    assert_eq!((&late["status"], &late["authorization"]["state"]), (&json!("active"), &json!("none")));
    assert_eq!(world.at_bank("consents.create") - before, 1, "one bank consent for one key");
}

async fn one_attempt_at_a_time_and_a_cancelled_one_makes_room(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}/authorization");
    let key = fresh_key();
    anna.post_keyed(&path, &redirect(), &key).await.expect(200);
    anna.renew(&id, &redirect()).await.problem(409, "attempt_in_progress");
    assert_eq!(anna.call("DELETE", &path).send().await.status, 204);
    anna.post_keyed(&path, &redirect(), &key).await.problem(409, "attempt_over");
    anna.renew(&id, &redirect()).await.expect(200);
}

async fn a_bank_that_does_not_take_the_renewal_leaves_the_key_free(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let (path, key) = (format!("/v1/consents/{id}/authorization"), fresh_key());
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, Fault::Unavailable));
    anna.post_keyed(&path, &redirect(), &key).await.problem(503, "bank_unavailable");
    anna.account_ids(&id).await;
    anna.post_keyed(&path, &redirect(), &key).await.expect(200);
    let lost = world.person();
    let id = lost.connect().await;
    let (path, key) = (format!("/v1/consents/{id}/authorization"), fresh_key());
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, Fault::AnswerLost));
    for _ in 0..2 {
        lost.post_keyed(&path, &redirect(), &key).await.problem(502, "start_unknown");
    }
    lost.account_ids(&id).await;
}

async fn an_account_that_was_closed_is_lost_and_said_so(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let before = anna.account_ids(&id).await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    // The bank's list lacks all but one account, once.
    let list = anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let iban = list["accounts"][0]["iban"].as_str().unwrap();
    let body = json!({"accounts": [{"accountId": "only-one", "currency": list["accounts"][0]["currency"], "iban": iban}]});
    let answer = Fault::Answer { status: 200, headers: Vec::new(), body: body.to_string(), executed: false };
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, answer));
    let renewed = anna.activate(&id, &handle).await.expect(200);
    assert_eq!(words(&renewed["accounts"]["kept"]), [before[0].clone()]);
    assert_eq!(words(&renewed["accounts"]["lost"]).len(), before.len() - 1);
}

async fn nothing_is_renewed_after_the_owner_revoked(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{id}")).send().await.status, 204);
    let calls = world.bank.ledger().calls.len();
    anna.activate(&id, &handle).await.problem(409, "consent_revoked");
    anna.renew(&id, &redirect()).await.problem(409, "consent_revoked");
    assert_eq!(world.bank.ledger().calls.len(), calls);
}

async fn a_bank_that_is_down_at_the_comparison_ends_nothing(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    anna.account_ids(&id).await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    world.bank.fault(FaultOrder::next(CallKind::AccountsList, Fault::ProxyError));
    let problem = anna.activate(&id, &handle).await.problem(503, "bank_unavailable");
    assert_eq!(problem["retryable"], true);
    assert_eq!(anna.state(&id).await, (json!("active"), json!("signed")));
    anna.activate(&id, &handle).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_of_the_old_bank_consent_is_not_used_under_the_new_one() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let account = anna.account_ids(&id).await.remove(0);
    let handle = anna.sign_renewal(&id, "se-anna").await;
    // The swap is written, the map is not.
    let (operation, kind) = (Some("TransactWriteItems".to_owned()), FaultKind::ServerError);
    world.table_proxy.fault(ProxyFault { operation, kind, times: 3, skip: 0 });
    anna.activate(&id, &handle).await.expect(200);
    let (lists, path) = (world.at_bank("accounts.list"), format!("/v1/consents/{id}/accounts/{account}"));
    anna.get(&path).await.expect(200);
    assert_eq!(world.at_bank("accounts.list") - lists, 1, "the bank's new ids are asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_identical_renewals_at_once_make_one_bank_consent() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    let (path, key, before) =
        (format!("/v1/consents/{id}/authorization"), fresh_key(), world.at_bank("consents.create"));
    let wish = redirect();
    let all = futures_util::future::join_all((0..50).map(|_| anna.post_keyed(&path, &wish, &key))).await;
    let url = |answer: &Answer| answer.json()["authorization"]["url"].clone();
    let first = anna.post_keyed(&path, &wish, &key).await;
    for answer in &all {
        let equal = answer.status == 200 && url(answer) == url(&first);
        assert!(equal || answer.json()["code"] == "start_in_flight", "{}", answer.text);
    }
    assert_eq!(world.at_bank("consents.create") - before, 1);
}
