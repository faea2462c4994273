//! What a whole run says: lines that machines read, metrics that `CloudWatch` takes, one trace from caller to bank.

use crate::world::World;
use serde_json::Value;
use simulated_bank::BankIdAction;
use std::collections::BTreeSet;

/// A line as `CloudWatch` takes it (AWS: embedded metric format): each metric that it announces is in it, a figure.
fn is_valid(line: &Value) {
    let Some(aws) = line.get("_aws") else {
        assert!(line["audit"].is_string() || line["event"].is_string(), "a line of a third kind: {line}");
        return;
    };
    assert!(aws["Timestamp"].is_u64(), "{line}");
    for directive in aws["CloudWatchMetrics"].as_array().unwrap() {
        assert!(directive["Namespace"].as_str().is_some_and(|name| !name.is_empty()), "{line}");
        assert_eq!(directive["Dimensions"].to_string(), "[[]]");
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()), "{line}");
        for metric in metrics {
            let value = &line[metric["Name"].as_str().unwrap()];
            assert!(
                value.is_number() || value["Values"].is_array() && value["Counts"].is_array(),
                "{metric}: {line}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_a_run_is_one_valid_line_whose_trace_the_bank_has_seen() {
    let world = World::in_process().await;
    let anna = world.person();
    let order = anna.start_decoupled().await;
    world.bank.bankid(BankIdAction::Approve);
    world.pass(2_500);
    let signed = anna.poll(order["consent_id"].as_str().unwrap()).await.expect(200);
    assert_eq!(signed["status"], "active");
    let id = anna.connect().await;
    let path = format!("/v1/consents/{id}");
    let list = anna.get(&format!("{path}/accounts")).await;
    let trace = list.header("trace-id").unwrap().to_owned();
    let list = list.expect(200);
    let account = list["accounts"][0]["account_id"].as_str().unwrap().to_owned();
    let rows = format!("{path}/accounts/{account}/transactions?date_from=2026-01-01&date_to=2026-01-15");
    anna.get(&rows).await.expect(200);
    anna.get(&format!("{path}/card-accounts")).await.expect(200);
    anna.call("GET", &format!("{path}/accounts")).send().await.expect(200);
    let refused = anna.get(&format!("{path}/accounts/none")).await;
    let of_problem = refused.header("trace-id").unwrap().to_owned();
    assert_eq!(refused.problem(404, "account_not_found")["trace_id"], of_problem.as_str());
    anna.call("DELETE", &path).send().await.expect(204);

    let lines: Vec<Value> =
        world.lines.lock().unwrap().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.iter().for_each(is_valid);
    let requests: Vec<_> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    let ids: BTreeSet<_> = requests.iter().map(|line| line["trace_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), requests.len(), "one line for each request");
    assert!(ids.contains(trace.as_str()) && ids.contains(of_problem.as_str()));

    let new: Vec<_> = requests.iter().filter_map(|line| line["drift_in"].as_str()).collect();
    assert!(new.is_empty(), "the simulated bank says nothing new: {new:?}");
    let ledger = world.bank.ledger();
    let seen: BTreeSet<_> =
        ledger.calls.iter().filter_map(|call| call.tpp_transaction_id.as_deref()).collect();
    let asking = requests.iter().filter(|line| line.get("bank_calls").is_some());
    let asking: BTreeSet<_> = asking.map(|line| line["trace_id"].as_str().unwrap()).collect();
    assert!(asking.len() >= 6, "{asking:?}");
    assert_eq!(asking, seen, "each request that asked the bank is found there, and nothing else");

    let audits = lines.iter().filter(|line| line.get("audit").is_some()).count();
    let reads = ledger.calls.iter().filter(|call| call.target.contains("accounts")).count();
    assert_eq!(
        (audits, reads),
        (5, 5),
        "one for each access, the cards beside a list of accounts among them"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_costs_six_hundred_bytes_of_log_at_most() {
    let world = World::in_process().await;
    let anna = world.person();
    let path = format!("/v1/consents/{}", anna.connect().await);
    for _ in 0..5 {
        anna.get(&format!("{path}/accounts")).await.expect(200);
        anna.get(&format!("{path}/card-accounts")).await.expect(200);
        anna.get(&path).await.expect(200);
    }
    let lines = world.lines.lock().unwrap();
    let requests = lines.iter().filter(|line| line.contains("_aws"));
    let longest = requests.clone().map(String::len).max().unwrap();
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    let each = bytes / requests.count();
    crate::world::report(&format!(
        "{each} bytes of log per request, audit lines included; the longest line of a request has {longest}"
    ));
    assert!(longest <= 600 && each <= 600, "{each} bytes per request, the longest line has {longest}");
}
