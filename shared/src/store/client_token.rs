//! The client-credentials token that all processes share: one fetches, the others take it from here.
//!
//! Partition `ccg#` and a hash of the client id, part `token`. `z` (B) the token, sealed (purpose `client_token`); `e`
//! (N) its end; `n` (N) its generation, one more with each token; `k` `u` (B, N) who is fetching the next one, and until
//! when; `ttl`.

use super::{
    Store, StoreError,
    field::{Fields, Item, binary},
    seal::Place,
};
use crate::{
    consent::Claim,
    types::{AccessToken, ClaimId, KeyRing, Span, Timestamp},
};
use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::AttributeValue,
};
use data_encoding::BASE64URL_NOPAD;
use std::fmt::Display;

const TOKEN: &str = "token";

/// The shared token of one client id, as it stood in the table.
#[derive(Debug)]
pub struct SharedToken {
    /// The token; absent if nobody has fetched one yet, or if it does not open with today's keys (then it is simply
    /// fetched anew).
    pub token: Option<AccessToken>,
    /// Its end; the epoch without one.
    pub expires: Timestamp,
    /// Who is fetching the next one, if anybody is, or was.
    pub claim: Option<Claim>,
    generation: u64,
}

impl Store {
    /// What is there for this client id; an empty one if nothing is.
    pub async fn client_token(&self, ring: &KeyRing, client_id: &str) -> Result<SharedToken, StoreError> {
        let partition = partition(client_id);
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key("pk", AttributeValue::S(partition.clone()));
        let answer = request.key("sk", AttributeValue::S(TOKEN.to_owned())).send().await?;
        let Some(item) = answer.item else {
            return Ok(SharedToken {
                token: None,
                expires: Timestamp::from_millis(0),
                claim: None,
                generation: 0,
            });
        };
        let (mut shared, sealed) = parse(&item)?;
        let place = place(&partition, shared.generation);
        let opened = sealed.and_then(|blob| self.sealer(ring).open(&place, &blob).ok());
        shared.token = opened.and_then(|plain| String::from_utf8(plain).ok()).map(AccessToken::new);
        Ok(shared)
    }

    /// Claims the fetching of the next token. False if somebody else is fetching it, or has since `seen`: read again.
    pub async fn claim_client_token(
        &self,
        client_id: &str,
        seen: &SharedToken,
        claim: Claim,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let unclaimed = "(attribute_not_exists(u) OR u <= :now OR k = :k)";
        let condition = match seen.generation {
            0 => format!("attribute_not_exists(n) AND {unclaimed}"),
            _ => format!("n = :n AND {unclaimed}"),
        };
        let mut request = self
            .update_token(client_id)
            .condition_expression(condition)
            .update_expression("SET k = :k, u = :u, #ttl = if_not_exists(#ttl, :ttl)")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":k", binary(*claim.by.as_bytes()))
            .expression_attribute_values(":u", number(claim.until.millis()))
            .expression_attribute_values(":ttl", number(sweep_after(claim.until)));
        if seen.generation != 0 {
            request = request.expression_attribute_values(":n", number(seen.generation));
        }
        condition_held(request).await
    }

    /// Stores the token that was fetched under a claim. If the claim is not ours any more nothing is written: somebody
    /// else's token is as good.
    pub async fn settle_client_token(
        &self,
        ring: &KeyRing,
        client_id: &str,
        seen: &SharedToken,
        claim: Claim,
        fetched: (&AccessToken, Timestamp),
    ) -> Result<(), StoreError> {
        let (token, expires) = fetched;
        let generation = seen.generation.saturating_add(1);
        let partition = partition(client_id);
        let sealed = self.sealer(ring).seal(&place(&partition, generation), token.expose().as_bytes());
        let request = self
            .update_token(client_id)
            .condition_expression("k = :k")
            .update_expression("SET z = :z, e = :e, n = :n, #ttl = :ttl REMOVE k, u")
            .expression_attribute_values(":k", binary(*claim.by.as_bytes()))
            .expression_attribute_values(":z", binary(sealed.map_err(StoreError::unsealed)?))
            .expression_attribute_values(":e", number(expires.millis()))
            .expression_attribute_values(":n", number(generation))
            .expression_attribute_values(":ttl", number(sweep_after(expires)));
        condition_held(request).await.map(|_| ())
    }

    fn update_token(&self, client_id: &str) -> UpdateItemFluentBuilder {
        let request = self.client.update_item().table_name(&self.table);
        let request = request.key("pk", AttributeValue::S(partition(client_id)));
        request.key("sk", AttributeValue::S(TOKEN.to_owned())).expression_attribute_names("#ttl", "ttl")
    }
}

async fn condition_held(request: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
    match request.send().await {
        Ok(_) => Ok(true),
        Err(SdkError::ServiceError(answer)) if is_condition(answer.err()) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

const fn is_condition(error: &UpdateItemError) -> bool {
    matches!(error, UpdateItemError::ConditionalCheckFailedException(_))
}

/// The row without its token, and the token as it rests.
fn parse(item: &Item) -> Result<(SharedToken, Option<Vec<u8>>), StoreError> {
    let fields = Fields(item);
    let claim = fields.maybe("k", |it, name| {
        Ok(Claim { by: it.hashed(name, ClaimId::from_bytes)?, until: it.instant("u")? })
    })?;
    let generation = fields.maybe("n", |it, name| it.number(name))?.unwrap_or(0);
    let expires = fields.maybe("e", Fields::instant)?.unwrap_or(Timestamp::from_millis(0));
    let sealed = fields.maybe("z", Fields::bytes)?.map(<[u8]>::to_vec);
    Ok((SharedToken { token: None, expires, claim, generation }, sealed))
}

/// The partition of one client id. Hashed only to have a short key of known form: a client id is no secret.
fn partition(client_id: &str) -> String {
    let hash = digest(&SHA256, client_id.as_bytes());
    format!("ccg#{}", BASE64URL_NOPAD.encode(hash.as_ref().get(..16).unwrap_or_default()))
}

fn place(partition: &str, generation: u64) -> Place<'_> {
    Place { partition: partition.as_bytes(), owner: b"", country: None, purpose: "client_token", generation }
}

/// Seconds: a day after it is of no use.
fn sweep_after(end: Timestamp) -> i64 {
    (end + Span::days(1)).ttl_seconds()
}

fn number(value: impl Display + Copy) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
