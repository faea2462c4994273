//! The shape of what runs on GitHub: whose code runs there, with which rights, and what has to pass before anything is
//! deployed. The workflows themselves have not run yet.

use serde_yaml_ng::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every workflow by its file's name.
fn workflows() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(checkout().join(".github/workflows")).unwrap();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    let all: BTreeMap<String, Value> = files.map(|file| read(file.unwrap().path())).collect();
    assert!(all.contains_key("ci.yml") && all.contains_key("deploy.yml"));
    all
}

/// Every job: workflow, name, definition.
fn jobs() -> Vec<(String, String, Value)> {
    let all = workflows().into_iter().flat_map(|(workflow, document)| {
        let jobs = document["jobs"].as_mapping().unwrap().clone();
        jobs.into_iter().map(move |(name, job)| (workflow.clone(), name.as_str().unwrap().to_owned(), job))
    });
    all.collect()
}

fn deploying(name: &str) -> bool {
    ["sandbox", "live"].contains(&name)
}

fn job(name: &str) -> Value {
    let found = jobs().into_iter().find(|(workflow, job, _)| workflow == "deploy.yml" && job == name);
    found.unwrap_or_else(|| panic!("no job {name}")).2
}

fn texts<'a>(job: &'a Value, key: &'a str) -> impl Iterator<Item = &'a str> {
    job["steps"].as_sequence().unwrap().iter().filter_map(move |step| step[key].as_str())
}

fn strings(list: &Value) -> BTreeSet<&str> {
    list.as_sequence().into_iter().flatten().map(|entry| entry.as_str().unwrap()).collect()
}

#[test]
fn an_action_is_named_by_the_commit_that_was_looked_at() {
    let mut named = BTreeSet::new();
    for (workflow, name, job) in jobs() {
        for action in texts(&job, "uses") {
            let (_, commit) =
                action.split_once('@').unwrap_or_else(|| panic!("{workflow}, {name}: {action}"));
            let pinned = commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(pinned, "{workflow}, {name}: {action}");
            named.insert(action.to_owned());
        }
    }
    let each: BTreeSet<&str> = named.iter().map(|action| action.split('@').next().unwrap()).collect();
    assert_eq!(each.len(), named.len(), "one version of each action: {named:?}");
}

#[test]
fn a_job_may_read_the_code_and_only_a_deploying_one_may_ask_for_a_role() {
    for (workflow, document) in workflows() {
        assert_eq!(
            document["permissions"].as_mapping().map(serde_yaml_ng::Mapping::len),
            Some(0),
            "{workflow}"
        );
        let text = serde_yaml_ng::to_string(&document).unwrap();
        for word in ["secrets.", "pull_request_target", "aws-access-key-id"] {
            assert!(!text.contains(word), "{workflow} has {word}");
        }
    }
    for (workflow, name, job) in jobs() {
        let granted =
            job["permissions"].as_mapping().unwrap_or_else(|| panic!("{workflow}, {name}: permissions"));
        let granted = granted.iter().map(|(scope, level)| (scope.as_str().unwrap(), level.as_str().unwrap()));
        let mut wanted = BTreeSet::from([("contents", "read")]);
        wanted.extend(deploying(&name).then_some(("id-token", "write")));
        assert_eq!(granted.collect::<BTreeSet<_>>(), wanted, "{workflow}, {name}");
        assert!(job["timeout-minutes"].as_u64().is_some(), "{workflow}, {name} may run for ever");
        let checkouts = job["steps"].as_sequence().unwrap().iter();
        for step in checkouts
            .filter(|step| step["uses"].as_str().is_some_and(|used| used.starts_with("actions/checkout@")))
        {
            assert_eq!(step["with"]["persist-credentials"].as_bool(), Some(false), "{workflow}, {name}");
        }
    }
}

#[test]
fn nothing_reaches_live_past_the_tests_the_sandbox_and_somebody_who_agrees() {
    let (sandbox, live) = (job("sandbox"), job("live"));
    let all = jobs();
    let others = all.iter().filter(|(workflow, name, _)| workflow == "deploy.yml" && !deploying(name));
    assert_eq!(strings(&sandbox["needs"]), others.map(|(_, name, _)| name.as_str()).collect());
    assert_eq!(strings(&live["needs"]), BTreeSet::from(["sandbox"]));
    for (name, job) in [("sandbox", &sandbox), ("live", &live)] {
        assert_eq!(
            job["environment"].as_str(),
            Some(name),
            "the environment has the role, and live its reviewers"
        );
        let deploys: Vec<_> = texts(job, "run").collect();
        assert_eq!(deploys, [format!("make deploy STAGE={name}")]);
        assert!(job["if"].is_null(), "{name} runs only after what it needs has passed");
    }
    for wanted in [".ci/run", "make build", "make smoke", "make validate", "make client", "make ministack"] {
        let runs = all.iter().filter(|(workflow, _, _)| workflow == "deploy.yml");
        let mut runs = runs.flat_map(|(_, _, job)| texts(job, "run"));
        assert!(runs.any(|run| run.starts_with(wanted)), "nothing runs {wanted}");
    }
    let built = &job("build")["strategy"]["matrix"]["include"];
    let built: BTreeSet<_> =
        built.as_sequence().unwrap().iter().map(|entry| entry["arch"].as_str().unwrap()).collect();
    assert_eq!(built, BTreeSet::from(["arm64", "x86_64"]));
    assert_eq!(workflows()["deploy.yml"]["concurrency"]["cancel-in-progress"].as_bool(), Some(false));
}

#[test]
fn what_a_workflow_calls_is_there() {
    let makefile = std::fs::read_to_string(checkout().join("Makefile")).unwrap();
    let mut called = 0;
    for (workflow, name, job) in jobs() {
        for line in texts(&job, "run").flat_map(str::lines) {
            let mut words = line.split_whitespace();
            match words.next().unwrap_or_default() {
                "make" => {
                    let verb = words.next().unwrap();
                    assert!(makefile.contains(&format!("\n{verb}:")), "{workflow}, {name}: make {verb}");
                    called += 1;
                }
                script if script.starts_with(".ci/") => {
                    assert!(checkout().join(script).is_file(), "{workflow}, {name}: {script}");
                    called += 1;
                }
                _ => {}
            }
        }
    }
    assert!(called >= 8, "{called} calls were looked at");
}
