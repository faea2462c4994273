//! Who is woken, by what, and what they see.

use super::{Check, Sheet, check, if_given, items, reference};
use serde_json::{Value, json};
use shared::telemetry::Metric;
use std::collections::BTreeSet;

/// Alarms on what the functions count.
const COUNTED: [(&str, &str); 13] = [
    ("ServiceErrorsAlarm", "service_errors"),
    ("RequestsFailedAlarm", "failed"),
    ("CertificateDaysAlarm", "certificate_days"),
    ("CertificateRefusedAlarm", "certificate_refused"),
    ("RefreshFailuresAlarm", "refresh_failures"),
    ("BudgetExhaustedAlarm", "budget_exhausted"),
    ("DriftAlarm", "drift"),
    ("SecretStaleAlarm", "secret_stale"),
    ("SecretRefusedAlarm", "secret_refused"),
    ("SealsUnopenedAlarm", "seals_unopened"),
    ("CodeConflictAlarm", "code_conflict"),
    ("RenewalOtherCustomerAlarm", "renewal_other_customer"),
    ("TokensDroppedAlarm", "tokens_dropped"),
];

/// Every figure that a line of a request can announce (`shared/src/telemetry/line.rs`).
fn counted() -> BTreeSet<String> {
    let own = ["answered", "refused", "failed", "service_errors", "cold_starts", "certificate_days"];
    // The number of calls is read by people; the times of the calls are the metric.
    let counts =
        Metric::ALL.iter().filter(|metric| **metric != Metric::BankCalls).map(|metric| metric.name());
    let times = shared::bank::answer::faults(200, b"").map(|(call, _)| format!("{call}_ms"));
    own.into_iter().chain(counts).map(str::to_owned).chain(times).collect()
}

fn alarms(sheet: &Sheet) -> Vec<(&str, &Value)> {
    sheet.resources("AWS::CloudWatch::Alarm")
}

fn every(sheet: &Sheet, holds: impl Fn(&Value) -> bool) -> bool {
    let all = alarms(sheet);
    all.len() >= 15 && all.iter().all(|(_, alarm)| holds(alarm))
}

/// Whether an alarm adds up one of Lambda's metrics over all functions.
fn sums(sheet: &Sheet, alarm: &str, metric: &str) -> bool {
    let parts = items(sheet.of_resource(alarm, "Metrics"));
    let of = |part: &Value| {
        part["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"].as_str().map(str::to_owned)
    };
    let functions: BTreeSet<String> = parts.iter().filter_map(of).collect();
    let is_right = |part: &&Value| {
        part["MetricStat"]["Metric"]["Namespace"] == "AWS/Lambda"
            && part["MetricStat"]["Metric"]["MetricName"] == metric
            && part["MetricStat"]["Stat"] == "Sum"
            && part["ReturnData"] == false
    };
    functions == sheet.functions().iter().map(|(id, _)| (*id).to_owned()).collect()
        && parts.iter().filter(is_right).count() == functions.len()
        && parts.iter().filter(|part| part["Expression"] == "SUM(METRICS())").count() == 1
}

/// The dashboard; its text with intrinsic functions is JSON.
fn dashboard(sheet: &Sheet) -> Value {
    let body = sheet.of_resource("Dashboard", "DashboardBody/Fn::Sub");
    serde_json::from_str(body.as_str().unwrap_or_default()).unwrap_or_default()
}

/// Namespaces and names of what the dashboard shows.
fn shown(sheet: &Sheet) -> Vec<(String, String)> {
    let dashboard = dashboard(sheet);
    let metrics =
        items(&dashboard["widgets"]).iter().flat_map(|widget| items(&widget["properties"]["metrics"]));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    metrics.map(|metric| (text(&metric[0]), text(&metric[1]))).collect()
}

pub(super) fn checks() -> Vec<Check> {
    let mut all: Vec<Check> = COUNTED.into_iter().map(of_counted).collect();
    all.extend([of_aws(), told(), seen()].into_iter().flatten());
    all
}

fn of_counted((alarm, metric): (&'static str, &'static str)) -> Check {
    let line = format!("MetricName: {metric}\n");
    check(
        format!("{alarm} watches {metric}, which functions count"),
        move |it| {
            let watched = [it.of_resource(alarm, "Namespace"), it.of_resource(alarm, "MetricName")];
            watched == [&reference("AWS::StackName"), &json!(metric)] && counted().contains(metric)
        },
        [&format!("  {alarm}:\n"), &line, &line.replace('\n', "_of_old\n")],
    )
}

