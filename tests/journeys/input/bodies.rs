//! Mistakes in the fields of bodies, at each level.

use super::{
    Call, Case, WellFormed,
    shapes::{content_types, not_an_object},
    wishes::wishes,
};
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
pub(super) fn wrong(
    cases: &mut Vec<Case>,
    call: &Call,
    pointer: &str,
    field: &'static str,
    values: &[Value],
) {
    for value in values {
        let method = if call.body.contains("decoupled") { " (decoupled)" } else { "" };
        let shown: String = value.to_string().chars().take(80).collect();
        let name = format!("{pointer}{method} = {shown} of {} bytes", value.to_string().len());
        cases.push(Case::field(name, call.clone().field(pointer, Some(value)), field).hides_all(value));
    }
}

/// Values of no text field.
pub(super) fn not_text() -> Vec<Value> {
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
    values.extend(
        ["Individual", "INDIVIDUAL", "private", "", "individual\u{a0}", "company-9471"].map(Value::from),
    );
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
    values.push((0..100).fold(json!("canary-9471"), |inner, _| json!([inner])));
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
