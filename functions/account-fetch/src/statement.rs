//! The rows of an account as callers see them, and what is known of them.

use crate::view::Amount;
use serde::Serialize;
use shared::{
    account::Transaction,
    http::DateRange,
    ledger::{Booked, Covered, Finding, Pending, Statement},
    types::{AccountId, Date, TransactionId},
};

/// One row. Which fields there are differs by country; what the bank did not send is absent.
#[derive(Serialize)]
struct Row {
    transaction_id: String,
    /// `stable`, `partial_day`, `undated`; booked rows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'static str>,
    /// The pending row of this answer that this one may be the settlement of.
    #[serde(skip_serializing_if = "Option::is_none")]
    may_settle: Option<String>,
    amount: String,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    booking_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance_after: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    masked_pan: Option<String>,
}

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
pub struct StatementView {
    account_id: String,
    date_from: String,
    date_to: String,
    /// The oldest day that the bank shows of this account.
    history_from: String,
    booked: Vec<Row>,
    /// Replaces the pending rows of every earlier answer.
    pending: Vec<Row>,
    coverage: Vec<CoveredView>,
    findings: Vec<FindingView>,
}

impl StatementView {
    /// Of the rows of a range of days.
    pub fn of(id: &AccountId, range: DateRange, history_from: Date, statement: &Statement) -> Self {
        Self {
            account_id: id.as_str().to_owned(),
            date_from: range.from.to_string(),
            date_to: range.to.to_string(),
            history_from: history_from.to_string(),
            booked: statement.booked.iter().map(Row::from).collect(),
            pending: statement.pending.iter().map(Row::from).collect(),
            coverage: statement.coverage.iter().map(CoveredView::from).collect(),
            findings: statement.findings.iter().map(FindingView::from).collect(),
        }
    }
}

impl Row {
    fn of(id: TransactionId, row: &Transaction) -> Self {
        let date = |date: Option<Date>| date.map(|date| date.to_string());
        Self {
            transaction_id: id.to_string(),
            identity: None,
            may_settle: None,
            amount: row.amount.amount_text(),
            currency: row.amount.currency.as_str().to_owned(),
            booking_date: date(row.booking_date),
            transaction_date: date(row.transaction_date),
            value_date: date(row.value_date),
            text: row.text.clone(),
            counterparty: row.counterparty.clone(),
            balance_after: row.balance_after.as_ref().map(Amount::from),
            masked_pan: row.masked_pan.clone(),
        }
    }
}

impl From<&Booked> for Row {
    fn from(booked: &Booked) -> Self {
        Self {
            identity: Some(booked.identity.name()),
            may_settle: booked.may_settle.map(|id| id.to_string()),
            ..Self::of(booked.id, &booked.row)
        }
    }
}

impl From<&Pending> for Row {
    fn from(pending: &Pending) -> Self {
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
