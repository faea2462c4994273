//! What was released stays: the document is held against `docs/released/openapi-v1.yaml`, the baseline before the first
//! release, and from then on a copy made with each. Additions pass. What a caller may rely on does not go: routes, statuses of success,
//! parameters, fields, words, types; and no caller is asked for more than before.

use super::document::{DOCUMENT, file, operations, read, resolved};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Who writes the value.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Caller,
    Us,
}

struct Comparison<'d> {
    old: &'d Value,
    new: &'d Value,
    breaks: Vec<String>,
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(Value::to_string).collect()
}

fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, breaks: Vec::new() };
    let now = operations(new);
    for (key, before) in operations(old) {
        match now.get(&key) {
            Some(after) => comparison.operation(&key, before, after),
            None => comparison.breaks.push(format!("{key}: gone")),
        }
    }
    comparison.breaks
}

impl Comparison<'_> {
    fn say(&mut self, at: &str, what: impl std::fmt::Display) {
        self.breaks.push(format!("{at}: {what}"));
    }

    fn operation(&mut self, key: &str, before: &Value, after: &Value) {
        if before["security"] != after["security"] {
            self.say(key, "another scope");
        }
        let (was, is) = (parameters(self.old, before, key), parameters(self.new, after, key));
        for (name, parameter) in &was {
            match is.iter().find(|(known, _)| known == name) {
                Some((_, now)) => self.parameter(&format!("{key} {name}"), parameter, now),
                None => self.say(key, format!("the parameter {name} is gone")),
            }
        }
        for (name, parameter) in &is {
            if parameter["required"] == true && !was.iter().any(|(known, _)| known == name) {
                self.say(key, format!("the parameter {name} is new and required"));
            }
        }
        let body =
            |operation: &Value| operation["requestBody"]["content"]["application/json"]["schema"].clone();
        if after["requestBody"]["required"] == true && before["requestBody"]["required"] != true {
            self.say(key, "a body is required");
        }
        self.schema(By::Caller, &format!("{key} body"), &body(before), &body(after));
        for (status, response) in before["responses"].as_object().into_iter().flatten() {
            let at = format!("{key} {status}");
            let (old, new) = (self.old, self.new);
            let (was, is) = (resolved(old, response), resolved(new, &after["responses"][status]));
            if is.is_null() {
                self.say(&at, "gone");
                continue;
            }
            for name in was["headers"].as_object().into_iter().flat_map(serde_json::Map::keys) {
                if is["headers"][name].is_null() {
                    self.say(&at, format!("the header {name} is gone"));
                }
            }
            for (kind, media) in was["content"].as_object().into_iter().flatten() {
                match &is["content"][kind] {
                    Value::Null => self.say(&at, format!("{kind} is gone")),
                    now => self.schema(By::Us, &at, &media["schema"], &now["schema"]),
                }
            }
        }
    }

    fn parameter(&mut self, at: &str, before: &Value, after: &Value) {
        if after["required"] == true && before["required"] != true {
            self.say(at, "required");
        }
        self.schema(By::Caller, at, &before["schema"], &after["schema"]);
    }

    fn schema(&mut self, by: By, at: &str, before: &Value, after: &Value) {
        let (old, new) = (self.old, self.new);
        let (before, after) = (resolved(old, before), resolved(new, after));
        for bound in ["type", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "const"] {
            if before[bound] != after[bound] {
                self.say(at, format!("another {bound}"));
            }
        }
        // A new word in an answer is an addition; a list of words where there was none narrows what a caller may send.
        for word in texts(&before["enum"]).difference(&texts(&after["enum"])) {
            self.say(at, format!("the word {word} is gone"));
        }
        if by == By::Caller && before["enum"].is_null() && !after["enum"].is_null() {
            self.say(at, "only some words are left");
        }
        let (was, is) = (texts(&before["required"]), texts(&after["required"]));
        let stricter: Vec<&String> = match by {
            By::Caller => is.difference(&was).collect(),
            By::Us => was.difference(&is).collect(),
        };
        for field in stricter {
            self.say(
                at,
                match by {
                    By::Caller => format!("{field} is required now"),
                    By::Us => format!("{field} may be absent now"),
                },
            );
        }
        for (name, field) in before["properties"].as_object().into_iter().flatten() {
            match &after["properties"][name] {
                Value::Null => self.say(at, format!("the field {name} is gone")),
                now => self.schema(by, &format!("{at} {name}"), field, now),
            }
        }
        if !before["items"].is_null() {
            self.schema(by, &format!("{at} []"), &before["items"], &after["items"]);
        }
        for (place, part) in before["allOf"].as_array().into_iter().flatten().enumerate() {
            self.schema(by, at, part, &after["allOf"][place]);
        }
    }
}

