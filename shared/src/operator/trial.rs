//! `try-pending`: whether the bank takes the certificates of the version that is not in force yet. A real handshake, and no
//! call: nothing of the secret but its certificates leaves this machine.

use super::{Operator, Report, Trouble};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the bank made of each certificate set.
#[derive(Serialize)]
struct Told {
    version: String,
    sets: BTreeMap<String, Tried>,
}

#[derive(Serialize)]
struct Tried {
    /// `accepted`, or why not.
    bank: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
}

pub(super) async fn try_pending(operator: &Operator) -> Result<Report, Trouble> {
    let pending = operator.app.secrets.pending(operator.now).await?;
    let mut sets = BTreeMap::new();
    let mut fine = true;
    for (name, set) in &pending.sets {
        let tried = operator.app.greet(&pending, set, &operator.call()).await;
        fine &= tried.is_ok();
        let bank = tried.map_or_else(|fault| fault.code(), |()| "accepted");
        sets.insert(name.clone(), Tried { bank, days_left: set.days_left(operator.now) });
    }
    Report::of(&Told { version: pending.version.clone(), sets }, fine)
}
