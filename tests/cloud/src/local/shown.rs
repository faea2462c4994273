//! What a person at the terminal reads.

use std::io::{self, Write};

use serde_json::Value;

use super::demo;
use super::seed::Seeded;
use super::settings::Settings;
use super::stand_ins::StandIns;
use super::walk::Walked;

/// How far back the call to paste reaches.
const DAYS: i64 = 30;
const DAY_MS: i64 = 86_400_000;

pub(super) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

pub(super) fn addresses(settings: &Settings, stand_ins: &StandIns) -> io::Result<()> {
    line(&format!(
        "Page            {}  (open it in a browser)\n\
         API             {}\n\
         Issuer          {}\n\
         Bank, API       {}  (mutual TLS)\n\
         Bank, sign page {}  (where the authorization url of a consent leads)\n\
         Bank, control   {}  (says what it can do: clock, BankID, faults, ledger)\n\
         Functions       {}\n\
         State           {}",
        stand_ins.page.url(),
        stand_ins.front_door.url(),
        stand_ins.issuer.url(),
        stand_ins.bank.api_url(),
        stand_ins.bank.page_url(),
        stand_ins.bank.control_url(),
        settings.invoke_url(),
        settings.state.display(),
    ))
}

pub(super) fn walked(walked: &Walked) -> io::Result<()> {
    let how =
        if walked.found_again { "found again from an earlier start" } else { "walked by redirect just now" };
    line(&format!("\nConsent {} of {}, {how}. Its accounts:\n", walked.consent_id, demo::USER))?;
    line(&account_table(&walked.accounts))
}

pub(super) fn others(others: &[Seeded]) -> io::Result<()> {
    line(&format!("\nOther consents of {}, by their Idempotency-Key:\n", demo::USER))?;
    for Seeded { key, standing } in others {
        line(&match standing {
            Ok((consent_id, status)) => format!("  {key:<16}{consent_id}  {status}"),
            Err(problem) => format!("  {key:<16}found again, its attempt is over ({problem})"),
        })?;
    }
    Ok(())
}

/// Lines that work when they are pasted as they are.
pub(super) fn next_call(stand_ins: &StandIns, walked: &Walked) -> io::Result<()> {
    let base = format!("{}/v1/consents/{}", stand_ins.front_door.url(), walked.consent_id);
    let first = walked.accounts.pointer("/accounts/0/account_id").and_then(Value::as_str);
    let url = first.map_or_else(
        || format!("{base}/accounts"),
        |id| format!("{base}/accounts/{id}/transactions?{}", last_days(stand_ins.bank.clock().now_ms())),
    );
    let (user, address) = (demo::USER, demo::PSU_ADDRESS);
    line(&format!(
        "\nNext, for example:\n\nTOKEN={}\n\
         curl -s -H \"Authorization: Bearer $TOKEN\" -H 'PSU-IP-Address: {address}' \\\n  '{url}'\n\n\
         A token of anybody: `make token USER_ID={user}`, or curl -s '{}/token?sub={user}'",
        stand_ins.token(user),
        stand_ins.issuer.url(),
    ))
}

/// The last days by the bank's clock, both ends included. Its day in UTC is never ahead of its day in Sweden, where a
/// date in the future would be refused.
fn last_days(now_ms: i64) -> String {
    let day = |ms: i64| {
        let instant = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        instant.strftime("%Y-%m-%d").to_string()
    };
    format!("date_from={}&date_to={}", day(now_ms.saturating_sub(DAYS * DAY_MS)), day(now_ms))
}

/// One line per account and balance, columns as wide as they need to be.
fn account_table(accounts: &Value) -> String {
    let mut rows = vec![["account", "number", "balance", "amount"].map(str::to_owned)];
    for account in accounts.get("accounts").and_then(Value::as_array).into_iter().flatten() {
        let named = first_text(account, &["/name", "/product", "/account_id"]);
        let number = first_text(account, &["/iban", "/bban", "/account_id"]);
        let balances = account.get("balances").and_then(Value::as_array).filter(|list| !list.is_empty());
        let Some(balances) = balances else {
            rows.push([named, number, "-".to_owned(), first_text(account, &["/currency"])]);
            continue;
        };
        for (index, balance) in balances.iter().enumerate() {
            let shown = |text: &String| if index == 0 { text.clone() } else { String::new() };
            let kind = first_text(balance, &["/kind"]);
            let amount = first_text(balance, &["/amount"]);
            let currency = first_text(balance, &["/currency"]);
            rows.push([shown(&named), shown(&number), kind, format!("{amount} {currency}")]);
        }
    }
    aligned(&rows)
}

fn first_text(value: &Value, pointers: &[&str]) -> String {
    let texts = pointers.iter().filter_map(|pointer| value.pointer(pointer).and_then(Value::as_str));
    texts.map(str::to_owned).next().unwrap_or_default()
}

fn aligned(rows: &[[String; 4]]) -> String {
    let wide =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let lines = rows.iter().map(|[name, number, kind, amount]| {
        let width = |column: usize| wide(column).unwrap_or(0);
        let (w0, w1, w2, w3) = (width(0), width(1), width(2), width(3));
        format!("  {name:<w0$}  {number:<w1$}  {kind:<w2$}  {amount:>w3$}")
    });
    lines.collect::<Vec<_>>().join("\n")
}
