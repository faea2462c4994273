//! `reseal`: after it, nothing that rests needs an older key.

use super::{Operator, Report, Trouble};
use serde::Serialize;

/// What was found and done, in consents.
#[derive(Debug, Default, Serialize)]
struct Told {
    looked_at: usize,
    resealed: usize,
    /// Somebody else wrote in between, with the newest key.
    written_meanwhile: usize,
    /// Sealed with a key that is not in the ring, or altered: their owners can only revoke or renew them.
    do_not_open: usize,
    /// Rows that this version cannot read.
    unreadable: usize,
    /// The key that seals now.
    newest_key: String,
}

pub(super) async fn reseal(operator: &Operator) -> Result<Report, Trouble> {
    let material = operator.material().await?;
    let newest_key = material.ring.newest().map(|key| key.id.clone()).unwrap_or_default();
    let mut told = Told { newest_key, ..Told::default() };
    let mut position = None;
    loop {
        let page = operator.app.store.scan(&material.ring, operator.now, position).await?;
        told.unreadable += page.unreadable;
        for stored in page.consents {
            told.looked_at += 1;
            told.do_not_open += usize::from(stored.does_not_open());
            if stored.is_sealed_with_an_older_key() {
                let written = operator.app.store.reseal(operator.writer(&material), &stored).await?;
                told.resealed += usize::from(written);
                told.written_meanwhile += usize::from(!written);
            }
        }
        position = page.next;
        if position.is_none() {
            return Report::of(&told, told.unreadable == 0 && told.do_not_open == 0);
        }
    }
}
