//! `GET …/transactions?date_from=&date_to=` or `?cursor=`: the rows of a range of days, booked and pending apart, with ids,
//! with what is known of their completeness, and with where to go on.

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
    http::{Answer, Code, DateRange, Days, Problem, RowsQuery},
    ledger::{Bound, Cursor, Finding, Position, Reading, Statement, Window},
    store::AccountEntry,
    telemetry::{self, Metric},
    types::{AccountId, Date},
};

pub(crate) async fn of_account(app: &App, request: Request) -> Answer {
    let (reader, wanted) = checked(app, &request).await?;
    let (reader, account) = accounts::located(reader).await?;
    let asked = Asked::of(&reader, wanted, &account)?;
    let mut question = AccountRows(asked.rows(&reader, account));
    let (reader, answer) = reader.ask(&mut question).await?;
    asked.answer(&reader, &question.0, answer?)
}

pub(crate) async fn of_card(app: &App, request: Request) -> Answer {
    let (reader, wanted) = checked(app, &request).await?;
    let (reader, account) = cards::located(reader).await?;
    let asked = Asked::of(&reader, wanted, &account)?;
    let mut question = CardRows(asked.rows(&reader, account));
    let (reader, answer) = reader.ask(&mut question).await?;
    asked.answer(&reader, &question.0, answer?)
}

/// The days that the caller asks for.
struct Wanted {
    range: DateRange,
    /// If they are the rest of a range: what is known of the days that were answered before.
    before: Option<Position>,
    /// Days of which something was missing that is not waited for any more.
    given_up: Option<Window>,
}

/// The consent, and days that do not reach into the future of the bank's zone; nothing has been spent.
async fn checked<'a>(app: &'a App, request: &Request) -> Result<(Reader<'a>, Wanted), Problem> {
    let RowsQuery { days, source } = RowsQuery::try_from(request)?;
    let reader = Reader::load(app, request, source).await?;
    let wanted = match days {
        Days::Range(range) => {
            let range = range.until_today(reader.stored.country, reader.invocation.now())?;
            Wanted { range, before: None, given_up: None }
        }
        Days::Cursor(text) => followed(&reader, &text).ok_or_else(|| {
            Problem::new(Code::CursorInvalid).about("cursor", "as an earlier answer of this account gave it")
        })?,
    };
    Ok((reader, wanted))
}

/// What a cursor stands for, if it is one of this account under this consent, for this way of asking.
fn followed(reader: &Reader<'_>, text: &str) -> Option<Wanted> {
    let (key, now) = (&reader.invocation.material.identity, reader.invocation.now());
    let cursor = Cursor::open(text, key, bound(reader, reader.wanted().ok()?), now)?;
    let position = Some(cursor.position).filter(|_| cursor.source == reader.wants_source())?;
    let (days, given_up) = (position.days(reader.today())?, position.given_up(reader.today()));
    let range = DateRange { from: days.from(), to: days.to() };
    Some(Wanted { range, before: Some(position).filter(|it| it.rest.is_some()), given_up })
}

fn bound<'a>(reader: &'a Reader<'_>, account: &'a AccountId) -> Bound<'a> {
    Bound { owner: &reader.stored.owner, consent: &reader.stored.id, account }
}

/// What the caller asked for, and what of it the bank shows.
struct Asked {
    wanted: Wanted,
    shown: Window,
    history_from: Date,
}

impl Asked {
    /// # Errors
    /// `interval_refused` where all of it is older than the bank shows.
    fn of(reader: &Reader<'_>, wanted: Wanted, account: &AccountEntry) -> Result<Self, Problem> {
        let history_from = reader.history_from(&account.currency);
        let shown = Window::new(wanted.range.from.max(history_from), wanted.range.to);
        let shown = shown.ok_or(Problem::new(Code::IntervalRefused))?;
        Ok(Self { wanted, shown, history_from })
    }

    fn rows(&self, reader: &Reader<'_>, account: AccountEntry) -> Rows {
        let cap = reader.invocation.app.config.limits.cap(reader.stored.psu_type);
        Rows { account, range: self.shown, cap }
    }

    fn answer(self, reader: &Reader<'_>, rows: &Rows, reading: Reading) -> Answer {
        let DateRange { from, to } = self.wanted.range;
        let history_from = reading.moved_to.unwrap_or(self.history_from);
        let rest = reading.rest.and_then(|rest| Window::new(from, rest.to()));
        let mut statement = reading.statement(&reader.invocation.material.identity, &rows.account.id);
        let older = Window::new(from, to).and_then(|all| all.before(self.shown.from()));
        if rest.is_none() {
            statement.findings.extend(older.map(Finding::HistoryEnds));
        }
        statement.findings.extend(self.wanted.given_up.map(Finding::GivenUp));
        count(&statement);
        self.fitted(reader, &rows.account.id, history_from, statement, rest)
    }

    /// What fits into one answer of Lambda's. If that is not all, the answer ends with a whole day, and the rest is for
    /// the next one.
    fn fitted(
        &self,
        reader: &Reader<'_>,
        account: &AccountId,
        history_from: Date,
        mut statement: Statement,
        mut rest: Option<Window>,
    ) -> Answer {
        let DateRange { from, to } = self.wanted.range;
        loop {
            let first = rest.and_then(|rest| rest.to().tomorrow().ok()).unwrap_or(from);
            let cursor = self.next(reader, account, &statement, rest);
            let view = StatementView::of(account, DateRange { from: first, to }, history_from, &statement);
            let oversize = match reader.fitted(&view.going_on(cursor, rest.is_some()))? {
                Ok(answer) => return Ok(answer),
                Err(oversize) => oversize,
            };
            let begins = statement.beginning(oversize.kept(statement.booked.len()));
            let begins = begins.ok_or(Problem::new(Code::BankAnswerUnusable))?;
            rest = begins.yesterday().ok().and_then(|last| Window::new(from, last));
            statement = statement.since(begins);
        }
    }

    fn next(
        &self,
        reader: &Reader<'_>,
        account: &AccountId,
        statement: &Statement,
        rest: Option<Window>,
    ) -> String {
        let to = self.wanted.range.to;
        let before = self.wanted.before.unwrap_or(Position { rest: None, answered: to, proven: to });
        let missing = statement.missing_from().and_then(|day| day.yesterday().ok());
        let proven = missing.map_or(before.proven, |day| day.min(before.proven));
        let position = Position { rest, proven, answered: before.answered };
        let cursor = Cursor { position, source: reader.wants_source() };
        cursor.seal(&reader.invocation.material.identity, bound(reader, account), reader.invocation.now())
    }
}

fn count(statement: &Statement) {
    for finding in &statement.findings {
        match finding {
            Finding::ChainBreaks(_) => telemetry::count(Metric::ChainBroken),
            Finding::CutShort(_) => telemetry::count(Metric::CutShort),
            _ => {}
        }
    }
}
