//! Least privilege, in both directions. The proxies before table and secret hold every call of a function against the role
//! that the template gives it (`tests/cloud/src/rights.rs`), in every journey of this suite: a right too few fails whatever
//! needs it. Here every function and every verb does all that it can do, and whatever nobody has asked for is a right too
//! many. A role has more: its log group and X-Ray, which no call shows (`template/rights.rs`).

use crate::{
    renewal::redirect,
    world::{
        World,
        client::{Answer, Person, parameter},
        template_path, variable_of,
    },
};
use cloud::{
    FaultKind, ProxyFault, Right, Template,
    rights::{RightsOf, beyond},
};
use serde_json::json;
use shared::{
    operator::{Operator, Verb},
    types::{ConsentId, Timestamp},
};
use simulated_bank::BankIdAction;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

const HOUR: i64 = 3_600_000;

/// Rights on what this can measure.
fn measured(rights: &RightsOf) -> RightsOf {
    let services = ["dynamodb:", "secretsmanager:", "kms:"];
    let is_one = |right: &&Right| services.iter().any(|service| right.action.starts_with(service));
    rights.iter().map(|(who, all)| (who.clone(), all.iter().filter(is_one).cloned().collect())).collect()
}

/// The write that settles fails for as long as it is tried, so that the row is read again.
fn next_settle_fails(world: &World) {
    let operation = Some("PutItem".to_owned());
    world.table_proxy.fault(ProxyFault { operation, kind: FaultKind::Throttled, times: 4, skip: 1 });
}

