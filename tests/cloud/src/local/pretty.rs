//! What the functions say, for a person: their log is followed, and each line of JSON becomes one that can be read.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::shown;

const LOOK: Duration = Duration::from_millis(200);

/// Prints new lines of the log until it is dropped. What was there before is left alone.
pub(super) async fn follow(log: PathBuf) {
    let mut seen = std::fs::metadata(&log).map_or(0, |file| file.len());
    let mut rest: Vec<u8> = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok(bytes) = since(&log, seen) else { continue };
        seen += bytes.len() as u64;
        rest.extend(bytes);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if let Some(readable) = serde_json::from_slice(&line).ok().as_ref().and_then(readable) {
                let _ = shown::line(&readable);
            }
        }
    }
}

fn since(log: &Path, seen: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(log)?;
    file.seek(SeekFrom::Start(seen))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}

/// A request, an access to data, or what a process says of itself; nothing of what compilers print.
fn readable(line: &Value) -> Option<String> {
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    if let Some(resource) = text("audit") {
        let presence = if line.get("present") == Some(&Value::Bool(true)) { "present" } else { "unattended" };
        let (owner, outcome) = (text("owner")?, text("outcome")?);
        return Some(format!("  audit   {resource} of owner {owner}, {presence}: {outcome}"));
    }
    if let Some(event) = text("event") {
        return Some(format!("  process {} {event}: {}", text("function")?, text("cause").unwrap_or("-")));
    }
    let (status, route) = (line.get("status")?, text("route")?);
    let mut said = format!("  {status}     {route}  {} ms", line.get("took_ms")?);
    for (name, value) in line.as_object()? {
        let shown = match name.as_str() {
            "trace_id" | "function" | "route" | "status" | "took_ms" | "level" | "_aws" | "answered"
            | "refused" | "failed" => continue,
            _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        said.push_str(&format!("  {name}={shown}"));
    }
    Some(format!("{said}  trace={}", text("trace_id")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_of_a_request_says_what_a_person_looks_for_first() {
        let line = json!({"_aws": {}, "trace_id": "t-1", "function": "account-fetch", "route": "GET /v1/x",
            "status": 200, "took_ms": 12, "answered": 1, "accounts_ms": 9, "consent_id": "c-1"});
        let said = readable(&line).unwrap();
        assert!(said.starts_with("  200     GET /v1/x  12 ms"), "{said}");
        assert!(
            said.contains("accounts_ms=9") && said.contains("consent_id=c-1") && said.ends_with("trace=t-1")
        );
        assert!(!said.contains("_aws") && !said.contains("answered"));
    }

    #[test]
    fn an_access_says_whose_and_whether_the_psu_was_there() {
        let line =
            json!({"level": "INFO", "audit": "accounts", "owner": "o-1", "present": false, "outcome": "ok"});
        assert_eq!(readable(&line).unwrap(), "  audit   accounts of owner o-1, unattended: ok");
        assert_eq!(readable(&json!({"reason": "compiler-artifact"})), None);
    }
}
