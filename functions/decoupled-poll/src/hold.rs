//! A poll that the bank keeps waiting: the next one is held back meanwhile, and let go again whatever comes of it.

use shared::{
    app::Invocation,
    bank::{Fault, Poll},
    consent::Consent,
    store::{Stored, UpdateError},
    telemetry,
    types::{BankConsentId, ConsentId},
};
use std::{pin::Pin, time::Duration};

/// Waits for the bank, and for nothing else: what is on its way may be tokens, which come once. If it takes longer than
/// half its own pause, the next poll is held back meanwhile, so that two answers cannot cross. Also returns the consent
/// as last seen, and whether holding it was begun.
pub(crate) async fn answered(
    invocation: &Invocation<'_>,
    claimed: Stored,
    order: &BankConsentId,
    patience: Duration,
    mut polling: Pin<&mut impl Future<Output = Result<Poll, Fault>>>,
) -> (Stored, bool, Result<Poll, Fault>) {
    if let Ok(polled) = tokio::time::timeout(patience, &mut polling).await {
        return (claimed, false, polled);
    }
    tokio::select! {
        biased;
        // Whether the hold was written or not: whoever settles finds what is there.
        polled = &mut polling => (claimed, true, polled),
        held = hold(invocation, &claimed.id, order) => (held.unwrap_or(claimed), true, polling.await),
    }
}

/// Holds back the next poll. If somebody ended the attempt meanwhile, or the table is away, there is nothing to hold.
/// By its id, since the consent at hand is needed for the answer in any case.
async fn hold(invocation: &Invocation<'_>, id: &ConsentId, order: &BankConsentId) -> Option<Stored> {
    let claim = invocation.claim();
    let held = |consent: Consent| consent.hold_poll(order, claim);
    invocation.app.store.update(invocation.writer(), id, held).await.ok()
}

/// What the bank said is kept for whoever asks later why the order came to nothing, and a poll that was held back may
/// come again after the bank's pause. Noting it is no reason to fail.
pub(crate) async fn note(
    invocation: &Invocation<'_>,
    claimed: Stored,
    order: &BankConsentId,
    fault: &Fault,
    held: bool,
) {
    let (signal, now) = (fault.signal(), invocation.now());
    let noted = if held {
        let release = |consent: Consent| match consent.release_poll(order, now)? {
            released if released.trouble == Some(signal) => Ok(released),
            released => released.note_trouble(order, signal),
        };
        invocation.settle(claimed, release).await
    } else {
        invocation.apply(claimed, |consent| consent.note_trouble(order, signal)).await
    };
    if let Err(UpdateError::Store(error)) = noted {
        telemetry::cause(&error);
    }
}
