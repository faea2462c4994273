//! `openapi.yaml`: what callers read is what there is. Its routes are those of the template, the front door, the event files
//! and the code; its words are the code's; its examples are answers of a walk; every answer of every journey is as it says;
//! calls by chance find nothing else; and it takes nothing back that was released.

pub(crate) mod document;

mod breaking;
mod chance;
mod examples;

use crate::world::{World, template_path};
use cloud::Template;
use document::{DOCUMENT, file, operations, resolved};
use serde_json::{Value, json};
use shared::{consent::Reason, http::Code, types::Signal};
use std::collections::{BTreeMap, BTreeSet};

/// Route and scopes; a route without an authorizer has none at all.
type Routes = BTreeMap<String, Option<Vec<String>>>;

fn documented() -> Routes {
    let scopes = |operation: &Value| {
        let words = operation["security"][0]["accessToken"].as_array();
        words.map(|words| words.iter().map(|word| word.as_str().unwrap().to_owned()).collect())
    };
    operations(&DOCUMENT).into_iter().map(|(key, operation)| (key, scopes(operation))).collect()
}

fn served(routes: &[cloud::template::Route]) -> Routes {
    let scopes = |route: &cloud::template::Route| route.authorizer.as_ref().map(|_| route.scopes.clone());
    routes.iter().map(|route| (route.key(), scopes(route))).collect()
}

/// The routes that the functions tell apart, by their source, each with its function. The callback has a function of its
/// own, which names it.
fn coded() -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for folder in std::fs::read_dir(file("functions")).unwrap() {
        let folder = folder.unwrap();
        let function = folder.file_name().into_string().unwrap();
        let source = std::fs::read_to_string(folder.path().join("src/lib.rs")).unwrap();
        let arms = source.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
        let before = routes.len();
        let keys = arms.map(|(route, _)| match route.starts_with('/') {
            true => format!("GET /v1/consents/{{consent_id}}{route}"),
            false => route.to_owned(),
        });
        routes.extend(keys.map(|key| (key, function.clone())));
        if routes.len() == before {
            routes.insert(source.split('`').nth(1).unwrap().to_owned(), function);
        }
    }
    routes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_front_door_template_event_files_and_code_agree_on_the_routes() {
    let world = World::in_process().await;
    let documented = documented();
    assert_eq!(documented, served(world.door.routes()), "the front door");
    let template = Template::read(&template_path(), BTreeMap::new()).unwrap().routes().unwrap();
    assert_eq!(documented, served(&template), "the template");
    let sent_to: BTreeMap<_, _> = template.iter().map(|it| (it.key(), it.function.clone())).collect();
    assert_eq!(sent_to, coded(), "the code: which function serves which route");
    let mut sent = BTreeSet::new();
    let expected = document::read(&file("events/expected.json"));
    for (stem, entry) in expected.as_object().unwrap() {
        let key =
            document::read(&file(&format!("events/{stem}.json")))["routeKey"].as_str().unwrap().to_owned();
        let status = entry["status"].to_string();
        assert!(operations(&DOCUMENT)[&key]["responses"][&status].is_object(), "{stem}: {key} {status}");
        assert_eq!(sent_to[&key].as_str(), entry["function"].as_str().unwrap(), "{stem}");
        sent.insert(key);
    }
    assert_eq!(documented.keys().cloned().collect::<BTreeSet<_>>(), sent, "the event files");
    // And each of them is answered by its function, which says 500 to a route that it does not know.
    let anna = world.person();
    for key in documented.keys() {
        let (method, path) = key.split_once(' ').unwrap();
        let path = path.replace("{consent_id}", "none").replace("{account_id}", "none");
        let answer = anna.call(method, &path).send().await;
        assert!(answer.status < 500 && answer.header("trace-id").is_some(), "{key}: {}", answer.text);
    }
}

