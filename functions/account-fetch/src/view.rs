//! Accounts and cards as callers see them: one schema for all countries; exact amounts as text; what the bank did
//! not send is absent, never empty or zero.

use serde::Serialize;
use shared::{
    account::{Account, Balance, CardAccount, Money},
    types::AccountId,
};

#[derive(Serialize)]
pub(crate) struct Accounts {
    pub(crate) accounts: Vec<AccountView>,
}

#[derive(Serialize)]
pub(crate) struct CardAccounts {
    pub(crate) card_accounts: Vec<CardView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

/// An amount: sign and digits as the bank sent them, and its currency.
#[derive(Serialize)]
pub(crate) struct Amount {
    amount: String,
    currency: String,
}

#[derive(Serialize)]
struct BalanceView {
    kind: String,
    #[serde(flatten)]
    amount: Amount,
}

#[derive(Serialize)]
pub(crate) struct AccountView {
    account_id: String,
    /// `number`: our id is made of IBAN or clearing and account number; `bank_id`: the account has neither, and our id
    /// lasts as long as the consent.
    identity: &'static str,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clearing_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Vec<BalanceView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_limit: Option<Amount>,
}

#[derive(Serialize)]
struct Card {
    masked_pan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CardView {
    account_id: String,
    /// `derived`: our id is made of product, currency and masked numbers.
    identity: &'static str,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    cards: Vec<Card>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Vec<BalanceView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_limit: Option<Amount>,
}

impl From<&Money> for Amount {
    fn from(money: &Money) -> Self {
        Self { amount: money.amount_text(), currency: money.currency.as_str().to_owned() }
    }
}

impl From<&Balance> for BalanceView {
    fn from(balance: &Balance) -> Self {
        Self { kind: balance.kind.name(), amount: Amount::from(&balance.money) }
    }
}

impl AccountView {
    pub(crate) fn of(account: &Account, id: &AccountId) -> Self {
        Self {
            account_id: id.as_str().to_owned(),
            identity: if account.number().is_some() { "number" } else { "bank_id" },
            currency: account.currency.as_str().to_owned(),
            product: account.product.clone(),
            name: account.name.clone(),
            owner_name: account.owner_name.clone(),
            iban: account.iban.clone(),
            bban: account.bban.clone(),
            clearing_number: account.clearing.clone(),
            bic: account.bic.clone(),
            balances: account.balances.as_deref().map(|all| all.iter().map(BalanceView::from).collect()),
            credit_limit: account.credit_limit.as_ref().map(Amount::from),
        }
    }
}

impl CardView {
    pub(crate) fn of(card: &CardAccount, id: &AccountId) -> Self {
        let cards =
            card.cards.iter().map(|one| Card { masked_pan: one.masked_pan.clone(), name: one.name.clone() });
        Self {
            account_id: id.as_str().to_owned(),
            identity: "derived",
            currency: card.currency.as_str().to_owned(),
            product: card.product.clone(),
            cards: cards.collect(),
            balances: card.balances.as_deref().map(|all| all.iter().map(BalanceView::from).collect()),
            credit_limit: card.credit_limit.as_ref().map(Amount::from),
        }
    }
}
