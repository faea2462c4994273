//! Calls by chance, made by schemathesis from the document, against the front door: every route, with tokens of two users and
//! with none. It finds no status, content type, header or field that is not documented, no broken call that is taken, no
//! 5xx. `CHANCE_SEED=n` repeats a run (but for ids, which are new in each world), `CHANCE_EXAMPLES=n` makes more of it.

use super::document::{DOCUMENT, file, operations};
use crate::world::{
    Person, Setting, World,
    client::{ADDRESS, ANNA, parameter},
    measure, report,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::Command};

const SEED: &str = "20260115";
/// Calls of the last phase for each route; those before it are as many as the document asks for.
const EXAMPLES: &str = "8";

/// Calls by route and status.
type Statuses = BTreeMap<(String, u64), usize>;

fn texts(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

/// What a user has, so that calls by chance meet data, choices, orders and ends.
async fn scene(user: &Person<'_>) -> Value {
    let started = user.start_redirect().await;
    let link = user.world.browser().sign(&started.url, "se-anna").await;
    let (claimed, handle) = (started.id, parameter(&link, "handle").unwrap());
    user.activate(&claimed, &handle).await.expect(200);
    let active = user.connect().await;
    let waiting = user.start_redirect().await;
    let registered = user.start(&json!({"country": "SE", "psu_type": "individual"})).await.id;
    let (mut revocable, mut cancellable) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        revocable.push(user.connect().await);
        cancellable.push(user.start_redirect().await.id);
    }
    let order = user.start_decoupled().await["consent_id"].clone();
    let of = |rest: &str| format!("/v1/consents/{active}{rest}");
    let accounts = texts(&user.get(&of("/accounts")).await.expect(200)["accounts"], "account_id");
    let cards = texts(&user.get(&of("/card-accounts")).await.expect(200)["card_accounts"], "account_id");
    let rows = of(&format!("/accounts/{}/transactions?date_from=2026-01-01&date_to=2026-01-15", accounts[0]));
    let cursor = user.get(&rows).await.expect(200)["next_cursor"].clone();
    let consents = |ids: Value| json!({"consent_id": ids, "account_id": accounts, "card_id": cards});
    let authorization = "/v1/consents/{consent_id}/authorization";
    json!({
        "ids": {
            "*": consents(json!([active])),
            "GET /v1/consents/{consent_id}": consents(json!([active, waiting.id, registered, order])),
            // Nobody begins a renewal of this one, so its handle stays good.
            "POST /v1/consents/{consent_id}/activation": consents(json!([claimed])),
            "DELETE /v1/consents/{consent_id}": consents(json!(revocable)),
            format!("GET {authorization}"): consents(json!([active, waiting.id, registered, order])),
            format!("POST {authorization}"): consents(json!([active, registered])),
            format!("DELETE {authorization}"): consents(json!(cancellable)),
            format!("POST {authorization}/poll"): consents(json!([order])),
        },
        "cursors": [cursor],
        "handle": handle,
        "states": [parameter(&waiting.url, "state")],
        "date_from": ["2025-12-20", "2026-01-01", "2026-01-10"],
        "date_to": ["2026-01-10", "2026-01-14", "2026-01-15"],
        "address": ADDRESS,
        "number": ANNA, "companies": {"SE": "5599990016", "NL": "123456", "LU": "1234567890"},
    })
}

