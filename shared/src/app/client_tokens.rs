//! What one process remembers of client-credentials tokens, by client id.

use crate::types::{AccessToken, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The tokens in memory.
#[derive(Debug, Default)]
pub struct ClientTokens(Mutex<BTreeMap<String, (AccessToken, Timestamp)>>);

impl ClientTokens {
    /// The token of a client, if its end is far enough away.
    pub fn get(&self, client_id: &str, usable: impl Fn(Timestamp) -> bool) -> Option<AccessToken> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(client_id).filter(|(_, expires)| usable(*expires)).map(|(token, _)| token.clone())
    }

    /// Keeps a token until its end.
    pub fn keep(&self, client_id: &str, token: &AccessToken, expires: Timestamp) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(client_id.to_owned(), (token.clone(), expires));
    }
}
