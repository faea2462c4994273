//! What an operator does by hand: keys and certificates rotate, the table is put back, one consent is explained.

use crate::{
    processes::binary,
    world::{
        SECRET, TABLE, World,
        client::{Person, parameter, swedish},
        secret_of, variable_of,
    },
};
use cloud::{FaultKind, ProxyFault, TokenSpec};
use data_encoding::BASE64;
use serde_json::{Value, json};
use shared::{
    operator::{Operator, Report, Trouble, Verb},
    types::{ConsentId, Timestamp},
};
use simulated_bank::{ClientSpec, Validity};
use std::process::Command;

/// Runs a verb with the functions' own environment and the rights of its policy, at the world's time.
async fn run(world: &World, verb: Verb) -> Result<Report, Trouble> {
    let now = Timestamp::from_millis(world.bank.clock().now_ms());
    let policy = if matches!(verb, Verb::Explain(_)) { "ExplainPolicy" } else { "OperatorPolicy" };
    let lookup = |name: &str| variable_of(policy, &world.environment, name);
    let report = Operator::new(&lookup, now)?.run(verb).await;
    if let Ok(report) = &report {
        world.search(std::slice::from_ref(&report.text));
    }
    report
}

async fn told(world: &World, verb: Verb) -> Value {
    let report = run(world, verb).await.unwrap();
    assert!(report.fine, "{}", report.text);
    serde_json::from_str(&report.text).unwrap()
}

/// The secret with this ring; `k1` is the key that every world begins with.
fn put_ring(world: &World, ids: &[&str]) {
    let mut secret = secret_of(&world.bank, world.bank.pki());
    let known = secret["sealing_keys"][0]["key"].clone();
    let key = |id: &&str| match *id {
        "k1" => json!({"id": id, "key": known}),
        other => json!({"id": other, "key": BASE64.encode(&[other.as_bytes()[1]; 32])}),
    };
    secret["sealing_keys"] = ids.iter().map(key).collect();
    world.secrets.put(SECRET, &secret).unwrap();
}

async fn consents(world: &World) -> Vec<Value> {
    let dump = world.dump().await;
    dump.as_array().unwrap().iter().filter(|row| row["sk"]["S"] == "consent").cloned().collect()
}

/// The ids of the keys that anything of a consent is sealed with.
fn keys(rows: &[Value]) -> Vec<String> {
    let sealed =
        rows.iter().flat_map(|row| ["gz", "tz"].map(|name| row[name]["B"].as_str().map(str::to_owned)));
    let id = |text: String| {
        let blob = BASE64.decode(text.as_bytes()).unwrap();
        String::from_utf8(blob[2..2 + usize::from(blob[1])].to_vec()).unwrap()
    };
    sealed.flatten().map(id).collect()
}

