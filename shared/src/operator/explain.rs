//! `explain <consent id>`: how one consent stands and how it came to that. Nothing secret, no personal data.

use super::{Operator, Report, Trouble};
use crate::{
    consent::{Attempt, Grant, Refresh},
    http::ConsentAnswer,
    store::{AccountMap, Loaded, Stored},
    types::{ConsentId, Timestamp},
};
use serde::Serialize;

/// One consent, from inside.
#[derive(Serialize)]
struct Told {
    /// As its caller sees it, timeline included.
    consent: ConsentAnswer,
    owner: String,
    /// How often the row was written, and when last.
    version: u64,
    changed_at: String,
    seals: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Granted>,
    /// Ordinal of the latest attempt.
    attempt: u16,
    /// Until when somebody is believed to be working on the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_claimed_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Accounts>,
}

/// A living grant.
#[derive(Serialize)]
struct Granted {
    generation: u32,
    since: String,
    refresh_token_until: String,
    consent_until: String,
    access_token_until: String,
    refreshable: bool,
    refreshes: u32,
    /// How often the refresh token of this generation went out without an answer.
    unanswered: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_claimed_until: Option<String>,
}

/// The account map.
#[derive(Serialize)]
struct Accounts {
    of_generation: u32,
    accounts: usize,
    cards: usize,
}

pub(super) async fn explain(operator: &Operator, id: &ConsentId) -> Result<Report, Trouble> {
    let material = operator.material().await?;
    let loaded = operator.app.store.get(&material.ring, id, operator.now).await?;
    let Loaded { stored, accounts } = loaded.ok_or(Trouble::NoSuchConsent)?;
    let seen = ConsentAnswer::of(&stored, operator.now).with_timeline(&stored.timeline);
    let told = Told {
        // The caller's own word may say anything about anybody.
        consent: ConsentAnswer { reference: None, ..seen },
        owner: stored.owner.to_string(),
        version: stored.version(),
        changed_at: stored.changed.rfc3339(),
        seals: seals(&stored),
        grant: granted(&stored),
        attempt: stored.ordinal,
        attempt_claimed_until: claimed_until(&stored).map(Timestamp::rfc3339),
        accounts: accounts.map(|map| counted(&map)),
    };
    Report::of(&told, true)
}

fn seals(stored: &Stored) -> &'static str {
    if stored.does_not_open() {
        "do not open: the key was dropped, or they were altered"
    } else if stored.is_sealed_with_an_older_key() {
        "open, with an older key"
    } else {
        "open"
    }
}

fn granted(stored: &Stored) -> Option<Granted> {
    let Grant::Active(active) = &stored.grant else { return None };
    let claimed = match active.refresh {
        Refresh::Claimed(claim) => Some(claim.until.rfc3339()),
        Refresh::Idle => None,
    };
    Some(Granted {
        generation: active.generation,
        since: active.since.rfc3339(),
        refresh_token_until: active.clocks.refresh_expires.rfc3339(),
        consent_until: active.clocks.consent_expires.rfc3339(),
        access_token_until: active.tokens.access_expires.rfc3339(),
        refreshable: active.tokens.refresh.is_some(),
        refreshes: active.refreshes,
        unanswered: active.uses,
        refresh_claimed_until: claimed,
    })
}

fn claimed_until(stored: &Stored) -> Option<Timestamp> {
    match &stored.attempt {
        Attempt::Registering { claim }
        | Attempt::Redeeming { claim, .. }
        | Attempt::Initiating { claim, .. } => Some(claim.until),
        _ => None,
    }
}

fn counted(map: &AccountMap) -> Accounts {
    let cards = map.entries.iter().filter(|entry| entry.card).count();
    Accounts { of_generation: map.generation, accounts: map.entries.len() - cards, cards }
}
