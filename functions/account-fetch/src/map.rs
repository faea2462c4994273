//! Our account ids and the bank's. Ours are keyed hashes of what an account is (its number and currency), so they
//! stay the same over all consents of one owner; the bank's are others under every consent.

use crate::{
    question::{AccountList, CardList},
    reader::Reader,
};
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

/// Our id of a card account.
pub(crate) struct CardId {
    pub(crate) id: AccountId,
    /// What it is made of, as the API spells it.
    pub(crate) identity: &'static str,
}

impl Reader<'_> {
    /// Our id of an account.
    pub(crate) fn account_id(&self, account: &Account) -> AccountId {
        account.id(&self.invocation.material.identity, &self.stored.owner)
    }

    /// Whether the id that an account is known by is made of nothing but the bank's.
    pub(crate) fn is_bank_named(&self, account: &Account, id: &AccountId) -> bool {
        account.bank_named_id(&self.invocation.material.identity, &self.stored.owner) == *id
    }

    /// Our ids of a list of card accounts, in its order, each derived from what describes it. Where that tells nothing
    /// apart (no card, or the cards of another one in the list) the bank's id does.
    pub(crate) fn card_ids(&self, cards: &[CardAccount]) -> Vec<CardId> {
        let (key, owner) = (&self.invocation.material.identity, &self.stored.owner);
        let derived: Vec<Option<AccountId>> = cards.iter().map(|card| self.derived(card)).collect();
        let is_alone = |id: &AccountId| derived.iter().flatten().filter(|other| *other == id).count() == 1;
        let named = |(card, derived): (&CardAccount, &Option<AccountId>)| match derived {
            Some(id) if is_alone(id) => CardId { id: id.clone(), identity: "derived" },
            _ => CardId { id: key.bank_named_card(owner, &card.bank_id), identity: "bank_id" },
        };
        cards.iter().zip(&derived).map(named).collect()
    }

    fn derived(&self, card: &CardAccount) -> Option<AccountId> {
        let (identity, product) = (&self.invocation.material.identity, card.product.as_deref().unwrap_or(""));
        let pans = Some(card.masked_pans()).filter(|pans| !pans.is_empty())?;
        Some(identity.card(&self.stored.owner, product, card.currency.as_str(), &pans))
    }

    /// The account that the path names, if the map knows it.
    pub(crate) fn known(&self, side: Side) -> Result<Option<AccountEntry>, Problem> {
        Ok(self.entry(side, self.wanted()?).cloned())
    }

    /// What the map has under an id of ours.
    pub(crate) fn entry(&self, side: Side, id: &AccountId) -> Option<&AccountEntry> {
        self.map.entries.iter().find(|entry| entry.id == *id && side.has(entry))
    }

    /// Asks for one list as things stand, and writes down what the bank calls its accounts.
    pub(crate) async fn relist(&mut self, side: Side) -> Result<(), Problem> {
        let entries = match side {
            Side::Accounts => self.entries(&self.ask_beside(&AccountList).await?),
            Side::Cards => self.card_entries(&self.ask_beside(&CardList).await?),
        };
        self.remember(vec![(side, entries)]).await
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
        let entry = |(card, CardId { id, .. }): (&CardAccount, CardId)| AccountEntry {
            id,
            bank_id: card.bank_id.clone(),
            card: true,
            allkort: card.is_allkort(),
            currency: card.currency.as_str().to_owned(),
        };
        cards.iter().zip(self.card_ids(cards)).map(entry).collect()
    }
}

impl Side {
    /// The list that an account of the map is in.
    pub(crate) const fn of(entry: &AccountEntry) -> Self {
        if entry.card { Self::Cards } else { Self::Accounts }
    }

    const fn has(self, entry: &AccountEntry) -> bool {
        matches!((self, entry.card), (Self::Accounts, false) | (Self::Cards, true))
    }
}
