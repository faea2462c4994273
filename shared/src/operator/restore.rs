//! `after-restore`: what was active in an older state of the table may have been refreshed, or revoked, since. Nobody knows
//! which of its refresh tokens are still good, and whose consent was ended is to stay ended; so all of them lapse, and
//! their owners sign once more. Tokens that do not open lapse with them: put back, their key would open what is suspect.

use super::{Operator, Report, Trouble, refused};
use crate::consent::Grant;
use serde::Serialize;

/// What was found and done, in consents.
#[derive(Debug, Default, Serialize)]
struct Told {
    looked_at: usize,
    lapsed: usize,
    /// Rows that this version cannot read: nobody can read accounts with them either.
    unreadable: usize,
}

pub(super) async fn after_restore(operator: &Operator) -> Result<Report, Trouble> {
    let material = operator.material().await?;
    let mut told = Told::default();
    let mut position = None;
    loop {
        let page = operator.app.store.scan(&material.ring, operator.now, position).await?;
        told.unreadable += page.unreadable;
        for stored in page.consents {
            told.looked_at += 1;
            if matches!(stored.grant, Grant::Active(_)) || stored.is_unreadable() {
                let writer = operator.writer(&material);
                match operator.app.store.apply(writer, stored, |it| it.restored(operator.now)).await {
                    Ok(_) => told.lapsed += 1,
                    Err(error) => refused(error)?,
                }
            }
        }
        position = page.next;
        if position.is_none() {
            return Report::of(&told, told.unreadable == 0);
        }
    }
}
