//! The functions: what runs, and with what.

use super::{Check, Sheet, check, entries, if_given, items, reference, texts};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const FUNCTIONS: [&str; 5] =
    ["account-fetch", "consent-manage", "consent-start", "decoupled-poll", "redirect-callback"];

/// `consent-start` of `ConsentStartFunction`.
fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.trim_end_matches("Function").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

pub(super) fn global<'s>(sheet: &'s Sheet, way: &str) -> &'s Value {
    sheet.at(&format!("Globals/Function/{way}"))
}

/// What a value refers to, if it is nothing but that, or nothing where it is not given.
pub(super) fn referred(value: &Value) -> Option<&str> {
    match items(&value["Fn::If"]) {
        [_, given, nothing] if *nothing == reference("AWS::NoValue") => given["Ref"].as_str(),
        [_, _, own] => own["Ref"].as_str(),
        _ => value["Ref"].as_str(),
    }
}

pub(super) fn checks() -> Vec<Check> {
    [what_runs(), what_it_gets()].into_iter().flatten().collect()
}

fn what_runs() -> Vec<Check> {
    vec![
        check(
            "there are five functions, called as they are everywhere",
            |it| it.functions().iter().map(|(id, _)| kebab(id)).collect::<Vec<_>>() == FUNCTIONS,
            ["", "  DecoupledPollFunction:\n", "  BankIdPollFunction:\n"],
        ),
        check(
            "what is deployed is each function's own zip, not a folder that SAM would zip once more",
            |it| {
                it.functions().iter().all(|(id, function)| {
                    function["CodeUri"] == format!("target/lambda/{}/bootstrap.zip", kebab(id)).as_str()
                })
            },
            ["", "target/lambda/account-fetch/bootstrap.zip", "target/lambda/account-fetch/"],
        ),
        check(
            "what is said of functions is said of all of them, in one place",
            |it| {
                let own: BTreeSet<&str> = it
                    .functions()
                    .into_iter()
                    .flat_map(|(_, function)| entries(function))
                    .map(|(name, _)| name)
                    .collect();
                own == BTreeSet::from(["AutoPublishCodeSha256", "CodeUri", "Events", "Role"])
            },
            ["  AccountFetchFunction:\n", "    Properties:\n", "    Properties:\n      MemorySize: 3008\n"],
        ),
        check(
            "the runtime is Amazon Linux 2023 without a language",
            |it| global(it, "Runtime") == "provided.al2023",
            ["", "Runtime: provided.al2023", "Runtime: provided.al2"],
        ),
        check(
            "what starts is the bootstrap in the zip",
            |it| global(it, "Handler") == "bootstrap",
            ["", "Handler: bootstrap", "Handler: main"],
        ),
        check(
            "the processor is a parameter",
            |it| *global(it, "Architectures") == json!([reference("Architecture")]),
            ["", "Architectures: [!Ref Architecture]", "Architectures: [x86_64]"],
        ),
        check(
            "the processor is arm64 unless another one is asked for",
            |it| it.at("Parameters/Architecture/Default") == "arm64",
            ["  Architecture:\n", "Default: arm64", "Default: x86_64"],
        ),
        check(
            "both processors can be asked for",
            |it| texts(it.at("Parameters/Architecture/AllowedValues")) == ["arm64", "x86_64"],
            ["  Architecture:\n", "[arm64, x86_64]", "[arm64]"],
        ),
        check(
            "memory is given",
            |it| global(it, "MemorySize").as_u64().is_some_and(|size| (128..=1024).contains(&size)),
            ["", "MemorySize: 256", "MemorySize: 64"],
        ),
        check(
            "a function ends before the API gives up",
            |it| global(it, "Timeout").as_u64().is_some_and(|seconds| (5..30).contains(&seconds)),
            ["", "Timeout: 25 ", "Timeout: 30 "],
        ),
        check(
            "the code knows when its time is over",
            |it| {
                let seconds = global(it, "Timeout").as_u64().unwrap_or_default();
                *global(it, "Environment/Variables/FUNCTION_TIMEOUT_MS")
                    == (seconds * 1000).to_string().as_str()
            },
            ["", "FUNCTION_TIMEOUT_MS: '25000'", "FUNCTION_TIMEOUT_MS: '26000'"],
        ),
        check(
            "concurrency is reserved where a parameter says so",
            |it| {
                *global(it, "ReservedConcurrentExecutions")
                    == if_given("HasReservedConcurrency", "ReservedConcurrency")
            },
            [
                "",
                "[HasReservedConcurrency, !Ref ReservedConcurrency, !Ref AWS::NoValue]",
                "[HasReservedConcurrency, 5, !Ref AWS::NoValue]",
            ],
        ),
        check(
            "no concurrency is reserved unless it is asked for",
            |it| {
                *it.at("Parameters/ReservedConcurrency/Default") == 0
                    && it.says(
                        "Conditions/HasReservedConcurrency",
                        &json!({"Fn::Not": [{"Fn::Equals": [reference("ReservedConcurrency"), 0]}]}),
                    )
            },
            ["  ReservedConcurrency:\n", "Default: 0", "Default: 10"],
        ),
        check(
            "requests are traced, as a parameter says",
            |it| *global(it, "Tracing") == reference("Tracing"),
            ["", "Tracing: !Ref Tracing", "Tracing: Disabled"],
        ),
        check(
            "X-Ray samples by itself unless that is switched off",
            |it| {
                it.at("Parameters/Tracing/Default") == "Active"
                    && texts(it.at("Parameters/Tracing/AllowedValues")) == ["Active", "PassThrough"]
            },
            ["  Tracing:\n    Type", "Default: Active", "Default: PassThrough"],
        ),
        check(
            "functions log to the group that is looked after here",
            |it| *global(it, "LoggingConfig/LogGroup") == reference("Log"),
            ["", "LoggingConfig: {LogGroup: !Ref Log}", "LoggingConfig: {LogFormat: JSON}"],
        ),
    ]
}

