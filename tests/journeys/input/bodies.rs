//! Mistakes in bodies: of each field, at each level, and of the body itself.

use super::{Call, Case, WellFormed};
use serde_json::{Value, json};

pub(super) fn cases(well_formed: &WellFormed) -> Vec<Case> {
    let mut cases = Vec::new();
    countries(&mut cases, &well_formed.start);
    kinds_of_customer(&mut cases, &well_formed.start);
    references(&mut cases, &well_formed.start);
    wishes(&mut cases, (&well_formed.start_redirect, &well_formed.start_decoupled), "/authorization");
    wishes(&mut cases, (&well_formed.choose_redirect, &well_formed.choose_decoupled), "");
    handles(&mut cases, &well_formed.activate);
    unknown_fields(&mut cases, well_formed);
    for call in well_formed.with_bodies() {
        not_an_object(&mut cases, call);
        content_types(&mut cases, call);
    }
    cases
}

/// One case per wrong value of the field at `pointer`; the problem names `field`.
fn wrong(cases: &mut Vec<Case>, call: &Call, pointer: &str, field: &'static str, values: &[Value]) {
    for value in values {
        let method = if call.body.contains("decoupled") { " (decoupled)" } else { "" };
        let shown: String = value.to_string().chars().take(80).collect();
        let name = format!("{pointer}{method} = {shown} of {} bytes", value.to_string().len());
        cases.push(Case::field(name, call.clone().field(pointer, Some(value)), field).hides_all(value));
    }
}

/// Values of no text field.
fn not_text() -> Vec<Value> {
    vec![json!(4711), json!(-1.5), json!(true), json!(["in-a-list"]), json!({"in-an-object": "in-an-object"})]
}

fn countries(cases: &mut Vec<Case>, start: &Call) {
    for closed in ["FI", "NO", "DK"] {
        let call = start.clone().field("/country", Some(&json!(closed)));
        cases.push(Case::problem(closed, call, 400, "country_not_served").about("country"));
    }
    let mut values = not_text();
    values.extend(
        [
            "se",
            "Se",
            "",
            " ",
            "S",
            " SE",
            "SE ",
            "SE\0",
            "SWE",
            "XX",
            "DE",
            "ＳＥ",
            "SE,NL",
            "Zweden-9471",
            "%53%45",
        ]
        .map(Value::from),
    );
    values.extend([Value::Null, json!(["SE"]), json!({"code": "SE"})]);
    wrong(cases, start, "/country", "country", &values);
    cases.push(Case::field("country missing", start.clone().field("/country", None), "country"));
}

fn kinds_of_customer(cases: &mut Vec<Case>, start: &Call) {
    let mut values = not_text();
    values
        .extend(["Individual", "INDIVIDUAL", "private", "", "individual ", "company-9471"].map(Value::from));
    values.push(Value::Null);
    wrong(cases, start, "/psu_type", "psu_type", &values);
    cases.push(Case::field("psu_type missing", start.clone().field("/psu_type", None), "psu_type"));

    let refused: [(&str, &[&str]); 4] = [
        (
            "SE",
            &[
                "556000461",
                "55600046155",
                "5560004616",
                "556OOO4615",
                "5560004615 ",
                "",
                "556000--4615",
                "SE5560004615",
                "+556000461",
                "５５６０００４６１５",
                "UNKNOWN",
            ],
        ),
        ("NL", &["12345", "1234567", "abcdef", "12 456", "", "１２３４５６", "UNKNOWN"]),
        ("LU", &["123456789", "12345678901", "12345B7890", "", "-123456789", "UNKNOWN"]),
        ("GB", &["123456", "1234567890", "unknown", "UNKNOWN ", ""]),
    ];
    for (country, texts) in refused {
        let individual = start.clone().field("/country", Some(&json!(country)));
        let corporate = individual.clone().field("/psu_type", Some(&json!("corporate")));
        let mut values: Vec<Value> = texts.iter().copied().map(Value::from).collect();
        values.extend(not_text());
        for value in &values {
            let name = format!("corporate id in {country} = {value}");
            let call = corporate.clone().field("/psu_corporate_id", Some(value));
            cases.push(Case::field(name, call, "psu_corporate_id").hides_all(value));
        }
        let number = json!("5560004615");
        let call = individual.field("/psu_corporate_id", Some(&number));
        cases.push(
            Case::field(format!("corporate id of an individual in {country}"), call, "psu_corporate_id")
                .hides_all(&number),
        );
        if country != "GB" {
            cases.push(Case::field(
                format!("corporate id missing in {country}"),
                corporate,
                "psu_corporate_id",
            ));
        }
    }
    // What is wrong is named, and what is right is not called unknown because of it.
    let company = start.clone().field("/psu_corporate_id", Some(&json!("5560004615")));
    let call = company.clone().field("/psu_type", Some(&json!("bank-9471")));
    cases.push(Case::field("a corporate id of no kind of customer", call, "psu_type").hides("bank-9471"));
    let call = company.field("/country", None).field("/psu_type", Some(&json!("corporate")));
    cases.push(Case::field("a corporate id of no country", call, "country").hides("5560004615"));
}

fn references(cases: &mut Vec<Case>, start: &Call) {
    let mut values = not_text();
    values.push(json!("canary-".repeat(10)));
    values.extend(
        [
            "",
            "tab\tcanary",
            "line\ncanary",
            "\r\nX-Canary: 1",
            "nul\0canary",
            "del\u{7f}canary",
            "hushåll #9471",
            "emoji \u{1f600} canary",
            "\u{202e}canary-9471",
            "\u{feff}canary-9471",
        ]
        .map(Value::from),
    );
    wrong(cases, start, "/reference", "reference", &values);
}

