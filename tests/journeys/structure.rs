//! The shape of the code: who may import whom, and what is in the functions' binaries.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

const FUNCTIONS: [&str; 5] =
    ["consent-start", "redirect-callback", "decoupled-poll", "account-fetch", "consent-manage"];

/// What pure modules must not name: no I/O, no clock, no rows, nothing of ours below them.
const PURE: &[&str] = &[
    "tokio",
    "serde",
    "reqwest",
    "aws_sdk",
    "lambda_http",
    "Instant",
    "crate::bank",
    "crate::store",
    "crate::secrets",
    "crate::http",
    "crate::app",
];

/// Modules of `shared` and what they must not name.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("types", PURE),
    ("consent", PURE),
    ("account", PURE),
    ("ledger", PURE),
    ("bank", &["crate::store", "crate::http", "crate::app", "crate::secrets", "lambda_http", "aws_sdk"]),
    ("store", &["crate::bank", "crate::http", "crate::app", "crate::secrets", "lambda_http", "reqwest"]),
    (
        "secrets",
        &["crate::bank", "crate::store", "crate::http", "crate::app", "lambda_http", "reqwest", "dynamodb"],
    ),
    ("http", &["crate::app", "reqwest", "aws_sdk", "bank::Client", "store::Store,", "Secrets,"]),
    ("telemetry", &["crate::bank", "crate::store", "crate::http", "crate::app", "reqwest", "aws_sdk"]),
];

/// What must not be in a function's binary, whatever version.
const BANNED: &[&str] =
    &["ring", "openssl", "openssl-sys", "native-tls", "hyper-tls", "rustls-native-certs-0"];
/// What must be there in exactly one version.
const ONCE: &[&str] = &["rustls", "hyper", "http", "tokio", "tokio-rustls", "aws-lc-rs", "h2"];

const LICENCES: &[&str] = &[
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "MIT",
    "MIT-0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unlicense",
    "CC0-1.0",
    "Unicode-3.0",
    "NCSA",
    "CDLA-Permissive-2.0",
    "BSL-1.0",
    "OpenSSL",
];

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The production part of a file: what stands before its unit tests, without comments.
fn production(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Files of unit tests, which may know more than the module they test.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name == "tests" || name == "tests.rs" || name == "tls_tests.rs" || name == "stub.rs"
    })
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(checkout()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn modules_import_only_what_they_may() {
    let source = checkout().join("shared/src");
    let mut looked_at = 0;
    for (module, forbidden) in FORBIDDEN {
        let mut files = vec![source.join(format!("{module}.rs"))];
        if source.join(module).is_dir() {
            files.extend(rust_files(&source.join(module)));
        }
        for file in files.iter().filter(|file| !is_test(file.strip_prefix(&source).unwrap())) {
            let code = production(file);
            looked_at += 1;
            for name in *forbidden {
                assert!(!code.contains(name), "{} names {name}", file.display());
                // The same in a grouped import: `use crate::{` and the module on a line of its own.
                let grouped = name.strip_prefix("crate::").map(|module| format!("\n    {module}::"));
                assert!(grouped.is_none_or(|form| !code.contains(&form)), "{} names {name}", file.display());
            }
        }
    }
    assert!(looked_at > 40, "{looked_at} files were looked at");
}

#[test]
fn functions_know_neither_an_http_client_nor_an_sdk_nor_each_other() {
    for function in FUNCTIONS {
        let folder = checkout().join("functions").join(function);
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for name in ["reqwest", "aws-sdk", "aws-config", "rustls", "hyper"].into_iter().chain(FUNCTIONS) {
            let itself = name == function;
            assert!(itself || !manifest.contains(name), "{function} depends on {name}");
        }
        for file in rust_files(&folder.join("src")) {
            let code = production(&file);
            for name in ["reqwest", "aws_sdk", "rustls::"] {
                assert!(!code.contains(name), "{} names {name}", file.display());
            }
        }
        let main = std::fs::read_to_string(folder.join("src/main.rs")).unwrap();
        assert!(main.lines().count() <= 15, "{function}'s main is only wiring");
    }
}

#[test]
fn the_stand_ins_import_nothing_of_what_they_test() {
    for stand_in in ["bank", "cloud"] {
        let manifest =
            std::fs::read_to_string(checkout().join("tests").join(stand_in).join("Cargo.toml")).unwrap();
        for name in ["shared"].into_iter().chain(FUNCTIONS) {
            assert!(!manifest.contains(name), "tests/{stand_in} depends on {name}");
        }
    }
}

/// name → versions, of everything that is linked into a package.
fn linked(package: &str) -> BTreeMap<String, BTreeSet<String>> {
    let tree = cargo(&["tree", "--locked", "--offline", "-p", package, "-e", "normal", "--prefix", "none"]);
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            all.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    all
}

#[test]
fn each_function_has_one_tls_stack_and_one_http_stack() {
    for function in FUNCTIONS {
        let linked = linked(function);
        assert!(linked.len() > 100, "{function}: {} crates", linked.len());
        for name in ONCE {
            let versions = linked.get(*name).unwrap_or_else(|| panic!("{function} has no {name}"));
            assert_eq!(versions.len(), 1, "{function} has {name} as {versions:?}");
        }
        for name in BANNED {
            assert!(!linked.contains_key(*name), "{function} has {name}");
        }
        for name in ["simulated-bank", "cloud", "dynoxide-rs", "rcgen", "jsonwebtoken"] {
            assert!(!linked.contains_key(name), "{function} has {name}, which is for tests");
        }
    }
}

/// Whether an SPDX expression can be met with our licences alone; what stands in parentheses is decided first.
fn is_taken(expression: &str) -> bool {
    let one = |word: &str| word.trim() == "TAKEN" || LICENCES.contains(&word.trim());
    let flat = |part: &str| part.split(" OR ").any(|choice| choice.split(" AND ").all(one));
    let mut rest = expression.replace('/', " OR ");
    while let Some(close) = rest.find(')') {
        let Some(open) = rest[..close].rfind('(') else { return false };
        let inner = flat(&rest[open + 1..close]);
        rest.replace_range(open..=close, if inner { "TAKEN" } else { "REFUSED" });
    }
    flat(&rest)
}

#[test]
fn a_licence_in_parentheses_does_not_hide_the_one_behind_them() {
    assert!(
        is_taken("MIT/Apache-2.0")
            && is_taken("(MIT OR GPL-3.0) AND ISC")
            && is_taken("(MIT AND ISC) OR GPL-3.0")
    );
    assert!(!is_taken("(MIT OR Apache-2.0) AND GPL-3.0") && !is_taken("MIT AND (ISC AND (MIT AND GPL-3.0))"));
}

#[test]
fn every_dependency_has_a_licence_that_we_take() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--locked", "--offline", "--format-version", "1"]))
            .unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 200);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_taken(licence), "{} has licence {licence}", package["name"]);
        let registry = package["source"].as_str();
        assert!(
            registry.is_none_or(|from| from.starts_with("registry+")),
            "{} is not from the registry",
            package["name"]
        );
    }
}
