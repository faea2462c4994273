//! The program behind `make local`, with a stand-in for cargo-lambda that answers for all functions.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::caller::TEMPLATE;

/// As much of `cargo lambda watch` as is called: the invoke endpoint. It has a child, as the real one has. Its
/// functions register a consent at the simulated bank with the client certificate of the secret, and know it as active
/// once the handle of its callback has come back; of the other two demo consents they tell a story.
const CARGO_LAMBDA: &str = include_str!("cargo-lambda.py");

struct Checkout(PathBuf);

impl Checkout {
    fn new(name: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("local-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let cargo_lambda = folder.join("cargo-lambda");
        std::fs::write(&cargo_lambda, CARGO_LAMBDA).unwrap();
        std::fs::set_permissions(cargo_lambda, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn state(&self, name: &str) -> PathBuf {
        self.0.join("state").join(name)
    }

    /// Ports of one folder stay the same, so that an old token stays good.
    fn command(&self) -> Command {
        let file = self.0.join("ports");
        let ports = std::fs::read_to_string(&file).unwrap_or_else(|_| {
            let ports: Vec<String> = free_ports().map(|port| port.to_string()).collect();
            ports.join(" ")
        });
        std::fs::write(file, &ports).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        let names = ["FRONT_DOOR", "ISSUER", "BANK_API", "BANK_PAGE", "BANK_CONTROL", "PAGE", "INVOKE"];
        command.envs(names.iter().map(|name| format!("{name}_PORT")).zip(ports.split(' ')));
        command.env("LOCAL_STATE", self.0.join("state")).env("CARGO_LAMBDA", self.0.join("cargo-lambda"));
        command.env("TEMPLATE", TEMPLATE).env("ONCE", "1");
        command
    }

    fn run(&self) -> Output {
        self.command().output().unwrap()
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Seven of them, below those that the system gives to whoever asks for any: another test would take one of these before
/// the program listens.
fn free_ports() -> impl Iterator<Item = u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 300).unwrap() * 40;
    std::iter::repeat_with(move || 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .take(7)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_walk_shows_accounts_and_a_line_to_paste_and_leaves_no_process_behind() {
    let checkout = Checkout::new("walk");
    let output = checkout.run();
    let shown = text(&output);
    assert!(output.status.success(), "{shown}");
    assert!(shown.contains("Consent c-1 of demo-user, walked by redirect just now"), "{shown}");
    let row = shown.lines().find(|line| line.contains("Allkonto")).unwrap();
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["Allkonto", "SE00TEST", "available", "12.50", "SEK"]
    );
    let transactions =
        "/v1/consents/c-1/accounts/acc-1/transactions?date_from=2025-12-16&date_to=2026-01-15'";
    assert!(shown.contains(transactions), "{shown}");
    assert!(shown.contains("make token USER_ID=demo-user") && shown.contains("/token?sub=demo-user'"));
    let log = std::fs::read_to_string(checkout.state("functions.log")).unwrap();
    let child = log.lines().find_map(|line| line.strip_prefix("child ")).unwrap();
    assert!(log.contains("interrupted"), "SIGINT comes first: {log}");
    assert!(!Path::new(&format!("/proc/{child}")).exists() || is_zombie(child), "child {child} is left");
}

#[test]
fn a_consent_by_bankid_and_one_that_waits_for_a_choice_are_made_once_and_found_again() {
    let checkout = Checkout::new("others");
    let words = |shown: &str, key: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(key));
        let words = line.unwrap_or_else(|| panic!("no {key} in {shown}")).split_whitespace();
        words.skip(1).collect::<Vec<_>>().join(" ")
    };
    let first = text(&checkout.run());
    assert_eq!(words(&first, "demo-decoupled"), "c-2 active");
    assert_eq!(words(&first, "demo-registered"), "c-3 created");
    let second = text(&checkout.run());
    assert_eq!(words(&second, "demo-decoupled"), "c-2 active");
    assert_eq!(words(&second, "demo-registered"), "found again, its attempt is over (attempt_expired)");
}

fn is_zombie(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(" Z "))
}

#[test]
fn a_second_start_keeps_keys_and_bank_and_fresh_makes_new_ones() {
    let checkout = Checkout::new("again");
    let kept = || {
        let secret = std::fs::read_to_string(checkout.state("secrets.json")).unwrap();
        (secret, std::fs::read_to_string(checkout.state("issuer-key.pem")).unwrap())
    };
    let made = checkout.run();
    assert!(made.status.success(), "{}", text(&made));
    let first = kept();
    let second = text(&checkout.run());
    assert!(second.contains("Consent c-1 of demo-user, found again from an earlier start"), "{second}");
    assert_eq!(first, kept(), "not even a new version of the secret");
    assert!(checkout.command().env("FRESH", "1").output().unwrap().status.success());
    assert_ne!(first, kept());
}

#[test]
fn the_functions_get_the_templates_variables_with_local_addresses_only() {
    let checkout = Checkout::new("environment");
    assert!(checkout.run().status.success());
    let variables = std::fs::read_to_string(checkout.state("functions.env")).unwrap();
    let value = |name: &str| {
        let found =
            variables.lines().find_map(|line| line.strip_prefix(&format!("{name}='"))?.strip_suffix('\''));
        found.unwrap_or_else(|| panic!("no {name} in {variables}"))
    };
    assert_eq!((value("BANK_ENVIRONMENT"), value("PERSONAL_NUMBER_SOURCE")), ("local", "body"));
    for name in
        ["BANK_API_URL", "BANK_TOKEN_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"]
    {
        assert!(value(name).contains("://127.0.0.1:"), "{name}");
    }
    assert!(value("BANK_LINKS").split(',').all(|link| link.contains("://127.0.0.1:") && link.ends_with('/')));
    let apps: serde_json::Value = serde_json::from_str(value("APPS")).unwrap();
    assert_eq!(apps.as_array().unwrap().len(), 3);
}

#[test]
fn a_token_can_be_had_from_the_stored_key_while_nothing_runs() {
    let checkout = Checkout::new("token");
    let token = || {
        let output = checkout.command().args(["token", "anna"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let header = |token: &str| token.split('.').next().unwrap().to_owned();
    let (one, two) = (token(), token());
    assert_eq!((one.split('.').count(), header(&one)), (3, header(&two)));
    assert!(!checkout.command().arg("nonsense").output().unwrap().status.success());
}
