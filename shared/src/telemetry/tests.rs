use super::*;
use crate::types::OwnerId;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// As long as that of a stack is.
const NAMESPACE: &str = "handelsbanken-ais";

fn ending(status: u16) -> Ending {
    Ending {
        trace: TraceId::parse("6b24ce42-237f-4303-a917-cf778e5013d6").unwrap(),
        function: "account-fetch",
        route: "GET /v1/consents/{consent_id}/accounts".to_owned(),
        status,
        code: None,
        cold: false,
        xray: None,
        took: Duration::from_millis(312),
    }
}

async fn lines(ending: Ending, work: impl FnOnce()) -> Vec<Value> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let log = Log::new(Output::Kept(Arc::clone(&kept)), NAMESPACE);
    log.observe(async { work() }, |()| ending).await;
    let kept = kept.lock().unwrap();
    kept.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The names in the one directive of a line.
fn metrics(line: &Value) -> Vec<&str> {
    let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else {
        panic!("{line}")
    };
    assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!(NAMESPACE), &json!([[]])));
    directive["Metrics"].as_array().unwrap().iter().map(|metric| metric["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_request_leaves_one_line_with_its_metrics_and_its_audit_line_before_it() {
    let lines = lines(ending(200), || {
        count(Metric::BankCalls);
        count(Metric::BankCalls);
        concerns(&ConsentId([2; 16]));
        bank_call("accounts", Duration::from_millis(301), None);
        let access = Access { resource: "accounts", account: None, present: true, source: false };
        Audit::record(&OwnerId([1; 16]), &ConsentId([2; 16]), access, "ok");
    })
    .await;
    let [audit, line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(
        (&audit["audit"], &audit["present"], &audit["outcome"]),
        (&json!("accounts"), &json!(true), &json!("ok"))
    );
    assert_eq!(audit.get("source").or(audit.get("account_id")), None, "{audit}");
    assert_eq!(audit["trace_id"], line["trace_id"]);
    assert_eq!(metrics(line), ["answered", "accounts_ms"]);
    assert_eq!(
        (&line["answered"], &line["bank_calls"], &line["accounts_ms"]),
        (&json!(1), &json!(2), &json!(301))
    );
    assert_eq!((&line["status"], &line["took_ms"]), (&json!(200), &json!(312)), "read by people, no metrics");
    let bytes = audit.to_string().len() + line.to_string().len() + 2;
    assert!(bytes <= 600, "{bytes} bytes");
}

#[tokio::test]
async fn the_outcome_of_a_request_is_a_metric_of_its_own() {
    for (status, name) in [(200, "answered"), (303, "answered"), (404, "refused"), (503, "failed")] {
        let lines = lines(ending(status), || ()).await;
        assert_eq!(metrics(&lines[0]), [name]);
        assert_eq!(lines[0]["level"].as_str(), (status == 503).then_some("ERROR"));
    }
    let lines = lines(ending(500), || ()).await;
    assert_eq!(metrics(&lines[0]), ["failed", "service_errors"], "which neither bank nor caller can cause");
}

#[tokio::test]
async fn many_calls_of_one_kind_are_their_sum_and_number() {
    let lines = lines(ending(200), || {
        for took in 1..=50 {
            bank_call("transactions", Duration::from_millis(took), None);
        }
        for took in [7, 9] {
            bank_call("account", Duration::from_millis(took), Some("lost"));
        }
    })
    .await;
    assert_eq!(lines[0]["account_ms"], json!({"Values": [7, 9], "Counts": [1, 1]}));
    assert_eq!(lines[0]["transactions_ms"]["Counts"], json!([50]), "{}", lines[0]);
    assert_eq!(lines[0]["bank"], "account: lost");
}

#[tokio::test]
async fn days_of_a_certificate_are_said_by_a_new_process_and_when_few_are_left() {
    for (days, cold, said) in
        [(300, false, None), (300, true, Some(300)), (59, false, Some(59)), (-2, false, Some(-2))]
    {
        let lines = lines(Ending { cold, ..ending(200) }, || certificate_days(days)).await;
        assert_eq!(lines[0].get("certificate_days").map(is_whole), said);
        assert_eq!(lines[0]["cold_starts"].as_i64(), cold.then_some(1));
    }
}

#[tokio::test]
async fn a_line_names_three_unknown_shapes_at_most_and_counts_all() {
    let lines = lines(ending(200), || {
        for shape in ["accounts.a", "accounts.a", "accounts.b", "accounts.c", "accounts.d"] {
            drift(shape);
        }
    })
    .await;
    assert_eq!((&lines[0]["drift"], &lines[0]["drift_in"]), (&json!(5), &json!("accounts.a, accounts.b")));
}

/// A negative figure stands there with a point: the same number.
fn is_whole(figure: &Value) -> i64 {
    figure.as_i64().unwrap_or_else(|| figure.to_string().trim_end_matches(".0").parse().unwrap())
}
