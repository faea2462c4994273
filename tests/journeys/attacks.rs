//! Attacks on the way from consent to grant. Each ends nowhere, and the bank's ledger and the table say so.

use crate::{
    renewal::{TOM, bankid},
    world::{
        Person, Setting, World,
        client::{ANNA, parameter, swedish},
        journeys,
    },
};
use serde_json::{Value, json};
use simulated_bank::{BankIdAction, CallKind, Fault, FaultOrder};

journeys![
    an_attackers_code_pushed_into_a_victims_browser_gives_neither_of_them_the_others_money,
    a_victim_who_approves_the_attackers_consent_gives_the_attacker_nothing,
    a_leaked_authorize_link_that_the_attacker_uses_first_gives_the_owner_no_foreign_money,
    an_attackers_own_login_pushed_through_the_owners_browser_shows_the_attacker_nothing,
    nobody_polls_cancels_activates_reads_or_revokes_what_is_anothers,
    a_handle_that_leaked_is_worth_nothing_without_the_owners_token,
    a_bank_that_gives_one_owners_consent_to_another_shows_the_other_nothing,
];

/// The consent part of the table, as it rests.
async fn row(world: &World, id: &str) -> Value {
    let dump = world.dump().await;
    let mut all = dump.as_array().unwrap().iter();
    let found = all.find(|item| item["pk"]["S"] == *id && item["sk"]["S"] == "consent");
    found.cloned().unwrap_or_default()
}

