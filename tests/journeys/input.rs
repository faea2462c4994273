//! Bad input on each route: a problem document that names the field and shows nothing of the value; nothing is called
//! at the bank, nothing is stored.

mod bodies;
mod calls;
mod headers;
mod paths;
mod random;
mod shapes;
mod wishes;

use crate::world::{Answer, World, client::ADDRESS, client::fresh_key, only_in_process};
pub(crate) use calls::{Call, WellFormed, bearer};
use serde_json::{Value, json};
use std::collections::BTreeSet;

only_in_process![
    every_wrong_field_header_path_and_query_is_named_and_goes_nowhere,
    all_mistakes_of_a_start_are_named_at_once,
    a_body_that_is_not_even_text_is_not_a_json_object,
    forwarded_headers_say_nothing_about_the_psu,
    nonsense_on_any_route_never_breaks_a_function_or_reaches_the_bank,
];

/// One call with one mistake in it, and what must be answered.
pub(crate) struct Case {
    name: String,
    call: Call,
    status: u16,
    code: &'static str,
    /// Fields that the problem names: these and no others, because nothing else is wrong.
    fields: BTreeSet<&'static str>,
    /// Text of the mistake that must not come back.
    hidden: Vec<String>,
}

impl Case {
    /// A rule of this field is broken.
    fn field(name: impl Into<String>, call: Call, field: &'static str) -> Self {
        Self::problem(name, call, 400, "invalid_request").about(field)
    }

    fn problem(name: impl Into<String>, call: Call, status: u16, code: &'static str) -> Self {
        let (fields, hidden) = (BTreeSet::new(), Vec::new());
        Self { name: format!("{}: {}", call.route, name.into()), call, status, code, fields, hidden }
    }

    fn about(mut self, field: &'static str) -> Self {
        self.fields.insert(field);
        self
    }

    /// Text shorter than eight characters may stand in any answer by chance.
    fn hides(mut self, text: &str) -> Self {
        if text.len() >= 8 {
            self.hidden.push(text.to_owned());
        }
        self
    }

    fn hides_all(self, value: &Value) -> Self {
        match value {
            Value::String(text) => self.hides(text),
            Value::Array(items) => items.iter().fold(self, Self::hides_all),
            Value::Object(fields) => {
                fields.iter().fold(self, |case, (name, value)| case.hides(name).hides_all(value))
            }
            other => self.hides(&other.to_string()),
        }
    }

    /// What is wrong with the answer.
    fn complaint(&self, answer: &Answer) -> Option<String> {
        let document: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let errors = document["errors"].as_array().cloned().unwrap_or_default();
        let named: BTreeSet<_> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        let seen = format!("{:?} {}", answer.headers, answer.text);
        let right = answer.status == self.status
            && answer.header("content-type") == Some("application/problem+json")
            && document["code"] == self.code
            && document["status"] == self.status
            && errors.iter().all(|error| error["rule"].as_str().is_some_and(|rule| !rule.is_empty()))
            && named == self.fields;
        let expected = format!("expected {} {} {:?}", self.status, self.code, self.fields);
        if !right {
            return Some(format!("{}: {expected}, got {} {}", self.name, answer.status, answer.text));
        }
        let echo = self.hidden.iter().find(|text| seen.contains(text.as_str()))?;
        Some(format!("{}: echoes {echo:?}: {seen}", self.name))
    }
}

