//! `GET …/accounts` and `GET …/accounts/{account_id}`: accounts with their balances.

use crate::{
    map::Side,
    question::{AccountDetail, AccountList},
    reader::Reader,
    view::{AccountView, Accounts},
};
use futures_util::future::join_all;
use lambda_http::Request;
use shared::{
    account::Account,
    app::App,
    http::{Answer, Code, Problem},
    store::AccountEntry,
};

pub(crate) async fn list(app: &App, request: Request) -> Answer {
    let (reader, accounts) = listed(Reader::load(app, &request).await?).await?;
    let accounts = with_balances(&reader, accounts).await;
    let views =
        accounts.iter().map(|account| AccountView::of(account, &reader.account_id(account))).collect();
    reader.json(&Accounts { accounts: views })
}

pub(crate) async fn one(app: &App, request: Request) -> Answer {
    let reader = Reader::load(app, &request).await?;
    let (reader, AccountEntry { id, bank_id, .. }) = located(reader).await?;
    let question = AccountDetail { account: id, bank_id };
    let (reader, answer) = reader.ask(&question).await?;
    reader.json(&AccountView::of(&answer?, &question.account))
}

/// The account that the path names, as the table knows it; the list is asked only if the table does not know it.
pub(crate) async fn located(reader: Reader<'_>) -> Result<(Reader<'_>, AccountEntry), Problem> {
    if let Some(known) = reader.known(Side::Accounts)? {
        return Ok((reader, known));
    }
    let (reader, _) = listed(reader).await?;
    let known = reader.known(Side::Accounts)?.ok_or(Problem::new(Code::AccountNotFound))?;
    Ok((reader, known))
}

/// The list of accounts, remembered.
async fn listed(reader: Reader<'_>) -> Result<(Reader<'_>, Vec<Account>), Problem> {
    let (mut reader, answer) = reader.ask(&AccountList).await?;
    let accounts = answer?;
    reader.remember(Side::Accounts, reader.entries(&accounts)).await?;
    Ok((reader, accounts))
}

/// The list holds balances or does not (both were recorded): those that miss are fetched side by side, in one wave. An
/// account whose details cannot be had stays in the list without balances.
async fn with_balances(reader: &Reader<'_>, accounts: Vec<Account>) -> Vec<Account> {
    join_all(accounts.into_iter().map(|listed| async move {
        if listed.balances.is_some() {
            return listed;
        }
        let question = AccountDetail { account: reader.account_id(&listed), bank_id: listed.bank_id.clone() };
        match reader.ask_beside(&question).await {
            Ok(detailed) => Account { bank_id: listed.bank_id, ..detailed },
            Err(_) => listed,
        }
    }))
    .await
}
