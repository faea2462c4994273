//! What the bank says to a poll: what ends an order ends it for ever, everything else ends nothing.

use super::{
    case::{Act, Answered, Case, Given, POLL, case},
    exchanges::{error, lost, says},
};
use simulated_bank::{BankIdAction, CallKind, Fault, PollOutcome};

const LATER: Act = Act::Pass(2_500);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = ends();
    cases.extend(goes_on());
    cases.extend(pace());
    cases
}

/// Terminal answers: explained at once, and by every later poll without a call.
fn ends() -> Vec<Case> {
    let explained = |status| Answered::Done(200, Some(status));
    let mut cases = Vec::new();
    for (word, status, reason) in [
        ("mbid_error", "rejected", "bankid_failed"),
        ("mbid_max_polling", "rejected", "polled_too_often"),
        ("not_shb_approved", "rejected", "not_a_customer"),
        ("mbid_not_shb_activated", "rejected", "bankid_not_activated"),
        ("intent_expired", "expired", "too_late"),
    ] {
        let said = Act::Said(PollOutcome::Error { error: word.to_owned() });
        let ended = |name: String| {
            let case = case(name, Given::Ordered).acts([said.clone(), Act::Poll]).answers(explained(status));
            case.calls(POLL, 1).leaves_because(status, reason)
        };
        cases.push(ended(word.to_owned()));
        let stop = [LATER, Act::Poll, LATER, Act::Poll, LATER, Act::Poll];
        cases.push(ended(format!("{word}, and polls after it")).acts(stop));
    }
    let cancelled = |name| {
        let case = case(name, Given::Ordered).acts([Act::Phone(BankIdAction::Deny), Act::Poll]);
        case.answers(explained("rejected")).calls(POLL, 1).leaves_because("rejected", "bankid_cancelled")
    };
    let approved = |name| {
        let case = case(name, Given::Ordered).acts([Act::Phone(BankIdAction::Approve), Act::Poll]);
        case.answers(explained("active")).calls(POLL, 1).leaves("active")
    };
    cases.extend([
        cancelled("cancelled in the app"),
        cancelled("cancelled in the app, and polls after it").acts([LATER, Act::Poll, LATER, Act::Poll]),
        cancelled("cancelled in the app, then cancelled here")
            .act(Act::Cancel)
            .answers(Answered::Done(204, None)),
        approved("approved, and polls after it").acts([LATER, Act::Poll, LATER, Act::Poll]),
        case("not opened in time", Given::Ordered)
            .acts([Act::Pass(31_000), Act::Poll, LATER, Act::Poll])
            .answers(explained("rejected"))
            .calls(POLL, 1)
            .leaves_because("rejected", "bankid_failed"),
    ]);
    cases
}

/// The caller is told, may poll again, and an approval still counts.
fn goes_on() -> Vec<Case> {
    let after = |fault: Fault, status, code| {
        let case = case(format!("{fault:?}"), Given::Ordered).bank(CallKind::DecoupledPoll, fault);
        case.act(Act::Poll).problem(status, code).calls(POLL, 1).leaves("awaiting_approval")
    };
    let result = |word: &str| says(200, &format!(r#"{{"result":{word}}}"#));
    let mut cases = vec![
        after(result(r#""A_NEW_WORD""#), 502, "bank_unrecognised"),
        after(result(r#""complete""#), 502, "bank_unrecognised"),
        after(result(r#""USER_CANCEL ""#), 502, "bank_unrecognised"),
        after(result(r#""""#), 502, "bank_unrecognised"),
        after(result("7"), 502, "bank_answer_unusable"),
        after(result("null"), 502, "bank_answer_unusable"),
        after(result(r#""COMPLETE""#), 502, "bank_answer_unusable"),
        after(error("a_new_word"), 502, "bank_unrecognised"),
        after(error("MBID_ERROR"), 502, "bank_unrecognised"),
        after(error("invalid_request"), 502, "bank_unrecognised"),
        after(error("invalid_grant"), 502, "bank_unrecognised"),
        after(says(401, r#"{"error":"mbid_error"}"#), 502, "bank_unrecognised"),
        after(says(403, r#"{"error":"not_shb_approved"}"#), 502, "bank_unrecognised"),
        after(says(404, ""), 502, "bank_unrecognised"),
        after(Fault::TooManyRequests { retry_after_s: Some(3) }, 503, "bank_busy"),
        after(Fault::InternalError, 503, "bank_unavailable"),
        after(Fault::ProxyError, 503, "bank_unavailable"),
        after(Fault::Unavailable, 503, "bank_unavailable"),
    ];
    let useless = [
        Fault::Html,
        Fault::RequestRejected,
        Fault::TruncatedJson,
        Fault::HugeBody { mebibytes: 9 },
        Fault::WrongType { name: "result".to_owned() },
        Fault::MissingField { name: "result".to_owned() },
        says(200, ""),
        says(200, r#"{"error":"mbid_error"}"#),
        says(200, r#"{"result":"COMPLETE","access_token":"a b","token_type":"bearer"}"#),
        says(200, r#"{"result":"COMPLETE","access_token":"abc","token_type":"mac"}"#),
    ];
    cases.extend(useless.map(|fault| after(fault, 502, "bank_answer_unusable")));
    cases.extend(lost().into_iter().map(|fault| after(fault, 502, "bank_answer_lost")));
    let approved = [Act::Phone(BankIdAction::Approve), LATER, Act::Poll];
    let unknown = after(result(r#""ANOTHER_NEW_WORD""#), 0, "").acts(approved);
    cases.push(unknown.answers(Answered::Done(200, Some("active"))).calls(POLL, 2).leaves("active"));
    cases
}

/// No poll reaches the bank before the pause that it asked for is over.
fn pace() -> Vec<Case> {
    let waiting = || Answered::Done(200, Some("awaiting_approval"));
    let paced = |name, calls| {
        let case = case(name, Given::Ordered).answers(waiting()).leaves("awaiting_approval");
        if calls == 0 { case } else { case.calls(POLL, calls) }
    };
    let back = Act::Pass(-2_500);
    vec![
        paced("before the first pause is over", 0).acts([back, Act::Poll, Act::Poll, Act::Poll]),
        paced("three polls at once", 1).acts([Act::Poll, Act::Poll, Act::Poll]),
        paced("half a pause after another", 1).acts([Act::Poll, Act::Pass(1_000), Act::Poll]),
        paced("a pause apart", 3).acts([Act::Poll, LATER, Act::Poll, LATER, Act::Poll]),
    ]
}