fn what_it_gets() -> Vec<Check> {
    let variable = |sheet: &Sheet, name: &str, value: &Value| {
        global(sheet, &format!("Environment/Variables/{name}")) == value
    };
    vec![
        check(
            "every variable is a parameter or the name of a resource, but for the time limit",
            |it| {
                let mut own = entries(global(it, "Environment/Variables"))
                    .filter(|(_, value)| {
                        let target = referred(value).unwrap_or_default();
                        let known = ["AWS::StackName", "Table", "Secret"].contains(&target)
                            || it.at(&format!("Parameters/{target}")).is_object();
                        !known
                    })
                    .map(|(name, _)| name);
                own.next() == Some("FUNCTION_TIMEOUT_MS") && own.next().is_none()
            },
            ["", "        ROW_CAP: !Ref RowCap\n", "        ROW_CAP: '600'\n"],
        ),
        check(
            "functions are given the name of the secret, and nothing that is in it",
            move |it| {
                variable(it, "SECRET_ID", &reference("Secret")) && !it.0.to_string().contains("{{resolve:")
            },
            ["", "SECRET_ID: !Ref Secret", "SECRET_ID: '{{resolve:secretsmanager:bank}}'"],
        ),
        check(
            "no parameter is a secret",
            |it| it.each("Parameters").all(|(_, parameter)| parameter["NoEcho"].is_null()),
            ["  TenantClaim:\n", "Type: String", "Type: String\n    NoEcho: true"],
        ),
        check(
            "functions are given the name of the table, or of the one that was restored",
            move |it| {
                let restored =
                    json!({"Fn::Select": [1, {"Fn::Split": ["/", reference("RestoredTableArn")]}]});
                variable(it, "TABLE_NAME", &json!({"Fn::If": ["IsRestored", restored, reference("Table")]}))
            },
            ["        TABLE_NAME: ", "!Select [1", "!Select [0"],
        ),
        check(
            "apps are one parameter, in JSON",
            move |it| {
                variable(it, "APPS", &reference("Apps"))
                    && it.at("Parameters/Apps/Type") == "String"
                    && it
                        .at("Parameters/Apps/Description")
                        .as_str()
                        .is_some_and(|text| text.starts_with("JSON list"))
            },
            ["        APPS: !Ref Apps\n", "!Ref Apps", "!Ref Audience"],
        ),
        check(
            "metrics are counted under the name of the stack",
            move |it| variable(it, "METRICS_NAMESPACE", &reference("AWS::StackName")),
            ["", "METRICS_NAMESPACE: !Ref AWS::StackName", "METRICS_NAMESPACE: !Ref Environment"],
        ),
        check(
            "who vouches for a personal number is decided by the operator, not by a default",
            |it| {
                let source = it.at("Parameters/PersonalNumberSource");
                source["Default"].is_null()
                    && source["AllowedPattern"].as_str().is_some_and(|it| it.starts_with("^(body|claim:"))
            },
            ["  PersonalNumberSource:\n", "Type: String", "Type: String\n    Default: body"],
        ),
    ]
}
