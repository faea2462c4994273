//! The examples of the document are answers of one walk: redirect, reads, renewal, BankID, and four problems. What differs
//! from run to run (ids, secrets, ports, fractions of a minute) is put into a fixed form of the same shape.
//! `UPDATE_DOCS=1 cargo test --workspace --test journeys examples` writes them anew.

use super::document::{DOCUMENT, file, operations, validator};
use crate::{
    renewal::redirect,
    world::{
        Answer, World,
        client::{parameter, swedish},
    },
};
use serde_json::{Map, Value, json};
use simulated_bank::BankIdAction;
use std::collections::BTreeMap;

/// Everything behind this line is written by the test.
const MARK: &str = "  # Answers of a walk: UPDATE_DOCS=1 writes them (tests/journeys/openapi/examples.rs).\n";

#[derive(Default)]
struct Examples {
    values: BTreeMap<&'static str, (&'static str, Value)>,
}

impl Examples {
    fn keep(&mut self, name: &'static str, summary: &'static str, answer: Answer, status: u16) -> Value {
        self.say(name, summary, answer.expect(status))
    }

    fn say(&mut self, name: &'static str, summary: &'static str, value: Value) -> Value {
        self.values.insert(name, (summary, value.clone()));
        value
    }

    /// In the order of their names, in a stable form.
    fn written(self) -> String {
        let mut stable = Stable::default();
        let one = |(name, (summary, mut value)): (&str, (&str, Value))| {
            stable.value("", &mut value);
            (name.to_owned(), json!({"summary": summary, "value": value}))
        };
        // Ids are numbered as they come: the consent before what hangs on it.
        let all: Map<String, Value> = self.values.into_iter().map(one).collect();
        let text = serde_yaml_ng::to_string(&json!({"examples": all})).unwrap();
        text.lines().map(|line| format!("  {}\n", quoted(line))).collect()
    }
}

/// With a day or an instant in quotes: older readers of YAML would take it for something else than text.
fn quoted(line: &str) -> String {
    match line.split_once(": ") {
        Some((name, value))
            if value.len() >= 10 && value.starts_with("20") && value.get(4..5) == Some("-") =>
        {
            format!("{name}: '{value}'")
        }
        _ => line.to_owned(),
    }
}

/// Puts what is made by chance into a form that stays.
#[derive(Default)]
struct Stable {
    ids: BTreeMap<String, usize>,
}

impl Stable {
    fn value(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| self.value(name, value)),
            Value::Array(all) => {
                all.iter_mut().for_each(|value| self.value(name, value));
                if ["kept", "added", "lost"].contains(&name) {
                    all.sort_by_key(Value::to_string);
                }
            }
            Value::String(text) => *text = self.text(name, text),
            Value::Number(_) if name == "age_s" => *value = json!(0),
            Value::Number(_) if name == "days_left" => *value = json!(365),
            // What is left of a pause, however long the machine took for a request.
            Value::Number(left) if name == "poll_after_ms" => {
                assert!((1..=3000).contains(&left.as_i64().unwrap()), "{left}");
                *value = json!(2000);
            }
            Value::Number(left) if name == "retry_after_s" => {
                *value = json!(left.as_u64().unwrap().div_ceil(60) * 60);
            }
            _ => {}
        }
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        match name {
            "url" => "https://bank.example/oauth2/authorize/consent?response_type=code&state=example".to_owned(),
            "auto_start_token" => "b3a7d7b4-example-token".to_owned(),
            "mobile" => "https://app.bankid.com/?autostarttoken=b3a7d7b4-example-token&redirect=https%3A%2F%2Fapp.example%2Fbank".to_owned(),
            "desktop" => "bankid:///?autostarttoken=b3a7d7b4-example-token&redirect=null".to_owned(),
            "handle" => "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            "next_cursor" => "an-opaque-cursor".to_owned(),
            "valid_until" => "2027-01-15T08:00:00Z".to_owned(),
            "trace_id" => "5a3e0000-0000-4000-8000-000000000001".to_owned(),
            "consent_id" => self.id("", text),
            "account_id" | "kept" | "added" | "lost" | "same_funds_as" | "transaction_id" | "may_settle" => {
                self.id(text.get(..3).unwrap(), text)
            }
            "path" => {
                let id = text.split('/').nth(3).unwrap();
                text.replace(id, &self.id("", id))
            }
            // The clock stands still but for what a request takes itself.
            _ if text.len() >= 20 && text.ends_with('Z') && text.get(10..11) == Some("T") => {
                format!("{}:00Z", text.get(..16).unwrap())
            }
            _ => text.to_owned(),
        }
    }

    /// The same length and letters, numbered.
    fn id(&mut self, prefix: &str, text: &str) -> String {
        let next = self.ids.len() + 1;
        let number = *self.ids.entry(text.to_owned()).or_insert(next);
        let mut bytes = [0_u8; 16];
        bytes[15] = u8::try_from(number % 256).unwrap();
        bytes[14] = u8::try_from(number / 256).unwrap();
        format!("{prefix}{}", data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }
}