/// The words of a schema.
fn words(schema: &str, pointer: &str) -> Vec<String> {
    let words = DOCUMENT["components"]["schemas"][schema].pointer(pointer).and_then(Value::as_array);
    let words = words.unwrap_or_else(|| panic!("no {pointer} in {schema}"));
    words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_documented_problems_and_their_statuses_are_the_table_in_the_code() {
    let mut of_status: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for code in Code::ALL {
        let row = code.documented();
        let status = row.split('|').nth(2).unwrap().trim().parse().unwrap();
        of_status.entry(status).or_default().push(code.id().to_owned());
    }
    let all: Vec<String> = Code::ALL.iter().map(|code| code.id().to_owned()).collect();
    assert_eq!(words("ProblemCode", "/enum"), all);
    for (status, codes) in &of_status {
        let name = format!("Problem{status}");
        assert_eq!(words(&name, "/allOf/1/properties/code/enum"), *codes, "{name}");
        assert_eq!(
            DOCUMENT["components"]["schemas"][&name]["allOf"][1]["properties"]["status"]["const"],
            *status
        );
    }
    for (name, response) in DOCUMENT["components"]["responses"].as_object().unwrap() {
        if let Some(schema) = response["content"]["application/problem+json"]["schema"]["$ref"].as_str() {
            let status: u64 = schema.rsplit("Problem").next().unwrap().parse().unwrap();
            assert!(of_status.contains_key(&status), "{name}");
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            for (key, operation) in operations(&DOCUMENT) {
                let uses =
                    operation["responses"].as_object().unwrap().iter().filter(|(_, one)| **one == reference);
                uses.for_each(|(used, _)| assert_eq!(*used, status.to_string(), "{key} {name}"));
            }
        }
    }
}

#[test]
fn the_documented_reasons_and_words_of_the_bank_are_those_of_the_code() {
    let reasons: Vec<String> = Reason::ALL.iter().map(|reason| reason.code().to_owned()).collect();
    assert_eq!(words("Authorization", "/properties/reason/enum"), reasons);
    assert_eq!(words("Event", "/properties/reason/enum")[..reasons.len()], reasons);
    assert_eq!(words("Consent", "/properties/status_reason/enum")[..reasons.len()], reasons);
    let signals: Vec<String> = Signal::ALL.iter().map(|signal| signal.code().to_owned()).collect();
    assert_eq!(words("BankCode", "/enum"), signals);
}

/// Every schema, property, parameter and header that has no description.
fn undescribed(at: &str, value: &Value, wanted: bool, found: &mut Vec<String>) {
    if wanted && resolved(&DOCUMENT, value)["description"].as_str().is_none_or(|text| text.len() < 4) {
        found.push(at.to_owned());
    }
    for (name, inner) in value.as_object().into_iter().flatten().filter(|(name, _)| *name != "examples") {
        let group = ["properties", "schemas", "headers", "parameters", "responses"].contains(&name.as_str());
        // The refinement of a problem's status and codes is not a field of its own.
        if group && !at.contains("/Problem") || at.ends_with("/Problem") {
            for (key, member) in inner.as_object().into_iter().flatten() {
                undescribed(&format!("{at}/{name}/{key}"), member, group, found);
            }
        } else {
            undescribed(&format!("{at}/{name}"), inner, false, found);
        }
    }
}

#[test]
fn every_field_parameter_and_header_says_what_it_is() {
    let mut found = Vec::new();
    undescribed("components", &DOCUMENT["components"], false, &mut found);
    undescribed("paths", &DOCUMENT["paths"], false, &mut found);
    assert!(found.is_empty(), "no description: {found:#?}");
}

#[test]
fn the_page_for_clients_names_routes_and_codes_that_there_are_and_every_state_of_an_attempt() {
    let page = std::fs::read_to_string(file("docs/client.md")).unwrap();
    let spans: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    let all = operations(&DOCUMENT);
    let mut routes = spans.iter().filter(|span| span.contains(" /v1/"));
    assert!(routes.clone().count() >= 8 && routes.all(|route| all.contains_key(*route)), "{spans:?}");
    let worth = page.split("Worth a line").nth(1).unwrap().split("The gateway").next().unwrap();
    let codes: Vec<&str> = worth.split('`').skip(1).step_by(2).filter(|word| word.contains('_')).collect();
    let known = words("ProblemCode", "/enum");
    assert!(codes.len() > 5 && codes.iter().all(|code| known.iter().any(|one| one == code)), "{codes:?}");
    for state in words("Authorization", "/properties/state/enum") {
        assert!(page.contains(&format!("`{state}`")), "what to do in the state {state}");
    }
}
