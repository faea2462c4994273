//! Our account ids and the bank's. Ours are keyed hashes of what an account is (its number and currency), so they
//! stay the same over all consents of one owner; the bank's are others under every consent.

use crate::reader::Reader;
use shared::{
    account::{Account, CardAccount},
    http::Problem,
    store::{AccountEntry, AccountMap},
    types::AccountId,
};

/// Which list an id came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Accounts,
    Cards,
}

impl Reader<'_> {
    /// Our id of an account.
    pub(crate) fn account_id(&self, account: &Account) -> AccountId {
        account.id(&self.invocation.material.identity, &self.stored.owner)
    }

    /// Our id of a card account, derived from what describes it.
    pub(crate) fn card_id(&self, card: &CardAccount) -> AccountId {
        let product = card.product.as_deref().unwrap_or("");
        let identity = &self.invocation.material.identity;
        identity.card(&self.stored.owner, product, card.currency.as_str(), &card.masked_pans())
    }

    /// The account that the path names, if the table knows it.
    pub(crate) fn known(&self, side: Side) -> Result<Option<AccountEntry>, Problem> {
        let wanted = self.wanted()?;
        let entry = self.map.entries.iter().find(|entry| entry.id == *wanted && side.has(entry));
        Ok(entry.cloned())
    }

    /// Writes down one side of the map, or both, if they have changed.
    pub(crate) async fn remember(&mut self, sides: Vec<(Side, Vec<AccountEntry>)>) -> Result<(), Problem> {
        let mut all = self.map.entries.clone();
        for (side, entries) in sides {
            all.retain(|entry| !side.has(entry));
            all.extend(entries);
        }
        all.sort_by(|a, b| a.id.cmp(&b.id));
        if all == self.map.entries {
            return Ok(());
        }
        let active = self.active()?;
        let (bank_consent, generation) = (active.bank_consent.clone(), active.generation);
        self.map = AccountMap { bank_consent, generation, entries: all };
        let store = &self.invocation.app.store;
        store.put_accounts(&self.stored.consent, &self.map).await.map_err(Problem::from)
    }

    /// What the map keeps of a list of accounts.
    pub(crate) fn entries(&self, accounts: &[Account]) -> Vec<AccountEntry> {
        let (key, owner) = (&self.invocation.material.identity, &self.stored.owner);
        accounts.iter().map(|account| AccountEntry::of(account, key, owner)).collect()
    }

    /// What the map keeps of a list of card accounts.
    pub(crate) fn card_entries(&self, cards: &[CardAccount]) -> Vec<AccountEntry> {
        let entry = |card: &CardAccount| AccountEntry {
            id: self.card_id(card),
            bank_id: card.bank_id.clone(),
            card: true,
            allkort: card.is_allkort(),
            currency: card.currency.as_str().to_owned(),
        };
        cards.iter().map(entry).collect()
    }
}

impl Side {
    const fn has(self, entry: &AccountEntry) -> bool {
        matches!((self, entry.card), (Self::Accounts, false) | (Self::Cards, true))
    }
}
