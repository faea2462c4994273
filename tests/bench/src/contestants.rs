//! Who is measured, and with what event. Each is served the same request again and again, as far as it can be repeated.

use crate::{
    Outcome,
    stage::{Stage, query, start},
};
use std::sync::Mutex;

/// A function with the request that it is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// A hello world, twice: how far two that are the same differ is the noise of the machine.
    Floor,
    FloorAgain,
    Accounts,
    ReadOne,
    Start,
    Callback,
    Poll,
}

/// What the repeatable requests are about.
pub(crate) struct Standing {
    consent: String,
    /// An order, and how often it has been polled.
    order: Mutex<(String, usize)>,
}

/// How often one order is polled: it has to be opened within half a minute, and a poll moves the clock by a second and a half.
const POLLS: usize = 18;

impl Contestant {
    pub(crate) const ALL: [Self; 7] = [
        Self::Floor,
        Self::FloorAgain,
        Self::Accounts,
        Self::ReadOne,
        Self::Start,
        Self::Callback,
        Self::Poll,
    ];

    /// The function, as it is called everywhere.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::Floor | Self::FloorAgain => "floor",
            Self::Accounts => "account-fetch",
            Self::ReadOne => "consent-manage",
            Self::Start => "consent-start",
            Self::Callback => "redirect-callback",
            Self::Poll => "decoupled-poll",
        }
    }

    pub(crate) const fn request(self) -> &'static str {
        match self {
            Self::Floor => "hello",
            Self::FloorAgain => "hello, once more",
            Self::Accounts => "accounts with balances",
            Self::ReadOne => "one consent",
            Self::Start => "a start, redirect",
            Self::Callback => "a callback with a code",
            Self::Poll => "a poll, pending",
        }
    }

    /// An event for one request; whatever has to be there for it is made before.
    pub(crate) async fn event(self, stage: &Stage, standing: &Standing) -> Outcome<Vec<u8>> {
        let consent = format!("/v1/consents/{}", standing.consent);
        match self {
            Self::Floor | Self::FloorAgain | Self::ReadOne => stage.event("GET", &consent, None).await,
            Self::Accounts => stage.event("GET", &format!("{consent}/accounts"), None).await,
            Self::Start => stage.event("POST", "/v1/consents", Some(&start("NL"))).await,
            Self::Callback => {
                let (_, location) = stage.signed("NL", "nl-sanne").await?;
                stage.event("GET", &format!("/v1/callback?{}", query(&location)?), None).await
            }
            Self::Poll => {
                let id = standing.polled(stage).await?;
                stage.event("POST", &format!("/v1/consents/{id}/authorization/poll"), None).await
            }
        }
    }
}

impl Standing {
    /// One consent of one person with one account, read once, so that nothing about it is new.
    pub(crate) async fn made(stage: &Stage) -> Outcome<Self> {
        let consent = stage.connect("NL", "nl-sanne").await?;
        stage.call("GET", &format!("/v1/consents/{consent}/accounts"), None).await?;
        Ok(Self { consent, order: Mutex::new((String::new(), POLLS)) })
    }

    /// An order that may be polled now. BankID may not be started for each poll.
    async fn polled(&self, stage: &Stage) -> Outcome<String> {
        let (id, polls) = self.order.lock().map_err(|_| "poisoned")?.clone();
        let (id, polls) = if polls < POLLS { (id, polls) } else { (stage.ordered().await?, 0) };
        stage.bank.clock().advance_ms(1_500);
        *self.order.lock().map_err(|_| "poisoned")? = (id.clone(), polls + 1);
        Ok(id)
    }

    pub(crate) fn consent(&self) -> &str {
        &self.consent
    }
}
