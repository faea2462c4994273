//! `GET …/accounts` and `GET …/accounts/{account_id}`: accounts with their balances.

use crate::{
    map::Side,
    question::{AccountDetail, AccountList, CardList},
    reader::Reader,
    view::{AccountView, Accounts, TotalView},
};
use futures_util::{StreamExt, stream};
use lambda_http::Request;
use shared::{
    account::{Account, CardAccount},
    app::App,
    http::{self, Answer, Code, Problem},
    store::AccountEntry,
    types::AccountId,
};

/// Details of accounts that are asked for at a time: over HTTP/1.1 each call under way has a connection of its own.
const BESIDE: usize = 16;

/// An account as the list has it, and what went wrong with its details, if they had to be asked for.
struct Read {
    /// Our id, made of what the list says: it is what the map knows.
    id: AccountId,
    account: Account,
    problem: Option<Problem>,
}

/// All accounts. What the list does not say is asked for in one wave, side by side, and so are the cards where they show
/// an account's money a second time. What fails there fails for its own account.
pub(crate) async fn list(app: &App, request: Request) -> Answer {
    let source = http::wants_source(&request)?;
    let (mut reader, accounts) = listed(Reader::load(app, &request, source).await?).await?;
    let entries = reader.entries(&accounts);
    let cards = cards(&reader, may_be_allkort(&reader, &accounts));
    let (accounts, cards) = tokio::join!(with_balances(&reader, accounts, entries.clone()), cards);
    let mut sides = vec![(Side::Accounts, entries)];
    sides.extend(cards.map(|cards| (Side::Cards, reader.card_entries(&cards))));
    reader.remember(sides).await?;
    let views =
        accounts.iter().map(|read| AccountView::of(&read.account, &read.id, read.problem.as_ref(), &reader));
    let balances = accounts.iter().map(|read| (read.account.currency, read.account.balances.as_deref()));
    reader.json(&Accounts { accounts: views.collect(), totals: TotalView::all(balances) })
}

pub(crate) async fn one(app: &App, request: Request) -> Answer {
    let reader = Reader::load(app, &request, http::wants_source(&request)?).await?;
    let (reader, account) = located(reader).await?;
    let mut question = AccountDetail(account);
    let (reader, answer) = reader.ask(&mut question).await?;
    reader.json(&AccountView::known(&answer?, &question.0.id, &reader))
}

/// The account that the path names, as the table knows it; the list is asked only if the table does not know it.
pub(crate) async fn located(reader: Reader<'_>) -> Result<(Reader<'_>, AccountEntry), Problem> {
    if let Some(known) = reader.known(Side::Accounts)? {
        return Ok((reader, known));
    }
    let (mut reader, accounts) = listed(reader).await?;
    let entries = reader.entries(&accounts);
    reader.remember(vec![(Side::Accounts, entries)]).await?;
    let known = reader.known(Side::Accounts)?.ok_or(Problem::new(Code::AccountNotFound))?;
    Ok((reader, known))
}

/// The list of accounts.
async fn listed(reader: Reader<'_>) -> Result<(Reader<'_>, Vec<Account>), Problem> {
    let (reader, answer) = reader.ask(&mut AccountList).await?;
    Ok((reader, answer?))
}

/// The list holds balances or does not (both were recorded): those that miss are fetched side by side.
async fn with_balances(reader: &Reader<'_>, accounts: Vec<Account>, entries: Vec<AccountEntry>) -> Vec<Read> {
    let details = accounts.into_iter().zip(entries).map(|(listed, entry)| async move {
        let id = entry.id.clone();
        if listed.balances.is_some() {
            return Read { id, account: listed, problem: None };
        }
        match reader.ask_beside(&AccountDetail(entry)).await {
            Ok(detailed) if listed.contradicts(&detailed) => {
                Read { id, account: listed, problem: Some(Problem::new(Code::BankAnswerUnusable)) }
            }
            Ok(detailed) => Read { id, account: merged(listed, detailed), problem: None },
            Err(problem) => Read { id, account: listed, problem: Some(problem) },
        }
    });
    stream::iter(details).buffered(BESIDE).collect().await
}

/// Details, by the numbers that the list gave: the id is made of those.
fn merged(listed: Account, detailed: Account) -> Account {
    Account {
        iban: listed.iban.or(detailed.iban),
        bban: listed.bban.or(detailed.bban),
        clearing: listed.clearing.or(detailed.clearing),
        ..detailed
    }
}

/// The cards, where they are wanted and can be had.
async fn cards(reader: &Reader<'_>, wanted: bool) -> Option<Vec<CardAccount>> {
    if wanted { reader.ask_beside(&CardList).await.ok() } else { None }
}

/// Whether an Allkort may be among the cards. Without the PSU they are not asked for what is known: that would use up the
/// budget of the cards.
fn may_be_allkort(reader: &Reader<'_>, accounts: &[Account]) -> bool {
    let is_known = |account: &Account| reader.map.same_funds_as(&reader.account_id(account)).is_some();
    let is_wanted = |account: &Account| account.is_allkort() && (reader.is_attended() || !is_known(account));
    reader.stored.country.has_cards(reader.stored.psu_type) && accounts.iter().any(is_wanted)
}
