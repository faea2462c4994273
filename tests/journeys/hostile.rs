//! Whatever a bank sends with status 200, an answer of ours comes of it: its data, or the problem that says that the answer
//! is not usable. Never a panic, never a field shown that was not understood, never more memory than an answer may have.

mod changes;
mod rule;

use crate::{
    processes::world_of_processes,
    world::{Person, World, measure, only_in_process},
};
use changes::all;
use rule::Rule;
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::{fs, path::PathBuf};

only_in_process![
    a_field_of_an_account_that_is_wrong_in_any_way_is_never_shown,
    a_field_of_a_row_that_is_wrong_in_any_way_is_never_shown,
    a_field_of_a_card_that_is_wrong_in_any_way_is_never_shown,
    a_field_of_a_card_row_that_is_wrong_in_any_way_is_never_shown,
    bodies_that_are_none_end_in_the_same_problem_wherever_they_come,
    answers_too_large_for_any_window_cost_few_calls,
];

/// One thing that can be read, and how the bank is asked for it.
struct Subject<'w> {
    anna: Person<'w>,
    call: CallKind,
    path: String,
}

impl<'w> Subject<'w> {
    /// Accounts, one account, its rows, cards, their rows.
    async fn all(world: &'w World) -> Vec<Self> {
        let mut subjects = Vec::new();
        for (call, list, rest) in [
            (CallKind::AccountsList, "accounts", None),
            (CallKind::AccountsOne, "accounts", Some("")),
            (CallKind::AccountsTransactions, "accounts", Some(ROWS)),
            (CallKind::CardsList, "card-accounts", None),
            (CallKind::CardsTransactions, "card-accounts", Some(ROWS)),
        ] {
            let anna = world.person();
            let id = anna.connect().await;
            let mut path = format!("/v1/consents/{id}/{list}");
            let listed = anna.get(&path).await.expect(200);
            let first = &listed[list.replace('-', "_")][0]["account_id"];
            if let Some(rest) = rest {
                path = format!("{path}/{}{rest}", first.as_str().unwrap());
            }
            subjects.push(Self { anna, call, path });
        }
        subjects
    }

    async fn of(world: &'w World, call: CallKind) -> Self {
        Self::all(world).await.into_iter().find(|subject| subject.call == call).unwrap()
    }

    /// Answers this body to the next calls, and says what came of it.
    async fn told(&self, fault: Fault, times: u32) -> crate::world::Answer {
        self.anna.world.bank.fault(FaultOrder { call: self.call, fault, times, skip: 0 });
        self.anna.get(&self.path).await
    }

