//! What it costs to make an answer of ours from an answer of the bank: parse, identity and coverage, normalise, write. All
//! of it is what a request runs, but for the network on either side and the row cap.

use crate::{
    Outcome,
    contest::{Times, in_turns},
    peak, rows,
    table::{keep, mebibytes, ratio, spread as shown},
};
use account_fetch::StatementView;
use lambda_http::Body;
use serde::de::IgnoredAny;
use serde_json::Value;
use shared::{
    bank::answer,
    http::{self, DateRange},
    ledger::{Cap, Plan, Proof, Statement, Window},
    types::{AccountId, IdentityKey},
};
use std::{env, fmt::Write as _, process::Command};

/// Rows, and how often each contestant runs with so many.
const SIZES: [(usize, usize); 3] = [(1_000, 201), (10_000, 61), (100_000, 21)];
const NAMES: [&str; 4] = ["ours", "value", "checked", "copy"];

/// Measures, writes the table down, and returns it.
///
/// # Errors
/// If a contestant does not do its work.
pub(crate) fn measured() -> Outcome<String> {
    let mut table = String::from(HEAD);
    for (rows, rounds) in SIZES {
        let body = rows::body(rows)?;
        check(&body, rows)?;
        let contestants: Vec<_> = NAMES.iter().map(|name| || run(name, &body).unwrap_or(0)).collect();
        let contestants: Vec<&dyn Fn() -> usize> =
            contestants.iter().map(|one| one as &dyn Fn() -> usize).collect();
        let times = in_turns(rounds, &contestants);
        let [ours, value, checked, copy] = times.as_slice() else {
            return Err("a contestant is missing".into());
        };
        let per_row = ours.fastest().as_nanos() / rows as u128;
        let (ours_peak, value_peak) = (peak_of("ours", rows)?, peak_of("value", rows)?);
        let against = |other: &Times| {
            let fastest = ratio(ours.fastest(), other.fastest());
            format!("**{}** ({fastest})", ratio(ours.median(), other.median()))
        };
        writeln!(
            table,
            "| {rows} | {} | {} | {} | {} | {} | {per_row} | {} | {} | {} | {} | {} |",
            mebibytes(body.len() / 1024),
            shown(ours),
            shown(value),
            shown(checked),
            shown(copy),
            against(value),
            against(checked),
            against(copy),
            mebibytes(ours_peak),
            mebibytes(value_peak),
        )?;
    }
    keep("transactions", &table)?;
    Ok(table)
}

const HEAD: &str = "\
`transactions`: an answer of the bank in memory becomes an answer of ours in memory. Milliseconds, median (all but the
fastest and slowest tenth of the rounds); contestants take turns in one process. *Value*: `serde_json::Value` of the same
bytes, written again. *Checked copy*: UTF-8 and JSON grammar, numbers included, then a copy. Ratios are of the medians, and in
brackets of the fastest rounds, which other work on the machine disturbs least; so is the time per row. *Peak*: how much the
resident set of a process of its own grows beyond the answer of the bank, in MiB.

| rows | MiB | ours | Value | checked copy | plain copy | ours, ns per row | ours ÷ Value | ours ÷ checked copy | ours ÷ plain copy | peak of ours | peak of Value |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
";

/// One run of a contestant; how many bytes came of it.
fn run(name: &str, body: &[u8]) -> Outcome<usize> {
    match name {
        "ours" => written(&statement(body)?).map(|text| text.len()),
        "value" => Ok(serde_json::to_vec(&serde_json::from_slice::<Value>(body)?)?.len()),
        "checked" => {
            serde_json::from_str::<IgnoredAny>(str::from_utf8(body)?)?;
            Ok(copied(body))
        }
        "copy" => Ok(copied(body)),
        _ => Err("no such contestant".into()),
    }
}

fn copied(body: &[u8]) -> usize {
    std::hint::black_box(body.to_vec()).len()
}

/// Rows with names, and what is known of them.
fn statement(body: &[u8]) -> Outcome<Statement> {
    let mut plan = Plan::new(range()?, Cap::new(usize::MAX, usize::MAX), 1);
    let rows = answer::transactions(body).map_err(|fault| fault.code())?;
    let window = plan.ask().pop().ok_or("nothing to ask")?;
    plan.answer(window, rows);
    let key = IdentityKey::new(&[1; 32]).map_err(|_| "no key")?;
    Ok(plan.finish().statement(&key, &account()))
}

fn account() -> AccountId {
    AccountId::account(&[7; 16])
}

fn range() -> Outcome<Window> {
    let from = rows::NEWEST.checked_sub(jiff::Span::new().days(i64::try_from(rows::DAYS)? - 1))?;
    Ok(Window::new(from, rows::NEWEST).ok_or("no window")?)
}

fn written(statement: &Statement) -> Outcome<String> {
    let range = range()?;
    let days = DateRange { from: range.from(), to: range.to() };
    let account = account();
    let view = StatementView::of(&account, days, range.from(), statement);
    match http::json(200, &view).map_err(|problem| problem.code().id())?.into_body() {
        Body::Text(text) => Ok(text),
        _ => Err("no text".into()),
    }
}

/// The work is done: every row is there under a name of its own, and the balances prove it.
fn check(body: &[u8], rows: usize) -> Outcome<()> {
    let statement = statement(body)?;
    let named = statement.booked.iter().map(|row| row.id).chain(statement.pending.iter().map(|row| row.id));
    let ids: std::collections::BTreeSet<_> = named.collect();
    let shown = written(&statement)?.matches("\"transaction_id\"").count();
    let proven = statement.coverage.iter().all(|covered| covered.proof == Some(Proof::UnderCap));
    let is_done = ids.len() == rows && shown == rows && proven && statement.findings.is_empty();
    if is_done { Ok(()) } else { Err(format!("{} ids, {:?}", ids.len(), statement.findings).into()) }
}

/// In a process of its own: by how many KiB it grows.
fn peak_of(name: &str, rows: usize) -> Outcome<usize> {
    let own = env::current_exe()?;
    let output = Command::new(own).args(["transactions", "peak", name, &rows.to_string()]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// By how many KiB this process grows while a contestant runs once.
///
/// # Errors
/// If there is no such contestant, or no `/proc`.
pub(crate) fn peak(name: &str, rows: usize) -> Outcome<usize> {
    let body = rows::body(rows)?;
    let mut done = Err("has not run".into());
    let growth = peak::growth(|| done = run(name, &body))?;
    done.map(|_| growth)
}