/// A redirect consent, signed, activated, read, renewed and at its end.
async fn by_redirect(world: &World, examples: &mut Examples) {
    let anna = world.person();
    let body =
        examples.say("StartRedirectRequest", "An individual in SE signs in a browser", swedish("redirect"));
    let started = anna.post("/v1/consents", &body).await;
    let started = examples.keep("StartedRedirect", "The address to be opened", started, 201);
    let id = started["consent_id"].as_str().unwrap();
    let of = |rest: &str| format!("/v1/consents/{id}{rest}");
    let url = started["authorization"]["url"].as_str().unwrap();
    let awaiting = anna.get(&of("/authorization")).await;
    examples.keep("AuthorizationRead", "The browser is at the bank", awaiting, 200);
    let link = world.browser().sign(url, "se-anna").await;
    let handle = examples.say(
        "ActivationRequest",
        "The handle from the app link",
        json!({"handle": parameter(&link, "handle")}),
    );
    let activated = anna.post(&of("/activation"), &handle).await;
    examples.keep("Activated", "The first grant", activated, 200);
    let accounts = examples.keep(
        "Accounts",
        "Accounts, and their sums by currency",
        anna.get(&of("/accounts")).await,
        200,
    );
    let account = accounts["accounts"][0]["account_id"].as_str().unwrap();
    examples.keep("Account", "One account", anna.get(&of(&format!("/accounts/{account}"))).await, 200);
    let rows = of(&format!("/accounts/{account}/transactions"));
    let range = anna.get(&format!("{rows}?date_from=2026-01-12&date_to=2026-01-15")).await;
    let range = examples.keep("Transactions", "Four days", range, 200);
    world.pass(60_000);
    let next =
        anna.get(&format!("{rows}?cursor={}", range["next_cursor"].as_str().unwrap())).await.expect(200);
    // What comes again from the overlap is cut short here.
    let mut next = next;
    next["booked"].as_array_mut().unwrap().truncate(2);
    examples.say("TransactionsFollowed", "From the cursor on (shortened)", next);
    let cards = examples.keep("CardAccounts", "Card accounts", anna.get(&of("/card-accounts")).await, 200);
    let card = cards["card_accounts"][0]["account_id"].as_str().unwrap();
    examples.keep(
        "CardAccount",
        "One card account",
        anna.get(&of(&format!("/card-accounts/{card}"))).await,
        200,
    );
    let rows = of(&format!("/card-accounts/{card}/transactions?date_from=2026-01-08&date_to=2026-01-15"));
    examples.keep("CardTransactions", "A week", anna.get(&rows).await, 200);
    // The fifth read of an account in a day without the PSU.
    let path = of(&format!("/accounts/{account}"));
    for _ in 0..4 {
        anna.call("GET", &path).send().await.expect(200);
    }
    examples.keep(
        "BudgetExhausted",
        "The fifth read in a day without the PSU",
        anna.call("GET", &path).send().await,
        429,
    );
    let renewal = examples.say("RenewalRequest", "A renewal in a browser", redirect());
    let renewing = anna.post(&of("/authorization"), &renewal).await;
    let renewing = examples.keep("RenewalStarted", "A renewal beside the living grant", renewing, 200);
    let link = world.browser().sign(renewing["authorization"]["url"].as_str().unwrap(), "se-anna").await;
    let renewed = anna.activate(id, &parameter(&link, "handle").unwrap()).await;
    examples.keep("Renewed", "The new grant in place of the old", renewed, 200);
    examples.keep(
        "ConsentRead",
        "A consent that lives, with budget and timeline",
        anna.get(&of("")).await,
        200,
    );
    examples.keep("ConsentList", "The consents of a user", anna.get("/v1/consents").await, 200);
    examples.keep(
        "ConsentNotFound",
        "Nobody's, or somebody else's",
        anna.get("/v1/consents/none").await,
        404,
    );
    examples.keep("GatewayUnauthorized", "No token", world.call("GET", "/v1/consents").send().await, 401);
    examples.keep("Health", "All is well", anna.get("/v1/health").await, 200);
    let wrong = json!({"country": "SE", "psu_type": "person", "psu_corporate_id": "12", "colour": "red"});
    examples.keep("FieldsWrong", "Two fields break rules", anna.post("/v1/consents", &wrong).await, 400);
    world.pass(100 * 86_400_000);
    examples.keep("ConsentExpired", "It ended, and may be renewed", anna.get(&of("/accounts")).await, 409);
}

