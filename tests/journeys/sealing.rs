//! What is sealed opens in its place and nowhere else, in the real table: swapped between consents, owners and generations,
//! cut, altered, under an older key, under an unknown one. Whoever tampers gets no data, and the owner can still end it.

use crate::world::{
    Answer, SECRET, TABLE, World,
    client::{Person, parameter, swedish},
    only_in_process, secret_of,
};
use data_encoding::BASE64;
use serde_json::{Value, json};
use simulated_bank::BankIdAction;

only_in_process![
    a_grant_that_was_swapped_with_another_opens_nowhere_and_is_not_lost,
    a_grant_of_another_generation_cut_or_altered_does_not_open,
    a_grant_that_does_not_open_can_be_revoked_and_erased,
    an_order_and_a_signature_that_do_not_open_are_over_and_can_be_begun_anew,
    what_a_newer_process_sealed_opens_once_the_keys_are_fetched,
];

async fn row(world: &World, id: &str) -> Value {
    let dump = world.dump().await;
    let mut rows = dump.as_array().unwrap().iter();
    let found = rows.find(|row| row["pk"]["S"] == id && row["sk"]["S"] == "consent");
    found.unwrap_or_else(|| panic!("no row {id}")).clone()
}

async fn put(world: &World, row: &Value) {
    world.table.put(TABLE, row).await.unwrap();
}

fn bytes(row: &Value, name: &str) -> Vec<u8> {
    BASE64.decode(row[name]["B"].as_str().unwrap().as_bytes()).unwrap()
}

/// The id of the key that a value is sealed with.
fn key_of(row: &Value, name: &str) -> String {
    let blob = bytes(row, name);
    String::from_utf8(blob[2..2 + usize::from(blob[1])].to_vec()).unwrap()
}

