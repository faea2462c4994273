//! Nothing of the bank's answer is lost or doubled, and what may be missing is said: a customer with 20 000 rows, a bank
//! that cuts its answers, with a sign or without.

use crate::world::{Person, Setting, World, client::swedish, only_in_process};
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault, FaultOrder, OverCap};
use std::collections::{BTreeMap, BTreeSet};

only_in_process![
    every_row_that_the_cap_lets_through_is_there_and_only_the_capped_day_is_flagged,
    a_cut_at_a_number_that_nobody_knows_is_found_out_and_made_good,
    a_bank_that_refuses_more_rows_than_its_cap_is_read_all_the_same,
    ids_are_the_same_in_whatever_ranges_a_caller_asks,
    twins_of_one_day_are_two_rows_with_two_ids,
    balances_that_do_not_join_are_found_counted_and_said,
    a_range_older_than_the_bank_shows_is_cut_and_one_that_is_all_older_refused,
    an_oldest_day_that_the_bank_refuses_is_left_out_and_said,
    a_bank_that_refuses_every_interval_is_asked_six_times,
    a_read_of_many_windows_leaves_one_audit_line,
    a_token_that_dies_between_two_windows_is_refreshed_once,
    a_year_of_a_company_is_one_call,
    card_rows_have_ids_and_coverage_too,
];

/// The stall's account: whose it is, the consent, the account's path and its IBAN.
struct Stall<'w> {
    mia: Person<'w>,
    path: String,
    iban: String,
}

impl<'w> Stall<'w> {
    async fn connect(world: &'w World) -> Self {
        let mia = world.person();
        let id = mia.connect_as(&swedish("redirect"), "se-mia").await;
        let accounts = mia.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
        let account = &accounts["accounts"][0];
        let path = format!("/v1/consents/{id}/accounts/{}", account["account_id"].as_str().unwrap());
        Self { mia, path, iban: account["iban"].as_str().unwrap().to_owned() }
    }

    async fn rows(&self, from: &str, to: &str) -> Value {
        let path = format!("{}/transactions?date_from={from}&date_to={to}", self.path);
        self.mia.get(&path).await.expect(200)
    }

    /// All that the bank has in 15 months.
    async fn all(&self) -> Value {
        self.rows(FROM, TO).await
    }
}

/// As old as the bank shows on the day that every world begins.
const FROM: &str = "2024-10-15";
const TO: &str = "2026-01-15";
const FAIR: &str = "2025-08-30";

type Says = (String, String, i64, String);

fn minor(amount: &str) -> i64 {
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{cents:0<2}").parse().unwrap()
}

/// How often each row is there: day, day of purchase, amount, text.
fn counted(rows: &Value) -> BTreeMap<Says, usize> {
    let mut counts = BTreeMap::new();
    for row in rows["booked"].as_array().unwrap() {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        let says = (text("booking_date"), text("transaction_date"), minor(&text("amount")), text("text"));
        *counts.entry(says).or_default() += 1;
    }
    counts
}

/// The truth from `FROM` on.
fn truth(world: &World, iban: &str) -> BTreeMap<Says, usize> {
    let mut counts = BTreeMap::new();
    for row in world.bank.booked(iban).into_iter().filter(|row| row.booked.as_str() >= FROM) {
        *counts.entry((row.booked, row.transacted, row.minor, row.text)).or_default() += 1;
    }
    counts
}

fn is_of(day: &str) -> impl Fn(&(&Says, &usize)) -> bool {
    move |((booked, ..), _)| booked == day
}

