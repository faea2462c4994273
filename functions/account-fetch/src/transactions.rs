//! `GET …/transactions?date_from=&date_to=`: the rows of a range of days, booked and pending apart, with ids and with what
//! is known of their completeness.

use crate::{
    accounts, cards,
    question::{AccountRows, CardRows},
    reader::Reader,
    statement::StatementView,
    windows::Rows,
};
use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, Code, DateRange, Problem},
    ledger::{Finding, Reading, Window},
    store::AccountEntry,
    telemetry::{self, Metric},
    types::Date,
};

pub(crate) async fn of_account(app: &App, request: Request) -> Answer {
    let (reader, range) = checked(app, &request).await?;
    let (reader, account) = accounts::located(reader).await?;
    let asked = Asked::of(&reader, range, &account)?;
    let question = AccountRows(asked.rows(&reader, account));
    let (reader, answer) = reader.ask(&question).await?;
    asked.answer(&reader, &question.0, answer?)
}

pub(crate) async fn of_card(app: &App, request: Request) -> Answer {
    let (reader, range) = checked(app, &request).await?;
    let (reader, account) = cards::located(reader).await?;
    let asked = Asked::of(&reader, range, &account)?;
    let question = CardRows(asked.rows(&reader, account));
    let (reader, answer) = reader.ask(&question).await?;
    asked.answer(&reader, &question.0, answer?)
}

/// The consent and a range that does not reach into the future of the bank's zone; nothing has been spent.
async fn checked<'a>(app: &'a App, request: &Request) -> Result<(Reader<'a>, DateRange), Problem> {
    let range = http::date_range(request)?;
    let reader = Reader::load(app, request).await?;
    let range = range.until_today(reader.stored.country, reader.invocation.now())?;
    Ok((reader, range))
}

/// What the caller asked for, and what of it the bank shows.
struct Asked {
    range: DateRange,
    shown: Window,
    history_from: Date,
}

impl Asked {
    /// # Errors
    /// `interval_refused` where all of it is older than the bank shows.
    fn of(reader: &Reader<'_>, range: DateRange, account: &AccountEntry) -> Result<Self, Problem> {
        let (stored, invocation) = (&reader.stored, &reader.invocation);
        let limits = &invocation.app.config.limits;
        let history = limits.history(stored.country, stored.psu_type, &account.currency);
        let history_from = history.first_day(invocation.now().date_in(&stored.country.zone()));
        let shown = Window::new(range.from.max(history_from), range.to);
        let shown = shown.ok_or(Problem::new(Code::IntervalRefused))?;
        Ok(Self { range, shown, history_from })
    }

    fn rows(&self, reader: &Reader<'_>, account: AccountEntry) -> Rows {
        let cap = reader.invocation.app.config.limits.cap(reader.stored.psu_type);
        Rows { account, range: self.shown, cap }
    }

    fn answer(self, reader: &Reader<'_>, rows: &Rows, reading: Reading) -> Answer {
        let history_from = reading.moved_to.unwrap_or(self.history_from);
        let account = &rows.account.id;
        let mut statement = reading.statement(&reader.invocation.material.identity, account);
        let older = Window::new(self.range.from, self.range.to).and_then(|all| all.before(self.shown.from()));
        statement.findings.extend(older.map(Finding::HistoryEnds));
        for finding in &statement.findings {
            match finding {
                Finding::ChainBreaks(_) => telemetry::count(Metric::ChainBroken),
                Finding::CutShort(_) => telemetry::count(Metric::CutShort),
                _ => {}
            }
        }
        reader.json(&StatementView::of(account, self.range, history_from, &statement))
    }
}
