//! Mistakes in how the PSU is to sign: method, app, device, personal number. The same rules hold in both starts.

use super::{
    Call, Case,
    bodies::{not_text, wrong},
};
use serde_json::{Value, json};

/// `at` is where the wish stands in the body.
pub(super) fn wishes(cases: &mut Vec<Case>, (redirect, decoupled): (&Call, &Call), at: &str) {
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
