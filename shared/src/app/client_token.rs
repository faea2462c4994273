//! The client-credentials token: from memory, else from the table, else from the bank, which all other processes are
//! then spared. It is no secret of any customer's and can be fetched twice without harm, so nobody waits for anybody.

use super::Invocation;
use crate::{
    bank::{Client, Fault},
    store::SharedToken,
    types::{AccessToken, Span, Timestamp},
};

/// A token that ends sooner than this is fetched anew.
const AHEAD: Span = Span::minutes(5);

impl Invocation<'_> {
    /// A token for consent calls.
    ///
    /// # Errors
    /// Whatever the bank says to the app itself; no consent was spoken of.
    pub async fn client_token(&self, bank: &Client) -> Result<AccessToken, Fault> {
        let (app, now) = (self.app, self.now());
        let client_id = bank.client_id();
        let usable = |expires: Timestamp| expires > now + AHEAD;
        if let Some(token) = app.client_tokens.get(client_id, usable) {
            return Ok(token);
        }
        // A table that does not answer costs a call at the bank, not the request.
        let seen = app.store.client_token(&self.material.ring, client_id).await.ok();
        if let Some(seen) = &seen
            && let Some(token) = seen.token.clone().filter(|_| usable(seen.expires))
        {
            app.client_tokens.keep(client_id, &token, seen.expires);
            return Ok(token);
        }
        self.fetch_client_token(bank, seen).await
    }

    /// A new one, whatever memory and table hold: the bank does not take theirs.
    ///
    /// # Errors
    /// As [`client_token`](Self::client_token).
    pub async fn fresh_client_token(&self, bank: &Client) -> Result<AccessToken, Fault> {
        let seen = self.app.store.client_token(&self.material.ring, bank.client_id()).await.ok();
        self.fetch_client_token(bank, seen).await
    }

    async fn fetch_client_token(
        &self,
        bank: &Client,
        seen: Option<SharedToken>,
    ) -> Result<AccessToken, Fault> {
        let (app, client_id, ring) = (self.app, bank.client_id(), &self.material.ring);
        let (claim, now) = (self.claim(), self.now());
        let claimed = match &seen {
            Some(seen) => app.store.claim_client_token(client_id, seen, claim, now).await.unwrap_or(false),
            None => false,
        };
        let fresh = bank.client_credentials(&self.exchange()).await?;
        let expires = self.now() + fresh.lifetime;
        if let (Some(seen), true) = (&seen, claimed) {
            // Without it in the table the next process fetches its own.
            let _ =
                app.store.settle_client_token(ring, client_id, seen, claim, (&fresh.token, expires)).await;
        }
        app.client_tokens.keep(client_id, &fresh.token, expires);
        Ok(fresh.token)
    }
}
