//! The same without us: the GET that an accounts read comes to, sent straight to the simulated bank by a warm client, and the
//! read of the table that it comes to, sent straight to the table.

use crate::{
    Outcome,
    stage::{Stage, TABLE},
};
use reqwest::{Certificate, Client, Identity};
use serde_json::json;
use shared::{
    app::App,
    config::Config,
    telemetry::Output,
    types::{ConsentId, Timestamp},
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

pub(crate) struct Direct<'s> {
    stage: &'s Stage,
    bank: Client,
    plain: Client,
    token: String,
    client_id: String,
    consent: String,
    number: AtomicU64,
}

impl<'s> Direct<'s> {
    pub(crate) async fn new(stage: &'s Stage, consent: &str) -> Outcome<Self> {
        let (token, client_id) = access(stage, consent).await?;
        let plain = Client::builder().no_proxy().build()?;
        let (bank, consent, number) = (client(stage)?, consent.to_owned(), AtomicU64::new(1));
        Ok(Self { stage, bank, plain, token, client_id, consent, number })
    }

    /// `GET /accounts` with our headers.
    pub(crate) async fn accounts(&self) -> Outcome<Duration> {
        let id = format!("0d0f2f1c-6a57-4c1e-9c8d-{:012x}", self.number.fetch_add(1, Ordering::Relaxed));
        let url = format!("{}/openbanking/psd2/v2/accounts", self.stage.bank.api_url());
        let request = self.bank.get(url).bearer_auth(&self.token).header("accept", "application/json");
        let request = request.header("X-IBM-Client-Id", &self.client_id).header("Country", "NL");
        let request = request.header("TPP-Transaction-ID", &id).header("TPP-Request-ID", &id);
        let began = Instant::now();
        let answer = request.header("PSU-IP-Address", "203.0.113.7").send().await?.error_for_status()?;
        answer.bytes().await?;
        Ok(began.elapsed())
    }

    /// The one `Query` of an attended read.
    pub(crate) async fn table(&self) -> Outcome<Duration> {
        let asked = json!({"TableName": TABLE, "ConsistentRead": true, "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": self.consent}}});
        let scope = "Credential=local/20260115/eu-north-1/dynamodb/aws4_request";
        let signed = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, Signature={:064}", 0);
        let request =
            self.plain.post(self.stage.table_proxy.url()).header("x-amz-target", "DynamoDB_20120810.Query");
        let request = request.header("x-amz-date", "20260115T080000Z").header("authorization", signed);
        let request = request.header("content-type", "application/x-amz-json-1.0").body(asked.to_string());
        let began = Instant::now();
        request.send().await?.error_for_status()?.bytes().await?;
        Ok(began.elapsed())
    }

    /// A first connection to the bank with our certificate, and one round on it.
    pub(crate) async fn handshake(&self) -> Outcome<Duration> {
        let fresh = client(self.stage)?;
        let began = Instant::now();
        fresh.head(self.stage.bank.api_url()).send().await?;
        Ok(began.elapsed())
    }
}

fn client(stage: &Stage) -> Outcome<Client> {
    let pki = stage.bank.pki();
    let identity =
        Identity::from_pem(format!("{}{}", pki.client_key_pem(), pki.client_chain_pem()).as_bytes())?;
    let root = Certificate::from_pem(pki.ca_pem().as_bytes())?;
    Ok(Client::builder().no_proxy().identity(identity).tls_certs_only([root]).build()?)
}

/// The access token of a consent, opened as the functions open it, and our client id.
async fn access(stage: &Stage, consent: &str) -> Outcome<(String, String)> {
    let config = Config::from(&|name| stage.environment.get(name).cloned())?;
    let app = App::new(config, Output::Stdout).map_err(|error| error.to_string())?;
    let now = Timestamp::from_millis(stage.bank.clock().now_ms());
    let material = app.secrets.standing(now).await?.material;
    let id = ConsentId::parse(consent).map_err(|_| "no consent id")?;
    let loaded = app.store.get(&material.ring, &id, now).await?.ok_or("no such consent")?;
    let token = loaded.stored.readable(now).map_err(|refused| format!("{refused:?}"))?.tokens.access.expose();
    let set = material.sets.values().next().ok_or("no set")?;
    Ok((token.to_owned(), set.client_id.clone()))
}