/// A value that names a key nobody has heard of may be of a newer process: then keys are fetched first, and the caller is
/// asked to come again. That ends.
async fn patiently(person: &Person<'_>, path: &str) -> Answer {
    for _ in 0..1000 {
        let answer = person.get(path).await;
        if answer.status != 503 {
            return answer;
        }
        assert_eq!(answer.json()["retryable"], true, "{}", answer.text);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("503 for ever: {path}");
}

/// The consent reads nothing, says why, and calls nobody.
async fn is_shut(person: &Person<'_>, id: &str) {
    let world = person.world;
    let before = world.bank.ledger().calls.len();
    patiently(person, &format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    person.get(&format!("/v1/consents/{id}/card-accounts")).await.problem(409, "consent_expired");
    let consent = patiently(person, &format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!(
        (&consent["status"], &consent["status_reason"]),
        (&json!("expired"), &json!("tokens_unreadable"))
    );
    assert_eq!(world.bank.ledger().calls.len(), before);
    let lines = world.lines.lock().unwrap();
    assert!(lines.iter().any(|line| line.contains(r#""seals_unopened":1"#)), "{lines:?}");
}

async fn is_open(person: &Person<'_>, id: &str) {
    person.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
}

async fn a_grant_that_was_swapped_with_another_opens_nowhere_and_is_not_lost(world: &World) {
    let (anna, bob) = (world.person(), world.person());
    let consents =
        [(&anna, anna.connect().await), (&anna, anna.connect().await), (&bob, bob.connect().await)];
    let mut rows = Vec::new();
    for (person, id) in &consents {
        is_open(person, id).await;
        rows.push(row(world, id).await);
    }
    world.pass(1000);
    // Of another consent of the same owner, then of another owner; each row keeps everything else.
    for (one, other) in [(0, 1), (0, 2), (2, 1)] {
        for (here, there) in [(one, other), (other, one)] {
            let mut swapped = rows[here].clone();
            swapped["gz"] = rows[there]["gz"].clone();
            put(world, &swapped).await;
        }
        for at in [one, other] {
            let (person, id) = &consents[at];
            is_shut(person, id).await;
            // An attempt beside it is written into the same row.
            let path = format!("/v1/consents/{id}/authorization");
            person.post(&path, &swedish("redirect")["authorization"]).await.expect(200);
            is_shut(person, id).await;
            // What belongs there opens again, attempt or not.
            let mut back = row(world, id).await;
            back["gz"] = rows[at]["gz"].clone();
            put(world, &back).await;
            is_open(person, id).await;
            put(world, &rows[at]).await;
        }
    }
    // A whole row under another owner's name is that owner's, and shut.
    let (person, id) = &consents[0];
    let mut stolen = rows[0].clone();
    stolen["o"] = rows[2]["o"].clone();
    put(world, &stolen).await;
    person.get(&format!("/v1/consents/{id}/accounts")).await.problem(404, "consent_not_found");
    is_shut(&bob, id).await;
    assert!(bob.get("/v1/consents").await.expect(200)["consents"].is_array(), "and a list is a list");
}

async fn a_grant_of_another_generation_cut_or_altered_does_not_open(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    is_open(&anna, &id).await;
    let first = row(world, &id).await;
    world.pass(25 * 3_600_000);
    is_open(&anna, &id).await;
    let second = row(world, &id).await;
    assert_ne!(first["gn"], second["gn"], "refreshed");
    world.pass(1000);
    let sealed = bytes(&second, "gz");
    let mut altered = vec![("of an older generation", json!({"B": first["gz"]["B"]}))];
    for at in [0, 1, 2, 5, 20, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        altered.push(("altered", json!({"B": BASE64.encode(&flipped)})));
    }
    for length in [1, 2, 10, sealed.len() - 1] {
        altered.push(("cut", json!({"B": BASE64.encode(&sealed[..length])})));
    }
    for (what, value) in altered {
        let mut tampered = second.clone();
        tampered["gz"] = value;
        put(world, &tampered).await;
        println!("{what}");
        is_shut(&anna, &id).await;
    }
    for (name, value) in [("gn", json!({"N": "7"})), ("c", json!({"S": "NL"}))] {
        let mut tampered = second.clone();
        tampered[name] = value;
        put(world, &tampered).await;
        is_shut(&anna, &id).await;
    }
    put(world, &second).await;
    is_open(&anna, &id).await;
}

async fn a_grant_that_does_not_open_can_be_revoked_and_erased(world: &World) {
    let anna = world.person();
    let (one, two) = (anna.connect().await, anna.connect().await);
    world.pass(1000);
    for id in [&one, &two] {
        let mut cut = row(world, id).await;
        cut["gz"] = json!({"B": BASE64.encode(&bytes(&cut, "gz")[..40])});
        put(world, &cut).await;
        is_shut(&anna, id).await;
    }
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{one}")).send().await.status, 204);
    let consent = anna.get(&format!("/v1/consents/{one}")).await.expect(200);
    assert_eq!(consent["status"], "revoked");
    assert!(row(world, &one).await["gz"].is_null(), "nothing sealed is left");
    assert_eq!(anna.call("DELETE", "/v1/consents").send().await.status, 204);
    assert_eq!(anna.get("/v1/consents").await.expect(200)["consents"], json!([]));
    // And it can be connected anew.
    let id = anna.connect().await;
    is_open(&anna, &id).await;
}

async fn an_order_and_a_signature_that_do_not_open_are_over_and_can_be_begun_anew(world: &World) {
    let anna = world.person();
    // A person has one live order, so the other one is somebody else's.
    let mut tom = swedish("decoupled");
    tom["authorization"]["personal_number"] = json!("190304059835");
    let ids = [anna.start(&swedish("decoupled")).await.id, anna.start(&tom).await.id];
    world.pass(2_500);
    let rows = [row(world, &ids[0]).await, row(world, &ids[1]).await];
    for (here, there) in [(0, 1), (1, 0)] {
        let mut swapped = rows[here].clone();
        swapped["tz"] = rows[there]["tz"].clone();
        put(world, &swapped).await;
    }
    for id in &ids {
        let standing = anna.poll(id).await.expect(200);
        assert_eq!(standing["status_reason"], "attempt_unreadable", "{standing}");
        assert_eq!(anna.call("DELETE", &format!("/v1/consents/{id}/authorization")).send().await.status, 204);
    }
    assert_eq!(world.at_bank("decoupled.poll"), 0);
    // A signature that waits for its owner: bound to its attempt like everything else.
    let signed = [anna.start_redirect().await, anna.start_redirect().await];
    let mut handles = Vec::new();
    for started in &signed {
        let link = world.browser().sign(&started.url, "se-anna").await;
        handles.push(parameter(&link, "handle").unwrap());
    }
    world.pass(1000);
    let other = row(world, &signed[1].id).await;
    let mut swapped = row(world, &signed[0].id).await;
    swapped["tz"] = other["tz"].clone();
    put(world, &swapped).await;
    let refused = anna.activate(&signed[0].id, &handles[0]).await;
    assert!(refused.status == 409, "{}", refused.text);
    anna.activate(&signed[1].id, &handles[1]).await.expect(200);
    is_open(&anna, &signed[1].id).await;
}

async fn what_a_newer_process_sealed_opens_once_the_keys_are_fetched(world: &World) {
    // Start, poll and read have looked at the secret; callback and activation have not.
    let anna = world.person();
    let order = anna.start_decoupled().await;
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    let old = order["consent_id"].as_str().unwrap();
    assert_eq!(anna.poll(old).await.expect(200)["status"], "active");
    is_open(&anna, old).await;
    let mut secret = secret_of(&world.bank, world.bank.pki());
    let key = json!({"id": "k2", "key": BASE64.encode(b"a newer key for what rests, 32 b")});
    secret["sealing_keys"].as_array_mut().unwrap().insert(0, key);
    world.secrets.put(SECRET, &secret).unwrap();
    let new = anna.connect().await;
    let sealed = row(world, &new).await;
    assert_eq!(key_of(&sealed, "gz"), "k2");
    let problem = anna.get(&format!("/v1/consents/{new}/accounts")).await.problem(503, "service_unavailable");
    assert_eq!(problem["retryable"], true);
    patiently(&anna, &format!("/v1/consents/{new}/accounts")).await.expect(200);
    is_open(&anna, old).await;
}

/// Puts a ring in force and starts the functions anew, as a deployment or time would.
async fn with_ring(world: &mut World, ids: &[&str]) {
    let mut secret = secret_of(&world.bank, world.bank.pki());
    let known = secret["sealing_keys"][0]["key"].clone();
    let key = |id: &&str| match *id {
        "k1" => json!({"id": id, "key": known}),
        other => {
            json!({"id": other, "key": BASE64.encode(format!("sealing key {other} of this test ….").as_bytes().first_chunk::<32>().unwrap())})
        }
    };
    secret["sealing_keys"] = ids.iter().map(key).collect();
    world.secrets.put(SECRET, &secret).unwrap();
    world.restart_functions().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_key_opens_and_the_next_write_seals_with_the_newest() {
    let mut world = World::in_process().await;
    let person = {
        let anna = world.person();
        let id = anna.connect().await;
        (anna.spec, id)
    };
    let (spec, id) = person;
    for ids in [&["k1"][..], &["k1", "k2"], &["k2", "k1"]] {
        with_ring(&mut world, ids).await;
        let anna = Person { world: &world, spec: spec.clone() };
        is_open(&anna, &id).await;
        assert_eq!(key_of(&row(&world, &id).await, "gz"), "k1", "a read writes nothing");
    }
    world.pass(25 * 3_600_000);
    let anna = Person { world: &world, spec: spec.clone() };
    is_open(&anna, &id).await;
    assert_eq!(key_of(&row(&world, &id).await, "gz"), "k2", "a refresh writes");
    with_ring(&mut world, &["k2"]).await;
    let anna = Person { world: &world, spec };
    is_open(&anna, &id).await;
    world.search_table().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_dropped_too_early_closes_a_consent_and_its_return_opens_it() {
    let mut world = World::in_process().await;
    let (spec, id) = {
        let anna = world.person();
        let id = anna.connect().await;
        (anna.spec, id)
    };
    with_ring(&mut world, &["k2"]).await;
    world.pass(1000);
    is_shut(&Person { world: &world, spec: spec.clone() }, &id).await;
    with_ring(&mut world, &["k2", "k1"]).await;
    is_open(&Person { world: &world, spec: spec.clone() }, &id).await;
    with_ring(&mut world, &["k3"]).await;
    let anna = Person { world: &world, spec };
    is_shut(&anna, &id).await;
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{id}")).send().await.status, 204);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clients_token_that_does_not_open_is_fetched_anew() {
    let mut world = World::in_process().await;
    world.person().start_redirect().await;
    let dump = world.dump().await;
    let shared = dump.as_array().unwrap().iter().find(|row| row["sk"]["S"] == "token").unwrap();
    let mut cut = shared.clone();
    cut["z"] = json!({"B": BASE64.encode(&bytes(shared, "z")[..30])});
    put(&world, &cut).await;
    let before = world.at_bank("token.client_credentials");
    // Processes that have none in memory.
    world.restart_functions().await;
    world.person().start_redirect().await;
    assert_eq!(world.at_bank("token.client_credentials"), before + 1);
}
