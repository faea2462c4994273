//! `GET …/transactions?date_from=&date_to=`: the rows of a range of days, booked and pending apart.

use crate::{
    accounts, cards,
    question::{AccountRows, CardRows},
    reader::Reader,
    view::TransactionsView,
};
use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, DateRange, Problem},
};

pub(crate) async fn of_account(app: &App, request: Request) -> Answer {
    let (reader, range) = checked(app, &request).await?;
    let account = reader.wanted()?.clone();
    let (reader, bank_id) = accounts::located(reader).await?;
    let question = AccountRows { account, bank_id, range };
    let (reader, answer) = reader.ask(&question).await?;
    reader.json(&TransactionsView::of(&question.account, range, &answer?))
}

pub(crate) async fn of_card(app: &App, request: Request) -> Answer {
    let (reader, range) = checked(app, &request).await?;
    let account = reader.wanted()?.clone();
    let (reader, bank_id) = cards::located(reader).await?;
    let question = CardRows { account, bank_id, range };
    let (reader, answer) = reader.ask(&question).await?;
    reader.json(&TransactionsView::of(&question.account, range, &answer?))
}

/// The consent and a range that does not reach into the future of the bank's zone; nothing has been spent.
async fn checked<'a>(app: &'a App, request: &Request) -> Result<(Reader<'a>, DateRange), Problem> {
    let range = http::date_range(request)?;
    let reader = Reader::load(app, request).await?;
    let range = range.until_today(reader.stored.country, reader.invocation.now())?;
    Ok((reader, range))
}