fn ids(rows: &Value) -> BTreeSet<String> {
    let booked = rows["booked"].as_array().unwrap();
    let ids: BTreeSet<String> =
        booked.iter().map(|row| row["transaction_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), booked.len(), "an id twice");
    ids
}

fn incomplete(rows: &Value) -> Vec<Value> {
    let coverage = rows["coverage"].as_array().unwrap();
    coverage.iter().filter(|window| window["complete"] == false).cloned().collect()
}

/// All of the truth is there, but for the fair, of which there are so many rows; only that day is flagged.
fn only_the_fair_is_cut(world: &World, stall: &Stall<'_>, rows: &Value, at: usize) {
    let (read, truth) = (counted(rows), truth(world, &stall.iban));
    let others = |counts: &BTreeMap<Says, usize>| -> BTreeMap<Says, usize> {
        counts.iter().filter(|row| !is_of(FAIR)(row)).map(|(says, count)| (says.clone(), *count)).collect()
    };
    assert_eq!(others(&read), others(&truth));
    assert!(read.iter().filter(is_of(FAIR)).all(|(says, count)| *count <= truth[says]));
    assert_eq!(read.iter().filter(is_of(FAIR)).map(|(_, count)| count).sum::<usize>(), at);
    let flagged = json!({"date_from": FAIR, "date_to": FAIR, "complete": false, "proven_by": null});
    assert_eq!(incomplete(rows), [flagged]);
    let partial = rows["booked"].as_array().unwrap().iter().filter(|row| row["identity"] != "stable");
    let partial: Vec<_> = partial.map(|row| (&row["identity"], &row["booking_date"])).collect();
    assert_eq!(partial.len(), at);
    assert!(partial.iter().all(|row| *row == (&json!("partial_day"), &json!(FAIR))));
}

/// The fewest windows of whole days whose answers stay under the cap.
fn fewest(truth: &BTreeMap<Says, usize>, cap: usize) -> usize {
    let mut days: BTreeMap<&str, usize> = BTreeMap::new();
    for ((booked, ..), count) in truth {
        *days.entry(booked).or_default() += count;
    }
    let (mut calls, mut left) = (0, 0);
    for rows in days.values() {
        if *rows > left {
            calls += 1;
            left = (cap - 1).max(*rows);
        }
        left -= rows;
    }
    calls
}

async fn every_row_that_the_cap_lets_through_is_there_and_only_the_capped_day_is_flagged(world: &World) {
    let stall = Stall::connect(world).await;
    let before = world.at_bank("accounts.transactions");
    let rows = stall.all().await;
    let calls = world.at_bank("accounts.transactions") - before;
    let truth = truth(world, &stall.iban);
    assert!(truth.values().sum::<usize>() > 19_500);
    only_the_fair_is_cut(world, &stall, &rows, 600);
    assert_eq!(rows["findings"], json!([{"code": "day_at_cap", "date_from": FAIR, "date_to": FAIR}]));
    let fewest = fewest(&truth, 600);
    assert!(calls <= 2 * fewest, "{calls} calls, {fewest} at best");
    let proofs: BTreeSet<String> =
        rows["coverage"].as_array().unwrap().iter().map(|window| window["proven_by"].to_string()).collect();
    assert_eq!(proofs, ["\"balance_chain\"", "\"under_cap\"", "null"].map(str::to_owned).into());
    assert_eq!((&rows["history_from"], &rows["date_from"]), (&json!(FROM), &json!(FROM)));
}

async fn a_cut_at_a_number_that_nobody_knows_is_found_out_and_made_good(world: &World) {
    let stall = Stall::connect(world).await;
    world.bank.change_switches(|switches| switches.silent_cut = Some(550));
    let rows = stall.all().await;
    only_the_fair_is_cut(world, &stall, &rows, 550);
    let findings = rows["findings"].as_array().unwrap();
    assert!(findings.contains(&json!({"code": "cut_short", "rows": 550})), "{findings:?}");
    assert!(world.lines.lock().unwrap().iter().any(|line| line.contains(r#""cut_short":1"#)));
}

async fn a_bank_that_refuses_more_rows_than_its_cap_is_read_all_the_same(world: &World) {
    let stall = Stall::connect(world).await;
    world.bank.change_switches(|switches| switches.over_cap = OverCap::Refuse);
    let rows = stall.rows("2025-09-01", TO).await;
    let truth = truth(world, &stall.iban);
    let of_range = truth.into_iter().filter(|((booked, ..), _)| booked.as_str() >= "2025-09-01");
    assert_eq!(counted(&rows), of_range.collect());
    assert!(incomplete(&rows).is_empty());
    let path = format!("{}/transactions?date_from={FAIR}&date_to={FAIR}", stall.path);
    stall.mia.get(&path).await.problem(502, "bank_unrecognised");
}

async fn ids_are_the_same_in_whatever_ranges_a_caller_asks(world: &World) {
    let stall = Stall::connect(world).await;
    let whole = ids(&stall.rows("2025-10-01", TO).await);
    let mut parts = BTreeSet::new();
    for (from, to) in
        [("2025-12-24", TO), ("2025-10-10", "2025-12-31"), ("2025-10-01", "2025-10-10"), (TO, TO)]
    {
        parts.extend(ids(&stall.rows(from, to).await));
    }
    assert_eq!(parts, whole);
    // Another consent of the same person: the bank's own ids are others, ours are not.
    let id = stall.mia.connect_as(&swedish("redirect"), "se-mia").await;
    let account = stall.path.rsplit('/').next().unwrap();
    let path = format!("/v1/consents/{id}/accounts/{account}/transactions?date_from=2025-10-01&date_to={TO}");
    assert_eq!(ids(&stall.mia.get(&path).await.expect(200)), whole);
}

async fn twins_of_one_day_are_two_rows_with_two_ids(world: &World) {
    let stall = Stall::connect(world).await;
    let rows = stall.rows("2026-01-10", TO).await;
    let twins = counted(&rows).values().filter(|count| **count > 1).count();
    assert!(twins > 10, "{twins}");
    ids(&rows);
    assert!(rows["booked"].as_array().unwrap().iter().all(|row| row["identity"] == "stable"));
}

/// Two rows of a bank whose balances leave something out between them.
fn gap() -> String {
    let row = |day: &str, amount: i64, balance: i64| {
        json!({"amount": {"content": amount, "currency": "SEK"}, "creditDebit": "CREDITED", "status": "BOOKED",
            "balance": {"amount": {"content": balance, "currency": "SEK"}, "balanceType": "BOOKED"},
            "ledgerDate": day, "transactionDate": day, "remittanceInformation": "Swish 100"})
    };
    json!({"transactions": [row("2026-01-12", 25, 1_000), row("2026-01-11", 25, 900)]}).to_string()
}

async fn balances_that_do_not_join_are_found_counted_and_said(world: &World) {
    let stall = Stall::connect(world).await;
    let fault = Fault::Answer { status: 200, headers: Vec::new(), body: gap(), executed: false };
    world.bank.fault(FaultOrder { call: CallKind::AccountsTransactions, fault, times: 1, skip: 0 });
    let rows = stall.rows("2026-01-10", TO).await;
    let found = json!([{"code": "chain_breaks", "date_from": "2026-01-11", "date_to": "2026-01-12"}]);
    assert_eq!(rows["findings"], found);
    assert_eq!(incomplete(&rows).len(), 1);
    assert!(world.lines.lock().unwrap().iter().any(|line| line.contains(r#""chain_broken":1"#)));
}

async fn a_range_older_than_the_bank_shows_is_cut_and_one_that_is_all_older_refused(world: &World) {
    let stall = Stall::connect(world).await;
    let rows = stall.rows("2023-01-01", "2024-10-20").await;
    assert_eq!(rows["history_from"], FROM);
    assert_eq!(
        rows["findings"],
        json!([{"code": "history_ends", "date_from": "2023-01-01", "date_to": "2024-10-14"}])
    );
    assert_eq!(rows["coverage"][0]["date_from"], FROM);
    let before = world.at_bank("accounts.transactions");
    let older = format!("{}/transactions?date_from=2023-01-01&date_to=2024-10-14", stall.path);
    stall.mia.get(&older).await.problem(400, "interval_refused");
    assert_eq!(world.at_bank("accounts.transactions"), before, "the bank is not asked");
}

fn invalid_interval(times: u32) -> FaultOrder {
    let body = r#"{"httpCode":"400","httpMessage":"Bad Request","moreInformation":"Invalid time interval"}"#;
    let fault = Fault::Answer { status: 400, headers: Vec::new(), body: body.to_owned(), executed: false };
    FaultOrder { call: CallKind::AccountsTransactions, fault, times, skip: 0 }
}

async fn an_oldest_day_that_the_bank_refuses_is_left_out_and_said(world: &World) {
    let stall = Stall::connect(world).await;
    world.bank.fault(invalid_interval(2));
    let rows = stall.rows("2026-01-01", "2026-01-05").await;
    let moved = "2026-01-03";
    assert_eq!(rows["findings"], json!([{"code": "bound_moved", "date_from": moved, "date_to": moved}]));
    assert_eq!((&rows["history_from"], &rows["coverage"][0]["date_from"]), (&json!(moved), &json!(moved)));
    assert!(rows["booked"].as_array().unwrap().iter().all(|row| row["booking_date"].as_str() >= Some(moved)));
}

async fn a_bank_that_refuses_every_interval_is_asked_six_times(world: &World) {
    let stall = Stall::connect(world).await;
    world.bank.fault(invalid_interval(10));
    let before = world.at_bank("accounts.transactions");
    let path = format!("{}/transactions?date_from=2025-10-01&date_to={TO}", stall.path);
    stall.mia.get(&path).await.problem(400, "interval_refused");
    assert_eq!(world.at_bank("accounts.transactions") - before, 6);
}

fn audit_lines(world: &World) -> Vec<Value> {
    let lines = world.lines.lock().unwrap();
    let parsed = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed.filter(|line| line["audit"] == "transactions").collect()
}

async fn a_read_of_many_windows_leaves_one_audit_line(world: &World) {
    let stall = Stall::connect(world).await;
    let before = world.at_bank("accounts.transactions");
    stall.rows("2025-10-01", TO).await;
    assert!(world.at_bank("accounts.transactions") - before > 5);
    let lines = audit_lines(world);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["outcome"], "ok");
}

async fn a_token_that_dies_between_two_windows_is_refreshed_once(world: &World) {
    let stall = Stall::connect(world).await;
    let whole = ids(&stall.rows("2025-10-01", TO).await);
    let fault =
        FaultOrder { call: CallKind::AccountsTransactions, fault: Fault::TokenNotActive, times: 1, skip: 2 };
    world.bank.fault(fault);
    let before = world.at_bank("token.refresh_token");
    assert_eq!(ids(&stall.rows("2025-10-01", TO).await), whole);
    assert_eq!(world.at_bank("token.refresh_token") - before, 1);
    assert_eq!(audit_lines(world).len(), 2);
}

async fn a_year_of_a_company_is_one_call(world: &World) {
    let company = world.person();
    let body = json!({"country": "SE", "psu_type": "corporate", "psu_corporate_id": "5599990016",
        "authorization": {"method": "redirect", "app": "android"}});
    let id = company.connect_as(&body, "se-corp").await;
    let accounts = company.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    let account = accounts["accounts"][0]["account_id"].as_str().unwrap();
    let before = world.at_bank("accounts.transactions");
    let path = format!("/v1/consents/{id}/accounts/{account}/transactions?date_from=2024-11-15&date_to={TO}");
    let rows = company.get(&path).await.expect(200);
    assert!(ids(&rows).len() > 2_000 && incomplete(&rows).is_empty());
    assert_eq!(rows["history_from"], "2024-11-15");
    assert_eq!(world.at_bank("accounts.transactions") - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_sends_more_rows_than_its_cap_is_doubted_or_trusted_as_configured() {
    let mut seen = Vec::new();
    for over in ["doubt", "trust"] {
        let overrides = vec![("ROW_CAP", "100".to_owned()), ("OVER_ROW_CAP", over.to_owned())];
        let world = World::with(Setting { overrides, ..Setting::default() }).await;
        let stall = Stall::connect(&world).await;
        let before = world.at_bank("accounts.transactions");
        let rows = stall.rows("2026-01-05", TO).await;
        assert!(incomplete(&rows).is_empty());
        seen.push((ids(&rows), world.at_bank("accounts.transactions") - before));
    }
    let [(doubted, many), (trusted, one)] = seen.as_slice() else { panic!() };
    assert!(doubted.len() > 300);
    assert_eq!((doubted == trusted || doubted.len() == trusted.len(), *one), (true, 1));
    assert!(*many > 4, "{many}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn card_rows_over_a_cap_that_is_configured_are_read_in_windows() {
    let overrides = vec![("ROW_CAP", "40".to_owned())];
    let world = World::with(Setting { overrides, ..Setting::default() }).await;
    let anna = world.person();
    let id = anna.connect().await;
    let cards = anna.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    let card = cards["card_accounts"][1]["account_id"].as_str().unwrap();
    let path =
        format!("/v1/consents/{id}/card-accounts/{card}/transactions?date_from=2025-06-01&date_to={TO}");
    let read = async || {
        let before = world.at_bank("cards.transactions");
        let rows = anna.get(&path).await.expect(200);
        (ids(&rows), incomplete(&rows), world.at_bank("cards.transactions") - before)
    };
    world.bank.change_switches(|switches| switches.row_cap = 40);
    let (capped, open, calls) = read().await;
    world.bank.change_switches(|switches| switches.row_cap = 10_000);
    let (whole, ..) = read().await;
    assert_eq!((capped, open), (whole.clone(), Vec::new()));
    assert!(whole.len() > 100 && calls > 3, "{} rows, {calls} calls", whole.len());
}

async fn card_rows_have_ids_and_coverage_too(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let cards = anna.get(&format!("/v1/consents/{id}/card-accounts")).await.expect(200);
    let card = cards["card_accounts"][1]["account_id"].as_str().unwrap();
    let path = format!("/v1/consents/{id}/card-accounts/{card}/transactions");
    let rows = anna.get(&format!("{path}?date_from=2025-10-01&date_to={TO}")).await.expect(200);
    assert!(ids(&rows).len() > 50 && !rows["pending"].as_array().unwrap().is_empty());
    let window =
        json!({"date_from": "2025-10-01", "date_to": TO, "complete": true, "proven_by": "under_cap"});
    assert_eq!(rows["coverage"], json!([window]));
}
