//! Mistakes of the body as a whole: its form, its length, its media type.

use super::{Call, Case};

pub(super) fn not_an_object(cases: &mut Vec<Case>, call: &Call) {
    let deep = format!("{}{}", "{\"a\":".repeat(300), "1");
    let whole = &call.body;
    let truncated = whole.get(..whole.len() - 1).unwrap();
    for body in [
        "null",
        "true",
        "4711",
        "\"canary-9471\"",
        "[]",
        "[{}]",
        " ",
        "canary-9471",
        "{'country':'SE'}",
        "}",
        "{}{}",
        "{} canary-9471",
        "{\"a\":}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "{a:1}",
        "{}//canary",
        "{\"\\ud800\":1}",
        "{\"a\":\"\u{1}\"}",
        "\u{feff}{}",
        "{\"a\":1e999}",
        "country=SE&psu_type=individual",
        truncated,
        &deep,
        &"[".repeat(4000),
        &"{\"a\":[".repeat(600),
    ] {
        let shown: String = body.chars().take(60).collect();
        cases.push(
            Case::field(format!("body {shown:?} of {} bytes", body.len()), call.clone().body(body), "body")
                .hides(body),
        );
    }
    for length in [4097, 5000, 100_000] {
        let long = format!("{{\"canary-9471\":\"{}\"}}", "x".repeat(length - 18));
        assert_eq!(long.len(), length);
        let case =
            Case::problem(format!("body of {length} bytes"), call.clone().body(long), 413, "body_too_large");
        cases.push(case.about("body").hides("canary-9471"));
        let blank = format!("{whole}{}", " ".repeat(length - whole.len()));
        let case = Case::problem(
            format!("body with blanks of {length} bytes"),
            call.clone().body(blank),
            413,
            "body_too_large",
        );
        cases.push(case.about("body"));
    }
    let required: &[&str] = match call.route {
        "POST /v1/consents" => &["country", "psu_type"],
        "POST /v1/consents/{consent_id}/authorization" => &["method", "app"],
        "POST /v1/consents/{consent_id}/activation" => &["handle"],
        _ => return,
    };
    for (name, empty) in [("no body", ""), ("an empty object", "{}")] {
        let case = Case::problem(name, call.clone().body(empty), 400, "invalid_request");
        cases.push(required.iter().fold(case, |case, field| case.about(field)));
    }
}

pub(super) fn content_types(cases: &mut Vec<Case>, call: &Call) {
    let wrong = |name: String, call: Call| {
        Case::problem(name, call, 415, "unsupported_media_type").about("Content-Type")
    };
    for media_type in [
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "application/jsonx",
        "application/json-seq",
        "application/*",
        "application/problem+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=canary-9471",
        "json",
        "application/json, text/plain",
        "text/plain; application/json",
        "\"application/json\"",
        "åpplication/json",
    ] {
        let call = call.clone().header("content-type", media_type);
        cases.push(wrong(format!("content type {media_type:?}"), call).hides("canary-9471"));
    }
    cases.push(wrong("no content type".to_owned(), call.clone().without("content-type")));
    let twice = call.clone().header("content-type", "text/plain").and("content-type", "application/json");
    cases.push(wrong("two content types".to_owned(), twice));
}
