//! docs/threat-model.md against the suite: each threat names a test, and each test that it names is one.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(path);
        }
    }
}

/// The names of all tests: functions under a test's attribute, and those that a list makes tests of.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    ["shared/src", "functions", "tests"].iter().for_each(|folder| sources(&root.join(folder), &mut files));
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let is_test = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        for (place, _) in lines.iter().enumerate().filter(|(_, line)| is_test(line)) {
            let below = lines.iter().skip(place).take(4).find_map(|line| line.split_once("fn "));
            names.extend(below.map(|(_, rest)| rest.split('(').next().unwrap().to_owned()));
        }
        for list in ["journeys![", "only_in_process!["] {
            let lists = text.split(list).skip(1).filter_map(|rest| rest.split(']').next());
            names.extend(lists.flat_map(|list| list.split(',')).map(|name| name.trim().to_owned()));
        }
    }
    names
}

#[test]
fn every_threat_names_tests_that_exist_or_is_said_to_be_undefended() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/threat-model.md");
    let page = std::fs::read_to_string(page).unwrap();
    let tests = tests();
    assert!(tests.len() > 500, "{}", tests.len());
    let threats = page.split("\n## Threats\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = threats.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| threat |"));
    let mut count = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 3, "{row}");
        let named: Vec<_> = cells[2].split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "nothing shows it: {row}");
        let missing: Vec<_> = named.iter().filter(|name| !tests.contains(**name)).collect();
        assert!(missing.is_empty(), "no such tests: {missing:?}");
        count += 1;
    }
    assert!(count > 30, "{count}");
    assert!(page.contains("\n## What is not defended\n"));
}
