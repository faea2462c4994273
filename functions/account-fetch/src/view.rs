//! Accounts and cards as callers see them: one schema for all countries; exact amounts as text; what the bank did
//! not send is absent, never empty or zero.

use crate::{map::CardId, reader::Reader};
use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    account::{Account, Balance, CardAccount, Currency, Money, totals},
    http::{Brief, Problem},
    types::AccountId,
};

#[derive(Serialize)]
pub(crate) struct Accounts {
    pub(crate) accounts: Vec<AccountView>,
    /// By currency and kind. An Allkort shows the money of an account again and is not among the accounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) totals: Vec<TotalView>,
}

#[derive(Serialize)]
pub(crate) struct CardAccounts {
    pub(crate) card_accounts: Vec<CardView>,
    /// By currency and kind, without those whose money is an account's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) totals: Vec<TotalView>,
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
pub(crate) struct TotalView {
    kind: String,
    #[serde(flatten)]
    amount: Amount,
    /// How many accounts it is the sum of.
    accounts: usize,
    /// Accounts of this currency that have no such balance, or could not be read.
    missing: usize,
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
    /// `ok`, or `failed`: what the list itself did not say could not be read, see `problem`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Brief>,
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
    /// The oldest day that the bank shows rows of.
    history_from: String,
    /// The card account that shows the same money.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_funds_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Vec<BalanceView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_limit: Option<Amount>,
    /// The bank's own object.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Card {
    masked_pan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CardView {
    pub(crate) account_id: String,
    /// `derived`: our id is made of product, currency and masked numbers; `bank_id`: these do not tell it apart from others,
    /// and our id lasts as long as the consent.
    identity: &'static str,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    cards: Vec<Card>,
    /// The oldest day that the bank shows rows of.
    history_from: String,
    /// The account whose money this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_funds_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Vec<BalanceView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_limit: Option<Amount>,
    /// The bank's own object.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Box<RawValue>>,
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

impl TotalView {
    pub(crate) fn all<'a>(balances: impl Iterator<Item = (Currency, Option<&'a [Balance]>)>) -> Vec<Self> {
        let view = |total: shared::account::Total| Self {
            kind: total.kind.name(),
            amount: Amount::from(&total.money),
            accounts: total.of,
            missing: total.without,
        };
        totals(balances).into_iter().map(view).collect()
    }
}

/// The bank's own object as it came.
pub(crate) fn source(text: Option<&str>) -> Option<Box<RawValue>> {
    // It was cut out of JSON that has been read, so it is JSON.
    RawValue::from_string(text?.to_owned()).ok()
}

fn same_funds_as(id: &AccountId, reader: &Reader<'_>) -> Option<String> {
    reader.map.same_funds_as(id).map(|other| other.as_str().to_owned())
}

impl AccountView {
    /// Of a list, with what went wrong with its details.
    pub(crate) fn of(
        account: &Account,
        id: &AccountId,
        problem: Option<&Problem>,
        reader: &Reader<'_>,
    ) -> Self {
        let state = if problem.is_some() { "failed" } else { "ok" };
        Self { state, problem: problem.map(Problem::brief), ..Self::known(account, id, reader) }
    }

    /// Under the id that it is known by.
    pub(crate) fn known(account: &Account, id: &AccountId, reader: &Reader<'_>) -> Self {
        Self {
            account_id: id.as_str().to_owned(),
            state: "ok",
            problem: None,
            history_from: reader.history_from(account.currency.as_str()).to_string(),
            same_funds_as: same_funds_as(id, reader),
            source: source(account.source.as_deref()),
            identity: if reader.is_bank_named(account, id) { "bank_id" } else { "number" },
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
    /// Of a whole list: what an id is made of depends on the others.
    pub(crate) fn all(cards: &[CardAccount], reader: &Reader<'_>) -> Vec<Self> {
        cards.iter().zip(reader.card_ids(cards)).map(|(card, id)| Self::of(card, &id, reader)).collect()
    }

    fn of(card: &CardAccount, CardId { id, identity }: &CardId, reader: &Reader<'_>) -> Self {
        let cards =
            card.cards.iter().map(|one| Card { masked_pan: one.masked_pan.clone(), name: one.name.clone() });
        Self {
            account_id: id.as_str().to_owned(),
            identity,
            history_from: reader.history_from(card.currency.as_str()).to_string(),
            same_funds_as: same_funds_as(id, reader),
            source: source(card.source.as_deref()),
            currency: card.currency.as_str().to_owned(),
            product: card.product.clone(),
            cards: cards.collect(),
            balances: card.balances.as_deref().map(|all| all.iter().map(BalanceView::from).collect()),
            credit_limit: card.credit_limit.as_ref().map(Amount::from),
        }
    }
}