fn person<'w>(world: &'w World, spec: &TokenSpec) -> Person<'w> {
    Person { world, spec: spec.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_under_an_older_key_is_sealed_anew_and_nothing_else_of_it_changes() {
    let mut world = World::in_process().await;
    let (spec, active) = {
        let anna = world.person();
        let active = anna.connect().await;
        anna.get(&format!("/v1/consents/{active}/accounts")).await.expect(200);
        anna.start_decoupled().await;
        anna.start_redirect().await;
        let signed = anna.start_redirect().await;
        world.browser().sign(&signed.url, "se-anna").await;
        (anna.spec, active)
    };
    put_ring(&world, &["k2", "k1"]);
    let before = consents(&world).await;
    assert_eq!(keys(&before), ["k1", "k1", "k1"], "a grant, an order, a signature");
    // Interrupted in the middle, it is run again.
    let gone =
        ProxyFault { operation: Some("PutItem".to_owned()), kind: FaultKind::Throttled, times: 3, skip: 1 };
    world.table_proxy.fault(gone);
    assert!(run(&world, Verb::Reseal).await.is_err());
    let rest = told(&world, Verb::Reseal).await;
    assert_eq!(
        (&rest["looked_at"], &rest["resealed"], &rest["newest_key"]),
        (&json!(4), &json!(2), &json!("k2"))
    );
    let after = consents(&world).await;
    assert_eq!(keys(&after), ["k2", "k2", "k2"]);
    for row in &after {
        let mut was = before.iter().find(|was| was["pk"] == row["pk"]).unwrap().clone();
        for own in ["v", "w", "by", "gz", "tz"] {
            if let Some(value) = row.get(own) {
                was[own] = value.clone();
            }
        }
        assert_eq!(was, *row, "nothing else");
    }
    assert_eq!(told(&world, Verb::Reseal).await["resealed"], 0);
    // Now the older key can be dropped.
    put_ring(&world, &["k2"]);
    world.restart_functions().await;
    person(&world, &spec).get(&format!("/v1/consents/{active}/accounts")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_many_pages_is_sealed_anew_and_what_does_not_open_is_counted() {
    let world = World::in_process().await;
    world.person().connect().await;
    let one = consents(&world).await.remove(0);
    for number in 0..250_u8 {
        let mut copy = one.clone();
        let mut id = [7; 16];
        id[0] = number;
        copy["pk"] = json!({"S": ConsentId::from_bytes(&id).unwrap().to_string()});
        world.table.put(TABLE, &copy).await.unwrap();
    }
    put_ring(&world, &["k2", "k1"]);
    let report = run(&world, Verb::Reseal).await.unwrap();
    let told: Value = serde_json::from_str(&report.text).unwrap();
    assert_eq!(
        (&told["looked_at"], &told["resealed"], &told["do_not_open"]),
        (&json!(251), &json!(1), &json!(250))
    );
    assert!(!report.fine, "somebody has to know");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_do_not_notice_that_everything_is_sealed_anew_and_refreshed_at_once() {
    let world = World::in_process().await;
    let people: Vec<_> = (0..6).map(|_| world.person()).collect();
    let mut ids = Vec::new();
    for person in &people {
        ids.push(person.connect().await);
    }
    put_ring(&world, &["k2", "k1"]);
    world.pass(25 * 3_600_000);
    let before = world.at_bank("token.refresh_token");
    let reads = people.iter().zip(&ids).map(|(person, id)| async move {
        person.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    });
    let resealing = async {
        for _ in 0..3 {
            told(&world, Verb::Reseal).await;
        }
    };
    tokio::join!(futures_util::future::join_all(reads), resealing);
    assert_eq!(world.at_bank("token.refresh_token") - before, 6, "each once");
    told(&world, Verb::Reseal).await;
    assert!(keys(&consents(&world).await).iter().all(|key| key == "k2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_table_was_put_back_no_old_refresh_token_is_used_and_no_ended_consent_lives() {
    let world = World::in_process().await;
    let anna = world.person();
    let (used, revoked, created) = (
        anna.connect().await,
        anna.connect().await,
        anna.start(&json!({"country": "SE", "psu_type": "individual"})).await.id,
    );
    let earlier = consents(&world).await;
    // A day goes by, with a refresh and a revocation; then the table is put back.
    world.pass(25 * 3_600_000);
    anna.get(&format!("/v1/consents/{used}/accounts")).await.expect(200);
    assert_eq!(anna.call("DELETE", &format!("/v1/consents/{revoked}")).send().await.status, 204);
    for row in &earlier {
        world.table.put(TABLE, row).await.unwrap();
    }
    let told = told(&world, Verb::AfterRestore).await;
    // The one that nobody signed has erased itself after a day.
    assert_eq!(told, json!({"looked_at": 2, "lapsed": 2, "unreadable": 0}));
    let calls = world.bank.ledger().calls.len();
    for id in [&used, &revoked] {
        anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
        let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
        assert_eq!((&consent["status"], &consent["status_reason"]), (&json!("expired"), &json!("restored")));
        let newest = &consent["timeline"][0];
        assert_eq!((&newest["event"], &newest["reason"]), (&json!("lapsed"), &json!("restored")));
    }
    assert_eq!(world.bank.ledger().calls.len(), calls);
    assert!(keys(&consents(&world).await).is_empty(), "the old tokens do not rest");
    let again = self::told(&world, Verb::AfterRestore).await;
    assert_eq!(again, json!({"looked_at": 2, "lapsed": 0, "unreadable": 0}));
    anna.get(&format!("/v1/consents/{created}")).await.problem(404, "consent_not_found");
    // The owner signs once more on the same consent.
    let path = format!("/v1/consents/{used}/authorization");
    let renewed = anna.post(&path, &swedish("redirect")["authorization"]).await.expect(200);
    let link = world.browser().sign(renewed["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    anna.activate(&used, &parameter(&link, "handle").unwrap()).await.expect(200);
    anna.get(&format!("/v1/consents/{used}/accounts")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_table_was_put_back_a_grant_that_does_not_open_stays_over_when_its_key_comes_back() {
    let mut world = World::in_process().await;
    let (spec, id) = {
        let anna = world.person();
        let id = anna.connect().await;
        (anna.spec, id)
    };
    put_ring(&world, &["k2"]);
    let told = told(&world, Verb::AfterRestore).await;
    assert_eq!(told, json!({"looked_at": 1, "lapsed": 1, "unreadable": 0}));
    assert!(keys(&consents(&world).await).is_empty(), "the old tokens do not rest");
    put_ring(&world, &["k2", "k1"]);
    world.restart_functions().await;
    let anna = person(&world, &spec);
    anna.get(&format!("/v1/consents/{id}/accounts")).await.problem(409, "consent_expired");
    let consent = anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    assert_eq!((&consent["status"], &consent["status_reason"]), (&json!("expired"), &json!("restored")));
    let newest = &consent["timeline"][0];
    assert_eq!((&newest["event"], &newest["reason"]), (&json!("lapsed"), &json!("restored")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_is_explained_without_anything_secret() {
    let world = World::in_process().await;
    let anna = world.person();
    let id = anna.connect().await;
    anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let told = told(&world, Verb::Explain(ConsentId::parse(&id).unwrap())).await;
    assert_eq!(told["consent"]["status"], "active", "{told:#}");
    assert_eq!(told["grant"]["generation"], 1);
    assert_eq!((&told["accounts"]["accounts"], &told["accounts"]["cards"]), (&json!(4), &json!(2)));
    assert_eq!(told["seals"], "open");
    assert!(told["consent"]["timeline"].as_array().unwrap().len() >= 3, "{told:#}");
    let row = consents(&world).await.remove(0);
    for sealed in ["gz", "gh", "b"] {
        let bytes = row[sealed]["B"].as_str().unwrap();
        assert!(!told.to_string().contains(bytes), "{sealed}");
    }
    let unknown = Verb::Explain(ConsentId::from_bytes(&[9; 16]).unwrap());
    assert!(matches!(run(&world, unknown).await, Err(Trouble::NoSuchConsent)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_certificate_is_shown_to_the_bank_before_it_is_promoted() {
    let world = World::in_process().await;
    assert!(matches!(run(&world, Verb::TryPending).await, Err(Trouble::Secrets(_))), "nothing is pending");
    let pki = world.bank.pki();
    let shown = |chain: &str, key: &str| {
        let mut secret = secret_of(&world.bank, pki);
        secret["sets"]["main"]["chain_pem"] = json!(chain);
        secret["sets"]["main"]["key_pem"] = json!(key);
        world.secrets.put_staged(SECRET, &secret, &["AWSPENDING"]).unwrap();
    };
    let issued = |validity| {
        pki.issue_client(&ClientSpec {
            validity,
            common_name: Some("TPP pending".to_owned()),
            ..ClientSpec::default()
        })
        .unwrap()
    };
    let foreign = pki.other_ca().unwrap();
    shown(foreign.client_chain_pem(), foreign.client_key_pem());
    let report = run(&world, Verb::TryPending).await.unwrap();
    assert!(!report.fine && report.text.contains("certificate_refused"), "{}", report.text);
    let late = issued(Validity::Expired);
    shown(&late.chain_pem, &late.key_pem);
    assert!(matches!(run(&world, Verb::TryPending).await, Err(Trouble::Secrets(_))));
    shown(&late.chain_pem, foreign.client_key_pem());
    assert!(matches!(run(&world, Verb::TryPending).await, Err(Trouble::Secrets(_))));
    let good = issued(Validity::Days(90));
    shown(&good.chain_pem, &good.key_pem);
    let told = told(&world, Verb::TryPending).await;
    assert_eq!(told["sets"]["main"], json!({"bank": "accepted", "days_left": 89}));
    let ledger = world.bank.ledger();
    assert!(ledger.handshakes_by_certificate["TPP pending"] >= 1, "{ledger:?}");
    assert!(ledger.calls.iter().all(|call| call.method == "HEAD" && call.target == "/"), "{ledger:?}");
    // Nothing was promoted.
    world.person().connect().await;
    assert!(world.bank.ledger().handshakes_by_certificate["Simulated TPP"] >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_what_it_takes_and_ends_with_what_came_of_it() {
    let world = World::in_process().await;
    let id = world.person().connect().await;
    let environment = world.environment.clone();
    let command = move |arguments: &[&str]| {
        let mut command = Command::new(binary("operator"));
        let output = command.args(arguments).env_clear().envs(&environment).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let outcomes = tokio::task::spawn_blocking(move || {
        let at = ["--at", "2026-01-15T08:00:00Z"];
        [
            command(&[]),
            command(&["--at"]),
            command(&["explain", "nobody"]),
            command(&[&at[..], &["explain", &id]].concat()),
            command(&[&at[..], &["reseal"]].concat()),
            command(&["try-pending"]),
        ]
    });
    let [nothing, half, nobody, explained, resealed, pending] = outcomes.await.unwrap();
    for wrong in [nothing, half, nobody] {
        assert!(wrong.0 == 2 && wrong.1.is_empty() && wrong.2.starts_with("usage:"), "{wrong:?}");
    }
    assert!(explained.0 == 0 && explained.1.contains(r#""status": "active""#), "{explained:?}");
    assert!(resealed.0 == 0 && resealed.1.contains(r#""looked_at": 1"#), "{resealed:?}");
    assert!(pending.0 == 1 && pending.2.contains("cannot be read"), "{pending:?}");
}