/// Of an operation and of its path.
fn parameters<'d>(document: &'d Value, operation: &'d Value, key: &str) -> Vec<(String, &'d Value)> {
    let path = key.split_once(' ').map_or("", |(_, path)| path);
    let shared = document["paths"][path]["parameters"].as_array().into_iter().flatten();
    let own = operation["parameters"].as_array().into_iter().flatten();
    let all = shared.chain(own).map(|parameter| resolved(document, parameter));
    all.map(|one| (format!("{} {}", one["in"], one["name"]), one)).collect()
}

#[test]
fn nothing_that_was_released_is_taken_back() {
    let released = read(&file("docs/released/openapi-v1.yaml"));
    let found = breaks(&released, &DOCUMENT);
    assert!(found.is_empty(), "callers of the released document would break: {found:#?}");
}

/// The document with something else at a pointer; null takes it away.
fn changed(pointer: &str, value: Value) -> Value {
    let mut document = DOCUMENT.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.remove(&name).unwrap()),
        value => drop(parent.insert(name, value)),
    }
    document
}

#[test]
fn each_way_to_break_a_caller_is_seen_and_an_addition_is_none() {
    let poll = "/paths/~1v1~1consents~1{consent_id}~1authorization~1poll/post";
    let schema = |name: &str| format!("/components/schemas/{name}");
    for (pointer, value, said) in [
        ("/paths/~1v1~1health".to_owned(), Value::Null, "GET /v1/health: gone"),
        (format!("{poll}/responses/200"), Value::Null, "200: gone"),
        (format!("{poll}/security"), json!([{"accessToken": ["accounts:read"]}]), "another scope"),
        (format!("{poll}/requestBody/required"), json!(true), "a body is required"),
        (
            format!("{poll}/parameters"),
            json!([{"in": "header", "name": "X", "required": true}]),
            "new and required",
        ),
        ("/components/parameters/RowsCursor/name".to_owned(), json!("after"), "\"cursor\" is gone"),
        ("/components/parameters/RowsCursor/required".to_owned(), json!(true), "\"cursor\": required"),
        (schema("Row/properties/text"), Value::Null, "the field text is gone"),
        (schema("Row/properties/text/type"), json!("object"), "text: another type"),
        (schema("Row/required"), json!(["transaction_id", "amount"]), "\"currency\" may be absent now"),
        (
            schema("ConsentStart/required"),
            json!(["country", "psu_type", "reference"]),
            "\"reference\" is required now",
        ),
        (
            schema("Problem422/allOf/1/properties/code/enum"),
            json!([]),
            "the word \"idempotency_key_reused\" is gone",
        ),
        (schema("ConsentStart/properties/country/enum"), json!(["SE"]), "the word \"NL\" is gone"),
        (schema("ConsentStart/properties/reference/enum"), json!(["x"]), "only some words are left"),
        ("/components/headers/TraceId".to_owned(), json!({}), ""),
        (
            "/components/responses/Revoked/headers/Bank-Revocation".to_owned(),
            Value::Null,
            "Bank-Revocation is gone",
        ),
    ] {
        let found = breaks(&DOCUMENT, &changed(&pointer, value));
        let seen = found.iter().any(|one| one.contains(said));
        assert_eq!(seen, !said.is_empty(), "{pointer}: {found:?}");
    }
    let mut more = changed(&schema("Row/properties/note"), json!({"type": "string"}));
    more["paths"]["/v1/more"] = DOCUMENT["paths"]["/v1/health"].clone();
    assert_eq!(breaks(&DOCUMENT, &more), Vec::<String>::new());
}
