//! A genuine body with one thing wrong, for every field of it and everything that can be wrong.

use serde_json::{Value, json};

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Null,
    Missing,
    Doubled,
    Instead(Value),
}

/// A body with one field changed.
#[derive(Debug)]
pub(crate) struct Changed {
    /// The field, by its name and those of the objects around it: `transactions.amount.content`.
    pub(crate) field: String,
    pub(crate) change: Change,
    pub(crate) body: String,
}

/// Every field of a body, changed in every way.
pub(crate) fn all(body: &Value) -> Vec<Changed> {
    let mut fields = Vec::new();
    collect(body, "", &mut fields);
    let mut all = Vec::new();
    for (field, value) in fields {
        let other = [json!(7), json!("seven"), json!(true), json!([]), json!({}), json!([[1]])];
        let other = other
            .into_iter()
            .filter(|other| kind(other) != kind(&value) || other.is_string() || other.is_array())
            .map(Change::Instead);
        for change in [Change::Null, Change::Missing, Change::Doubled].into_iter().chain(other) {
            let mut out = String::new();
            write(body, "", &field, &change, &mut out);
            all.push(Changed { field: field.clone(), change, body: out });
        }
    }
    all
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn below(around: &str, name: &str) -> String {
    if around.is_empty() { name.to_owned() } else { format!("{around}.{name}") }
}

/// Names of fields, each once, with the value that it has first.
fn collect(value: &Value, around: &str, fields: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| collect(value, around, fields)),
        Value::Object(pairs) => {
            for (name, value) in pairs {
                let field = below(around, name);
                if !fields.iter().any(|(known, _)| *known == field) {
                    fields.push((field.clone(), value.clone()));
                }
                collect(value, &field, fields);
            }
        }
        _ => {}
    }
}

fn write(value: &Value, around: &str, target: &str, change: &Change, out: &mut String) {
    match value {
        Value::Array(all) => {
            out.push('[');
            for (place, value) in all.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write(value, around, target, change, out);
            }
            out.push(']');
        }
        Value::Object(pairs) => {
            out.push('{');
            let mut first = true;
            for (name, value) in pairs {
                let field = below(around, name);
                let times = match change {
                    Change::Missing if field == target => 0,
                    Change::Doubled if field == target => 2,
                    _ => 1,
                };
                for _ in 0..times {
                    out.push_str(if first { "" } else { "," });
                    first = false;
                    out.push_str(&format!("{}:", json!(name)));
                    match change {
                        Change::Null if field == target => out.push_str("null"),
                        Change::Instead(other) if field == target => out.push_str(&other.to_string()),
                        _ => write(value, &field, target, change, out),
                    }
                }
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_string()),
    }
}
