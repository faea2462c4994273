//! Amounts survive byte for byte, and so does the bank's own object for whoever may see it.

use crate::world::{Person, World, client::swedish, only_in_process};
use serde_json::Value;
use simulated_bank::{CallKind, Fault, FaultOrder};

only_in_process![
    amounts_come_out_as_they_went_in,
    the_banks_own_object_comes_byte_for_byte_with_the_scope_for_it,
    without_the_scope_nothing_is_called,
    a_renewal_changes_every_account_id_of_the_bank_and_none_of_ours,
];

const RANGE: &str = "date_from=2026-01-01&date_to=2026-01-15";

/// As the bank writes it, and as we do.
const AMOUNTS: [(&str, &str); 9] = [
    ("2000", "2000"),
    ("999.99", "999.99"),
    ("0.1", "0.1"),
    ("1e3", "1000"),
    ("123456789012345678", "123456789012345678"),
    ("9007199254740993", "9007199254740993"),
    ("12345678901234.5670", "12345678901234.5670"),
    ("-0", "0"),
    ("-0.00", "0.00"),
];

fn row(number: usize, amount: &str) -> String {
    format!(
        r#"{{"amount":{{"content":{amount},"currency":"SEK"}} , "creditDebit":"CREDITED","ledgerDate":"2026-01-0{}","remittanceInformation":"r\u00e5d {number}","status":"BOOKED", "unknown":[1.50,{{"deep":-0.0}}]}}"#,
        number % 9 + 1
    )
}

fn rows() -> Vec<String> {
    AMOUNTS.iter().enumerate().map(|(number, (sent, _))| row(number, sent)).collect()
}

fn answer(world: &World, call: CallKind, body: String) {
    let fault = Fault::Answer { status: 200, headers: Vec::new(), body, executed: false };
    world.bank.fault(FaultOrder { call, fault, times: 1, skip: 0 });
}

async fn account(mia: &Person<'_>) -> String {
    let id = mia.connect_as(&swedish("redirect"), "se-mia").await;
    let accounts = mia.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
    format!("/v1/consents/{id}/accounts/{}", accounts["accounts"][0]["account_id"].as_str().unwrap())
}

