//! The shape of the code: who may import whom, and what is in the functions' binaries.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

const FUNCTIONS: [&str; 5] =
    ["consent-start", "redirect-callback", "decoupled-poll", "account-fetch", "consent-manage"];

/// What pure modules must not name: no I/O, no clock, no rows.
const PURE: &[&str] = &["tokio", "serde", "reqwest", "aws_sdk", "lambda_http", "Instant"];

/// Modules of `shared` and what they must not name of others', or of a module whose error types alone they may have.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("types", PURE),
    ("consent", PURE),
    ("account", PURE),
    ("budget", PURE),
    ("ledger", PURE),
    ("bank", &["lambda_http", "aws_sdk"]),
    ("store", &["lambda_http", "reqwest"]),
    ("secrets", &["lambda_http", "reqwest", "dynamodb"]),
    ("http", &["reqwest", "aws_sdk", "bank::Client", "store::Store,", "Secrets,"]),
    ("telemetry", &["reqwest", "aws_sdk"]),
    ("config", &["reqwest", "aws_sdk"]),
];

/// What must not be in a function's binary, whatever version.
const BANNED: &[&str] =
    &["ring", "openssl", "openssl-sys", "native-tls", "hyper-tls", "rustls-native-certs-0"];
/// What must be there in exactly one version.
const ONCE: &[&str] = &["rustls", "hyper", "http", "tokio", "tokio-rustls", "aws-lc-rs", "h2"];

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

/// The production files of a module of `shared`.
fn files_of(module: &str) -> Vec<PathBuf> {
    let source = checkout().join("shared/src");
    let mut files = vec![source.join(format!("{module}.rs"))];
    if source.join(module).is_dir() {
        files.extend(rust_files(&source.join(module)));
    }
    files.retain(|file| !is_test(file.strip_prefix(&source).unwrap()));
    files
}

#[test]
fn modules_name_nothing_of_others_that_they_must_not() {
    let mut looked_at = 0;
    for (module, forbidden) in FORBIDDEN {
        for file in files_of(module) {
            let code = production(&file);
            looked_at += 1;
            for name in *forbidden {
                assert!(!code.contains(name), "{} names {name}", file.display());
            }
        }
    }
    assert!(looked_at > 40, "{looked_at} files were looked at");
}

/// The first words behind every `crate::`, those of a group (`crate::{a, b::{c, d}}`) too.
fn imported(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let (mut depth, mut expected, mut name) = (0_u32, true, String::new());
        for letter in rest.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 1 => expected = true,
                _ if expected && (letter.is_ascii_alphanumeric() || letter == '_') => {
                    name.push(letter);
                    continue;
                }
                _ => expected &= name.is_empty(),
            }
            if !name.is_empty() {
                names.insert(std::mem::take(&mut name));
                expected = letter == ',' && depth == 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

#[test]
fn groups_of_imports_are_read_to_their_ends() {
    let code = "use crate::{\n    app::{App, Banks},\n    http,\n    types::Span,\n};\nlet x = crate::bank::y(a, store);";
    assert_eq!(imported(code), ["app", "bank", "http", "types"].map(str::to_owned).into());
}

/// module → what it may import, as the table in `lib.rs` says; nothing for everything.
fn told(lib: &str) -> BTreeMap<String, Option<BTreeSet<String>>> {
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | [`")?.split_once("`]"));
    rows.map(|(module, rest)| {
        let cell = rest.rsplit('|').nth(1).unwrap().trim();
        (module.to_owned(), (!cell.starts_with("everything")).then(|| quoted(cell)))
    })
    .collect()
}

#[test]
fn modules_import_what_the_table_says_and_nothing_else() {
    let lib = std::fs::read_to_string(checkout().join("shared/src/lib.rs")).unwrap();
    let told = told(&lib);
    let modules: BTreeSet<_> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(told.keys().map(String::as_str).collect::<BTreeSet<_>>(), modules);
    for (module, may) in &told {
        let code = files_of(module).into_iter().map(|file| imported(&production(&file)));
        let mut does: BTreeSet<String> = code.flatten().collect();
        does.retain(|name| modules.contains(name.as_str()) && name != module);
        match may {
            Some(may) => assert_eq!(&does, may, "{module} imports, and the table says"),
            None => assert!(module == "operator" || !does.contains("operator"), "{module} imports operator"),
        }
    }
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

/// The licences of `deny.toml`, which `cargo deny` reads too.
fn licences() -> BTreeSet<String> {
    let text = std::fs::read_to_string(checkout().join("deny.toml")).unwrap();
    let list = text.split("[licenses]").nth(1).unwrap().split("allow = [").nth(1).unwrap();
    let list = list.split("\n]").next().unwrap();
    list.lines()
        .filter_map(|line| Some(line.trim().strip_prefix('"')?.split_once('"')?.0.to_owned()))
        .collect()
}

/// Whether an SPDX expression can be met with our licences alone; what stands in parentheses is decided first.
fn is_taken(expression: &str) -> bool {
    let licences = licences();
    let one = |word: &str| word.trim() == "TAKEN" || licences.contains(word.trim());
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
