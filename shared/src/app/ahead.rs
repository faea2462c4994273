//! What is made during init, so that the first request costs what the second does: Lambda gives init a whole core, whatever
//! the memory, and a request at 128 MB a fourteenth of one.

use super::App;
use crate::secrets::Material;
use futures_util::future::{FutureExt, join_all};
use std::time::Duration;

/// Init may take this long; what is not ready by then is made by the first request.
const LIMIT: Duration = Duration::from_secs(2);

/// What a function needs of the bank, beside table and secret, which all need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// A connection for reads.
    Reads,
    /// A connection for what spends.
    Spends,
    /// The client-credentials token, if one rests in the table. A new one is not fetched: nobody may ever need it.
    ClientToken,
}

impl App {
    /// Fetches the secret and opens connections, side by side; the bank's need the certificate in the secret. Failures are
    /// nobody's business yet, and nothing remembers them.
    pub(super) async fn make_ahead(&self, ahead: &[Ahead]) {
        let wants = |one| ahead.contains(&one);
        let table = self.store.warm().shared();
        let of_secret = async {
            if let Ok(material) = self.secrets.preload().await {
                let bank = self.banks.warm(&material, wants(Ahead::Reads), wants(Ahead::Spends));
                // Over the table's connection, not over a second one.
                let token =
                    table.clone().then(|()| self.client_tokens_ahead(&material, wants(Ahead::ClientToken)));
                tokio::join!(bank, token);
            }
        };
        let all = async { tokio::join!(table.clone(), of_secret) };
        let _ = tokio::time::timeout(LIMIT, all).await;
    }

    /// The shared tokens of all registrations, side by side. How long they live is for the first request to judge: only
    /// events tell the time.
    async fn client_tokens_ahead(&self, material: &Material, wanted: bool) {
        let sets = material.sets.values().filter(|_| wanted);
        join_all(sets.map(|set| async {
            if let Ok(shared) = self.store.client_token(&material.ring, &set.client_id).await
                && let Some(token) = shared.token
            {
                self.client_tokens.keep(&set.client_id, &token, shared.expires);
            }
        }))
        .await;
    }
}
