//! A case played in a world: who is there, what they know, and what is wrong with how it went.

use super::{
    case::{Act, Answered, Case, Given, Limit, TRUE},
    truth::{Truth, encoded, flipped, state_of_attempt},
};
use crate::world::{
    Answer, Person, World,
    client::{parameter, swedish},
};
use serde_json::{Value, json};
use simulated_bank::BankIdAction;
use std::collections::BTreeMap;

/// Between two BankID orders of one person: they may start only so often.
const APART_MS: i64 = 3 * 3_600_000;

/// The play.
struct Scene<'w> {
    world: &'w World,
    person: Person<'w>,
    id: String,
    url: String,
    truth: Truth,
    last: Option<Answer>,
    /// Every handle that a browser was given; one attempt has one.
    handles: Vec<String>,
}

/// Plays a case; what is wrong with how it went.
pub(super) async fn complaints(world: &World, case: &Case) -> Vec<String> {
    if format!("{:?}", case.acts).contains("decoupled") || by_bankid(case.given) {
        world.pass(APART_MS);
    }
    let mut person = world.person();
    if let Some(client) = case.client {
        person.spec.client_id = client.to_owned();
    }
    let (id, url, truth) = (String::new(), String::new(), Truth::default());
    let mut scene = Scene { world, person, id, url, truth, last: None, handles: Vec::new() };
    scene.set(case).await;
    let before = calls(world);
    for act in &case.acts {
        scene.play(act).await;
    }
    let mut complaints: Vec<String> = scene.answered(&case.answer).into_iter().collect();
    let made = more(&calls(world), &before);
    let expected = case.calls.iter().map(|(kind, times)| ((*kind).to_owned(), *times)).collect();
    if made != expected {
        complaints.push(format!("expected {expected:?} at the bank, there were {made:?}"));
    }
    complaints.extend(scene.leaves(case.left).await);
    scene.handles.dedup();
    if scene.handles.len() > 1 {
        complaints.push(format!("several handles: {:?}", scene.handles));
    }
    world.bank.clear_faults();
    world.bank.bankid_by_default(BankIdAction::Ignore);
    complaints.into_iter().map(|complaint| format!("{}: {complaint}", case.name)).collect()
}

const fn by_bankid(given: Given) -> bool {
    matches!(given, Given::Ordered | Given::ActiveByBankId)
}

/// Calls by kind, without those of people and without client credentials.
fn calls(world: &World) -> BTreeMap<String, usize> {
    let mut calls = world.bank.ledger().by_kind();
    for kind in ["authorize.page", "authorize.decision", "token.client_credentials"] {
        calls.remove(kind);
    }
    calls
}

fn more(after: &BTreeMap<String, usize>, before: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let more = after.iter().map(|(kind, count)| (kind.clone(), count - before.get(kind).unwrap_or(&0)));
    more.filter(|(_, count)| *count > 0).collect()
}

