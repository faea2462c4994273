//! Accounts API, general v2: accounts, balances, transactions (recorded).

use super::{
    Call, Client, Fault, Read,
    amounts::{Text, WireBalance, WireMoney, balances, currency, date, decimal, list, text},
    faults::Kind,
    source,
    transport::{Way, json},
};
use crate::{
    account::{Account, Currency, Money, Status, Transaction},
    types::{BankAccountId, Date},
};
use reqwest::Url;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Accounts<'a> {
    #[serde(borrow)]
    accounts: Vec<WireAccount<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAccount<'a> {
    #[serde(borrow)]
    account_id: Cow<'a, str>,
    #[serde(borrow)]
    account_type: Option<Text<'a>>,
    #[serde(borrow)]
    balances: Option<Vec<WireBalance<'a>>>,
    #[serde(borrow)]
    bban: Option<Text<'a>>,
    #[serde(borrow)]
    bic: Option<Text<'a>>,
    #[serde(borrow)]
    clearing_number: Option<Text<'a>>,
    #[serde(borrow)]
    credit_limit: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    #[serde(borrow)]
    iban: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    owner_name: Option<Text<'a>>,
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
    amount: WireMoney<'a>,
    #[serde(borrow)]
    balance: Option<RunningBalance<'a>>,
    #[serde(borrow)]
    booking_date: Option<Text<'a>>,
    #[serde(borrow)]
    credit_debit: Cow<'a, str>,
    #[serde(borrow)]
    creditor_name: Option<Text<'a>>,
    #[serde(borrow)]
    debtor_name: Option<Text<'a>>,
    #[serde(borrow)]
    ledger_date: Option<Text<'a>>,
    #[serde(borrow)]
    remittance_information: Option<Text<'a>>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    transaction_date: Option<Text<'a>>,
    #[serde(borrow)]
    value_date: Option<Text<'a>>,
}

/// The balance after a row; its kind is always `BOOKED` in genuine recordings.
#[derive(Deserialize)]
struct RunningBalance<'a> {
    #[serde(borrow)]
    amount: WireMoney<'a>,
}

impl Client {
    /// All accounts of the consent, in the bank's order. Balances are in the list or not (both recorded).
    ///
    /// # Errors
    /// Among others [`Fault::TokenInactive`], [`Fault::KycMissing`].
    pub async fn accounts(&self, call: &Call<'_>, read: &Read<'_>) -> Result<Vec<Account>, Fault> {
        let url = self.endpoints.resource(&self.endpoints.accounts_path(read.country), &[])?;
        let body = self.get(call, Kind::Accounts, read, &url).await?;
        let accounts = accounts(&body)?;
        if read.source { source::keep(&body, accounts, |account| &mut account.source) } else { Ok(accounts) }
    }

    /// One account with its balances.
    ///
    /// # Errors
    /// Among others [`Fault::NotFound`].
    pub async fn account(
        &self,
        call: &Call<'_>,
        read: &Read<'_>,
        id: &BankAccountId,
    ) -> Result<Account, Fault> {
        let mut url = self.endpoints.resource(&self.endpoints.accounts_path(read.country), &[id.as_str()])?;
        url.set_query(Some("withBalance=true"));
        let body = self.get(call, Kind::Account, read, &url).await?;
        let account = account(&body)?;
        Ok(if read.source { Account { source: source::whole(&body)?, ..account } } else { account })
    }

    /// The rows of `from` to `to`, both included (inferred), in the bank's order: pending first, then newest first
    /// (recorded). There is a row cap of 600 for private persons in SE (third-party documentation).
    ///
    /// # Errors
    /// Among others [`Fault::InvalidInterval`].
    pub async fn transactions(
        &self,
        call: &Call<'_>,
        read: &Read<'_>,
        id: &BankAccountId,
        from: Date,
        to: Date,
    ) -> Result<Vec<Transaction>, Fault> {
        let path = self.endpoints.accounts_path(read.country);
        let mut url = self.endpoints.resource(&path, &[id.as_str(), "transactions"])?;
        window(&mut url, from, to);
        let body = self.get(call, Kind::Transactions, read, &url).await?;
        let transactions = transactions(&body)?;
        if read.source { source::keep(&body, transactions, |row| &mut row.source) } else { Ok(transactions) }
    }