    /// Every change of a body is data if it concerns only what may be missing, and else the one problem.
    async fn hold(&self, body: &Value, rule: &Rule) {
        self.told(plain(body.to_string()), 1).await.expect(200);
        let changed = all(body);
        assert!(changed.len() > 50, "{} changes", changed.len());
        let what = format!("hostile bank: {}, each field wrong in each way", self.call);
        measure(&what, changed.len(), "every field, in each way", None);
        for case in changed {
            let told = self.told(plain(case.body.clone()), 1).await;
            if rule.takes(&case.field, &case.change) {
                assert_eq!(told.status, 200, "{case:?}: {}", told.text);
            } else {
                assert_eq!(told.status, 502, "{case:?}: {}", told.text);
                told.problem(502, "bank_answer_unusable");
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

const ROWS: &str = "/transactions?date_from=2026-01-01&date_to=2026-01-15";

fn plain(body: String) -> Fault {
    Fault::Answer { status: 200, headers: Vec::new(), body, executed: true }
}

fn money(name: &str, amount: &Value) -> Value {
    json!({name: amount, "currency": "SEK"})
}

async fn a_field_of_an_account_that_is_wrong_in_any_way_is_never_shown(world: &World) {
    let balance = json!({"amount": money("content", &json!(12)), "balanceType": "CURRENT"});
    let body = json!({"accounts": [{
        "_links": {"transactions": {"href": "https://elsewhere.example/"}}, "accountId": "a-1",
        "accountType": "Allkonto", "balances": [balance], "bban": "417300268", "bic": "HANDSESS",
        "clearingNumber": "6155", "creditLimit": money("content", &json!(9)), "currency": "SEK",
        "iban": "SE2560000000000417300268", "name": "Lön", "ownerName": "Test Testsson",
    }]});
    let rule = Rule {
        optional: &[
            "accounts.accountType",
            "accounts.balances",
            "accounts.bban",
            "accounts.bic",
            "accounts.clearingNumber",
            "accounts.creditLimit",
            "accounts.iban",
            "accounts.name",
            "accounts.ownerName",
        ],
        unread: &["accounts._links"],
        also: &[
            ("accounts.accountId", Value::is_string),
            ("accounts.accountType", Value::is_string),
            ("accounts.balances", is_empty),
            ("accounts.balances.balanceType", Value::is_string),
            ("accounts.bban", Value::is_string),
            ("accounts.bic", Value::is_string),
            ("accounts.clearingNumber", Value::is_string),
            ("accounts.creditLimit", Value::is_number),
            ("accounts.iban", Value::is_string),
            ("accounts.name", Value::is_string),
            ("accounts.ownerName", Value::is_string),
            ("accounts", is_empty),
        ],
    };
    Subject::of(world, CallKind::AccountsList).await.hold(&body, &rule).await;
}

async fn a_field_of_a_row_that_is_wrong_in_any_way_is_never_shown(world: &World) {
    let balance = json!({"amount": money("content", &json!(12)), "balanceType": "BOOKED"});
    let body = json!({"transactions": [{
        "amount": money("content", &json!(5)), "balance": balance, "creditDebit": "CREDITED",
        "creditorName": "Testi", "debtorName": "Testa", "ledgerDate": "2026-01-05",
        "remittanceInformation": "Hyra", "status": "BOOKED", "transactionDate": "2026-01-04",
        "valueDate": "2026-01-05",
    }]});
    let rule = Rule {
        optional: &[
            "transactions.balance",
            "transactions.creditorName",
            "transactions.debtorName",
            "transactions.ledgerDate",
            "transactions.remittanceInformation",
            "transactions.transactionDate",
            "transactions.valueDate",
        ],
        unread: &["transactions.balance.balanceType"],
        also: &[
            ("transactions", is_empty),
            ("transactions.creditorName", Value::is_string),
            ("transactions.debtorName", Value::is_string),
            ("transactions.remittanceInformation", Value::is_string),
        ],
    };
    Subject::of(world, CallKind::AccountsTransactions).await.hold(&body, &rule).await;
}

async fn a_field_of_a_card_that_is_wrong_in_any_way_is_never_shown(world: &World) {
    let balance = json!({"balanceAmount": money("amount", &json!(12)), "balanceType": "AVAILABLE_AMOUNT"});
    let body = json!({"cardAccounts": [{
        "accountId": "k-1", "balances": [balance],
        "cards": [{"maskedPan": "4571********0001", "name": "Test Testsson"}],
        "creditLimit": money("amount", &json!(55000)), "currency": "SEK", "product": "Platinum",
    }]});
    let rule = Rule {
        optional: &[
            "cardAccounts.balances",
            "cardAccounts.cards",
            "cardAccounts.cards.name",
            "cardAccounts.creditLimit",
            "cardAccounts.product",
        ],
        unread: &[],
        also: &[
            ("cardAccounts", is_empty),
            ("cardAccounts.accountId", Value::is_string),
            ("cardAccounts.balances", is_empty),
            ("cardAccounts.balances.balanceType", Value::is_string),
            ("cardAccounts.cards", is_empty),
            ("cardAccounts.cards.maskedPan", Value::is_string),
            ("cardAccounts.cards.name", Value::is_string),
            ("cardAccounts.product", Value::is_string),
        ],
    };
    Subject::of(world, CallKind::CardsList).await.hold(&body, &rule).await;
}

async fn a_field_of_a_card_row_that_is_wrong_in_any_way_is_never_shown(world: &World) {
    let body = json!({"transactions": [{
        "bookingDate": "2026-01-05", "card": {"maskedPan": "4571********0001", "name": "Test Testsson"},
        "creditDebit": "DEBITED", "status": "BOOKED", "transactionAmount": money("amount", &json!(318)),
        "transactionDate": "2026-01-04", "transactionDetails": "TESTBUTIKEN",
    }]});
    let rule = Rule {
        optional: &[
            "transactions.bookingDate",
            "transactions.card",
            "transactions.card.name",
            "transactions.transactionDate",
            "transactions.transactionDetails",
        ],
        unread: &[],
        also: &[
            ("transactions", is_empty),
            ("transactions.card.maskedPan", Value::is_string),
            ("transactions.card.name", Value::is_string),
            ("transactions.transactionDetails", Value::is_string),
        ],
    };
    Subject::of(world, CallKind::CardsTransactions).await.hold(&body, &rule).await;
}

/// Bodies of status 200 that are none.
fn none_at_all() -> Vec<(&'static str, Fault)> {
    vec![
        ("a page of maintenance", Fault::Html),
        ("a page of the firewall", Fault::RequestRejected),
        ("cut in the middle", Fault::TruncatedJson),
        ("nothing", plain(String::new())),
        ("null", plain("null".to_owned())),
        ("a list", plain("[]".to_owned())),
        ("an empty object", plain("{}".to_owned())),
        ("a text", plain("\"accounts\"".to_owned())),
        ("two objects", plain("{}{}".to_owned())),
        ("10 000 deep", Fault::DeepJson { depth: 10_000 }),
        ("10 000 deep in a field", plain(format!("{{\"transactions\":{}", "[".repeat(10_000)))),
        ("20 MB", Fault::HugeBody { mebibytes: 20 }),
        ("20 MB that nothing announced", Fault::EndlessBody { mebibytes: 20 }),
        ("a small body that would unpack to 20 MB", Fault::Packed { mebibytes: 20 }),
    ]
}

async fn bodies_that_are_none_end_in_the_same_problem_wherever_they_come(world: &World) {
    let mut cases = 0;
    for subject in Subject::all(world).await {
        for (name, fault) in none_at_all() {
            let told = subject.told(fault, 40).await;
            assert_eq!(told.status, 502, "{name} to {}: {}", subject.path, told.text);
            told.problem(502, "bank_answer_unusable");
            world.bank.clear_faults();
            cases += 1;
        }
        subject.anna.get(&subject.path).await.expect(200);
    }
    measure("hostile bank: bodies that are none", cases, "all × 5 reads", None);
}

async fn answers_too_large_for_any_window_cost_few_calls(world: &World) {
    let subject = Subject::of(world, CallKind::AccountsTransactions).await;
    let before = world.at_bank("accounts.transactions");
    subject.told(Fault::HugeBody { mebibytes: 9 }, 100).await.problem(502, "bank_answer_unusable");
    let calls = world.at_bank("accounts.transactions") - before;
    // Fifteen days, eight, four, two, one: a single day cannot be cut.
    assert!((2..=5).contains(&calls), "{calls} calls");
    world.bank.clear_faults();
}

/// The most that a process ever had in memory, in KiB: the function of this name that serves this world.
fn peak_of(world: &World, function: &str) -> u64 {
    let own = &world.environment["AWS_ENDPOINT_URL_DYNAMODB"];
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let is_ours = |process: &PathBuf| {
        let runs = fs::read_link(process.join("exe")).is_ok_and(|exe| exe.ends_with(function));
        runs && fs::read(process.join("environ"))
            .is_ok_and(|variables| String::from_utf8_lossy(&variables).contains(own.as_str()))
    };
    let process = processes.into_iter().find(is_ours).expect("the function is a process");
    let status = fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_bank_sends_a_function_stays_alive_and_small() {
    let (world, runtime) = world_of_processes("account-fetch", 1).await;
    let subjects = Subject::all(&world).await;
    let usual = peak_of(&world, "account-fetch");
    for subject in &subjects {
        for (name, fault) in none_at_all() {
            let told = subject.told(fault, 40).await;
            assert_eq!(told.status, 502, "{name} to {}: {}", subject.path, told.text);
            world.bank.clear_faults();
        }
        subject.anna.get(&subject.path).await.expect(200);
    }
    let grown = peak_of(&world, "account-fetch") - usual;
    // An answer is 8 MB at most; while it comes its buffer may have twice the room, and be moved once.
    assert!(grown < 32 * 1024, "{grown} KiB more than before");
    assert_eq!(runtime.restarts("account-fetch"), 0, "{:?}", runtime.logs_of("account-fetch"));
    assert!(!runtime.logs_of("account-fetch").iter().any(|line| line.contains("panicked")));
    let reached = format!("{grown} KiB beyond {usual}");
    measure("hostile bank: a function's memory grew at most by", reached, "32 768 KiB", None);
    world.search(&runtime.logs());
}
