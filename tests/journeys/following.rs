//! Following an account by `cursor`: whoever keeps rows by their ids ends up with what the bank has.

use crate::world::{Answer, Person, World, client::swedish, only_in_process};
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::collections::BTreeMap;

only_in_process![
    a_cursor_brings_what_is_new_and_keeping_rows_by_their_ids_makes_the_whole,
    a_cursor_of_somebody_or_something_else_is_refused_and_nothing_is_called,
    a_cursor_ends_after_90_days_and_outlives_a_renewal,
    what_was_missing_is_read_again_until_it_is_there,
    following_goes_on_where_an_old_range_ended,
    what_has_been_missing_for_90_days_is_given_up_and_said_so,
    a_card_is_followed_too,
];

const DAY_MS: i64 = 86_400_000;

/// An account with its rows, as an app keeps them.
struct Kept<'w> {
    person: Person<'w>,
    path: String,
    rows: BTreeMap<String, Value>,
    cursor: String,
}

impl<'w> Kept<'w> {
    async fn begin(world: &'w World, customer: &str, side: &str, from: &str) -> Self {
        let person = world.person();
        let id = person.connect_as(&swedish("redirect"), customer).await;
        let accounts = person.get(&format!("/v1/consents/{id}/{side}")).await.expect(200);
        let list = &accounts[side.replace('-', "_")];
        let path =
            format!("/v1/consents/{id}/{side}/{}/transactions", list[0]["account_id"].as_str().unwrap());
        let mut kept = Self { person, path, rows: BTreeMap::new(), cursor: String::new() };
        let answer = kept.ask(&format!("date_from={from}&date_to=2026-01-15")).await.expect(200);
        kept.keep(&answer);
        kept
    }

    async fn ask(&self, query: &str) -> Answer {
        self.person.get(&format!("{}?{query}", self.path)).await
    }

    /// Inserts what is new, replaces what is there.
    fn keep(&mut self, answer: &Value) {
        for row in answer["booked"].as_array().unwrap() {
            self.rows.insert(row["transaction_id"].as_str().unwrap().to_owned(), row.clone());
        }
        self.cursor = answer["next_cursor"].as_str().unwrap().to_owned();
    }

    async fn follow(&mut self) -> Value {
        let answer = self.ask(&format!("cursor={}", self.cursor)).await.expect(200);
        self.keep(&answer);
        answer
    }
}

/// Rows without what older answers lack or newer ones know better.
fn said(rows: &BTreeMap<String, Value>) -> Vec<(String, Value, Value, Value)> {
    rows.iter()
        .map(|(id, row)| {
            (id.clone(), row["booking_date"].clone(), row["amount"].clone(), row["text"].clone())
        })
        .collect()
}

async fn a_cursor_brings_what_is_new_and_keeping_rows_by_their_ids_makes_the_whole(world: &World) {
    let mut anna = Kept::begin(world, "se-anna", "accounts", "2025-11-01").await;
    let before = anna.rows.len();
    for _ in 0..4 {
        world.pass(5 * DAY_MS);
        let calls = world.at_bank("accounts.transactions");
        let answer = anna.follow().await;
        assert_eq!((&answer["more"], world.at_bank("accounts.transactions") - calls), (&json!(false), 1));
    }
    // From the day of the read before, less the overlap.
    let last = anna.follow().await;
    assert_eq!((&last["date_from"], &last["date_to"]), (&json!("2026-01-21"), &json!("2026-02-04")));
    assert!(anna.rows.len() > before + 10, "{before}, then {}", anna.rows.len());
    let kept = said(&anna.rows);
    anna.rows.clear();
    let whole = anna.ask("date_from=2025-11-01&date_to=2026-02-04").await.expect(200);
    anna.keep(&whole);
    assert_eq!(kept, said(&anna.rows));
}