impl Scene<'_> {
    async fn set(&mut self, case: &Case) {
        let world = self.world;
        match case.given {
            Given::Nothing => return,
            Given::Registered => {
                self.id = self.person.start(&json!({"country": "SE", "psu_type": "individual"})).await.id;
            }
            Given::Ordered | Given::ActiveByBankId => {
                self.id = self.person.start(&swedish("decoupled")).await.id;
                world.pass(3_500);
            }
            _ => {
                let started = self.person.start_redirect().await;
                (self.id, self.url) = (started.id, started.url);
                self.learn_state();
            }
        }
        self.truth.knows("ID", &self.id);
        match case.given {
            Given::Approved => self.play(&Act::Approve).await,
            Given::Signed | Given::Active => {
                self.play(&Act::Approve).await;
                self.play(&Act::Back(TRUE.to_owned())).await;
            }
            Given::ActiveByBankId => {
                world.bank.bankid(BankIdAction::Approve);
                self.play(&Act::Poll).await;
            }
            _ => {}
        }
        if case.given == Given::Active {
            self.play(&Act::Activate(json!({"handle": "$HANDLE"}))).await;
        }
        if format!("{:?}", case.acts).contains("$OTHER_") {
            self.meet_another().await;
        }
    }

    fn learn_state(&mut self) {
        let state = parameter(&self.url, "state").unwrap();
        let nonce = state.rsplit('.').next().unwrap();
        self.truth.knows("FLIPPED_ID", flipped(&self.id));
        self.truth.knows("FLIPPED", flipped(nonce));
        self.truth.knows("ENCODED_STATE", encoded(&state));
        self.truth.knows("NONCE", nonce);
        self.truth.knows("STATE", &state);
        self.truth.knows("NEXT_ATTEMPT", state_of_attempt(&self.id, 2));
        self.truth.knows("LAST_ATTEMPT", state_of_attempt(&self.id, 0));
    }

    /// Somebody else, who has signed, and who is on the bank's page a second time.
    async fn meet_another(&mut self) {
        let (world, other) = (self.world, self.world.person());
        let signed = other.start_redirect().await;
        let link = world.browser().sign(&signed.url, "se-anna").await;
        self.truth.knows("OTHER_HANDLE", parameter(&link, "handle").unwrap());
        let waiting = other.start_redirect().await;
        let state = parameter(&waiting.url, "state").unwrap();
        self.truth.knows("OTHER_NONCE", state.rsplit('.').next().unwrap());
        self.truth.knows("OTHER_STATE", state);
        self.truth.knows("OTHER_ID", &waiting.id);
        let location = world.browser().approve(&waiting.url, "se-anna").await;
        self.truth.knows("OTHER_CODE", parameter(&location, "code").unwrap());
    }

    async fn play(&mut self, act: &Act) {
        let (world, path) = (self.world, format!("/v1/consents/{}", self.id));
        let answer = match act {
            Act::Back(query) => {
                let answer = world.browser().come_back(&format!("?{}", self.truth.says(query))).await;
                let link = answer.header("location").unwrap_or_default();
                if let Some(handle) = parameter(link, "handle") {
                    self.truth.knows("FLIPPED_HANDLE", flipped(&handle));
                    self.truth.knows("HANDLE", &handle);
                    self.handles.push(handle);
                }
                answer
            }
            Act::Approve => {
                let location = world.browser().approve(&self.url, "se-anna").await;
                let code = parameter(&location, "code").unwrap();
                self.truth.knows("ENCODED_CODE", encoded(&code));
                self.truth.knows("CAPITAL_CODE", code.to_uppercase());
                return self.truth.knows("CODE", code);
            }
            Act::Deny => {
                let location = world.browser().deny(&self.url).await;
                return assert!(parameter(&location, "error").is_some(), "{location}");
            }
            Act::Start(body) => {
                let answer = self.person.post("/v1/consents", body).await;
                let url = serde_json::from_str(&answer.text).unwrap_or(Value::Null);
                self.url = url["authorization"]["url"].as_str().unwrap_or_default().to_owned();
                // A start that failed may have left a consent all the same.
                let list = self.person.get("/v1/consents").await.expect(200);
                self.id = list["consents"][0]["consent_id"].as_str().unwrap_or_default().to_owned();
                answer
            }
            Act::Choose(body) => self.person.post(&format!("{path}/authorization"), body).await,
            Act::Poll => self.person.poll(&self.id).await,
            Act::Cancel => self.person.call("DELETE", &format!("{path}/authorization")).send().await,
            Act::Revoke => self.person.call("DELETE", &path).send().await,
            Act::Activate(body) => {
                self.person.post(&format!("{path}/activation"), &self.truth.value(body)).await
            }
            Act::Read => self.person.get(&format!("{path}/accounts")).await,
            Act::Pass(milliseconds) => return world.pass(*milliseconds),
            Act::At(limit, milliseconds) => return self.wait_for(*limit, *milliseconds).await,
            Act::Bank(order) => return world.bank.fault(order.clone()),
            Act::Phone(action) => return world.bank.bankid(action.clone()),
            Act::Said(outcome) => return world.bank.poll_outcomes([outcome.clone()]),
        };
        self.last = Some(answer);
    }

    async fn wait_for(&self, limit: Limit, milliseconds: i64) {
        let dump = self.world.dump().await;
        let own = |item: &&Value| item["pk"]["S"] == *self.id && item["sk"]["S"] == "consent";
        let row = dump.as_array().unwrap().iter().find(own).unwrap();
        let (attribute, minutes) = match limit {
            Limit::Intent => ("tm", 15),
            Limit::Claim => ("ta", 5),
        };
        let from: i64 = row[attribute]["N"].as_str().unwrap().parse().unwrap();
        self.world.bank.clock().set_ms(from + minutes * 60_000 + milliseconds);
    }

    fn answered(&self, expected: &Answered) -> Option<String> {
        let answer = self.last.as_ref()?;
        let link = answer.header("location").unwrap_or_default();
        let document: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let app = |outcome: &str, with_handle: bool| {
            answer.status == 303
                && link.starts_with("https://app.example/bank#consent_id=")
                && parameter(link, "outcome").as_deref() == Some(outcome)
                && parameter(link, "handle").is_some() == with_handle
        };
        let right = match expected {
            Answered::Signed => app("signed", true),
            Answered::Claimed => app("signed", false),
            Answered::Denied => app("denied", false),
            Answered::Failed => app("failed", false),
            Answered::Neutral => answer.status == 400 && link.is_empty() && !answer.text.contains("href"),
            Answered::Problem(status, code) => answer.status == *status && document["code"] == *code,
            Answered::Field(field) => {
                let errors = document["errors"].as_array().cloned().unwrap_or_default();
                answer.status == 400 && errors.len() == 1 && errors[0]["field"] == *field
            }
            Answered::Done(status, word) => {
                answer.status == *status && word.is_none_or(|word| document["status"] == word)
            }
        };
        let seen = || format!("expected {expected:?}, got {} {link} {}", answer.status, answer.text);
        (!right).then(seen)
    }

    async fn leaves(&self, expected: Option<(&'static str, Option<&'static str>)>) -> Option<String> {
        let left = match self.id.as_str() {
            "" => None,
            id => Some(self.person.get(&format!("/v1/consents/{id}")).await)
                .filter(|answer| answer.status != 404)
                .map(|answer| answer.expect(200)),
        };
        let left =
            left.as_ref().map(|consent| (consent["status"].as_str(), consent["status_reason"].as_str()));
        let wanted = expected.map(|(status, reason)| (Some(status), reason));
        (left != wanted).then(|| format!("expected to leave {wanted:?}, left {left:?}"))
    }
}
