//! Documents that are made from the code: they differ from it for no longer than a test run.
//! `UPDATE_DOCS=1 cargo test --workspace --test journeys documents` writes them anew.

use shared::{consent::Reason, http::Code};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn problems() -> String {
    let mut page = String::from(
        "# Problems\n\nEvery error of this API is a problem document (RFC 9457, `application/problem+json`) with one of \
         these codes. The table is closed: whatever the bank says that is not known here is `bank_unrecognised`, never a \
         guess. Codes are stable; within `/v1` only additions are made. This page is made from `shared/src/http/codes.rs`; \
         a test fails when they differ.\n\nBesides, the gateway itself answers 401, 403 (scope), 404 (no route), 413, 429, 431, \
         500 and 503 with `{\"message\": \"…\"}`.\n\n\
         | code | status | who can act | repeat the request | what happened | what to tell the person | in Swedish |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        page.push_str(&code.documented());
        page.push('\n');
    }
    page.push_str(
        "\n## Why an attempt failed\n\n`status_reason` of a consent and `authorization.reason`; the person is told what the \
         problem beside it says.\n\n| reason | problem |\n|---|---|\n",
    );
    for reason in Reason::ALL {
        page.push_str(&format!("| `{}` | `{}` |\n", reason.code(), Code::of_failure(*reason).id()));
    }
    page
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

#[test]
fn the_page_of_problems_is_the_table_in_the_code() {
    let (page, path) = (problems(), path("problems.md"));
    if std::env::var("UPDATE_DOCS").is_ok_and(|update| update == "1") {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == page, "docs/problems.md is not what the code says: UPDATE_DOCS=1 writes it anew");
}

/// The variables that a text names at the beginning of its lines, in this form.
fn variables(text: &str, before: &str, after: char) -> BTreeSet<String> {
    let name = |line: &str| Some(line.trim().strip_prefix(before)?.split_once(after)?.0.to_owned());
    let upper = |name: &String| {
        name.len() > 3 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    text.lines().filter_map(name).filter(upper).collect()
}

#[test]
fn every_variable_of_the_functions_is_documented_and_set_by_the_template() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let template = read("template.yaml");
    let documented = variables(&read("shared/src/config.rs"), "//! | `", '`');
    // Set by Lambda, or on a laptop only.
    let ours: BTreeSet<_> = documented.into_iter().filter(|name| !name.starts_with("AWS_")).collect();
    assert_eq!(ours, variables(&template, "", ':'));
    assert!(ours.len() > 20, "{ours:?}");
    let parameters = template.split("Parameters:\n").nth(1).unwrap().split("\nRules:").next().unwrap();
    let named = parameters.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count();
    assert_eq!(named, parameters.matches("    Description:").count(), "every parameter says what it is for");
}

#[test]
fn the_page_of_what_is_known_names_every_field_that_is_left_unread() {
    let page = std::fs::read_to_string(path("drift.md")).unwrap();
    let table = page.split("## Fields").nth(1).unwrap().split("## States").next().unwrap();
    for field in shared::bank::answer::KNOWN_AND_UNREAD {
        assert!(table.contains(&format!("`{field}`")), "{field} is not in docs/drift.md");
    }
    let unread = table.lines().filter_map(|line| line.rsplit('|').nth(1)).flat_map(|cell| cell.split('`'));
    let unread: BTreeSet<_> = unread.filter(|name| name.contains("_links") || name.contains('.')).collect();
    let known: BTreeSet<_> = shared::bank::answer::KNOWN_AND_UNREAD.iter().copied().collect();
    assert!(unread.is_subset(&known), "{:?}", unread.difference(&known).collect::<Vec<_>>());
}

#[test]
fn whoever_is_woken_by_an_alarm_finds_it_in_the_runbook_and_nothing_there_is_made_up() {
    let template = std::fs::read_to_string(path("../template.yaml")).unwrap();
    let runbook = std::fs::read_to_string(path("runbook.md")).unwrap();
    let alarm = |name: &str| name.ends_with("Alarm");
    let made = template.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    let made: BTreeSet<_> = made.filter(|name| alarm(name)).collect();
    let told: BTreeSet<_> = runbook.split('`').filter(|name| alarm(name)).collect();
    assert_eq!(made, told);
    assert!(made.len() >= 15, "{made:?}");
    // An alarm on a metric that nothing counts would never wake anybody.
    let counted: BTreeSet<_> = shared::telemetry::Metric::ALL.iter().map(|metric| metric.name()).collect();
    let ours = template.split("Namespace: !Ref AWS::StackName\n").skip(1);
    for alarm in ours {
        let metric = alarm.trim_start().strip_prefix("MetricName: ").unwrap().lines().next().unwrap();
        assert!(
            counted.contains(metric) || ["failed", "service_errors", "certificate_days"].contains(&metric),
            "{metric}"
        );
    }
}