async fn a_cursor_of_somebody_or_something_else_is_refused_and_nothing_is_called(world: &World) {
    let anna = Kept::begin(world, "se-anna", "accounts", "2026-01-01").await;
    let bob = Kept::begin(world, "se-anna", "accounts", "2026-01-01").await;
    let list = anna.person.get(anna.path.rsplitn(3, '/').last().unwrap()).await.expect(200);
    let second = list["accounts"][1]["account_id"].as_str().unwrap();
    let consent = anna.person.connect().await;
    anna.person.get(&format!("/v1/consents/{consent}/accounts")).await.expect(200);
    let (own_consent, account) = {
        let mut parts = anna.path.split('/');
        (parts.nth(3).unwrap().to_owned(), parts.nth(1).unwrap().to_owned())
    };
    let cursor = &anna.cursor;
    let mut altered = cursor.clone();
    let last = altered.pop().unwrap();
    altered.insert(altered.len() / 2, last);
    let calls = world.bank.ledger().calls.len();
    for (what, path) in [
        (
            "another account",
            format!("/v1/consents/{own_consent}/accounts/{second}/transactions?cursor={cursor}"),
        ),
        (
            "another consent",
            format!("/v1/consents/{consent}/accounts/{account}/transactions?cursor={cursor}"),
        ),
        ("another owner's", format!("{}?cursor={}", anna.path, bob.cursor)),
        ("altered", format!("{}?cursor={altered}", anna.path)),
        ("cut", format!("{}?cursor={}", anna.path, &cursor[..cursor.len() - 4])),
        ("nonsense", format!("{}?cursor=hello", anna.path)),
        ("empty", format!("{}?cursor=", anna.path)),
        ("another way of asking", format!("{}?cursor={cursor}&include=source", anna.path)),
    ] {
        let problem = anna.person.get(&path).await.problem(400, "cursor_invalid");
        assert_eq!(problem["action_by"], "caller", "{what}");
    }
    for (query, field) in [
        (format!("cursor={cursor}&date_from=2026-01-01"), "date_from"),
        (format!("cursor={cursor}&cursor={cursor}"), "cursor"),
        (format!("cursor={cursor}&limit=5"), "query"),
        (format!("cursor={cursor}&include=all"), "include"),
    ] {
        let problem = anna.ask(&query).await.problem(400, "invalid_request");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!(world.bank.ledger().calls.len(), calls, "the bank was asked");
    anna.ask(&format!("cursor={cursor}")).await.expect(200);
}

async fn a_cursor_ends_after_90_days_and_outlives_a_renewal(world: &World) {
    let anna = Kept::begin(world, "se-anna", "accounts", "2026-01-01").await;
    let id = anna.path.split('/').nth(3).unwrap();
    world.pass(60 * DAY_MS);
    let handle = anna.person.sign_renewal(id, "se-anna").await;
    anna.person.activate(id, &handle).await.expect(200);
    world.pass(29 * DAY_MS);
    let cursor = format!("cursor={}", anna.cursor);
    let rows = anna.ask(&cursor).await.expect(200);
    assert_eq!(rows["date_from"], "2026-01-01", "from the last proven day, less the overlap");
    world.pass(2 * DAY_MS);
    anna.ask(&cursor).await.problem(400, "cursor_invalid");
}

/// The next answer of the bank has a row on each of two days, and their balances do not join.
fn gap(world: &World, [newer, older]: [&str; 2]) {
    let row = |day: &str, balance: i64| {
        json!({"amount": {"content": 25, "currency": "SEK"}, "creditDebit": "CREDITED", "status": "BOOKED",
            "balance": {"amount": {"content": balance, "currency": "SEK"}, "balanceType": "BOOKED"},
            "ledgerDate": day, "transactionDate": day, "remittanceInformation": "Swish 100"})
    };
    let gap = json!({"transactions": [row(newer, 1_000), row(older, 900)]}).to_string();
    let fault = Fault::Answer { status: 200, headers: Vec::new(), body: gap, executed: false };
    world.bank.fault(FaultOrder { call: CallKind::AccountsTransactions, fault, times: 1, skip: 0 });
}

async fn what_was_missing_is_read_again_until_it_is_there(world: &World) {
    gap(world, ["2026-01-12", "2026-01-06"]);
    let mut mia = Kept::begin(world, "se-mia", "accounts", "2026-01-01").await;
    world.pass(DAY_MS);
    let healed = mia.follow().await;
    // Proven was the day before the gap: the 5th.
    assert_eq!(healed["date_from"], "2025-12-22");
    assert_eq!(healed["findings"], json!([]));
    assert_eq!(mia.follow().await["date_from"], "2026-01-02");
}

async fn following_goes_on_where_an_old_range_ended(world: &World) {
    let mut anna = Kept::begin(world, "se-anna", "accounts", "2026-01-01").await;
    anna.rows.clear();
    let old = anna.ask("date_from=2024-11-01&date_to=2024-12-31").await.expect(200);
    assert_eq!(old["findings"], json!([]));
    anna.keep(&old);
    let mut answer = anna.follow().await;
    assert_eq!(answer["date_to"], "2026-01-15");
    while answer["more"] == true {
        answer = anna.follow().await;
    }
    assert_eq!((&answer["date_from"], &answer["findings"]), (&json!("2024-12-17"), &json!([])));
    let kept = said(&anna.rows);
    anna.rows.clear();
    let whole = anna.ask("date_from=2024-11-01&date_to=2026-01-15").await.expect(200);
    assert_eq!(whole["more"], false);
    anna.keep(&whole);
    assert_eq!(kept, said(&anna.rows));
}

async fn what_has_been_missing_for_90_days_is_given_up_and_said_so(world: &World) {
    let mut mia = Kept::begin(world, "se-mia", "accounts", "2026-01-01").await;
    gap(world, ["2025-01-12", "2025-01-06"]);
    let old = mia.ask("date_from=2025-01-01&date_to=2025-03-31").await.expect(200);
    assert_eq!(old["findings"][0]["code"], "chain_breaks");
    mia.keep(&old);
    let answer = mia.follow().await;
    // None of the days that were never answered is left out, and what is not waited for any more has a name.
    assert_eq!((&answer["date_from"], &answer["date_to"]), (&json!("2025-03-17"), &json!("2026-01-15")));
    let given_up = |answer: &Value| -> Vec<Value> {
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.filter(|finding| finding["code"] == "given_up").cloned().collect()
    };
    let lost = json!({"code": "given_up", "date_from": "2025-01-06", "date_to": "2025-03-16"});
    assert_eq!(given_up(&answer), [lost]);
    assert!(given_up(&mia.follow().await).is_empty(), "it is said once");
}

async fn a_card_is_followed_too(world: &World) {
    let mut anna = Kept::begin(world, "se-anna", "card-accounts", "2025-12-01").await;
    let before = anna.rows.len();
    world.pass(10 * DAY_MS);
    let answer = anna.follow().await;
    assert_eq!(answer["date_from"], "2026-01-01");
    assert!(anna.rows.len() > before);
}
