//! Starting a BankID order, and every way in which there is none afterwards.

use super::{
    case::{Act, Answered, CREATE, Case, Given, INIT, case},
    exchanges::{error, says},
};
use crate::world::client::swedish;
use serde_json::{Value, json};
use simulated_bank::{CallKind, Fault};

fn decoupled_for(number: &str) -> Value {
    let mut body = swedish("decoupled");
    body["authorization"]["personal_number"] = json!(number);
    body
}

/// A start whose order the bank answers so.
fn ordered(name: impl Into<String>, fault: Fault) -> Case {
    let case = case(name, Given::Nothing).bank(CallKind::DecoupledInit, fault);
    case.act(Act::Start(swedish("decoupled"))).calls(CREATE, 1).calls(INIT, 1)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = refusals();
    cases.extend(links());
    cases
}

fn refusals() -> Vec<Case> {
    let refused = |word: &str, code, status, reason| {
        ordered(word, error(word)).problem(409, code).leaves_because(status, reason)
    };
    // The bank's answer gave nobody anything to sign: the same key may try again.
    let not_taken = |fault: Fault, status, code| {
        let case = ordered(format!("{fault:?}"), fault).problem(status, code);
        case.leaves_because("rejected", "start_not_taken")
    };
    let unknown = |fault: Fault| {
        let case = ordered(format!("{fault:?}"), fault).problem(502, "start_unknown");
        case.leaves_because("rejected", "start_unknown")
    };
    let person = |name: &str, number: &str, code, reason| {
        let case = case(name, Given::Nothing).act(Act::Start(decoupled_for(number)));
        case.calls(CREATE, 1).calls(INIT, 1).problem(409, code).leaves_because("rejected", reason)
    };
    vec![
        refused("invalid_request", "personal_number_refused", "rejected", "personal_number_refused"),
        refused("not_shb_approved", "not_a_customer", "rejected", "not_a_customer"),
        refused("mbid_error", "bankid_failed", "rejected", "bankid_failed"),
        refused("mbid_not_shb_activated", "bankid_not_activated", "rejected", "bankid_not_activated"),
        refused("intent_expired", "attempt_expired", "expired", "too_late"),
        not_taken(error("mbid_max_polling"), 502, "bank_unrecognised"),
        not_taken(error("invalid_client"), 502, "bank_unrecognised"),
        not_taken(error("a_new_word"), 502, "bank_unrecognised"),
        not_taken(says(401, r#"{"error":"mbid_error"}"#), 502, "bank_unrecognised"),
        not_taken(says(403, ""), 502, "bank_unrecognised"),
        not_taken(Fault::TooManyRequests { retry_after_s: Some(5) }, 503, "bank_busy"),
        not_taken(Fault::InternalError, 503, "bank_unavailable"),
        not_taken(Fault::ProxyError, 503, "bank_unavailable"),
        not_taken(Fault::Unavailable, 503, "bank_unavailable"),
        not_taken(Fault::RequestRejected, 502, "bank_answer_unusable"),
        not_taken(Fault::Html, 502, "bank_answer_unusable"),
        not_taken(Fault::TruncatedJson, 502, "bank_answer_unusable"),
        not_taken(Fault::MissingField { name: "_links".to_owned() }, 502, "bank_answer_unusable"),
        not_taken(says(200, r#"{"result":"COMPLETE","access_token":"a"}"#), 502, "bank_answer_unusable"),
        unknown(Fault::AnswerLost),
        unknown(Fault::ResetMidBody),
        unknown(Fault::RequestCut),
        person("nobody's number", "190607089869", "not_a_customer", "not_a_customer"),
        person("a BankID of another bank", "190506079854", "bankid_not_activated", "bankid_not_activated"),
        person("a signatory in a private consent", "190203049820", "not_a_customer", "not_a_customer"),
    ]
}

/// Links of the bank that lead where configuration does not allow: the whole answer is of no use.
fn links() -> Vec<Case> {
    let consent = |href: &str| {
        let methods = json!([{"scaMethodType": "REDIRECT", "_links": {"authorization": [{"href": href}]}}]);
        says(
            201,
            &json!({"consentId": "c-1", "consentStatus": "RECEIVED", "scaMethods": methods}).to_string(),
        )
    };
    let order = |token: &str, cancel: &str| {
        let links = json!({"token": {"href": token}, "cancel": {"href": cancel}});
        says(200, &json!({"auto_start_token": "a-1", "sleep_time": 2000, "_links": links}).to_string())
    };
    let created = |name: &str, fault: Fault| {
        let case = case(name, Given::Nothing).bank(CallKind::ConsentsCreate, fault);
        let case = case.act(Act::Start(swedish("redirect"))).calls(CREATE, 1);
        case.problem(502, "bank_answer_unusable").leaves_because("rejected", "start_not_taken")
    };
    let started = |name: &str, fault: Fault| {
        ordered(name, fault)
            .problem(502, "bank_answer_unusable")
            .leaves_because("rejected", "start_not_taken")
    };
    let origin = || "https://elsewhere.example".to_owned();
    let here = "https://127.0.0.1:1/mlurd/decoupled/mbid/token/2.0?sessionId=s-1";
    vec![
        created("all links of a consent lead elsewhere", Fault::ForeignLinks { origin: origin() }),
        created("a page elsewhere", consent("https://elsewhere.example/bb/gls5/oauth2/authorize/1.0")),
        created("a script for a page", consent("javascript:alert(1)")),
        created("a page with a user before the host", consent("https://bank@elsewhere.example/oauth2/")),
        created("a page without a host", consent("/bb/gls5/oauth2/authorize/1.0")),
        created("an empty link", consent("")),
        created("no way to sign at all", says(201, r#"{"consentId":"c-1","scaMethods":[]}"#)),
        created(
            "only a way that nobody here speaks",
            says(
                201,
                r#"{"consentId":"c-1","scaMethods":[{"scaMethodType":"EMBEDDED","_links":{"authorization":[{"href":"x"}]}}]}"#,
            ),
        ),
        started("all links of an order lead elsewhere", Fault::ForeignLinks { origin: origin() }),
        started("an order to be polled elsewhere", order("https://elsewhere.example/token/2.0", here)),
        started("an order to be cancelled elsewhere", order(here, "https://elsewhere.example/cancel/2.0")),
        started("an order on another port", order(here, here)),
        case("no order, so nothing to poll", Given::Nothing)
            .bank(CallKind::DecoupledInit, Fault::ForeignLinks { origin: origin() })
            .acts([Act::Start(swedish("decoupled")), Act::Poll])
            .calls(CREATE, 1)
            .calls(INIT, 1)
            .answers(Answered::Done(200, Some("rejected")))
            .leaves_because("rejected", "start_not_taken"),
    ]
}
