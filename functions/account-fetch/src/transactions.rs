//! `GET …/transactions?date_from=&date_to=`: the rows of a range of days, booked and pending apart.

use crate::{accounts, cards, reader::Reader, view::TransactionsView};
use lambda_http::Request;
use shared::{
    account::Transaction,
    app::App,
    bank::Fault,
    http::{self, Answer, DateRange},
    types::BankAccountId,
};

pub(crate) async fn of_account(app: &App, request: Request) -> Answer {
    let range = http::date_range(&request)?;
    let reader = Reader::open(app, &request).await?;
    let range = range.until_today(reader.stored.country, reader.invocation.now())?;
    let (mut reader, id) = accounts::located(reader).await?;
    let mut answer = rows(&reader, &id, range).await;
    if Reader::must_renew(&answer) {
        reader = reader.renewed().await?;
        answer = rows(&reader, &id, range).await;
    }
    let rows = reader.audited("transactions", Some(reader.wanted()?), answer)?;
    http::json(200, &TransactionsView::of(reader.wanted()?, range, &rows))
}

pub(crate) async fn of_card(app: &App, request: Request) -> Answer {
    let range = http::date_range(&request)?;
    let reader = Reader::open(app, &request).await?;
    let range = range.until_today(reader.stored.country, reader.invocation.now())?;
    let (mut reader, id) = cards::located(reader).await?;
    let mut answer = card_rows(&reader, &id, range).await;
    if Reader::must_renew(&answer) {
        reader = reader.renewed().await?;
        answer = card_rows(&reader, &id, range).await;
    }
    let rows = reader.audited("card_transactions", Some(reader.wanted()?), answer)?;
    http::json(200, &TransactionsView::of(reader.wanted()?, range, &rows))
}

async fn rows(reader: &Reader<'_>, id: &BankAccountId, range: DateRange) -> Result<Vec<Transaction>, Fault> {
    reader.bank.transactions(&reader.exchange(), &reader.read()?, id, range.from, range.to).await
}

async fn card_rows(
    reader: &Reader<'_>,
    id: &BankAccountId,
    range: DateRange,
) -> Result<Vec<Transaction>, Fault> {
    reader.bank.card_transactions(&reader.exchange(), &reader.read()?, id, range.from, range.to).await
}