    pub(super) async fn get(
        &self,
        call: &Call<'_>,
        kind: Kind,
        read: &Read<'_>,
        url: &Url,
    ) -> Result<Vec<u8>, Fault> {
        let request = |client: &reqwest::Client| {
            let request = self.gateway(client.get(url.clone()), read.token, read.country);
            match read.address {
                Some(address) => request.header("PSU-IP-Address", address.to_string()),
                None => request,
            }
        };
        self.transport.send(call, kind, Way::Get, request).await
    }
}

/// The accounts of a list.
///
/// # Errors
/// [`Fault::Malformed`], as of all that reads a body.
pub fn accounts(body: &[u8]) -> Result<Vec<Account>, Fault> {
    json::<Accounts<'_>>(body)?.accounts.into_iter().map(WireAccount::account).collect()
}

/// One account.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn account(body: &[u8]) -> Result<Account, Fault> {
    json::<WireAccount<'_>>(body)?.account()
}

/// The rows of an account.
///
/// # Errors
/// [`Fault::Malformed`]: one bad row spoils the answer, since rows are not to go missing.
pub fn transactions(body: &[u8]) -> Result<Vec<Transaction>, Fault> {
    Ok(json::<Transactions>(body)?.transactions)
}

/// The query of a window of days.
pub(super) fn window(url: &mut Url, from: Date, to: Date) {
    url.set_query(Some(&format!("dateFrom={from}&dateTo={to}")));
}

impl WireAccount<'_> {
    fn account(self) -> Result<Account, Fault> {
        let currency = currency(&self.currency)?;
        Ok(Account {
            bank_id: BankAccountId::parse(&self.account_id).map_err(|_| Fault::Malformed)?,
            iban: text(self.iban),
            bban: text(self.bban),
            clearing: text(self.clearing_number),
            bic: text(self.bic),
            currency,
            product: text(self.account_type),
            name: text(self.name),
            owner_name: text(self.owner_name),
            balances: balances(self.balances.as_deref())?,
            credit_limit: self.credit_limit.map(|limit| credit_limit(limit, currency)).transpose()?,
            source: None,
        })
    }
}

/// Documented once, as a text with a number in it, and never recorded: a bare number and the object that amounts
/// otherwise are pass as well (inferred).
fn credit_limit(limit: &RawValue, currency: Currency) -> Result<Money, Fault> {
    let limit = limit.get();
    if limit.starts_with('{') {
        return json::<WireMoney<'_>>(limit.as_bytes())?.money();
    }
    let number = limit.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(limit);
    Ok(Money { amount: decimal(number)?, currency })
}

impl WireTransaction<'_> {
    fn transaction(self) -> Result<Transaction, Fault> {
        Ok(Transaction {
            status: status(&self.status)?,
            amount: signed(&self.amount, &self.credit_debit)?,
            booking_date: date(self.ledger_date.as_ref().or(self.booking_date.as_ref()))?,
            transaction_date: date(self.transaction_date.as_ref())?,
            value_date: date(self.value_date.as_ref())?,
            text: text(self.remittance_information),
            counterparty: text(self.debtor_name).or_else(|| text(self.creditor_name)),
            balance_after: self.balance.map(|balance| balance.amount.money()).transpose()?,
            masked_pan: None,
            source: None,
        })
    }
}

/// Final or not. An unknown word spoils the answer: a row of unknown finality shown as either would be a wrong row.
pub(super) fn status(word: &str) -> Result<Status, Fault> {
    match word {
        word if word.eq_ignore_ascii_case("BOOKED") => Ok(Status::Booked),
        word if word.eq_ignore_ascii_case("PENDING") => Ok(Status::Pending),
        _ => Err(Fault::Malformed),
    }
}

/// The amount with its sign. An unknown direction spoils the answer, and so does an amount that has a sign already
/// (never recorded): either way the row could be shown as its opposite.
pub(super) fn signed(amount: &WireMoney<'_>, credit_debit: &str) -> Result<Money, Fault> {
    let money = amount.money()?;
    if money.amount.is_sign_negative() && !money.amount.is_zero() {
        return Err(Fault::Malformed);
    }
    match credit_debit {
        word if word.eq_ignore_ascii_case("CREDITED") => Ok(money),
        word if word.eq_ignore_ascii_case("DEBITED") => Ok(money.negated()),
        _ => Err(Fault::Malformed),
    }
}

#[cfg(test)]
mod tests;
