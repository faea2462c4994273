//! What the back end remembers of its users while it runs: what their browsers brought from the bank, and which starts
//! are theirs, so that a page that was closed goes on where it was.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::calls::Wish;
use crate::wire::{locked, query_pairs};

/// Ids of consents are 22 characters of base64url.
const ID_LENGTH: usize = 22;
/// How many of each are kept, over all users: the browser of anybody can bring something.
const KEPT: usize = 1000;

/// What came with the app link.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrival {
    outcome: String,
    handle: Option<String>,
}

/// By user and consent.
type Of<T> = Mutex<BTreeMap<(String, String), T>>;

#[derive(Debug, Default)]
pub(super) struct Visitors {
    arrivals: Of<Arrival>,
    starts: Of<Wish>,
}

impl Visitors {
    /// Keeps what the browser brought; the address without it.
    pub(super) fn arrived(&self, user: &str, query: &str) -> String {
        let pairs: BTreeMap<String, String> = query_pairs(query).into_iter().collect();
        let (Some(id), Some(outcome)) = (pairs.get("consent_id"), pairs.get("outcome")) else {
            return "/".to_owned();
        };
        if !is_id(id) || !["signed", "denied", "failed"].contains(&outcome.as_str()) {
            return "/".to_owned();
        }
        let handle = pairs.get("handle").filter(|handle| is_id(handle)).cloned();
        let arrival = Arrival { outcome: outcome.clone(), handle };
        keep(&self.arrivals, user, id, arrival);
        format!("/#/consent/{id}")
    }

    /// Consent and outcome of what has come for this user and was not claimed yet. The handle is not for the page.
    pub(super) fn arrivals(&self, user: &str) -> Value {
        let arrivals = locked(&self.arrivals);
        let of_user = arrivals.iter().filter(|((whose, _), _)| whose == user);
        of_user.map(|((_, id), arrival)| json!({ "consent_id": id, "outcome": arrival.outcome })).collect()
    }

    /// The activation with what has come. The handle is kept: an activation that was cut is asked for again.
    pub(super) fn claim(&self, user: &str, id: &str) -> Wish {
        let arrival = locked(&self.arrivals).get(&(user.to_owned(), id.to_owned())).cloned();
        let handle = arrival.and_then(|arrival| arrival.handle);
        let body = handle.map_or_else(|| json!({}), |handle| json!({ "handle": handle }));
        Wish::post(format!("/v1/consents/{id}/activation"), body)
    }

    /// What came for this consent has been claimed, or is of no use.
    pub(super) fn claimed(&self, user: &str, id: &str) {
        locked(&self.arrivals).remove(&(user.to_owned(), id.to_owned()));
    }

    /// A start that was answered with this consent.
    pub(super) fn started(&self, user: &str, id: &str, wish: Wish) {
        locked(&self.arrivals).remove(&(user.to_owned(), id.to_owned()));
        keep(&self.starts, user, id, wish);
    }

    /// The newest start of this consent, to be repeated under its own key.
    pub(super) fn start_of(&self, user: &str, id: &str) -> Option<Wish> {
        locked(&self.starts).get(&(user.to_owned(), id.to_owned())).cloned()
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn keep<T>(all: &Of<T>, user: &str, id: &str, one: T) {
    let mut all = locked(all);
    if all.len() >= KEPT {
        all.pop_first();
    }
    all.insert((user.to_owned(), id.to_owned()), one);
}
