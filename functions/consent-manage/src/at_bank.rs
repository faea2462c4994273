//! A consent that was revoked here is deleted at the bank: spend and settle, once per request. The claim is the revoking
//! write, which says that it is pending.

use shared::{
    app::Invocation,
    bank::{Client, Fault},
    config::RevocationAtBank,
    consent::{BankRevocation, Consent},
    store::{Stored, UpdateError},
    telemetry::{self, Metric},
    types::{BankConsentId, Country},
};

/// Outcomes from the worst to the best: of several the worst is told.
const WORST_FIRST: [&str; 5] =
    ["failed", BankRevocation::UNKNOWN, "not_supported", "done", "nothing_to_revoke"];

/// What became of several consents at the bank.
pub(crate) struct Outcomes(&'static str);

impl Outcomes {
    /// Of none yet.
    pub(crate) const fn of(mode: RevocationAtBank) -> Self {
        Self(match mode {
            RevocationAtBank::NotSupported => BankRevocation::NotSupported.as_str(),
            RevocationAtBank::Delete => BankRevocation::Nothing.as_str(),
        })
    }

    pub(crate) fn add(&mut self, word: &'static str) {
        let both = [self.0, word];
        self.0 = WORST_FIRST.into_iter().find(|word| both.contains(word)).unwrap_or(self.0);
    }

    pub(crate) const fn worst(&self) -> &'static str {
        self.0
    }
}

/// Deletes these consents at the bank, each once. Access has ended here already, whatever comes of it.
pub(crate) async fn delete(
    invocation: &Invocation<'_>,
    country: Country,
    left: &[BankConsentId],
) -> BankRevocation {
    let Ok(bank) = invocation.bank(country) else { return BankRevocation::Failed(left.to_vec()) };
    let mut failed = Vec::new();
    for consent in left {
        if let Err(fault) = delete_one(invocation, &bank, country, consent).await {
            telemetry::count(Metric::RevocationFailures);
            telemetry::cause(&fault);
            failed.push(consent.clone());
        }
    }
    if failed.is_empty() { BankRevocation::Done } else { BankRevocation::Failed(failed) }
}

async fn delete_one(
    invocation: &Invocation<'_>,
    bank: &Client,
    country: Country,
    consent: &BankConsentId,
) -> Result<(), Fault> {
    let token = invocation.client_token(bank).await?;
    match bank.delete_consent(&invocation.exchange(), &token, country, consent).await {
        // The bank forgot a token that should live: nothing was deleted, so a new one may ask once more.
        Err(Fault::TokenInactive) => {
            let fresh = invocation.fresh_client_token(bank, &token).await?;
            bank.delete_consent(&invocation.exchange(), &fresh, country, consent).await
        }
        deleted => deleted,
    }
}

/// Writes the outcome down. What cannot be written now stays pending, is shown as unknown, and can be asked for again: no
/// reason to keep the caller waiting.
pub(crate) async fn settle(invocation: &Invocation<'_>, stored: Stored, outcome: &BankRevocation) {
    let settled = invocation.apply(stored, |consent: Consent| consent.bank_revoked(outcome)).await;
    if let Err(error @ UpdateError::Store(_)) = settled {
        telemetry::cause(&error);
    }
}
