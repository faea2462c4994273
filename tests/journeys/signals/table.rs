//! One case for each row of the tables of signals, written from the contract and not from the tables.

use super::{
    Outcome,
    provoke::{CALLS, provoke, signal},
};
use crate::world::World;
use simulated_bank::Fault;

/// Status, code, who can act, and whether repeating helps; for attempts the reason, in an answer of 200.
type Expected = (u16, &'static str, &'static str, bool);

/// What the contract says of a signal; `None` is a signal without a case.
fn expected(call: &str, status: u16, says: &str) -> Option<Expected> {
    let resource =
        matches!(call, "accounts" | "account" | "transactions" | "card_accounts" | "card_transactions");
    Some(match (call, status, says) {
        // The app lacks a subscription: for cards that means none.
        ("card_accounts", 401 | 403, "Not registered to plan") => (200, "cards_not_subscribed", "", false),
        (_, 401 | 403, "Not registered to plan") => (503, "bank_refused_us", "service", false),
        // A token that should live: another one, and the question once more.
        ("create_consent", 401, "Token is not active") => (201, "ok", "", false),
        (_, 401, "Token is not active") if resource => (200, "ok", "", false),
        (_, 401, "Invalid token grant type") => (502, "bank_unrecognised", "bank", false),
        (_, 403, "") if resource => (409, "kyc_missing", "psu", false),
        // The bound is moved, and the answer says so.
        ("transactions" | "card_transactions", 400, "Invalid time interval") => (200, "ok", "", false),
        ("account" | "transactions" | "card_transactions", 404, "") => {
            (404, "account_not_found", "caller", false)
        }
        ("client_credentials", ..) => (503, "bank_refused_us", "service", false),
        ("refresh", 400, "unauthorized_client" | "invalid_grant") => (409, "consent_expired", "psu", false),
        ("refresh", ..) => (503, "bank_refused_us", "service", false),
        (
            "exchange_code",
            400,
            "invalid_grant" | "unauthorized_client" | "invalid_request" | "invalid_scope",
        ) => (200, "code_refused", "", false),
        ("exchange_code", ..) => (200, "exchange_unknown", "", false),
        ("begin_decoupled", 400, "invalid_request") => (409, "personal_number_refused", "psu", false),
        ("begin_decoupled", 400, "intent_expired") => (409, "attempt_expired", "psu", false),
        ("begin_decoupled", 400, "mbid_error") => (409, "bankid_failed", "psu", false),
        ("begin_decoupled", 400, "not_shb_approved") => (409, "not_a_customer", "psu", false),
        ("begin_decoupled", 400, "mbid_not_shb_activated") => (409, "bankid_not_activated", "psu", false),
        ("poll", 400, "intent_expired") => (200, "too_late", "", false),
        ("poll", 400, "mbid_error") => (200, "bankid_failed", "", false),
        ("poll", 400, "not_shb_approved") => (200, "not_a_customer", "", false),
        ("poll", 400, "mbid_not_shb_activated") => (200, "bankid_not_activated", "", false),
        ("poll", 400, "mbid_max_polling") => (200, "polled_too_often", "", false),
        _ => return None,
    })
}

fn holds(outcome: &Outcome, (status, code, action_by, retryable): Expected, what: &str) {
    let answer = &outcome.answer;
    assert_eq!((answer.status, outcome.code.as_str()), (status, code), "{what}: {}", answer.text);
    if status < 400 {
        return;
    }
    let problem = answer.json();
    assert_eq!(
        (&problem["action_by"], &problem["retryable"]),
        (&action_by.into(), &retryable.into()),
        "{what}"
    );
    assert_eq!(problem["retry_after_s"].is_number(), retryable, "{what}");
    assert_eq!(answer.header("retry-after").is_some(), retryable, "{what}");
    for language in ["en", "sv"] {
        assert!(problem["user_message"][language].as_str().is_some_and(|text| text.ends_with('.')), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_signal_that_has_a_row_gets_its_problem() {
    let mut cases = 0;
    let mut world = World::in_process().await;
    for known in shared::bank::known_signals() {
        // Whether this path exists at the bank is unknown; its own journeys show what becomes of it.
        if known.call == "delete_consent" {
            continue;
        }
        let what = format!("{} {} {:?}", known.call, known.status, known.says);
        let expected =
            expected(known.call, known.status, known.says).unwrap_or_else(|| panic!("no case for {what}"));
        if known.call == "client_credentials" {
            world.restart_functions().await;
            world = World::in_process().await;
        }
        let outcome = provoke(&world, known.call, signal(known.call, known.status, known.says)).await;
        holds(&outcome, expected, &what);
        cases += 1;
    }
    crate::world::measure("signals of the bank, each with its problem", cases, "all that are known", None);
    assert!(cases >= 60, "{cases} cases");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_any_call_may_answer_gets_its_problem_on_every_call() {
    let world = World::in_process().await;
    let busy = |headers: &[(&str, &str)]| Fault::Answer {
        status: 429,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: String::new(),
        executed: false,
    };
    for (call, _) in CALLS.iter().filter(|(call, _)| !matches!(*call, "client_credentials" | "exchange_code"))
    {
        for (fault, expected) in [
            (Fault::Unavailable, (503, "bank_unavailable", "bank", true)),
            (Fault::InternalError, (503, "bank_unavailable", "bank", true)),
            (Fault::ProxyError, (503, "bank_unavailable", "bank", true)),
            (Fault::RequestRejected, (502, "bank_answer_unusable", "bank", true)),
            (Fault::Html, (502, "bank_answer_unusable", "bank", true)),
            (busy(&[]), (503, "bank_busy", "bank", true)),
            (busy(&[("Retry-After", "120")]), (503, "bank_busy", "bank", true)),
        ] {
            let waits = matches!(&fault, Fault::Answer { headers, .. } if !headers.is_empty());
            let what = format!("{call} {fault:?}");
            let outcome = provoke(&world, call, fault).await;
            holds(&outcome, expected, &what);
            if waits {
                assert_eq!(outcome.answer.header("retry-after"), Some("120"), "{what}");
            }
        }
    }
}