fn of_aws() -> Vec<Check> {
    vec![
        check(
            "errors of every function are watched",
            |it| sums(it, "FunctionErrorsAlarm", "Errors"),
            [
                "  FunctionErrorsAlarm:\n",
                "Value: !Ref ConsentManageFunction",
                "Value: !Ref ConsentStartFunction",
            ],
        ),
        check(
            "throttles of every function are watched",
            |it| sums(it, "FunctionThrottlesAlarm", "Throttles"),
            ["  FunctionThrottlesAlarm:\n", "MetricName: Throttles", "MetricName: Errors"],
        ),
        check(
            "the slowest answer in a hundred is watched",
            |it| {
                let alarm = it.of_resource("SlowAnswersAlarm", "ExtendedStatistic");
                alarm == "p99"
                    && *it.of_resource("SlowAnswersAlarm", "Dimensions")
                        == json!([{"Name": "ApiId", "Value": reference("Api")}])
                    && *it.of_resource("SlowAnswersAlarm", "MetricName") == "Latency"
            },
            ["", "ExtendedStatistic: p99", "ExtendedStatistic: p50"],
        ),
        check(
            "a certificate that ends is known a month before",
            |it| {
                it.of_resource("CertificateDaysAlarm", "Threshold").as_u64().is_some_and(|days| days >= 30)
                    && *it.of_resource("CertificateDaysAlarm", "Statistic") == "Minimum"
                    && *it.of_resource("CertificateDaysAlarm", "ComparisonOperator") == "LessThanThreshold"
            },
            ["  CertificateDaysAlarm:\n", "Threshold: 30", "Threshold: 3"],
        ),
        check(
            "an alarm that has to do with days stays when no request comes",
            |it| *it.of_resource("CertificateDaysAlarm", "TreatMissingData") == "ignore",
            ["  CertificateDaysAlarm:\n", "TreatMissingData: ignore", "TreatMissingData: notBreaching"],
        ),
        check(
            "one attack is enough: two codes, or a renewal by somebody else",
            |it| {
                ["CodeConflictAlarm", "RenewalOtherCustomerAlarm"]
                    .iter()
                    .all(|id| *it.of_resource(id, "Threshold") == 1)
            },
            ["  CodeConflictAlarm:\n", "Threshold: 1", "Threshold: 10"],
        ),
    ]
}

fn told() -> Vec<Check> {
    let last = "  TokensDroppedAlarm:\n";
    vec![
        check(
            "every alarm goes to the topic, if there is one",
            |it| every(it, |alarm| alarm["AlarmActions"] == topic()),
            [last, "AlarmActions: ", "InsufficientDataActions: "],
        ),
        check(
            "so does the end of every alarm",
            |it| every(it, |alarm| alarm["OKActions"] == topic()),
            [last, "OKActions: ", "InsufficientDataActions: "],
        ),
        check(
            "whether there is a topic is for the parameter to say",
            |it| {
                it.says(
                    "Conditions/HasAlarmTopic",
                    &json!({"Fn::Not": [{"Fn::Equals": [reference("AlarmTopicArn"), ""]}]}),
                )
            },
            [
                "",
                "HasAlarmTopic: !Not [!Equals [!Ref AlarmTopicArn, '']]",
                "HasAlarmTopic: !Equals [!Ref AlarmTopicArn, '']",
            ],
        ),
        check(
            "every alarm says where it is explained",
            |it| {
                every(it, |alarm| {
                    alarm["AlarmDescription"].as_str().is_some_and(|text| text.ends_with("(docs/runbook.md)"))
                })
            },
            [last, " (docs/runbook.md)", ""],
        ),
        check(
            "no alarm rings because nothing happens",
            |it| {
                every(it, |alarm| {
                    ["notBreaching", "ignore"].iter().any(|word| alarm["TreatMissingData"] == *word)
                })
            },
            [last, "TreatMissingData: notBreaching", "TreatMissingData: breaching"],
        ),
        check(
            "no alarm is switched off",
            |it| every(it, |alarm| alarm["ActionsEnabled"].is_null()),
            [last, "    Properties:\n", "    Properties:\n      ActionsEnabled: false\n"],
        ),
    ]
}

fn topic() -> Value {
    let Value::Object(mut given) = if_given("HasAlarmTopic", "AlarmTopicArn") else { return Value::Null };
    given["Fn::If"][1] = json!([reference("AlarmTopicArn")]);
    Value::Object(given)
}

fn seen() -> Vec<Check> {
    vec![
        check(
            "the dashboard is there, and can be read",
            |it| items(&dashboard(it)["widgets"]).len() >= 6,
            ["  Dashboard:\n", "{\"widgets\":[", "{widgets:["],
        ),
        check(
            "the dashboard shows what functions count, and nothing that there is not",
            |it| {
                let (shown, counted) = (shown(it), counted());
                shown.len() > 30 && shown.iter().all(|(_, metric)| counted.contains(metric))
            },
            ["  Dashboard:\n", "\"claims_lost\"", "\"bank_calls\""],
        ),
        check(
            "the dashboard shows this stack",
            |it| {
                let shown = shown(it);
                !shown.is_empty() && shown.iter().all(|(namespace, _)| namespace == "${AWS::StackName}")
            },
            ["  Dashboard:\n", "[\"${AWS::StackName}\", \"answered\"]", "[\"AWS/Lambda\", \"answered\"]"],
        ),
        check(
            "whoever is woken sees on the dashboard what woke them",
            |it| {
                let shown: BTreeSet<String> = shown(it).into_iter().map(|(_, metric)| metric).collect();
                COUNTED.iter().all(|(_, metric)| shown.contains(*metric))
            },
            ["  Dashboard:\n", "[\"${AWS::StackName}\", \"tokens_dropped\"], ", ""],
        ),
    ]
}