async fn start_sign_and_renew(world: &World, anna: &Person<'_>) -> String {
    let id = anna.start(&json!({"country": "SE", "psu_type": "individual"})).await.id;
    let path = format!("/v1/consents/{id}/authorization");
    let chosen = anna.post(&path, &redirect()).await.expect(200);
    let back = world.browser().approve(chosen["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    next_settle_fails(world);
    let link = world.browser().come_back(&back).await.location();
    anna.activate(&id, &parameter(&link, "handle").unwrap()).await.expect(200);
    read(world, anna, &id).await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    let activation = anna.call("POST", &format!("/v1/consents/{id}/activation"));
    let activation = activation.header("content-type", "application/json");
    activation.body(json!({"handle": handle}).to_string()).send().await.expect(200);
    id
}

async fn read(world: &World, anna: &Person<'_>, id: &str) {
    let accounts = format!("/v1/consents/{id}/accounts");
    anna.get(&accounts).await.expect(200);
    anna.call("GET", &accounts).send().await.expect(200);
    world.pass(25 * HOUR);
    next_settle_fails(world);
    anna.get(&accounts).await.expect(200);
}

async fn sign_with_bankid(world: &World, anna: &Person<'_>) {
    anna.start_decoupled().await;
    // Takes the first one's guard over.
    let order = anna.start_decoupled().await;
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    next_settle_fails(world);
    anna.poll(order["consent_id"].as_str().unwrap()).await.expect(200);
    let order = anna.start_decoupled().await;
    let path = format!("/v1/consents/{}/authorization", order["consent_id"].as_str().unwrap());
    anna.call("DELETE", &path).send().await.expect(204);
}

async fn operate(world: &World, verb: Verb, policy: &str) {
    let lookup = |name: &str| variable_of(policy, &world.environment, name);
    let now = Timestamp::from_millis(world.bank.clock().now_ms());
    let report = Operator::new(&lookup, now).unwrap().run(verb).await.unwrap();
    world.search(&[report.text]);
}

async fn everything(world: &World) {
    let anna = world.person();
    let id = start_sign_and_renew(world, &anna).await;
    sign_with_bankid(world, &anna).await;
    anna.get("/v1/health").await.expect(200);
    anna.get("/v1/consents").await.expect(200);
    anna.get(&format!("/v1/consents/{id}")).await.expect(200);
    operate(world, Verb::Explain(ConsentId::parse(&id).unwrap()), "ExplainPolicy").await;
    operate(world, Verb::Reseal, "OperatorPolicy").await;
    operate(world, Verb::AfterRestore, "OperatorPolicy").await;
    anna.call("DELETE", "/v1/consents").send().await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_grants_what_is_asked_for_and_nothing_else() {
    let world = World::in_process().await;
    everything(&world).await;
    let (granted, asked) = (measured(world.rights.granted()), world.rights.asked());
    assert_eq!(granted.len(), 7, "five functions and the operator's two policies");
    let (too_few, too_many) = (beyond(&asked, &granted), beyond(&granted, &asked));
    assert!(too_few.is_empty(), "asked for, and not granted: {too_few:#?}");
    assert!(too_many.is_empty(), "granted, and never asked for: {too_many:#?}");
    // What the code can say to the table at all was said, so nothing was overlooked.
    let said: BTreeSet<_> = world.table_proxy.exchanges().into_iter().map(|it| it.operation).collect();
    assert_eq!(said, operations(), "operations of the table in the source");
}

/// Names of operations, as the protocol has them, that the source asks the table for.
fn operations() -> BTreeSet<String> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/src");
    let files = ["store.rs"].into_iter().map(|name| store.join(name));
    let parts = std::fs::read_dir(store.join("store")).unwrap().map(|entry| entry.unwrap().path());
    let mut found = BTreeSet::new();
    for file in files.chain(parts.filter(|path| path.is_file())) {
        let source: String = std::fs::read_to_string(file).unwrap().split_whitespace().collect();
        let calls = source.split("client.").skip(1).filter_map(|rest| rest.split_once("()"));
        let snake = calls
            .map(|(name, _)| name)
            .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        found.extend(snake.filter(|name| *name != "clone").map(pascal));
    }
    found
}

/// `TransactWriteItems` of `transact_write_items`.
fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(word).collect()
}

/// The rights of a template that says something else in one place.
fn rights_with(from: &str, to: &str) -> RightsOf {
    let text = std::fs::read_to_string(template_path()).unwrap();
    let (before, role) = text.split_once("  RedirectCallbackRole:\n").unwrap();
    assert!(role.contains(from), "{from}");
    let text = format!("{before}  RedirectCallbackRole:\n{}", role.replacen(from, to, 1));
    measured(&Template::parse(&text, BTreeMap::new()).unwrap().grants().unwrap())
}

#[test]
fn a_right_too_many_and_a_right_too_few_are_both_seen() {
    let granted = rights_with("", "");
    let more = rights_with("dynamodb:Query,", "dynamodb:Query, dynamodb:UpdateItem,");
    let fewer = rights_with(", dynamodb:PutItem", "");
    let wider = rights_with("!GetAtt Table.Arn]", "'*']");
    assert_eq!(beyond(&more, &granted), ["redirect-callback: dynamodb:UpdateItem on Table"]);
    assert_eq!(beyond(&granted, &fewer), ["redirect-callback: dynamodb:PutItem on Table"]);
    assert_eq!(beyond(&wider, &granted).len(), 3);
    assert_eq!(beyond(&granted, &more).len() + beyond(&fewer, &granted).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_without_a_right_is_turned_away_by_table_and_secret_as_by_aws() {
    let world = World::in_process().await;
    let ask = async |who: &str, target: &str, body: serde_json::Value| -> Answer {
        let (proxy, service) = match target {
            "secretsmanager.GetSecretValue" => (&world.secret_proxy, "1.1"),
            _ => (&world.table_proxy, "1.0"),
        };
        let request = reqwest::Client::new().post(format!("{}/{who}", proxy.url()));
        let request = request
            .header("x-amz-target", target)
            .header("content-type", format!("application/x-amz-json-{service}"));
        let answer = request.body(body.to_string()).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    };
    let scan =
        ask("account-fetch", "DynamoDB_20120810.Scan", json!({"TableName": crate::world::TABLE})).await;
    assert!(scan.status == 400 && scan.text.contains("AccessDeniedException"), "{}", scan.text);
    let nobody =
        ask("nobody", "secretsmanager.GetSecretValue", json!({"SecretId": crate::world::SECRET})).await;
    assert!(nobody.status == 400 && nobody.text.contains("AccessDeniedException"), "{}", nobody.text);
    let expected = [
        "account-fetch: dynamodb:Scan on Table",
        "nobody: kms:Decrypt on Key",
        "nobody: secretsmanager:GetSecretValue on Secret",
    ];
    assert_eq!(world.rights.missing(), expected);
    world.rights.forget();
}