/// One run: how many calls of each route and status it made.
fn calls(name: &str, url: &str, scene: &Value, (token, options): (Option<&str>, &[&str])) -> Statuses {
    let set = |variable: &str, usual: &str| std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let folder = file("target/schemathesis");
    std::fs::create_dir_all(&folder).unwrap();
    let (log, settings) = (folder.join(format!("{name}.ndjson")), folder.join(format!("{name}.toml")));
    let usual = std::fs::read_to_string(file("tests/schemathesis/schemathesis.toml")).unwrap();
    let bearer = token.map_or("", |_| "\n[auth.openapi.accessToken]\nbearer = \"${TOKEN}\"\n");
    std::fs::write(&settings, usual + bearer).unwrap();
    let mut command = Command::new(file(".tools/bin/schemathesis"));
    command.arg("--config-file").arg(settings).arg("run").env("TOKEN", token.unwrap_or_default());
    command.arg(file("openapi.yaml")).args([
        "--url",
        url,
        "--exclude-checks",
        "unsupported_method",
        "--workers",
        "1",
        "--max-redirects",
        "0",
    ]);
    command.args(["--seed", &set("CHANCE_SEED", SEED), "--max-examples", &set("CHANCE_EXAMPLES", EXAMPLES)]);
    command.args(["--phases", "examples,coverage,fuzzing", "--warnings", "off", "--continue-on-failure"]);
    command.arg("--report-ndjson-path").arg(&log).args(options);
    command.env("SCHEMATHESIS_HOOKS", file("tests/schemathesis/hooks.py")).env("SCENE", scene.to_string());
    command.env("NO_PROXY", "127.0.0.1").env("NO_COLOR", "1").current_dir(&folder);
    let ended = command.output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{name}: {said}");
    let mut statuses = BTreeMap::new();
    for line in std::fs::read_to_string(&log).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let recorder = &event["ScenarioFinished"]["recorder"];
        let route = recorder["label"].as_str().unwrap_or_default();
        for call in recorder["interactions"].as_object().into_iter().flat_map(serde_json::Map::values) {
            if let Some(status) = call["response"]["status_code"].as_u64() {
                *statuses.entry((route.to_owned(), status)).or_default() += 1;
            }
        }
    }
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_by_chance_find_nothing_that_is_not_documented() {
    let overrides = vec![("UNATTENDED_READS", "8".to_owned())];
    let world = World::with(Setting { overrides, ..Setting::default() }).await;
    let (url, mut all) = (world.door.url(), Statuses::new());
    for (name, user, options) in [
        ("reader", Some(world.person()), ["--exclude-operation-id", "eraseConsents"]),
        ("leaver", Some(world.person()), ["--mode", "positive"]),
        ("nobody", None, ["--mode", "positive"]),
    ] {
        // An order of the user before may be in the way of the next one's.
        world.pass(4 * 60_000);
        let token = user.as_ref().map(|user| world.issuer.token(&user.spec));
        let scene = match &user {
            Some(user) => scene(user).await,
            None => {
                json!({"ids": {"*": {"consent_id": [], "account_id": [], "card_id": []}}, "address": ADDRESS,
                "number": ANNA, "companies": {"SE": "5599990016", "NL": "123456", "LU": "1234567890"}, "cursors": [], "handle": "", "states": [], "date_from": [], "date_to": []})
            }
        };
        let url = url.clone();
        let run = move || calls(name, &url, &scene, (token.as_deref(), &options));
        let statuses = tokio::task::spawn_blocking(run).await.unwrap();
        if user.is_none() {
            let refused =
                statuses.keys().all(|(route, status)| *status == 401 || route.ends_with("/callback"));
            assert!(refused, "without a token: {statuses:?}");
        }
        for (call, number) in statuses {
            *all.entry(call).or_insert(0) += number;
        }
    }
    let mut by_status: BTreeMap<u64, usize> = BTreeMap::new();
    all.iter().for_each(|((_, status), number)| *by_status.entry(*status).or_default() += number);
    let total: usize = all.values().sum();
    let seed = std::env::var("CHANCE_SEED").unwrap_or_else(|_| SEED.to_owned());
    report(&format!("{total} calls by chance, 0 failures, seed {seed}, by status {by_status:?}"));
    measure("calls by chance from openapi.yaml", total, "no failure", seed.parse().ok());
    assert!(by_status.keys().all(|status| *status < 500), "{all:?}");
    // Each route has met what it is there for, not its refusals alone.
    for route in operations(&DOCUMENT).keys() {
        assert!(all.keys().any(|(called, status)| called == route && *status < 400), "{route}: {all:?}");
    }
}
