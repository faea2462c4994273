//! Making the bank answer one call of each kind with a signal.

use super::Outcome;
use crate::world::{Person, World, client::swedish};
use simulated_bank::{CallKind, Fault, FaultOrder};

/// The calls, by the name that our tables give them, and by the simulated bank's.
pub(super) const CALLS: &[(&str, CallKind)] = &[
    ("client_credentials", CallKind::TokenClientCredentials),
    ("exchange_code", CallKind::TokenAuthorizationCode),
    ("refresh", CallKind::TokenRefreshToken),
    ("create_consent", CallKind::ConsentsCreate),
    ("begin_decoupled", CallKind::DecoupledInit),
    ("poll", CallKind::DecoupledPoll),
    ("accounts", CallKind::AccountsList),
    ("account", CallKind::AccountsOne),
    ("transactions", CallKind::AccountsTransactions),
    ("card_accounts", CallKind::CardsList),
    ("card_transactions", CallKind::CardsTransactions),
];

/// An answer of the bank with this status and these words, in the shape that the call's answers have.
pub(super) fn signal(call: &str, status: u16, says: &str) -> Fault {
    let oauth =
        matches!(call, "client_credentials" | "exchange_code" | "refresh" | "begin_decoupled" | "poll");
    let body = if oauth {
        serde_json::json!({"error": says}).to_string()
    } else {
        serde_json::json!({"httpCode": status.to_string(), "httpMessage": "X", "moreInformation": says})
            .to_string()
    };
    Fault::Answer { status, headers: Vec::new(), body, executed: false }
}

/// A connected person and what reads need.
pub(super) struct Reader<'w> {
    person: Person<'w>,
    consent: String,
    account: String,
    card: String,
}

impl<'w> Reader<'w> {
    pub(super) async fn connect(world: &'w World) -> Self {
        let person = world.person();
        let consent = format!("/v1/consents/{}", person.connect().await);
        let accounts = person.get(&format!("{consent}/accounts")).await.expect(200);
        let cards = person.get(&format!("{consent}/card-accounts")).await.expect(200);
        let id =
            |list: &serde_json::Value, name: &str| list[name][0]["account_id"].as_str().unwrap().to_owned();
        let (account, card) = (id(&accounts, "accounts"), id(&cards, "card_accounts"));
        Self { person, consent, account, card }
    }

    async fn read(&self, call: &str) -> Outcome {
        let range = "transactions?date_from=2026-01-01&date_to=2026-01-10";
        let (consent, account, card) = (&self.consent, &self.account, &self.card);
        let path = match call {
            "accounts" | "refresh" => format!("{consent}/accounts"),
            "account" => format!("{consent}/accounts/{account}"),
            "transactions" => format!("{consent}/accounts/{account}/{range}"),
            "card_accounts" => format!("{consent}/card-accounts"),
            _ => format!("{consent}/card-accounts/{card}/{range}"),
        };
        Outcome::of(self.person.get(&path).await)
    }
}

/// Makes the bank answer the next call of this kind so, and makes that call.
pub(super) async fn provoke(world: &World, call: &str, fault: Fault) -> Outcome {
    let (_, kind) =
        CALLS.iter().find(|(name, _)| *name == call).unwrap_or_else(|| panic!("no way to provoke {call}"));
    let order = FaultOrder::next(*kind, fault);
    let person = world.person();
    match call {
        "create_consent" | "client_credentials" => {
            world.bank.fault(order);
            Outcome::of(person.post("/v1/consents", &swedish("redirect")).await)
        }
        "exchange_code" => {
            let started = person.start_redirect().await;
            let location = world.browser().approve(&started.url, "se-anna").await;
            world.bank.fault(order);
            world.browser().come_back(&location).await;
            Outcome::of(person.get(&format!("/v1/consents/{}/authorization", started.id)).await)
        }
        "begin_decoupled" => {
            world.bank.fault(order);
            Outcome::of(person.post("/v1/consents", &swedish("decoupled")).await)
        }
        "poll" => {
            let started = person.start_decoupled().await;
            let id = started["consent_id"].as_str().unwrap();
            world.pass(10_000);
            world.bank.fault(order);
            let outcome = Outcome::of(person.poll(id).await);
            // Makes room for the next order of the same number.
            person.call("DELETE", &format!("/v1/consents/{id}/authorization")).send().await;
            outcome
        }
        _ => {
            let reader = Reader::connect(world).await;
            if call == "refresh" {
                world.pass(25 * 3_600_000);
            }
            world.bank.fault(order);
            reader.read(call).await
        }
    }
}
