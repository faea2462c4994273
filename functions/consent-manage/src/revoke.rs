//! `DELETE /v1/consents/{consent_id}` and `DELETE /v1/consents`: access ends and tokens are destroyed by one conditional
//! write, before anything else. Only then is the bank told: a live BankID order is cancelled there and, where that is
//! switched on, the consent is deleted. Neither can delay the end here, or undo it.

use crate::at_bank::{self, Outcomes};
use lambda_http::{Request, http::HeaderValue};
use shared::{
    app::{App, Ended, Invocation},
    config::RevocationAtBank,
    consent::{BankRevocation, Grant},
    http::{self, Answer, Code, Problem},
    store::Stored,
};
use std::time::Duration;

/// Erasing goes on as long as more than this is left; then the caller comes again.
const RESERVE: Duration = Duration::from_secs(5);

/// A consent that has ended here.
enum Revoked {
    /// By this request, or by an earlier one whose try at the bank came to nothing: the bank is to be told.
    Now(Box<Ended>),
    /// Before, with this word about the bank.
    Before(&'static str),
}

pub(crate) async fn one(app: &App, request: Request) -> Answer {
    http::no_query(&request)?;
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    let ended = match revoke(&invocation, stored).await? {
        Revoked::Now(ended) => ended,
        Revoked::Before(word) => return answer(word),
    };
    let outcome = tell_the_bank(&invocation, &ended).await;
    if let (Some(stored), Some(outcome)) = (ended.stored, &outcome) {
        at_bank::settle(&invocation, stored, outcome).await;
    }
    answer(word(&invocation, outcome.as_ref()))
}

/// The user deletes their account: everything of theirs ends, and then it is told to the bank and removed, whatever the
/// bank says. Interrupted, it can be repeated.
pub(crate) async fn all(app: &App, request: Request) -> Answer {
    http::no_query(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let (mut revoked, mut over, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let (ring, now) = (&invocation.material.ring, invocation.now());
        let page = app.store.list(ring, &caller.owner, cursor.as_deref(), now).await?;
        over.extend(page.over);
        for stored in page.consents {
            in_time(&invocation)?;
            revoked.push((stored.id, revoke(&invocation, stored).await?));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut outcomes = Outcomes::of(app.config.wire.revocation);
    for (id, revoked) in revoked {
        in_time(&invocation)?;
        outcomes.add(match revoked {
            Revoked::Before(word) => word,
            Revoked::Now(ended) => word(&invocation, tell_the_bank(&invocation, &ended).await.as_ref()),
        });
        app.store.erase(&id).await?;
    }
    for id in over {
        in_time(&invocation)?;
        app.store.erase(&id).await?;
    }
    answer(outcomes.worst())
}

fn in_time(invocation: &Invocation<'_>) -> Result<(), Problem> {
    if invocation.clock.left() < RESERVE { Err(Problem::new(Code::OutOfTime)) } else { Ok(()) }
}

/// Ends a consent for ever, here. Ending it again changes nothing, but what failed at the bank is to be tried again.
async fn revoke(invocation: &Invocation<'_>, stored: Stored) -> Result<Revoked, Problem> {
    let (now, at_bank) = (invocation.now(), invocation.app.config.wire.revocation);
    if let Grant::Revoked { bank, .. } = &stored.grant
        && (at_bank == RevocationAtBank::NotSupported || bank.left().is_empty())
    {
        return Ok(Revoked::Before(bank.as_str()));
    }
    let ended = match at_bank {
        RevocationAtBank::NotSupported => invocation.end(stored, |consent| consent.revoke(now)).await,
        RevocationAtBank::Delete => invocation.end(stored, |consent| consent.revoke_at_bank(now)).await,
    };
    ended.map(|ended| Revoked::Now(Box::new(ended)))
}

/// What is left to do at the bank once access has ended here, and what becomes of it; nothing, if somebody else ended the
/// consent in the same moment.
async fn tell_the_bank(invocation: &Invocation<'_>, ended: &Ended) -> Option<BankRevocation> {
    invocation.cancel_order(ended).await;
    let stored = ended.stored.as_ref()?;
    match &stored.grant {
        Grant::Revoked { bank: BankRevocation::Pending(left), .. } => {
            Some(at_bank::delete(invocation, stored.country, left).await)
        }
        Grant::Revoked { bank, .. } => Some(bank.clone()),
        _ => None,
    }
}

/// Of a consent that somebody else is ending in the same moment only they know.
fn word(invocation: &Invocation<'_>, outcome: Option<&BankRevocation>) -> &'static str {
    match (outcome, invocation.app.config.wire.revocation) {
        (Some(outcome), _) => outcome.as_str(),
        (None, RevocationAtBank::NotSupported) => BankRevocation::NotSupported.as_str(),
        (None, RevocationAtBank::Delete) => BankRevocation::UNKNOWN,
    }
}

/// 204, and what became of it at the bank.
fn answer(word: &'static str) -> Answer {
    let mut answer = http::no_content()?;
    answer.headers_mut().insert("bank-revocation", HeaderValue::from_static(word));
    Ok(answer)
}