/// Nothing of this consent can be read by anybody.
async fn opens_nothing(world: &World, id: &str, people: &[&Person<'_>]) {
    let reads = world.at_bank("accounts.list");
    for person in people {
        let answer = person.get(&format!("/v1/consents/{id}/accounts")).await;
        assert!(matches!(answer.status, 404 | 409), "{}", answer.text);
    }
    assert_eq!(world.at_bank("accounts.list"), reads, "the bank is not even asked");
}

async fn an_attackers_code_pushed_into_a_victims_browser_gives_neither_of_them_the_others_money(
    world: &World,
) {
    let (attacker, victim) = (world.person(), world.person());
    // The attacker signs for himself, and gives the callback link to the victim's browser instead of his own.
    let attack = attacker.start_redirect().await;
    let location = world.browser().approve(&attack.url, "se-tom").await;
    let link = world.browser().come_back(&location).await.location();
    let handle = parameter(&link, "handle").unwrap();
    // The victim's app shows the handle with the victim's token, at the attacker's consent and at the victim's own.
    victim.activate(&attack.id, &handle).await.problem(404, "consent_not_found");
    let own = victim.start_redirect().await;
    victim.activate(&own.id, &handle).await.problem(409, "nothing_to_activate");
    let renewed = victim.connect().await;
    let renewing = victim.renew(&renewed, &json!({"method": "redirect", "app": "android"})).await.expect(200);
    world.browser().sign(renewing["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    victim.activate(&renewed, &handle).await.problem(403, "handle_refused");
    opens_nothing(world, &attack.id, &[&victim]).await;
    // The attacker's state under the victim's consent proves nothing: the nonce is of another consent.
    let forged = location.replace(&attack.id, &own.id);
    assert_eq!(world.browser().come_back(&forged).await.status, 400);
    assert_eq!(row(world, &own.id).await["t"]["S"], "redirect");
}

async fn a_victim_who_approves_the_attackers_consent_gives_the_attacker_nothing(world: &World) {
    let (attacker, victim) = (world.person(), world.person());
    let attack = attacker.start_redirect().await;
    // The victim is talked into opening the attacker's link, and approves. The handle goes to the victim's app.
    let location = world.browser().approve(&attack.url, "se-anna").await;
    let link = world.browser().come_back(&location).await.location();
    let handle = parameter(&link, "handle").unwrap();
    victim.activate(&attack.id, &handle).await.problem(404, "consent_not_found");
    // The attacker knows the consent and not the handle.
    for guess in ["AAAAAAAAAAAAAAAAAAAAAA", &handle.chars().rev().collect::<String>()] {
        attacker.activate(&attack.id, guess).await.problem(403, "handle_refused");
    }
    opens_nothing(world, &attack.id, &[&attacker, &victim]).await;
    assert_eq!(row(world, &attack.id).await["g"]["S"], "none");
}

async fn a_leaked_authorize_link_that_the_attacker_uses_first_gives_the_owner_no_foreign_money(
    world: &World,
) {
    let (owner, attacker) = (world.person(), world.person());
    let started = owner.start_redirect().await;
    // The attacker signs at the bank with his own login and keeps the app link.
    let location = world.browser().approve(&started.url, "se-tom").await;
    let link = world.browser().come_back(&location).await.location();
    let handle = parameter(&link, "handle").unwrap();
    attacker.activate(&started.id, &handle).await.problem(404, "consent_not_found");
    // The owner comes second: the bank gives no second code, and what the browser brings is not a handle.
    let second = world.browser().approve(&started.url, "se-anna").await;
    let page = world.browser().come_back(&second).await;
    assert!(page.status == 303 || page.status == 400, "{}", page.text);
    if page.status == 303 {
        assert_eq!(parameter(&page.location(), "handle"), None, "another code or an error brings no handle");
    }
    opens_nothing(world, &started.id, &[&owner, &attacker]).await;
}

/// The one case that no server can tell from an owner with two logins at the bank: the owner's own link, signed by the
/// attacker, come back through the owner's own browser. What it can give away is the attacker's, never the owner's.
async fn an_attackers_own_login_pushed_through_the_owners_browser_shows_the_attacker_nothing(world: &World) {
    let (owner, attacker) = (world.person(), world.person());
    let started = owner.start_redirect().await;
    let location = world.browser().approve(&started.url, "se-tom").await;
    let link = world.browser().come_back(&location).await.location();
    let handle = parameter(&link, "handle").unwrap();
    owner.activate(&started.id, &handle).await.expect(200);
    let path = format!("/v1/consents/{}", started.id);
    let seen = owner.get(&format!("{path}/accounts")).await.expect(200);
    assert_eq!(
        seen["accounts"],
        json!([]),
        "what the signer has, who has no account, and nothing of the owner's"
    );
    let calls = world.bank.ledger().calls.len();
    attacker.activate(&started.id, &handle).await.problem(404, "consent_not_found");
    for tail in ["", "/accounts", "/authorization"] {
        attacker.get(&format!("{path}{tail}")).await.problem(404, "consent_not_found");
    }
    assert_eq!(world.bank.ledger().calls.len(), calls);
    // Whoever notices takes it back, and the grant is gone.
    assert_eq!(owner.call("DELETE", &path).send().await.status, 204);
    assert_eq!(row(world, &started.id).await["g"]["S"], "revoked");
}

async fn nobody_polls_cancels_activates_reads_or_revokes_what_is_anothers(world: &World) {
    let (owner, other) = (world.person(), world.person());
    let order = owner.start_decoupled().await;
    let id = order["consent_id"].as_str().unwrap();
    world.bank.bankid(BankIdAction::Approve);
    world.pass(10_000);
    let before = world.bank.ledger().calls.len();
    let path = format!("/v1/consents/{id}");
    other.poll(id).await.problem(404, "consent_not_found");
    for (method, tail) in
        [("DELETE", "/authorization"), ("GET", "/authorization"), ("DELETE", ""), ("GET", "")]
    {
        other.call(method, &format!("{path}{tail}")).send().await.problem(404, "consent_not_found");
    }
    other.post(&format!("{path}/activation"), &json!({})).await.problem(404, "consent_not_found");
    other.renew(id, &bankid(TOM)).await.problem(404, "consent_not_found");
    assert_eq!(world.bank.ledger().calls.len(), before);
    assert_eq!(owner.poll(id).await.expect(200)["status"], "active");
    // Erasing everything of one's own leaves the others' alone.
    assert_eq!(other.call("DELETE", "/v1/consents").send().await.status, 204);
    owner.get(&format!("{path}/accounts")).await.expect(200);
}

async fn a_handle_that_leaked_is_worth_nothing_without_the_owners_token(world: &World) {
    let (owner, thief) = (world.person(), world.person());
    let started = owner.start_redirect().await;
    let link = world.browser().sign(&started.url, "se-anna").await;
    let handle = parameter(&link, "handle").unwrap();
    thief.activate(&started.id, &handle).await.problem(404, "consent_not_found");
    let token = world.call("POST", &format!("/v1/consents/{}/activation", started.id));
    let body = json!({"handle": handle}).to_string();
    assert_eq!(token.header("content-type", "application/json").body(body).send().await.status, 401);
    owner.activate(&started.id, &handle).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_somebody_else_in_the_body_is_refused_where_the_claim_rules() {
    let overrides = vec![("PERSONAL_NUMBER_SOURCE", "claim:personal_number".to_owned())];
    let world = World::with(Setting { overrides, ..Setting::default() }).await;
    let mut attacker = world.person();
    attacker.spec.claims.insert("personal_number".to_owned(), json!(TOM));
    world.canaries.add(crate::world::search::Kind::PersonalNumber, TOM);
    let mut body = swedish("decoupled");
    body["authorization"]["personal_number"] = json!(ANNA);
    let problem = attacker.post("/v1/consents", &body).await.problem(400, "invalid_request");
    assert_eq!(problem["errors"][0]["field"], "personal_number");
    assert_eq!((world.at_bank("decoupled.init"), world.bank.orders().len()), (0, 0));
    body["authorization"].as_object_mut().unwrap().remove("personal_number");
    let started = attacker.post("/v1/consents", &body).await.expect(201);
    assert_eq!(world.bank.orders()[0].customer, "se-tom", "the order is for whom the token names");
    world.bank.bankid(BankIdAction::Approve);
    world.pass(10_000);
    let consent = attacker.poll(started["consent_id"].as_str().unwrap()).await.expect(200);
    assert_eq!(consent["status"], "active");
    let id = started["consent_id"].as_str().unwrap();
    assert_eq!(attacker.get(&format!("/v1/consents/{id}")).await.expect(200)["identity"], "verified");
}

async fn a_bank_that_gives_one_owners_consent_to_another_shows_the_other_nothing(world: &World) {
    let (anna, other) = (world.person(), world.person());
    let started = anna.start_redirect().await;
    let link = world.browser().sign(&started.url, "se-anna").await;
    anna.activate(&started.id, &parameter(&link, "handle").unwrap()).await.expect(200);
    let accounts = format!("/v1/consents/{}/accounts", started.id);
    let hers = anna.get(&accounts).await.expect(200);
    // By a mistake of the bank's the next consent has the id of hers, at any stage of its life.
    let scope = parameter(&started.url, "scope").unwrap().replace("%3A", ":");
    let (page, bank_consent) = (started.url.split('?').next().unwrap(), scope.strip_prefix("AIS:").unwrap());
    let methods = json!([{"scaMethodType": "REDIRECT", "_links": {"authorization": [{"href": page}]}}]);
    let body =
        json!({"consentId": bank_consent, "consentStatus": "RECEIVED", "scaMethods": methods}).to_string();
    let fault = Fault::Answer { status: 201, headers: Vec::new(), body, executed: true };
    world.bank.fault(FaultOrder::next(CallKind::ConsentsCreate, fault));
    let doubled = other.start_redirect().await;
    assert!(doubled.url.contains(bank_consent), "{}", doubled.url);
    // Whoever signs it, in whoever's browser.
    for customer in ["se-anna", "se-mia"] {
        let location = world.browser().approve(&doubled.url, customer).await;
        let link = world.browser().come_back(&location).await.location();
        assert_eq!(parameter(&link, "handle"), None, "{link}");
    }
    opens_nothing(world, &doubled.id, &[&other]).await;
    other.get(&accounts).await.problem(404, "consent_not_found");
    assert_eq!(anna.get(&accounts).await.expect(200)["accounts"], hers["accounts"]);
    // What one of them ends is over for that one alone.
    other.call("DELETE", "/v1/consents").send().await;
    anna.get(&accounts).await.expect(200);
}
