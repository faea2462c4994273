//! `openapi.yaml` as data, and an answer held against it. Every answer of every journey passes here (`world/client.rs`), so a
//! field, status or header that is not documented fails the journey that met it.

use crate::world::Answer;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex},
};

/// Longer answers are thousands of rows that are all alike; they would only cost time.
const LONGEST: usize = 200_000;
/// What answers carry beside the headers that the document names for them.
const USUAL: [&str; 13] = [
    "apigw-requestid",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "referrer-policy",
    "retry-after",
    "trace-id",
    "vary",
    "x-content-type-options",
    "x-frame-options",
];

pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| read(&file("openapi.yaml")));
/// The same, but no object may have a field that is not named: callers must take additions, this service makes none unnoticed.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let mut document = DOCUMENT.clone();
    close(&mut document["components"]["schemas"]);
    document
});
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

pub(crate) fn read(path: &Path) -> Value {
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn close(schema: &mut Value) {
    if schema["type"] == "object" && schema["properties"].is_object() {
        schema["additionalProperties"] = json!(false);
    }
    match schema {
        Value::Object(fields) => fields.values_mut().for_each(close),
        Value::Array(all) => all.iter_mut().for_each(close),
        _ => {}
    }
}

/// What a `$ref` points to, or the value itself.
pub(crate) fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str().and_then(|pointer| pointer.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")),
        None => value,
    }
}

/// Every operation of a document by its route, such as `GET /v1/consents`.
pub(crate) fn operations(document: &Value) -> BTreeMap<String, &Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods
            .into_iter()
            .filter(|method| method != "parameters")
            .map(|method| (format!("{} {path}", method.to_uppercase()), method))
            .collect::<Vec<_>>()
    };
    paths
        .flat_map(|(path, item)| {
            of_path((path, item)).into_iter().map(move |(key, method)| (key, &item[&method]))
        })
        .collect()
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same =
        |(wanted, given): (&&str, &&str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

/// Holds an answer against what the document says of its route, status and content type.
#[track_caller]
pub(crate) fn conforms(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |key: &&String| {
        key.split_once(' ').is_some_and(|(verb, template)| verb == method && matches(template, path))
    };
    let all = operations(&DOCUMENT);
    // Where there is no route there is nothing to document but the gateway's 404.
    let Some(key) = all.keys().find(fits) else { return };
    let at = format!("{key} {}", answer.status);
    let response = &all[key]["responses"][answer.status.to_string()];
    assert!(!response.is_null(), "{at} is not documented: {}", answer.text);
    let response = resolved(&DOCUMENT, response);
    for name in
        answer.headers.keys().map(reqwest::header::HeaderName::as_str).filter(|name| !USUAL.contains(name))
    {
        let named = response["headers"]
            .as_object()
            .is_some_and(|all| all.keys().any(|one| one.eq_ignore_ascii_case(name)));
        assert!(named, "{at}: the header {name} is not documented");
    }
    let content = response["content"].as_object();
    if answer.text.is_empty() && content.is_none() {
        return;
    }
    let kind = answer.header("content-type").unwrap_or_default();
    let schema = content.and_then(|content| content.get(kind)).map(|media| &media["schema"]);
    let schema = schema.unwrap_or_else(|| panic!("{at}: {kind} is not documented: {}", answer.text));
    if kind.ends_with("json") && answer.text.len() < LONGEST {
        let wrong: Vec<String> = validator(schema)
            .iter_errors(&answer.json())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{at} is not as documented: {wrong:#?}\n{}", answer.text);
    }
}

/// Of a schema of the document, with every object closed.
pub(crate) fn validator(schema: &Value) -> Arc<Validator> {
    let key = schema.to_string();
    let known = VALIDATORS.lock().unwrap().get(&key).cloned();
    known.unwrap_or_else(|| {
        let mut root = schema.clone();
        root["components"] = CLOSED["components"].clone();
        let made = jsonschema::draft202012::options().should_validate_formats(true).build(&root);
        let made = Arc::new(made.unwrap_or_else(|error| panic!("{key}: {error}")));
        VALIDATORS.lock().unwrap().insert(key, Arc::clone(&made));
        made
    })
}
