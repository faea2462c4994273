//! Processes of a function: one event at a time, true deadlines, killed, stopped, thawed.

use std::sync::Arc;
use std::time::Duration;

use cloud::{FunctionProcess, Invoke, InvokeFailure, RuntimeApi, wall_clock_ms};
use serde_json::{Value, json};

/// A function in Python: it answers what it was given, and does what the event asks for.
const FUNCTION: &str = r#"
import json, os, sys, time, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
served = 0
while True:
    with urllib.request.urlopen(base + "next") as answer:
        event, headers = json.load(answer), answer.headers
    served += 1
    print("event", json.dumps(event), flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    if event.get("exit"): os._exit(3)
    time.sleep(event.get("sleep_s", 0))
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    body = {"pid": os.getpid(), "served": served, "request_id": request_id, "name": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
            "deadline_ms": int(headers["Lambda-Runtime-Deadline-Ms"]), "variable": os.environ.get("VARIABLE"),
            "home": os.environ.get("HOME"), "trace": headers["Lambda-Runtime-Trace-Id"]}
    path = "/error" if event.get("fail") else "/response"
    try:
        urllib.request.urlopen(urllib.request.Request(base + request_id + path, data=json.dumps(body).encode()))
    except urllib.error.HTTPError as refused:
        print("refused", refused.code, flush=True)
"#;

async fn started(instances: usize, timeout_ms: u64) -> Arc<RuntimeApi> {
    let mut function = FunctionProcess::new("echo", "python3");
    function.arguments = ["-S", "-c", FUNCTION].map(str::to_owned).to_vec();
    function.environment.insert("VARIABLE".to_owned(), "value".to_owned());
    (function.instances, function.timeout_ms) = (instances, timeout_ms);
    let api = Arc::new(RuntimeApi::start(vec![function]).await.unwrap());
    until(|| api.idle("echo").len() == instances).await;
    api
}

async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to that within 10 s");
}

async fn invoke(api: &RuntimeApi, event: Value) -> Result<Value, InvokeFailure> {
    let answer = api.invoke("echo", event.to_string().into_bytes()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[tokio::test]
async fn a_function_gets_its_event_with_a_true_deadline_and_an_id_of_its_own() {
    let api = started(1, 25_000).await;
    let before = wall_clock_ms();
    let first = invoke(&api, json!({ "n": 1 })).await.unwrap();
    let second = invoke(&api, json!({ "n": 2 })).await.unwrap();
    let deadline = first["deadline_ms"].as_i64().unwrap();
    assert!((before + 25_000..before + 30_000).contains(&deadline), "{deadline} after {before}");
    assert_eq!(first["request_id"].as_str().unwrap().len(), 36);
    assert_ne!(first["request_id"], second["request_id"]);
    assert_eq!((&first["pid"], &second["served"]), (&second["pid"], &json!(2)));
    assert_eq!(
        (&first["name"], &first["variable"], &first["home"]),
        (&json!("echo"), &json!("value"), &Value::Null)
    );
    until(|| api.logs_of("echo").len() >= 4).await;
    let logs = api.logs();
    assert!(
        logs.contains(&"event {\"n\": 1}".to_owned()) && logs.contains(&"to stderr".to_owned()),
        "{logs:?}"
    );
}

#[tokio::test]
async fn events_run_side_by_side_on_as_many_processes_as_there_are_and_the_rest_waits() {
    let api = started(2, 25_000).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let api = api.clone();
        calls.spawn(async move {
            invoke(&api, json!({ "sleep_s": 0.2 })).await.unwrap()["pid"].as_u64().unwrap()
        });
    }
    until(|| api.working("echo").len() == 2).await;
    let mut pids = calls.join_all().await;
    pids.sort_unstable();
    assert!(pids[0] == pids[1] && pids[2] == pids[3] && pids[0] != pids[2], "{pids:?}");
}

#[tokio::test]
async fn an_error_that_the_function_reports_is_a_failure_of_the_function() {
    let api = started(1, 25_000).await;
    assert!(matches!(invoke(&api, json!({ "fail": true })).await, Err(InvokeFailure::Function(_))));
    assert!(matches!(api.invoke("none", Vec::new()).await, Err(InvokeFailure::Service(_))));
}

#[tokio::test]
async fn a_killed_process_fails_its_event_and_another_takes_its_place() {
    let api = started(1, 25_000).await;
    let first = invoke(&api, json!({})).await.unwrap();
    let victim = tokio::spawn({
        let api = api.clone();
        async move { invoke(&api, json!({ "sleep_s": 30 })).await }
    });
    until(|| !api.working("echo").is_empty()).await;
    assert!(api.kill("echo", 0));
    assert!(matches!(victim.await.unwrap(), Err(InvokeFailure::Function(_))));
    let second = invoke(&api, json!({})).await.unwrap();
    assert_eq!((second["served"].as_u64(), second["pid"] == first["pid"]), (Some(1), false));
    assert!(matches!(invoke(&api, json!({ "exit": true })).await, Err(InvokeFailure::Function(_))));
    invoke(&api, json!({})).await.unwrap();
    assert_eq!(api.restarts("echo"), 2);
}

#[tokio::test]
async fn a_stopped_process_gets_no_event_and_goes_on_where_it_was_when_it_is_thawed() {
    let api = started(1, 25_000).await;
    let before = invoke(&api, json!({})).await.unwrap();
    until(|| !api.idle("echo").is_empty()).await;
    assert!(api.stop("echo", 0));
    let waiting = tokio::spawn({
        let api = api.clone();
        async move { invoke(&api, json!({})).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished() && api.working("echo").is_empty());
    assert!(api.thaw("echo", 0));
    let after = waiting.await.unwrap().unwrap();
    assert_eq!((&after["pid"], &after["served"]), (&before["pid"], &json!(2)));
    assert_eq!(api.restarts("echo"), 0);
}

#[tokio::test]
async fn a_process_stopped_in_the_middle_of_an_event_finishes_it_when_thawed() {
    let api = started(1, 25_000).await;
    let call = tokio::spawn({
        let api = api.clone();
        async move { invoke(&api, json!({ "sleep_s": 0.1 })).await }
    });
    until(|| !api.working("echo").is_empty()).await;
    assert!(api.stop("echo", 0));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!call.is_finished());
    assert!(api.thaw("echo", 0));
    assert_eq!(call.await.unwrap().unwrap()["served"], 1);
}

#[tokio::test]
async fn an_event_that_runs_past_its_deadline_is_over_and_its_process_is_killed() {
    let api = started(1, 200).await;
    let failure = invoke(&api, json!({ "sleep_s": 30 })).await.unwrap_err();
    assert!(
        matches!(&failure, InvokeFailure::Function(reason) if reason.contains("timed out")),
        "{failure:?}"
    );
    assert_eq!(invoke(&api, json!({})).await.unwrap()["served"], 1);
}

#[tokio::test]
async fn no_process_is_left_when_the_stand_in_is_gone() {
    let api = started(2, 25_000).await;
    let pid = invoke(&api, json!({})).await.unwrap()["pid"].as_u64().unwrap();
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    drop(api);
    let state = move || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    until(|| state().is_empty() || state().contains(" Z ")).await;
}