async fn every_wrong_field_header_path_and_query_is_named_and_goes_nowhere(world: &World) {
    let anna = world.person();
    let well_formed = WellFormed::prepare(&anna).await;
    let around = headers::cases(&well_formed).into_iter().chain(paths::cases(world, &well_formed));
    let cases: Vec<Case> = bodies::cases(&well_formed).into_iter().chain(around).collect();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert!(names.len() == cases.len() && cases.len() >= 600, "{} cases, {} names", cases.len(), names.len());
    let routes: BTreeSet<String> = cases.iter().map(|case| case.call.route.to_owned()).collect();
    let guarded = world.door.routes().iter().filter(|route| route.authorizer.is_some());
    assert_eq!(routes, guarded.map(|route| route.key()).collect(), "every route has cases");

    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let token = bearer(world, &anna.spec);
    let mut complaints = Vec::new();
    for case in &cases {
        complaints.extend(case.complaint(&case.call.send(world, Some(&token)).await));
    }
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), cases.len(), complaints.join("\n"));
    crate::world::measure("malformed input, named cases", cases.len(), "≥ 300", None);
    assert_eq!(world.bank.ledger().calls.len(), before.0, "nothing was called");
    assert!(world.dump().await == before.1, "nothing was stored");

    // It was the one mistake, and not something else, that stopped each of them.
    for call in well_formed.all() {
        let answer = call.send(world, Some(&token)).await;
        assert!((200..300).contains(&answer.status), "{}: {} {}", call.route, answer.status, answer.text);
    }
    // And the limits are where they are said to be. The last call has erased everything.
    let well_formed = WellFormed::prepare(&anna).await;
    for call in well_formed.with_bodies() {
        let longest = format!("{}{}", call.body, " ".repeat(4096 - call.body.len()));
        let call = call.clone().header("content-type", "Application/JSON; charset=utf-8").body(longest);
        let answer = call.send(world, Some(&token)).await;
        assert!((200..300).contains(&answer.status), "{}: {} {}", call.route, answer.status, answer.text);
    }
    assert!(world.bank.ledger().calls.len() > before.0);
}

async fn all_mistakes_of_a_start_are_named_at_once(world: &World) {
    let anna = world.person();
    let body = json!({
        "country": "Atlantis", "psu_type": "nobody", "psu_corporate_id": 7, "reference": "", "surprise": 1,
        "authorization": {"method": "telepathy", "same_device": "yes", "personal_number": "1", "surprise": 2},
    });
    let request = anna.call("POST", "/v1/consents").header("content-type", "application/json");
    let problem = request.body(body.to_string()).send().await.problem(400, "invalid_request");
    let mut named: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    named.sort_unstable();
    let expected = [
        "Idempotency-Key",
        "PSU-IP-Address",
        "app",
        "authorization",
        "body",
        "country",
        "method",
        "personal_number",
        "psu_corporate_id",
        "psu_type",
        "reference",
        "same_device",
    ];
    assert_eq!(named, expected);
}

async fn a_body_that_is_not_even_text_is_not_a_json_object(world: &World) {
    let anna = world.person();
    let before = (world.bank.ledger().calls.len(), world.dump().await);
    let token = world.issuer.token(&anna.spec);
    for bytes in [&b"\xff\xfe\x00"[..], b"{\"country\":\"\xff\"}", b"\x00", b"\x1f\x8b\x08\x00"] {
        let request =
            reqwest::Client::new().post(format!("{}/v1/consents", world.door.url())).bearer_auth(&token);
        let request = request.header("content-type", "application/json").header("psu-ip-address", ADDRESS);
        let answer =
            request.header("idempotency-key", fresh_key()).body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["errors"][0]["field"], "body", "{problem}");
    }
    assert!((world.bank.ledger().calls.len(), world.dump().await) == before);
}

async fn forwarded_headers_say_nothing_about_the_psu(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}/accounts");
    for (sent, passed_on) in [(None, None), (Some(ADDRESS), Some(ADDRESS))] {
        let mut request = anna.call("GET", &path);
        for (name, value) in headers::FORWARDED {
            request = request.header(name, value);
        }
        if let Some(address) = sent {
            request = request.header("psu-ip-address", address);
        }
        let answer = request.send().await;
        let trace = answer.header("trace-id").unwrap().to_owned();
        answer.expect(200);
        let ledger = world.bank.ledger();
        let calls = ledger.for_transaction(&trace);
        assert!(!calls.is_empty());
        assert!(calls.iter().all(|call| call.psu_ip_address.as_deref() == passed_on), "{calls:?}");
    }
}

async fn nonsense_on_any_route_never_breaks_a_function_or_reaches_the_bank(world: &World) {
    random::run(world).await;
}
