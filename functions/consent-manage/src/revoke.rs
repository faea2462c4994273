//! `DELETE /v1/consents/{consent_id}` and `DELETE /v1/consents`: access ends and tokens are destroyed by one conditional
//! write, before anything else. A live BankID order is cancelled at the bank; nothing else is known to be possible there.

use lambda_http::{Request, http::HeaderValue};
use shared::{
    app::{App, Invocation},
    http::{self, Answer, BANK_REVOCATION, Code, Problem},
    store::Stored,
};
use std::time::Duration;

/// Erasing goes on as long as more than this is left; then the caller comes again.
const RESERVE: Duration = Duration::from_secs(3);

pub(crate) async fn one(app: &App, request: Request) -> Answer {
    http::no_query(&request)?;
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    revoke(&invocation, stored).await?;
    revoked()
}

/// The user deletes their account: everything of theirs is revoked and removed. Interrupted, it can be repeated.
pub(crate) async fn all(app: &App, request: Request) -> Answer {
    http::no_query(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let mut cursor = None;
    loop {
        let page = app.store.list(&invocation.material.ring, &caller.owner, cursor.as_deref()).await?;
        for stored in page.consents {
            if invocation.clock.left() < RESERVE {
                return Err(Problem::new(Code::OutOfTime));
            }
            let id = stored.id;
            revoke(&invocation, stored).await?;
            app.store.erase(&id).await?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return revoked();
        }
    }
}

/// Ends a consent for ever. Ending it again changes nothing.
async fn revoke(invocation: &Invocation<'_>, stored: Stored) -> Result<(), Problem> {
    let now = invocation.now();
    invocation.end(stored, |consent| consent.revoke(now)).await
}

/// 204, and what became of it at the bank.
fn revoked() -> Answer {
    let mut answer = http::no_content()?;
    answer.headers_mut().insert("bank-revocation", HeaderValue::from_static(BANK_REVOCATION));
    Ok(answer)
}
