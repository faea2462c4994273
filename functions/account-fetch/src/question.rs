//! What the bank is asked: each question knows its calls, and what its audit line says.

use crate::{
    map::Side,
    reader::{Question, Reader},
    windows::{self, Rows},
};
use shared::{
    account::{Account, CardAccount},
    bank::Fault,
    ledger::Reading,
    store::AccountEntry,
};

/// All accounts.
pub(crate) struct AccountList;

/// One account with its balances.
pub(crate) struct AccountDetail(pub(crate) AccountEntry);

/// The rows of an account.
pub(crate) struct AccountRows(pub(crate) Rows);

/// All card accounts.
pub(crate) struct CardList;

/// The rows of a card account.
pub(crate) struct CardRows(pub(crate) Rows);

impl Question for AccountList {
    type Answer = Vec<Account>;
    const RESOURCE: &'static str = "accounts";

    async fn put(&self, reader: &Reader<'_>) -> Result<Vec<Account>, Fault> {
        reader.bank.accounts(&reader.exchange(), &reader.read()?).await
    }
}

impl Question for AccountDetail {
    type Answer = Account;
    const RESOURCE: &'static str = "account";

    fn account(&self) -> Option<&AccountEntry> {
        Some(&self.0)
    }

    fn account_mut(&mut self) -> Option<&mut AccountEntry> {
        Some(&mut self.0)
    }

    /// Details that are another account's by what they say themselves are none.
    async fn put(&self, reader: &Reader<'_>) -> Result<Account, Fault> {
        let AccountEntry { id, bank_id, currency, .. } = &self.0;
        let detail = reader.bank.account(&reader.exchange(), &reader.read()?, bank_id).await?;
        let detail = Account { bank_id: bank_id.clone(), ..detail };
        let (key, owner) = (&reader.invocation.material.identity, &reader.stored.owner);
        let is_it = detail.currency.as_str() == currency && detail.may_be(id, key, owner);
        if is_it { Ok(detail) } else { Err(Fault::Malformed) }
    }
}

impl Question for AccountRows {
    type Answer = Reading;
    const RESOURCE: &'static str = "transactions";

    fn account(&self) -> Option<&AccountEntry> {
        Some(&self.0.account)
    }

    fn account_mut(&mut self) -> Option<&mut AccountEntry> {
        Some(&mut self.0.account)
    }

    async fn put(&self, reader: &Reader<'_>) -> Result<Reading, Fault> {
        windows::read(reader, Side::Accounts, &self.0).await
    }
}

impl Question for CardList {
    type Answer = Vec<CardAccount>;
    const RESOURCE: &'static str = "card_accounts";

    async fn put(&self, reader: &Reader<'_>) -> Result<Vec<CardAccount>, Fault> {
        reader.bank.card_accounts(&reader.exchange(), &reader.read()?).await
    }
}

impl Question for CardRows {
    type Answer = Reading;
    const RESOURCE: &'static str = "card_transactions";

    fn account(&self) -> Option<&AccountEntry> {
        Some(&self.0.account)
    }

    fn account_mut(&mut self) -> Option<&mut AccountEntry> {
        Some(&mut self.0.account)
    }

    async fn put(&self, reader: &Reader<'_>) -> Result<Reading, Fault> {
        windows::read(reader, Side::Cards, &self.0).await
    }
}
