//! `GET …/accounts` and `GET …/accounts/{account_id}`: accounts with their balances.

use crate::{
    map::Side,
    reader::Reader,
    view::{AccountView, Accounts},
};
use futures_util::future::join_all;
use lambda_http::Request;
use shared::{
    account::Account,
    app::App,
    bank::Fault,
    http::{self, Answer, Code, Problem},
    types::BankAccountId,
};

pub(crate) async fn list(app: &App, request: Request) -> Answer {
    let (reader, accounts) = listed(Reader::open(app, &request).await?).await?;
    let accounts = with_balances(&reader, accounts).await;
    let views =
        accounts.iter().map(|account| AccountView::of(account, &reader.account_id(account))).collect();
    http::json(200, &Accounts { accounts: views })
}

pub(crate) async fn one(app: &App, request: Request) -> Answer {
    let reader = Reader::open(app, &request).await?;
    let (mut reader, bank_id) = located(reader).await?;
    let mut answer = detail(&reader, &bank_id).await;
    if Reader::must_renew(&answer) {
        reader = reader.renewed().await?;
        answer = detail(&reader, &bank_id).await;
    }
    let account = reader.audited("account", Some(reader.wanted()?), answer)?;
    http::json(200, &AccountView::of(&account, reader.wanted()?))
}

/// The bank's id of the account that the path names; the list is asked only if the table does not know it.
pub(crate) async fn located(reader: Reader<'_>) -> Result<(Reader<'_>, BankAccountId), Problem> {
    if let Some(known) = reader.known(Side::Accounts)? {
        return Ok((reader, known));
    }
    let (reader, _) = listed(reader).await?;
    let known = reader.known(Side::Accounts)?.ok_or(Problem::new(Code::AccountNotFound))?;
    Ok((reader, known))
}

/// The list of accounts, remembered.
async fn listed(mut reader: Reader<'_>) -> Result<(Reader<'_>, Vec<Account>), Problem> {
    let mut answer = ask(&reader).await;
    if Reader::must_renew(&answer) {
        reader = reader.renewed().await?;
        answer = ask(&reader).await;
    }
    let accounts = reader.audited("accounts", None, answer)?;
    reader.remember(Side::Accounts, reader.entries(&accounts)).await?;
    Ok((reader, accounts))
}

async fn ask(reader: &Reader<'_>) -> Result<Vec<Account>, Fault> {
    reader.bank.accounts(&reader.exchange(), &reader.read()?).await
}

async fn detail(reader: &Reader<'_>, id: &BankAccountId) -> Result<Account, Fault> {
    reader.bank.account(&reader.exchange(), &reader.read()?, id).await
}

/// The list holds balances or does not (both were recorded): those that miss are fetched side by side, in one wave. An
/// account whose details cannot be had stays in the list without balances.
async fn with_balances(reader: &Reader<'_>, accounts: Vec<Account>) -> Vec<Account> {
    join_all(accounts.into_iter().map(|account| async move {
        if account.balances.is_some() {
            return account;
        }
        let id = reader.account_id(&account);
        let answer = detail(reader, &account.bank_id).await;
        match reader.audited("account", Some(&id), answer) {
            Ok(detailed) => Account { bank_id: account.bank_id, ..detailed },
            Err(_) => account,
        }
    }))
    .await
}