async fn by_bankid(world: &World, examples: &mut Examples) {
    let anna = world.person();
    let body =
        examples.say("StartDecoupledRequest", "An individual in SE signs with BankID", swedish("decoupled"));
    let started = anna.post("/v1/consents", &body).await;
    let started = examples.keep("StartedDecoupled", "What opens the BankID app", started, 201);
    let id = started["consent_id"].as_str().unwrap();
    world.pass(6000);
    examples.keep("PollPending", "Nobody has approved yet", anna.poll(id).await, 200);
    world.bank.bankid(BankIdAction::Approve);
    world.pass(6000);
    examples.keep("PollComplete", "Approved", anna.poll(id).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_examples_are_answers_of_a_walk() {
    let (mut examples, path) = (Examples::default(), file("openapi.yaml"));
    by_redirect(&World::in_process().await, &mut examples).await;
    by_bankid(&World::in_process().await, &mut examples).await;
    let names: Vec<String> = examples.values.keys().map(|name| (*name).to_owned()).collect();
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, written) = text.split_once(MARK).unwrap();
    let made = examples.written();
    if std::env::var("UPDATE_DOCS").is_ok_and(|update| update == "1") {
        std::fs::write(&path, format!("{before}{MARK}{made}")).unwrap();
        return;
    }
    let differ = written.lines().zip(made.lines()).find(|(written, made)| written != made);
    assert!(
        written == made,
        "openapi.yaml is not what the service answers (UPDATE_DOCS=1 writes it anew): {differ:?}"
    );
    for name in names {
        assert!(before.contains(&format!("'#/components/examples/{name}'")), "{name} is shown nowhere");
    }
}

/// Media types with their examples, wherever they stand.
fn shown<'d>(value: &'d Value, found: &mut Vec<(&'d Value, &'d Value)>) {
    if let (true, Some(examples)) = (value["schema"].is_object(), value["examples"].as_object()) {
        found.extend(examples.values().map(|example| (&value["schema"], example)));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| shown(value, found)),
        Value::Array(all) => all.iter().for_each(|value| shown(value, found)),
        _ => {}
    }
}

#[test]
fn every_example_is_as_its_schema_says_and_every_success_with_a_body_has_one() {
    let mut found = Vec::new();
    shown(&DOCUMENT, &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for (schema, example) in found {
        let example = super::resolved(&DOCUMENT, example);
        let wrong: Vec<String> =
            validator(schema).iter_errors(&example["value"]).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", example["summary"]);
    }
    for (key, operation) in operations(&DOCUMENT) {
        for (status, response) in
            operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'))
        {
            let media = &response["content"]["application/json"];
            assert!(media.is_null() || media["examples"].is_object(), "{key} {status} has no example");
        }
    }
}