/// How the PSU is to sign: the same rules in both starts.
fn wishes(cases: &mut Vec<Case>, (redirect, decoupled): (&Call, &Call), at: &str) {
    let place = |field: &str| format!("{at}/{field}");
    if !at.is_empty() {
        let values = [json!("redirect"), json!(true), json!(1), json!([]), json!([{"method": "redirect"}])];
        wrong(cases, redirect, at, "authorization", &values);
        let call = redirect.clone().field(at, Some(&json!({})));
        cases.push(Case::field("authorization = {}", call, "method").about("app"));
    }
    let mut values = not_text();
    values.extend(["Redirect", "REDIRECT", "bankid", "", "decoupled ", "embedded-9471"].map(Value::from));
    values.push(Value::Null);
    wrong(cases, redirect, &place("method"), "method", &values);
    cases.push(Case::field("method missing", redirect.clone().field(&place("method"), None), "method"));

    let mut values = not_text();
    values.extend(
        ["", "Android", "desktop-9471", "an droid", "android ", "https://evil.example/", "äpple"]
            .map(Value::from),
    );
    values.extend([json!("x".repeat(33)), Value::Null]);
    for call in [redirect, decoupled] {
        wrong(cases, call, &place("app"), "app", &values);
    }
    cases.push(Case::field("app missing", redirect.clone().field(&place("app"), None), "app"));

    let values = [
        json!("true"),
        json!("false"),
        json!(""),
        json!(1),
        json!(0),
        json!([true]),
        json!({"is-a-phone": true}),
    ];
    wrong(cases, decoupled, &place("same_device"), "same_device", &values);
    for here in [true, false] {
        let call = redirect.clone().field(&place("same_device"), Some(&json!(here)));
        cases.push(Case::field(format!("redirect with same_device {here}"), call, "method"));
    }
    personal_numbers(cases, redirect, decoupled, &place("personal_number"));
}

fn personal_numbers(cases: &mut Vec<Case>, redirect: &Call, decoupled: &Call, pointer: &str) {
    let valid = checked("19010203981");
    let mut values = not_text();
    values.extend([json!(valid.parse::<u64>().unwrap()), json!([valid]), Value::Null]);
    values.extend(
        [
            "",
            "1",
            "0102039815",
            "010203-9815",
            "1901020398150",
            "19010203-98-15",
            " 190102039815",
            "19010203981O",
            "１９０１０２０３９８１５",
            "190102039814",
            "+90102039815",
        ]
        .map(Value::from),
    );
    // The check digit is right, the day does not exist (coordination numbers: day + 60).
    values.extend(
        [
            "19011303981",
            "19010003981",
            "19010132981",
            "19010100981",
            "19010230981",
            "19000229981",
            "19010192981",
            "19010199981",
        ]
        .map(|digits| json!(checked(digits))),
    );
    wrong(cases, decoupled, pointer, "personal_number", &values);
    let missing = decoupled.clone().field(pointer, None);
    cases.push(Case::field("personal_number missing", missing, "personal_number"));
    let call = redirect.clone().field(pointer, Some(&json!(valid)));
    cases.push(Case::field("redirect with a personal number", call, "method").hides(&valid));
    let call = redirect.clone().field(pointer, Some(&json!("9471-canary")));
    cases.push(
        Case::field("redirect with half a personal number", call, "personal_number").hides("9471-canary"),
    );
}

/// Eleven digits and the check digit over the last ten of the twelve (modulus 10).
fn checked(eleven: &str) -> String {
    let weighed = |(at, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
        digit / 10 + digit % 10
    };
    let sum: u32 = eleven.bytes().skip(2).enumerate().map(weighed).sum();
    format!("{eleven}{}", (10 - sum % 10) % 10)
}

fn handles(cases: &mut Vec<Case>, activate: &Call) {
    let mut values = not_text();
    values.extend(
        ["", "canary-handle-9471", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA"].map(Value::from),
    );
    values.extend([Value::Null, json!(["AAAAAAAAAAAAAAAAAAAAAA"]), json!("canary-".repeat(100))]);
    wrong(cases, activate, "/handle", "handle", &values);
    cases.push(Case::field("handle missing", activate.clone().field("/handle", None), "handle"));
}

fn unknown_fields(cases: &mut Vec<Case>, well_formed: &WellFormed) {
    for name in [
        "canary-9471",
        "Country",
        "PSU_TYPE",
        "redirect_uri",
        "link",
        "scope",
        "owner",
        "status",
        "__proto__",
        "",
    ] {
        for call in well_formed.with_bodies() {
            for value in [json!("canary-value"), Value::Null] {
                let call = call.clone().field(&format!("/{name}"), Some(&value));
                let case = Case::field(format!("unknown field {name:?} = {value}"), call, "body");
                cases.push(
                    if name.starts_with("canary") { case.hides(name) } else { case }.hides("canary-value"),
                );
            }
        }
        let call =
            well_formed.start_redirect.clone().field(&format!("/authorization/{name}"), Some(&json!(1)));
        cases.push(Case::field(format!("unknown field {name:?} inside"), call, "authorization"));
    }
}

fn not_an_object(cases: &mut Vec<Case>, call: &Call) {
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

fn content_types(cases: &mut Vec<Case>, call: &Call) {
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
