//! The routes that spend something, each with what stands before the request, the request, and what an app does when its
//! answer did not come.

use crate::world::{
    Answer, Person, World,
    client::{fresh_key, parameter, swedish},
};
use simulated_bank::{BankIdAction, Rotation};

const HOUR: i64 = 3_600_000;
/// Longer than any lease.
const LEASE: i64 = 60_000;

/// One route, and how the bank handles refresh tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Start,
    StartBankId,
    Callback,
    Poll,
    Refresh(Rotation),
}

/// Everything that stands before the request.
pub(super) struct Scene<'w> {
    world: &'w World,
    route: Route,
    person: Person<'w>,
    /// The consent, the start's key, or the way back from the bank.
    what: String,
    id: String,
}

impl Route {
    pub(super) const fn function(self) -> &'static str {
        match self {
            Self::Start | Self::StartBankId => "consent-start",
            Self::Callback => "redirect-callback",
            Self::Poll => "decoupled-poll",
            Self::Refresh(_) => "account-fetch",
        }
    }

    /// The exchanges of one request, in order: with the table by operation, and with the bank by kind. Whoever adds one
    /// adds it here, and its cuts are tried.
    pub(super) const fn exchanges(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Start => (&["PutItem", "PutItem"], &["consents.create"]),
            Self::StartBankId => (&["TransactWriteItems", "PutItem"], &["consents.create", "decoupled.init"]),
            Self::Callback => (&["Query", "PutItem", "PutItem"], &["token.authorization_code"]),
            Self::Poll => (&["Query", "PutItem", "PutItem"], &["decoupled.poll"]),
            Self::Refresh(_) => {
                (&["Query", "PutItem", "PutItem"], &["token.refresh_token", "accounts.list", "cards.list"])
            }
        }
    }
}

impl<'w> Scene<'w> {
    pub(super) async fn set(world: &'w World, route: Route) -> Self {
        let person = world.person();
        let (mut what, mut id) = (fresh_key(), String::new());
        match route {
            Route::Start | Route::StartBankId => {}
            Route::Callback => {
                let started = person.start_redirect().await;
                what = world.browser().approve(&started.url, "se-anna").await;
                id = started.id;
            }
            Route::Poll => {
                let consent = person.start_decoupled().await;
                id = consent["consent_id"].as_str().unwrap().to_owned();
                world.bank.bankid(BankIdAction::Approve);
                world.pass(2_500);
            }
            Route::Refresh(rotation) => {
                world.bank.change_switches(|switches| switches.rotation = rotation);
                id = person.connect().await;
                person.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
                world.pass(25 * HOUR);
            }
        }
        Self { world, route, person, what, id }
    }

    /// The request.
    pub(super) async fn act(&self) -> Answer {
        match self.route {
            Route::Start => self.person.post_keyed("/v1/consents", &swedish("redirect"), &self.what).await,
            Route::StartBankId => {
                self.person.post_keyed("/v1/consents", &swedish("decoupled"), &self.what).await
            }
            Route::Callback => self.world.browser().come_back(&self.what).await,
            Route::Poll => self.person.poll(&self.id).await,
            Route::Refresh(_) => self.person.get(&format!("/v1/consents/{}/accounts", self.id)).await,
        }
    }

    /// What an app and its user do then. True if it took a new signature.
    pub(super) async fn recover(&mut self, died: bool, case: &str) -> bool {
        // At once, as people do. Where a dead request holds the claim and the route waits for its outcome, that would be a
        // wait in vain until the deadline; who waits is tested elsewhere.
        let waits = matches!(self.route, Route::Callback | Route::Refresh(_));
        if !(died && waits) {
            let answer = self.act().await;
            assert!(matches!(answer.status, 200..500 | 502 | 503), "{case}: {}", answer.text);
        }
        self.world.pass(LEASE);
        let mut later = self.act().await;
        // A busy machine may have left it too little time: whoever is told to come back does.
        if ["out_of_time", "refresh_in_flight"].iter().any(|code| later.text.contains(code)) {
            self.world.pass(LEASE);
            later = self.act().await;
        }
        match self.route {
            Route::Start | Route::StartBankId => self.finish_start(&later, case).await,
            Route::Callback => self.finish_callback(&later, case).await,
            // The answer that held the tokens is gone, and what the bank says to a poll after it is unknown: that ends
            // nothing by itself. The order's own end does.
            Route::Poll if later.text.contains("awaiting_approval") || later.status >= 500 => {
                self.world.pass(15 * LEASE);
            }
            Route::Poll | Route::Refresh(_) => {}
        }
        let stands = self.person.get(&format!("/v1/consents/{}", self.id)).await.expect(200);
        if stands["status"] == "active" {
            self.read(case).await;
            return false;
        }
        let over = ["rejected", "expired"].iter().any(|word| stands["status"] == *word);
        assert!(over, "{case}: stuck: {stands}");
        self.id = self.person.connect().await;
        self.read(case).await;
        true
    }

    /// The app goes on with what it got; with nothing it starts anew.
    async fn finish_start(&mut self, later: &Answer, case: &str) {
        if later.status != 201 {
            let known = ["start_unknown", "bank_unavailable", "bank_answer_lost"];
            assert!(
                known.iter().any(|code| later.text.contains(code)),
                "{case}: {} {}",
                later.status,
                later.text
            );
            self.id = self.person.connect().await;
            return;
        }
        let answer: serde_json::Value = serde_json::from_str(&later.text).unwrap();
        self.id = answer["consent_id"].as_str().unwrap().to_owned();
        if self.route == Route::Start {
            let link =
                self.world.browser().sign(answer["authorization"]["url"].as_str().unwrap(), "se-anna").await;
            let handle = parameter(&link, "handle").unwrap_or_else(|| panic!("{case}: {link}"));
            self.person.activate(&self.id, &handle).await.expect(200);
        } else if answer["status"] == "awaiting_approval" {
            self.world.bank.bankid(BankIdAction::Approve);
            self.world.pass(10_000);
            self.person.poll(&self.id).await.expect(200);
        }
    }

    async fn finish_callback(&self, later: &Answer, case: &str) {
        assert_eq!(later.status, 303, "{case}: {}", later.text);
        if let Some(handle) = parameter(&later.location(), "handle") {
            self.person.activate(&self.id, &handle).await.expect(200);
        }
    }

    /// Whatever happened, in the end there is money on the screen.
    async fn read(&self, case: &str) {
        let answer = self.person.get(&format!("/v1/consents/{}/accounts", self.id)).await;
        assert_eq!(answer.status, 200, "{case}: {}", answer.text);
    }

    /// Ends what stands in the next scene's way: a person's number has one live order.
    pub(super) async fn strike(self) {
        self.person.call("DELETE", "/v1/consents").send().await;
        // An order that nobody knows of any more ends by itself.
        self.world.pass(10 * LEASE);
    }
}