async fn amounts_come_out_as_they_went_in(world: &World) {
    let mia = world.person();
    let path = account(&mia).await;
    answer(world, CallKind::AccountsTransactions, format!(r#"{{"transactions":[{}]}}"#, rows().join(",")));
    let answer = mia.get(&format!("{path}/transactions?{RANGE}")).await.expect(200);
    let mut seen: Vec<(String, String)> = Vec::new();
    for row in answer["booked"].as_array().unwrap() {
        assert!(row["source"].is_null());
        seen.push((row["text"].as_str().unwrap().to_owned(), row["amount"].as_str().unwrap().to_owned()));
    }
    seen.sort();
    let shown =
        AMOUNTS.iter().enumerate().map(|(number, (_, shown))| (format!("råd {number}"), (*shown).to_owned()));
    assert_eq!(seen, shown.collect::<Vec<_>>());
}

async fn the_banks_own_object_comes_byte_for_byte_with_the_scope_for_it(world: &World) {
    let mia = world.person();
    let path = account(&mia).await;
    let lines = world.lines.lock().unwrap().len();
    answer(world, CallKind::AccountsTransactions, format!(r#"{{"transactions":[{}]}}"#, rows().join(" , ")));
    let rows_answer = mia.get(&format!("{path}/transactions?{RANGE}&include=source")).await;
    for row in rows() {
        assert!(rows_answer.text.contains(&format!("\"source\":{row}")), "{row}");
    }
    rows_answer.expect(200);
    let one = r#"{"accountId":"acc-9","accountType":"Allkonto","balances":[{"amount":{"content":-0.10,"currency":"SEK"},"balanceType":"CURRENT"}] ,"currency":"SEK","iban":"SE9360000000000888000111","new":1E2}"#;
    answer(world, CallKind::AccountsOne, one.to_owned());
    let read = mia.get(&format!("{path}?include=source")).await;
    assert!(read.text.contains(&format!("\"source\":{one}")), "{}", read.text);
    assert_eq!(read.expect(200)["balances"][0]["amount"], "-0.10");
    let list = path.rsplit_once('/').unwrap().0;
    answer(world, CallKind::AccountsList, format!(r#"{{"accounts":[ {one} ]}}"#));
    let listed = mia.get(&format!("{list}?include=source")).await;
    assert!(listed.text.contains(&format!("\"source\":{one}")), "{}", listed.text);
    listed.expect(200);
    let lines = world.lines.lock().unwrap()[lines..].to_vec();
    let audited = lines.iter().filter(|line| line.contains(r#""audit":"#));
    let audited: Vec<Value> = audited.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(audited.len() == 3 && audited.iter().all(|line| line["source"] == true), "{audited:?}");
    assert!(lines.iter().all(|line| !line.contains("råd")), "no payload in a line");
}

async fn without_the_scope_nothing_is_called(world: &World) {
    let mut mia = world.person();
    let path = account(&mia).await;
    let list = path.rsplit_once('/').unwrap().0.to_owned();
    let whole = mia.spec.clone();
    let calls = world.bank.ledger().calls.len();
    let rows = format!("{path}/transactions?{RANGE}");
    for scopes in
        [&["accounts:read"][..], &["accounts:read", "accounts:sources"], &["accounts:read", "source"]]
    {
        mia.spec = whole.clone().scopes(scopes);
        for read in [
            format!("{list}?include=source"),
            format!("{path}?include=source"),
            format!("{rows}&include=source"),
        ] {
            mia.get(&read).await.problem(403, "source_scope_required");
        }
    }
    assert_eq!(world.bank.ledger().calls.len(), calls);
    mia.get(&rows).await.expect(200);
    // Some issuers name scopes in `scp`, as a list.
    mia.spec =
        whole.clone().scopes(&[]).claim("scp", serde_json::json!(["accounts:read", "accounts:source"]));
    mia.get(&format!("{rows}&include=source")).await.expect(200);
    mia.spec = whole;
    for query in ["include=everything", "include=source&include=source", "include=source&fields=all"] {
        mia.get(&format!("{list}?{query}")).await.problem(400, "invalid_request");
    }
}

/// The bank's ids of accounts in its calls so far.
fn bank_ids(world: &World) -> std::collections::BTreeSet<String> {
    let calls = world.bank.ledger().calls;
    let of_rows = calls.iter().filter(|call| call.kind == CallKind::AccountsTransactions);
    of_rows.map(|call| call.target.split('/').rev().nth(1).unwrap().to_owned()).collect()
}

async fn a_renewal_changes_every_account_id_of_the_bank_and_none_of_ours(world: &World) {
    let anna = world.person();
    let id = anna.connect().await;
    let read = async || {
        world.bank.clear_ledger();
        let list = anna.get(&format!("/v1/consents/{id}/accounts")).await.expect(200);
        let mut ours = Vec::new();
        for account in list["accounts"].as_array().unwrap() {
            let account = account["account_id"].as_str().unwrap();
            let path = format!(
                "/v1/consents/{id}/accounts/{account}/transactions?date_from=2025-10-01&date_to=2026-01-15"
            );
            let rows = anna.get(&path).await.expect(200);
            let booked = rows["booked"].as_array().unwrap().iter();
            let ids: Vec<String> =
                booked.map(|row| row["transaction_id"].as_str().unwrap().to_owned()).collect();
            ours.push((account.to_owned(), ids));
        }
        (ours, bank_ids(world))
    };
    let (before, at_bank) = read().await;
    let handle = anna.sign_renewal(&id, "se-anna").await;
    anna.activate(&id, &handle).await.expect(200);
    let (after, then_at_bank) = read().await;
    assert!(before.len() == 4 && before.iter().map(|(_, rows)| rows.len()).sum::<usize>() > 100);
    assert_eq!(before, after);
    assert!(at_bank.len() == 4 && at_bank.is_disjoint(&then_at_bank), "{at_bank:?} {then_at_bank:?}");
}
