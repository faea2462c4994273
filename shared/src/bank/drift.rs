//! The radar: what stands in the bank's answers and is in no table of ours. Named by its shape, never by its value.
//!
//! What an answer may hold without being read is in [`KNOWN`]; what is read is in the types that read it. Anything else
//! is counted, and data all the same: fields that nobody asked for never spoil an answer.

use crate::telemetry;
use serde::Deserialize;
use serde_ignored::Path;

/// Larger answers are not looked at: they are lists of what smaller ones show too, and looking costs time per field.
const LARGEST: usize = 64 * 1024;

/// Known and not read: documented by the bank or recorded in its answers; but `scaMethods.name`, `scope` and
/// `transactions._links`, which are tolerated and were never seen.
pub const KNOWN: &[&str] = &[
    "_links",
    "accounts._links",
    "cardAccounts._links",
    "result",
    "scaMethods._links.authorization.name",
    "scaMethods._links.authorization.type",
    "scaMethods.name",
    "scope",
    "transactions._links",
    "transactions.balance.balanceType",
];

/// Names of fields are the bank's, unless it should ever use values as names: those are not shown.
const LONGEST_NAME: usize = 40;

/// Reads, and says what was not read and is not known.
pub(super) fn watched<'a, T: Deserialize<'a>>(text: &'a str) -> serde_json::Result<T> {
    let mut wire = serde_json::Deserializer::from_str(text);
    if text.len() > LARGEST {
        let read = T::deserialize(&mut wire)?;
        wire.end()?;
        return Ok(read);
    }
    let mut unknown = Vec::new();
    let read = serde_ignored::deserialize(&mut wire, |path| {
        let shape = shape(&path);
        // An answer that is not read at all has no fields that anybody could know.
        let is_field = !shape.is_empty();
        if is_field && !KNOWN.contains(&shape.as_str()) && !unknown.contains(&shape) {
            unknown.push(shape);
        }
    })?;
    wire.end()?;
    unknown.iter().for_each(|shape| telemetry::drift(shape));
    Ok(read)
}

/// The names on the way to a field, without places in lists.
fn shape(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, .. }
        | Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => shape(parent),
        Path::Map { parent, key } => {
            let (before, name) = (shape(parent), name(key));
            if before.is_empty() { name } else { format!("{before}.{name}") }
        }
    }
}

fn name(key: &str) -> String {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if plain && (1..=LONGEST_NAME).contains(&key.len()) { key.to_owned() } else { "?".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bank::transport::json_or_nothing,
        telemetry::{Ending, Log, Output},
        types::TraceId,
    };
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    async fn line(body: &str) -> serde_json::Value {
        told(|| drop(crate::bank::answer::accounts(body.as_bytes()).unwrap())).await
    }

    async fn told(read: impl FnOnce()) -> serde_json::Value {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let log = Log::new(Output::Kept(Arc::clone(&kept)), "ais");
        let ending = |_: &_| Ending {
            trace: TraceId::parse("6b24ce42-237f-4303-a917-cf778e5013d6").unwrap(),
            function: "account-fetch",
            route: String::new(),
            status: 200,
            code: None,
            cold: false,
            xray: None,
            took: Duration::ZERO,
        };
        log.observe(async { read() }, ending).await;
        let line = kept.lock().unwrap()[0].clone();
        serde_json::from_str(&line).unwrap()
    }

    fn accounts(more: &str) -> String {
        format!(
            r#"{{"accounts":[{{"_links":{{"a":1}},"accountId":"a","currency":"SEK","balances":[{{"amount":{{"content":1.50,"currency":"SEK"}},"balanceType":"CURRENT"}}],"creditLimit":{{"content":9,"currency":"SEK"}}{more}}}]}}"#
        )
    }

    #[tokio::test]
    async fn an_answer_of_known_fields_is_no_drift() {
        let line = line(&accounts("")).await;
        assert_eq!(line.get("drift"), None, "{line}");
    }

    #[tokio::test]
    async fn a_name_that_may_be_a_value_is_not_shown() {
        let line = line(&accounts(r#","nickname":"Semester","SE2560000000000417300268":{"x":1}"#)).await;
        assert_eq!(
            (&line["drift"], &line["drift_in"]),
            (&2.into(), &"accounts.nickname, accounts.?".into()),
            "{line}"
        );
        assert!(!line.to_string().contains("Semester"));
    }

    #[tokio::test]
    async fn an_answer_of_which_nothing_is_read_is_no_drift() {
        let line = told(|| json_or_nothing(br#"{"state":"gone"}"#).unwrap()).await;
        assert_eq!(line.get("drift"), None, "{line}");
    }

    #[tokio::test]
    async fn large_lists_are_not_looked_at() {
        let line = line(&accounts(&format!(r#","other":"{}""#, "x".repeat(LARGEST)))).await;
        assert_eq!(line.get("drift"), None);
    }
}
