//! The rows of an account as callers see them, and what is known of them.

use crate::view::source;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use shared::{
    account::{Money, Transaction},
    http::DateRange,
    ledger::{Booked, Covered, Finding, Pending, Statement},
    types::{AccountId, Date, DayText, TransactionId},
};
use std::fmt;

/// One row, as it stands in the statement: a long answer is written without copying it first. Which fields there are
/// differs by country; what the bank did not send is absent.
#[derive(Serialize)]
struct Row<'a> {
    transaction_id: Id,
    /// `stable`, `partial_day`, `undated`; booked rows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'static str>,
    /// The pending row of this answer that this one may be the settlement of.
    #[serde(skip_serializing_if = "Option::is_none")]
    may_settle: Option<Id>,
    #[serde(serialize_with = "digits")]
    amount: &'a Money,
    currency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_date: Option<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance_after: Option<Amount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_pan: Option<&'a str>,
    /// The bank's own object.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Box<RawValue>>,
}

/// An amount: sign and digits as the bank sent them, and its currency.
#[derive(Serialize)]
struct Amount<'a> {
    #[serde(serialize_with = "digits")]
    amount: &'a Money,
    currency: &'a str,
}

struct Id(TransactionId);

struct Day(Date);

#[derive(Serialize)]
struct CoveredView {
    date_from: String,
    date_to: String,
    complete: bool,
    /// `under_cap`, `balance_chain`, or null.
    proven_by: Option<&'static str>,
}

#[derive(Serialize)]
struct FindingView {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<usize>,
}

/// A body of `GET …/transactions`, without what is known of the consent.
#[derive(Serialize)]
pub struct StatementView<'a> {
    account_id: &'a str,
    date_from: String,
    date_to: String,
    /// The oldest day that the bank shows of this account.
    history_from: String,
    #[serde(serialize_with = "rows")]
    booked: &'a [Booked],
    /// Those of one read (all its answers together) replace those of the read before, for the days of the range.
    #[serde(serialize_with = "rows")]
    pending: &'a [Pending],
    coverage: Vec<CoveredView>,
    findings: Vec<FindingView>,
    /// Where to go on: at once if there is `more`, else whenever the account is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// Whether older days of the range are still to be read.
    more: bool,
}

impl<'a> StatementView<'a> {
    /// Of the rows of a range of days.
    pub fn of(id: &'a AccountId, range: DateRange, history_from: Date, statement: &'a Statement) -> Self {
        Self {
            account_id: id.as_str(),
            date_from: range.from.to_string(),
            date_to: range.to.to_string(),
            history_from: history_from.to_string(),
            booked: &statement.booked,
            pending: &statement.pending,
            coverage: statement.coverage.iter().map(CoveredView::from).collect(),
            findings: statement.findings.iter().map(FindingView::from).collect(),
            next_cursor: None,
            more: false,
        }
    }

    /// With where to go on.
    #[must_use]
    pub(crate) fn going_on(self, cursor: String, more: bool) -> Self {
        Self { next_cursor: Some(cursor), more, ..self }
    }
}

// Rows are not for logs.
impl fmt::Debug for StatementView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatementView").field("rows", &self.booked.len()).finish_non_exhaustive()
    }
}

fn rows<'a, R, S: Serializer>(rows: &'a [R], serializer: S) -> Result<S::Ok, S::Error>
where
    Row<'a>: From<&'a R>,
{
    serializer.collect_seq(rows.iter().map(Row::from))
}

fn digits<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&money.amount)
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.with_text(|text| serializer.serialize_str(text))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(DayText::of(self.0).as_str())
    }
}

impl<'a> Amount<'a> {
    fn of(money: &'a Money) -> Self {
        Self { amount: money, currency: money.currency.as_str() }
    }
}

impl<'a> Row<'a> {
    fn of(id: TransactionId, row: &'a Transaction) -> Self {
        Self {
            transaction_id: Id(id),
            identity: None,
            may_settle: None,
            amount: &row.amount,
            currency: row.amount.currency.as_str(),
            booking_date: row.booking_date.map(Day),
            transaction_date: row.transaction_date.map(Day),
            value_date: row.value_date.map(Day),
            text: row.text.as_deref(),
            counterparty: row.counterparty.as_deref(),
            balance_after: row.balance_after.as_ref().map(Amount::of),
            masked_pan: row.masked_pan.as_deref(),
            source: source(row.source.as_deref()),
        }
    }
}

impl<'a> From<&'a Booked> for Row<'a> {
    fn from(booked: &'a Booked) -> Self {
        Self {
            identity: Some(booked.identity.name()),
            may_settle: booked.may_settle.map(Id),
            ..Self::of(booked.id, &booked.row)
        }
    }
}

impl<'a> From<&'a Pending> for Row<'a> {
    fn from(pending: &'a Pending) -> Self {
        Self::of(pending.id, &pending.row)
    }
}

impl From<&Covered> for CoveredView {
    fn from(covered: &Covered) -> Self {
        Self {
            date_from: covered.window.from().to_string(),
            date_to: covered.window.to().to_string(),
            complete: covered.proof.is_some(),
            proven_by: covered.proof.map(shared::ledger::Proof::name),
        }
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        let (date_from, date_to) =
            finding.days().map(|(from, to)| (from.to_string(), to.to_string())).unzip();
        Self { code: finding.code(), date_from, date_to, rows: finding.rows() }
    }
}
