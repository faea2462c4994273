//! The client-credentials token: from memory, else from the table, else from the bank. It is fetched once for all: in a
//! process one fetches and the others wait for it, or go on with the one before as long as that lives; between processes
//! a claim in the table says the same. It is no secret of any customer's and a second one does no harm, so nobody waits
//! for long: whoever fetched it may have died.

use super::{ClientTokens, Invocation, client_tokens::Standing};
use crate::{
    bank::{Client, Fault},
    consent::Claim,
    store::SharedToken,
    types::AccessToken,
};
use std::time::Duration;
use tokio::{sync::OwnedMutexGuard, time};

/// How long another process's token is waited for, and between two looks at the table.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(100);
/// Waiting leaves this much for the call that the token is for.
const RESERVE: Duration = Duration::from_secs(3);

impl Invocation<'_> {
    /// A token for consent calls.
    ///
    /// # Errors
    /// Whatever the bank says to the app itself; no consent was spoken of.
    pub async fn client_token(&self, bank: &Client) -> Result<AccessToken, Fault> {
        let (tokens, client_id) = (&self.app.client_tokens, bank.client_id());
        let turn = tokens.turn(client_id);
        let (old, _turn) = match tokens.standing(client_id, self.now()) {
            Standing::Fresh(token) => return Ok(token),
            Standing::Ageing(token) => match turn.try_lock_owned() {
                Ok(turn) => (Some(token), turn),
                Err(_) => return Ok(token),
            },
            Standing::Nothing => (None, self.patient(turn.lock_owned()).await?),
        };
        if let Standing::Fresh(token) = tokens.standing(client_id, self.now()) {
            return Ok(token);
        }
        match (self.shared_token(bank, None, old.is_none()).await, old) {
            (Err(_), Some(old)) => Ok(old),
            (outcome, _) => outcome,
        }
    }

    /// Another one than this, which the bank does not take.
    ///
    /// # Errors
    /// As [`client_token`](Self::client_token).
    pub async fn fresh_client_token(
        &self,
        bank: &Client,
        refused: &AccessToken,
    ) -> Result<AccessToken, Fault> {
        let tokens = &self.app.client_tokens;
        let _turn = self.patient(tokens.turn(bank.client_id()).lock_owned()).await?;
        match tokens.standing(bank.client_id(), self.now()) {
            Standing::Fresh(token) if !same(&token, refused) => Ok(token),
            _ => self.shared_token(bank, Some(refused), true).await,
        }
    }

    /// From the table, unless it is the refused one; else from the bank. `needed`: there is none to go on with.
    async fn shared_token(
        &self,
        bank: &Client,
        refused: Option<&AccessToken>,
        needed: bool,
    ) -> Result<AccessToken, Fault> {
        // A table that does not answer costs a call at the bank, not the request.
        let mut seen = self.seen(bank).await;
        if let Some(token) = self.known(bank, seen.as_ref(), refused) {
            return Ok(token);
        }
        let until = time::Instant::now() + PATIENCE.min(self.clock.left().saturating_sub(RESERVE) / 2);
        while self.is_claimed(seen.as_ref()) && time::Instant::now() < until {
            time::sleep(LOOK).await;
            seen = self.seen(bank).await;
            if let Some(token) = self.known(bank, seen.as_ref(), refused) {
                return Ok(token);
            }
        }
        let claim = self.claim();
        let claimed = match &seen {
            Some(seen) => {
                let claiming =
                    self.app.store.claim_client_token(bank.client_id(), seen, claim, self.now()).await;
                claiming.unwrap_or(false)
            }
            None => false,
        };
        if !claimed && needed {
            // Somebody was faster by a moment.
            time::sleep(LOOK).await;
            if let Some(token) = self.known(bank, self.seen(bank).await.as_ref(), refused) {
                return Ok(token);
            }
        }
        let fetched = bank.client_credentials(&self.exchange()).await;
        if let (Err(_), Some(seen), true) = (&fetched, &seen, claimed) {
            // Nobody is to wait for what does not come.
            let over = Claim { until: self.now(), ..claim };
            let _ = self.app.store.claim_client_token(bank.client_id(), seen, over, self.now()).await;
        }
        let fresh = fetched?;
        let expires = self.now() + fresh.lifetime;
        if let (Some(seen), true) = (&seen, claimed) {
            let (ring, token) = (&self.material.ring, (&fresh.token, expires));
            // Without it in the table the next process fetches its own.
            let _ = self.app.store.settle_client_token(ring, bank.client_id(), seen, claim, token).await;
        }
        self.app.client_tokens.keep(bank.client_id(), &fresh.token, expires);
        Ok(fresh.token)
    }

    async fn seen(&self, bank: &Client) -> Option<SharedToken> {
        self.app.store.client_token(&self.material.ring, bank.client_id()).await.ok()
    }

    /// The table's token, if it has a while to live; it is kept in memory then.
    fn known(
        &self,
        bank: &Client,
        seen: Option<&SharedToken>,
        refused: Option<&AccessToken>,
    ) -> Option<AccessToken> {
        let tokens: &ClientTokens = &self.app.client_tokens;
        let seen = seen?;
        let token =
            seen.token.as_ref().filter(|token| !refused.is_some_and(|refused| same(token, refused)))?;
        let Standing::Fresh(token) = tokens.judge(token, seen.expires, self.now()) else { return None };
        tokens.keep(bank.client_id(), &token, seen.expires);
        Some(token)
    }

    fn is_claimed(&self, seen: Option<&SharedToken>) -> bool {
        seen.and_then(|seen| seen.claim.as_ref()).is_some_and(|claim| claim.live(self.now()))
    }

    /// A turn, as long as there is time for what comes after it.
    async fn patient(
        &self,
        turn: impl Future<Output = OwnedMutexGuard<()>>,
    ) -> Result<OwnedMutexGuard<()>, Fault> {
        let patience = self.clock.left().saturating_sub(RESERVE);
        time::timeout(patience, turn).await.map_err(|_| Fault::NoTime)
    }
}

/// Neither comes from outside, so how long this takes tells nobody anything.
fn same(one: &AccessToken, other: &AccessToken) -> bool {
    one.expose() == other.expose()
}
