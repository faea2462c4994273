//! What the token endpoint says to a code: whatever it is, the code went out once, and no reload sends it again.

use super::case::{Answered, Case, EXCHANGE, Given, TRUE, case};
use simulated_bank::{CallKind, Fault};

pub(super) fn error(word: &str) -> Fault {
    Fault::OauthError { error: word.to_owned() }
}

pub(super) fn says(status: u16, body: &str) -> Fault {
    Fault::Answer { status, headers: Vec::new(), body: body.to_owned(), executed: false }
}

fn named(fault: &Fault) -> String {
    match fault {
        Fault::OauthError { error } => error.clone(),
        Fault::Answer { status, body, .. } => format!("{status} {body}"),
        other => format!("{other:?}"),
    }
}

/// What may come instead of tokens at any grant, and is no word of the token endpoint's.
pub(super) fn useless() -> Vec<Fault> {
    vec![
        Fault::Html,
        Fault::RequestRejected,
        Fault::TruncatedJson,
        Fault::DeepJson { depth: 1_000 },
        Fault::HugeBody { mebibytes: 9 },
        Fault::WrongType { name: "access_token".to_owned() },
        Fault::MissingField { name: "access_token".to_owned() },
        says(200, ""),
        says(200, "[]"),
        says(200, r#"{"error":"invalid_grant"}"#),
        says(200, r#"{"access_token":"","token_type":"Bearer"}"#),
        says(200, r#"{"access_token":"a b","token_type":"Bearer"}"#),
        says(200, r#"{"access_token":"abc","token_type":"mac"}"#),
    ]
}

/// Nobody knows whether the code was spent, so it is gone.
pub(super) fn lost() -> Vec<Fault> {
    vec![Fault::AnswerLost, Fault::ResetMidBody, Fault::CloseBeforeAnswer, Fault::RequestCut]
}

pub(super) fn cases() -> Vec<Case> {
    let twice = |fault: Fault, reason| {
        let case = case(named(&fault), Given::Approved).bank(CallKind::TokenAuthorizationCode, fault);
        let case = case.back(TRUE).back(TRUE).answers(Answered::Failed);
        case.calls(EXCHANGE, 1).leaves_because("rejected", reason)
    };
    let signed = |fault: Fault| {
        let case = case(named(&fault), Given::Approved).bank(CallKind::TokenAuthorizationCode, fault);
        let case = case.back(TRUE).back(TRUE).answers(Answered::Signed);
        case.calls(EXCHANGE, 1).leaves("signed")
    };
    let refused = ["invalid_grant", "unauthorized_client", "invalid_request", "invalid_scope"];
    let mut cases: Vec<Case> = refused.map(|word| twice(error(word), "code_refused")).into();
    let unknown = ["invalid_client", "unsupported_grant_type", "mbid_error", "access_denied", ""];
    cases.extend(unknown.map(|word| twice(error(word), "exchange_unknown")));
    let by_status = [
        says(401, r#"{"error":"invalid_client"}"#),
        says(401, r#"{"error":"invalid_grant"}"#),
        says(403, ""),
        says(404, ""),
        says(204, ""),
        Fault::RedirectElsewhere { location: "https://elsewhere.example/".to_owned() },
        Fault::TooManyRequests { retry_after_s: Some(1) },
        Fault::InternalError,
        Fault::ProxyError,
        Fault::Unavailable,
    ];
    let whatever = by_status.into_iter().chain(useless()).chain(lost());
    cases.extend(whatever.map(|fault| twice(fault, "exchange_unknown")));
    // Tokens all the same.
    let tolerated = [
        Fault::MissingField { name: "refresh_token".to_owned() },
        Fault::MissingField { name: "expires_in".to_owned() },
        Fault::WrongType { name: "expires_in".to_owned() },
        Fault::ExtraField { name: "scope".to_owned() },
    ];
    cases.extend(tolerated.map(signed));
    cases
}
