//! A world with the consents that `make local` makes: the same identity key, owner and keys, so the same ids.

use crate::world::{Browser, SECRET, World, client::parameter, search::Kind};
use cloud::{Invoke, local::demo};
use data_encoding::BASE64;
use serde_json::{Value, json};
use simulated_bank::BankIdAction;
use std::sync::Arc;

const START: &str = "POST /v1/consents";
const ACTIVATION: &str = "POST /v1/consents/{consent_id}/activation";
const POLL: &str = "POST /v1/consents/{consent_id}/authorization/poll";

pub(crate) struct DemoWorld {
    pub(crate) world: World,
    functions: Arc<dyn Invoke>,
    /// An event of the demo user, from which the others are made.
    model: Value,
}

impl DemoWorld {
    /// `functions` makes them, for the variables and the secret of this world.
    pub(crate) async fn new(model: Value, functions: impl AsyncFnOnce(&World) -> Arc<dyn Invoke>) -> Self {
        let world = World::in_process().await;
        assert_eq!(world.bank.clock().now_ms(), demo::FIRST_INSTANT_MS);
        let mut secret = world.secrets.value(SECRET, "AWSCURRENT").unwrap();
        secret["identity_key"] = json!(BASE64.encode(demo::IDENTITY_KEY));
        world.secrets.put(SECRET, &secret).unwrap();
        world.canaries.add(Kind::IdentityKey, secret["identity_key"].as_str().unwrap());
        world.canaries.add(Kind::PersonalNumber, demo::PERSONAL_NUMBER);
        world.canaries.add(Kind::PsuAddress, demo::PSU_ADDRESS);
        let functions = functions(&world).await;
        let demo = Self { world, functions, model };
        demo.redirect().await;
        demo.decoupled().await;
        demo.start(demo::REGISTERED_KEY, &demo::registered_body(), "created").await;
        demo
    }

    /// Status and body of what a function answers to an event.
    pub(crate) async fn send(&self, function: &str, event: &Value) -> (u16, String) {
        let answer = self.functions.invoke(function, event.to_string().into_bytes()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap();
        let body = answer["body"].as_str().unwrap_or_default().to_owned();
        if status >= 400 {
            self.world.problems.lock().unwrap().push(body.clone());
        }
        (status, body)
    }

    async fn redirect(&self) {
        let started = self.start(demo::REDIRECT_KEY, &demo::redirect_body(), "awaiting_redirect").await;
        let url = started["authorization"]["url"].as_str().unwrap();
        let link = Browser::new(&self.world).sign(url, demo::CUSTOMER).await;
        let handle = json!({"handle": parameter(&link, "handle")});
        let active = self.of_consent("consent-manage", ACTIVATION, &started, Some(&handle)).await;
        assert_eq!(active["status"], "active", "{active}");
    }

    async fn decoupled(&self) {
        let started = self.start(demo::DECOUPLED_KEY, &demo::decoupled_body(), "awaiting_approval").await;
        self.world.bank.bankid(BankIdAction::Approve);
        // The start itself took a moment too, which the standing clock does not know of.
        self.world.pass(started["authorization"]["poll_after_ms"].as_i64().unwrap() + 1000);
        let active = self.of_consent("decoupled-poll", POLL, &started, None).await;
        assert_eq!(active["status"], "active", "{active}");
    }

    async fn start(&self, key: &str, body: &Value, status: &str) -> Value {
        let mut event = self.event(START, Some(body));
        event["headers"]["idempotency-key"] = json!(key);
        let started = self.success("consent-start", &event).await;
        assert_eq!(started["status"], status, "{started}");
        started
    }

    async fn of_consent(&self, function: &str, route: &str, consent: &Value, body: Option<&Value>) -> Value {
        let mut event = self.event(route, body);
        event["pathParameters"] = json!({"consent_id": consent["consent_id"]});
        self.success(function, &event).await
    }

    /// An event of the demo user by the bank's clock.
    fn event(&self, route: &str, body: Option<&Value>) -> Value {
        let mut event = self.model.clone();
        event["routeKey"] = json!(route);
        event["requestContext"]["routeKey"] = json!(route);
        event["requestContext"]["timeEpoch"] = json!(self.world.bank.clock().now_ms());
        event["body"] = body.map_or(Value::Null, |body| json!(body.to_string()));
        event
    }

    async fn success(&self, function: &str, event: &Value) -> Value {
        let (status, body) = self.send(function, event).await;
        assert!((200..300).contains(&status), "{function} answered {status}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}
