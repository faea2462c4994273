//! Card API, general v1: SE individuals (documented). It names the fields of the Accounts API differently (recorded).

use super::{
    Call, Client, Fault, Read,
    accounts::{signed, status, window},
    amounts::{Text, WireBalance, WireMoney, balances, currency, date, list, text},
    faults::Kind,
    source,
    transport::json,
};
use crate::{
    account::{Card, CardAccount, Transaction},
    types::{BankAccountId, Date},
};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// Path of the card accounts (recorded).
const PATH: &str = "/psd2/v1/card-accounts";

#[derive(Deserialize)]
struct CardAccounts<'a> {
    #[serde(rename = "cardAccounts", borrow)]
    card_accounts: Vec<WireCardAccount<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCardAccount<'a> {
    #[serde(borrow)]
    account_id: Cow<'a, str>,
    #[serde(borrow)]
    balances: Option<Vec<WireBalance<'a>>>,
    #[serde(borrow)]
    cards: Option<Vec<WireCard<'a>>>,
    #[serde(borrow)]
    credit_limit: Option<WireMoney<'a>>,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    #[serde(borrow)]
    product: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCard<'a> {
    #[serde(borrow)]
    masked_pan: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Transactions {
    #[serde(deserialize_with = "rows")]
    transactions: Vec<Transaction>,
}

fn rows<'de, D: Deserializer<'de>>(wire: D) -> Result<Vec<Transaction>, D::Error> {
    list(wire, WireTransaction::transaction)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTransaction<'a> {
    #[serde(borrow)]
    booking_date: Option<Text<'a>>,
    #[serde(borrow)]
    card: Option<WireCard<'a>>,
    #[serde(borrow)]
    credit_debit: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    transaction_amount: WireMoney<'a>,
    #[serde(borrow)]
    transaction_date: Option<Text<'a>>,
    #[serde(borrow)]
    transaction_details: Option<Text<'a>>,
}

impl Client {
    /// All card accounts of the consent, in the bank's order.
    ///
    /// # Errors
    /// Among others [`Fault::NotRegistered`]: the card product is a subscription of its own.
    pub async fn card_accounts(&self, call: &Call<'_>, read: &Read<'_>) -> Result<Vec<CardAccount>, Fault> {
        let url = self.endpoints.resource(PATH, &[])?;
        let body = self.get(call, Kind::CardAccounts, read, &url).await?;
        let cards = card_accounts(&body)?;
        if read.source { source::keep(&body, cards, |card| &mut card.source) } else { Ok(cards) }
    }

    /// The rows of `from` to `to`, both included (inferred): pending first, then newest booking first (recorded).
    ///
    /// # Errors
    /// Among others [`Fault::InvalidInterval`].
    pub async fn card_transactions(
        &self,
        call: &Call<'_>,
        read: &Read<'_>,
        id: &BankAccountId,
        from: Date,
        to: Date,
    ) -> Result<Vec<Transaction>, Fault> {
        let mut url = self.endpoints.resource(PATH, &[id.as_str(), "transactions"])?;
        window(&mut url, from, to);
        let body = self.get(call, Kind::CardTransactions, read, &url).await?;
        let rows = card_transactions(&body)?;
        if read.source { source::keep(&body, rows, |row| &mut row.source) } else { Ok(rows) }
    }
}

/// The card accounts of a list.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn card_accounts(body: &[u8]) -> Result<Vec<CardAccount>, Fault> {
    json::<CardAccounts<'_>>(body)?.card_accounts.into_iter().map(WireCardAccount::card_account).collect()
}

/// The rows of a card account.
///
/// # Errors
/// [`Fault::Malformed`]: one bad row spoils the answer, since rows are not to go missing.
pub fn card_transactions(body: &[u8]) -> Result<Vec<Transaction>, Fault> {
    Ok(json::<Transactions>(body)?.transactions)
}

impl WireCardAccount<'_> {
    fn card_account(self) -> Result<CardAccount, Fault> {
        let card =
            |card: WireCard<'_>| Card { masked_pan: card.masked_pan.into_owned(), name: text(card.name) };
        Ok(CardAccount {
            bank_id: BankAccountId::parse(&self.account_id).map_err(|_| Fault::Malformed)?,
            product: text(self.product),
            currency: currency(&self.currency)?,
            cards: self.cards.into_iter().flatten().map(card).collect(),
            balances: balances(self.balances.as_deref())?,
            credit_limit: self.credit_limit.map(|limit| limit.money()).transpose()?,
            source: None,
        })
    }
}

impl WireTransaction<'_> {
    fn transaction(self) -> Result<Transaction, Fault> {
        Ok(Transaction {
            status: status(&self.status)?,
            amount: signed(&self.transaction_amount, &self.credit_debit)?,
            booking_date: date(self.booking_date.as_ref())?,
            transaction_date: date(self.transaction_date.as_ref())?,
            value_date: None,
            text: text(self.transaction_details),
            counterparty: None,
            balance_after: None,
            masked_pan: self.card.map(|card| card.masked_pan.into_owned()),
            source: None,
        })
    }
}

#[cfg(test)]
mod tests;
