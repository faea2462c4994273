//! The activation of a renewal: the new grant replaces the old one only if both show at least one account in common (by
//! our ids, which outlive bank consents). Otherwise somebody else has signed: its tokens are destroyed, the old grant stays.

use serde::Serialize;
use shared::{
    account::Account,
    app::Invocation,
    bank::{self, Fault},
    budget::Subject,
    consent::{Attempt, Consent, Grant, Reason, Refused},
    http::{self, Answer, Code, ConsentAnswer, Problem},
    store::{AccountEntry, AccountMap, Loaded, Stored, UpdateError},
    telemetry::{self, Access, Audit, Metric},
    types::{AccessToken, AccountId, BankConsentId, Digest, PsuAddress},
};
use std::collections::BTreeSet;

/// What is read to compare.
const ACCOUNTS: Subject = Subject { resource: "accounts", account: None };

/// The renewed consent, and what became of its accounts.
#[derive(Serialize)]
struct Renewed {
    #[serde(flatten)]
    consent: ConsentAnswer,
    accounts: Compared,
}

/// Our account ids under the old and the new grant.
#[derive(Serialize)]
struct Compared {
    kept: Vec<String>,
    added: Vec<String>,
    lost: Vec<String>,
}

/// Asks the bank what the new tokens open, compares, and swaps: bank 1, table 3 with the load.
pub(crate) async fn activate(
    invocation: &Invocation<'_>,
    loaded: Loaded,
    handle: Option<Digest>,
    address: Option<PsuAddress>,
) -> Answer {
    let Loaded { stored, accounts } = loaded;
    let Attempt::Signed(signature) = &stored.attempt else { return Err(Refused::WrongState.into()) };
    let (order, token) = (signature.bank_consent.clone(), signature.tokens.access.clone());
    let new = entries(&list(invocation, &stored, &token, address).await?, invocation, &stored);
    let old = known(invocation, &stored, accounts, address).await?;
    let compared = Compared::of(&old, &new);
    if compared.kept.is_empty() && !old.is_empty() {
        return refuse(invocation, stored, &order).await;
    }
    let now = invocation.now();
    let swap = |consent: Consent| match &consent.attempt {
        // What was compared is what is swapped in.
        Attempt::Signed(signature) if signature.bank_consent == order => {
            consent.activate(handle.as_ref(), now)
        }
        _ if consent.lives_on(&order) => Ok(consent),
        _ => Err(Refused::ClaimLost),
    };
    let swapped = invocation.settle(stored, swap).await?;
    remember(invocation, &swapped, new).await;
    let consent = ConsentAnswer::of(&swapped, invocation.now());
    http::json(200, &Renewed { consent, accounts: compared })
}

/// The accounts that the consent showed before: as the table knows them; if nobody has read any, as the old grant shows
/// them now, as far as it still opens anything. Nothing known is nothing to compare.
async fn known(
    invocation: &Invocation<'_>,
    stored: &Stored,
    map: Option<AccountMap>,
    address: Option<PsuAddress>,
) -> Result<Vec<AccountId>, Problem> {
    let mapped = map.into_iter().flat_map(|map| map.entries).filter(|entry| !entry.card);
    let mapped: Vec<AccountId> = mapped.map(|entry| entry.id).collect();
    let now = invocation.now();
    match stored.readable(now) {
        Ok(active) if mapped.is_empty() && now < active.tokens.access_expires => {
            let token = active.tokens.access.clone();
            let listed = list(invocation, stored, &token, address).await?;
            Ok(entries(&listed, invocation, stored).into_iter().map(|entry| entry.id).collect())
        }
        _ => Ok(mapped),
    }
}

/// One access to the customer's data, with its audit line.
async fn list(
    invocation: &Invocation<'_>,
    stored: &Stored,
    token: &AccessToken,
    address: Option<PsuAddress>,
) -> Result<Vec<Account>, Problem> {
    let bank = invocation.bank(stored.country)?;
    // Without the PSU it is counted, as every other read of the accounts.
    let reserved = match address {
        Some(_) => None,
        None => Some(invocation.reserve(&stored.owner, &ACCOUNTS).await?),
    };
    let read = bank::Read { token, country: stored.country, address, source: false };
    let answer = bank.accounts(&invocation.exchange(), &read).await;
    if answer.as_ref().is_err_and(Fault::provably_not_sent) {
        invocation.app.give_back(&stored.owner, reserved).await;
    }
    let access =
        Access { resource: ACCOUNTS.resource, account: None, present: address.is_some(), source: false };
    Audit::record(&stored.owner, &stored.id, access, answer.as_ref().err().map_or("ok", Fault::code));
    answer.map_err(Problem::from)
}

fn entries(accounts: &[Account], invocation: &Invocation<'_>, stored: &Stored) -> Vec<AccountEntry> {
    let key = &invocation.material.identity;
    accounts.iter().map(|account| AccountEntry::of(account, key, &stored.owner)).collect()
}

/// Somebody else signed: the new tokens are destroyed, the old grant stays.
async fn refuse(invocation: &Invocation<'_>, stored: Stored, order: &BankConsentId) -> Answer {
    telemetry::count(Metric::RenewalOtherCustomer);
    let now = invocation.now();
    let refuse = |consent: Consent| match &consent.attempt {
        Attempt::Signed(signature) if signature.bank_consent != *order => Err(Refused::ClaimLost),
        _ => consent.renewed_by_another(now),
    };
    match invocation.settle(stored, refuse).await {
        Ok(_) | Err(UpdateError::Refused(_)) => {
            Err(Problem::new(Code::of_failure(Reason::RenewalOtherCustomer)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The map under the new bank consent. Without it the next read asks the bank again.
async fn remember(invocation: &Invocation<'_>, swapped: &Stored, mut entries: Vec<AccountEntry>) {
    let Grant::Active(active) = &swapped.grant else { return };
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    let (bank_consent, generation) = (active.bank_consent.clone(), active.generation);
    let map = AccountMap { bank_consent, generation, entries };
    if let Err(error) = invocation.app.store.put_accounts(&swapped.consent, &map).await {
        telemetry::cause(&error);
    }
}

impl Compared {
    fn of(old: &[AccountId], new: &[AccountEntry]) -> Self {
        let old: BTreeSet<&AccountId> = old.iter().collect();
        let new: BTreeSet<&AccountId> = new.iter().map(|entry| &entry.id).collect();
        let words = |ids: BTreeSet<&&AccountId>| ids.into_iter().map(|id| id.as_str().to_owned()).collect();
        Self {
            kept: words(old.intersection(&new).collect()),
            added: words(new.difference(&old).collect()),
            lost: words(old.difference(&new).collect()),
        }
    }
}
