//! What one process remembers of client-credentials tokens, by client id, and whose turn it is to fetch the next.

use crate::types::{AccessToken, Span, Timestamp};
use aws_lc_rs::rand;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// From so long before its end a token is replaced by whoever comes first, while the others go on with it. Up to a minute
/// more by chance, so that not all processes think of it at once.
const AHEAD_MS: i64 = 5 * 60_000;
/// A token that ends sooner than this may be over before the bank sees it.
const LAST: Span = Span::seconds(30);

/// The tokens in memory.
#[derive(Debug)]
pub struct ClientTokens {
    ahead: Span,
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    token: Option<(AccessToken, Timestamp)>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What there is for now.
#[derive(Debug)]
pub enum Standing {
    /// A token for a while yet.
    Fresh(AccessToken),
    /// A token that will do, and that should be replaced.
    Ageing(AccessToken),
    /// None, or one that is as good as over.
    Nothing,
}

impl Default for ClientTokens {
    fn default() -> Self {
        let mut chance = [0_u8];
        // Without randomness all processes think of it at once.
        let _ = rand::fill(&mut chance);
        let [chance] = chance;
        Self { ahead: Span::millis(AHEAD_MS + i64::from(chance) * 234), kept: Mutex::default() }
    }
}

impl ClientTokens {
    /// The token of a client.
    pub fn standing(&self, client_id: &str, now: Timestamp) -> Standing {
        let kept = self.kept();
        match kept.get(client_id).and_then(|kept| kept.token.as_ref()) {
            Some((token, expires)) => self.judge(token, *expires, now),
            None => Standing::Nothing,
        }
    }

    /// The same for a token that was found elsewhere.
    pub fn judge(&self, token: &AccessToken, expires: Timestamp, now: Timestamp) -> Standing {
        if expires > now + self.ahead {
            Standing::Fresh(token.clone())
        } else if expires > now + LAST {
            Standing::Ageing(token.clone())
        } else {
            Standing::Nothing
        }
    }

    /// Keeps a token until its end.
    pub fn keep(&self, client_id: &str, token: &AccessToken, expires: Timestamp) {
        self.kept().entry(client_id.to_owned()).or_default().token = Some((token.clone(), expires));
    }

    /// Whoever holds it fetches the next token of this client; one at a time in this process.
    pub fn turn(&self, client_id: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.kept().entry(client_id.to_owned()).or_default().turn)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_replaced_five_to_six_minutes_before_its_end_and_not_used_in_its_last_seconds() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for tokens in (0..20).map(|_| ClientTokens::default()) {
            tokens.keep("app", &AccessToken::new("t"), at(1_000));
            assert!(matches!(tokens.standing("app", at(639)), Standing::Fresh(_)));
            assert!(matches!(tokens.standing("app", at(700)), Standing::Ageing(_)));
            assert!(matches!(tokens.standing("app", at(969)), Standing::Ageing(_)));
            assert!(matches!(tokens.standing("app", at(970)), Standing::Nothing));
            assert!(matches!(tokens.standing("another", at(0)), Standing::Nothing));
        }
    }
}
