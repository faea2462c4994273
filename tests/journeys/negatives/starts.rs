//! Starts that ask for what cannot be had, or say what is not theirs to say.

use super::case::{Act, Answered, CREATE, Case, Given, INIT, case};
use crate::world::client::swedish;
use serde_json::{Value, json};

fn with(method: &str, field: &str, value: Value) -> Value {
    let mut body = swedish(method);
    body["authorization"][field] = value;
    body
}

fn company(country: &str, id: &Value) -> Value {
    json!({"country": country, "psu_type": "corporate", "psu_corporate_id": id})
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = wishes();
    cases.extend(personal_numbers());
    cases.extend(companies());
    cases
}

fn refused(name: impl Into<String>, field: &'static str, body: Value) -> Case {
    case(name, Given::Nothing).act(Act::Start(body)).answers(Answered::Field(field))
}

fn wishes() -> Vec<Case> {
    let not_offered = |country: &str| {
        let mut body = swedish("decoupled");
        body["country"] = json!(country);
        let case = case(format!("BankID in {country}"), Given::Nothing).act(Act::Start(body));
        case.problem(409, "method_not_offered").calls(CREATE, 1).leaves("created")
    };
    let beside = |name: &str, value: Value| {
        let mut body = swedish("redirect");
        body[name] = value;
        refused(format!("{name} in the body"), "body", body)
    };
    let inside = |name: &str, value: Value| {
        refused(format!("{name} in the authorization"), "authorization", with("redirect", name, value))
    };
    let link = || json!("https://evil.example/");
    vec![
        not_offered("GB"),
        not_offered("NL"),
        not_offered("LU"),
        refused("an app that nobody registered", "app", with("redirect", "app", json!("windows"))),
        refused("an empty app", "app", with("redirect", "app", json!(""))),
        refused("a link for an app", "app", with("redirect", "app", link())),
        refused("an app of another client", "app", swedish("redirect")).client("another-app"),
        refused("an app of another client, by BankID", "app", swedish("decoupled")).client("another-app"),
        refused("a method that nobody knows", "method", with("redirect", "method", json!("embedded"))),
        refused("a method in capitals", "method", with("redirect", "method", json!("REDIRECT"))),
        beside("redirect_uri", link()),
        beside("link", link()),
        beside("state", json!("mine")),
        beside("consent_id", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        inside("redirect_uri", link()),
        inside("url", link()),
        inside("state", json!("mine")),
    ]
}

fn personal_numbers() -> Vec<Case> {
    let number = |name: &str, number: &str| {
        refused(name, "personal_number", with("decoupled", "personal_number", json!(number)))
    };
    let asked = |name: &str, number: &str| {
        let case =
            case(name, Given::Nothing).act(Act::Start(with("decoupled", "personal_number", json!(number))));
        let case = case.problem(409, "not_a_customer").calls(CREATE, 1).calls(INIT, 1);
        case.leaves_because("rejected", "not_a_customer")
    };
    let mut without = swedish("decoupled");
    without["authorization"].as_object_mut().unwrap().remove("personal_number");
    vec![
        number("ten digits", "0102039815"),
        number("eleven digits, as the bank's own example has them", "19030303333"),
        number("thirteen digits", "1901020398150"),
        number("a wrong check digit", "190102039816"),
        number("letters", "19010203981X"),
        number("digits of another alphabet", "١٩٠١٠٢٠٣٩٨١٥"),
        number("a thirteenth month", "190113019806"),
        number("the thirtieth of February", "190102309804"),
        number("day zero", "190102009800"),
        number("a day that is still to come", "209901019803"),
        number("a coordination number of a day that is still to come", "209901619800"),
        number("empty", ""),
        refused("no personal number", "personal_number", without),
        refused("a personal number for a redirect", "method", {
            with("redirect", "personal_number", json!("190102039815"))
        }),
        asked("a coordination number is a number like any other", "190001619808"),
        asked("a hyphen in it is no mistake", "19000101-9801"),
    ]
}

fn companies() -> Vec<Case> {
    let wrong = |name: &str, country: &str, id: Value| {
        refused(format!("{country}: {name}"), "psu_corporate_id", company(country, &id))
    };
    let taken = |name: &str, country: &str, id: Value| {
        let case = case(format!("{country}: {name}"), Given::Nothing).act(Act::Start(company(country, &id)));
        case.answers(Answered::Done(201, Some("created"))).calls(CREATE, 1).leaves("created")
    };
    let private = json!({"country": "SE", "psu_type": "individual", "psu_corporate_id": "5560004615"});
    let mut cases = vec![
        wrong("nine digits", "SE", json!("556000461")),
        wrong("eleven digits", "SE", json!("55600046155")),
        wrong("twelve digits", "SE", json!("165560004615")),
        wrong("a wrong check digit", "SE", json!("5560004616")),
        wrong("letters", "SE", json!("55600046AB")),
        wrong("two hyphens", "SE", json!("556000--4615")),
        wrong("five digits", "NL", json!("12345")),
        wrong("seven digits", "NL", json!("1234567")),
        wrong("letters", "NL", json!("12345X")),
        wrong("nine digits", "LU", json!("123456789")),
        wrong("eleven digits", "LU", json!("12345678901")),
        wrong("a customer number, which is never sent", "GB", json!("123456")),
        refused("a company's number for a private person", "psu_corporate_id", private),
        taken("a hyphen is no mistake", "SE", json!("556000-4615")),
        taken("six digits", "NL", json!("123456")),
        taken("ten digits", "LU", json!("1234567890")),
        taken("UNKNOWN, as it is sent", "GB", json!("UNKNOWN")),
        case("FI: closed", Given::Nothing)
            .act(Act::Start(company("FI", &json!("1234567-8"))))
            .problem(400, "country_not_served"),
    ];
    for country in ["SE", "NL", "LU"] {
        let body = json!({"country": country, "psu_type": "corporate"});
        cases.push(refused(format!("{country}: no number"), "psu_corporate_id", body));
    }
    cases
}
