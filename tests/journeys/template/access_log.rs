//! The access log: what is written down about each call, and above all what is not.

use super::{Check, Sheet, attribute, check};
use serde_json::Value;

/// Variables of the gateway that a line of the access log is made of.
fn logged(sheet: &Sheet) -> Vec<&str> {
    let format = sheet.of_resource("Api", "AccessLogSettings/Format").as_str().unwrap_or_default();
    format.split('"').filter(|part| part.starts_with('$')).collect()
}

fn logs_no(sheet: &Sheet, words: &[&str]) -> bool {
    !logged(sheet).iter().any(|variable| words.iter().any(|word| variable.to_lowercase().contains(word)))
}

pub(super) fn checks() -> Vec<Check> {
    let more = |variable: &str| format!("\"more\":\"{variable}\",\"bytes\":");
    let no = |name: &str, words: &'static [&'static str], variable: &str| {
        check(name, |it| logs_no(it, words), ["", "\"bytes\":", &more(variable)])
    };
    vec![
        check(
            "calls are logged, in a group of their own",
            |it| *it.of_resource("Api", "AccessLogSettings/DestinationArn") == attribute("AccessLog.Arn"),
            ["", "DestinationArn: !GetAtt AccessLog.Arn", "DestinationArn: !GetAtt Log.Arn"],
        ),
        check(
            "a line of the access log is one JSON object",
            |it| {
                let format = it.of_resource("Api", "AccessLogSettings/Format").as_str().unwrap_or_default();
                !format.trim_end().contains('\n')
                    && serde_json::from_str::<Value>(format).is_ok_and(|line| line.is_object())
            },
            ["        Format: >-\n", "{\"request_id\"", "{request_id"],
        ),
        check(
            "a line of the access log says what was called, how it ended and how long it took",
            |it| {
                let variables = logged(it);
                ["requestId", "routeKey", "status", "responseLatency"]
                    .iter()
                    .all(|name| variables.contains(&format!("$context.{name}").as_str()))
            },
            ["        Format: >-\n", "$context.routeKey", "$context.stage"],
        ),
        no("no query string is logged", &["query"], "$context.queryString"),
        no("no path is logged, ids stand in it", &["path"], "$context.path"),
        no(
            "no address is logged, the browser's is the PSU's",
            &["ip", "identity"],
            "$context.identity.sourceIp",
        ),
        no("nothing of a token is logged", &["authorizer", "header"], "$context.authorizer.claims.sub"),
        check(
            "nothing is logged that is not known to be harmless",
            |it| {
                let harmless = [
                    "requestId",
                    "requestTime",
                    "routeKey",
                    "status",
                    "responseLength",
                    "responseLatency",
                    "integrationLatency",
                    "error.responseType",
                ];
                let is_harmless = |name: &str| harmless.contains(&name.trim_start_matches("$context."));
                logged(it).iter().all(|variable| is_harmless(variable))
            },
            ["", "\"bytes\":", &more("$context.integrationErrorMessage")],
        ),
    ]
}
