//! Faults on order.

use std::time::{Duration, Instant};

use simulated_bank::{Bank, CallKind, Fault, FaultOrder};

use crate::client::*;

async fn reader() -> (Bank, String) {
    let bank = bank().await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    (bank, token)
}

fn next(bank: &Bank, fault: Fault) {
    bank.fault(FaultOrder::next(CallKind::AccountsList, fault));
}

#[tokio::test]
async fn a_fault_strikes_so_many_calls_after_so_many_and_no_more() {
    let (bank, token) = reader().await;
    bank.fault(FaultOrder { call: CallKind::AccountsList, fault: Fault::Unavailable, times: 2, skip: 1 });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(read(&bank, &token, "/v2/accounts").await.status);
        assert_eq!(read(&bank, &token, "/v1/card-accounts").await.status, 200);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[tokio::test]
async fn documented_answers_come_instead_of_the_banks_own() {
    let (bank, token) = reader().await;
    let cases = [
        (Fault::KycMissing, 403, "Forbidden"),
        (Fault::TokenNotActive, 401, "Token is not active"),
        (Fault::NotRegisteredToPlan, 401, "Not registered to plan"),
        (Fault::NotFound, 404, "Not Found"),
        (Fault::Conflict, 409, "Conflict"),
        (Fault::TooManyRequests { retry_after_s: Some(7) }, 429, "429"),
        (Fault::InternalError, 500, "500"),
        (Fault::ProxyError, 502, "proxyError"),
        (Fault::RequestRejected, 200, "Request Rejected"),
        (Fault::Html, 200, "<html>"),
        (Fault::DeepJson { depth: 5_000 }, 200, "[[[["),
        (Fault::ExtraField { name: "novelty".to_owned() }, 200, "novelty"),
        (
            Fault::ForeignLinks { origin: "https://elsewhere.example".to_owned() },
            200,
            "https://elsewhere.example/openbanking",
        ),
        (Fault::WrongType { name: "iban".to_owned() }, 200, "\"iban\":7"),
    ];
    for (fault, status, text) in cases {
        let name = format!("{fault:?}");
        next(&bank, fault);
        let answer = read(&bank, &token, "/v2/accounts").await;
        assert_eq!(answer.status, status, "{name}");
        assert!(answer.body.contains(text), "{name}: {}", answer.body);
        let retry_after = if status == 429 { "7" } else { "" };
        assert_eq!(answer.header("retry-after"), retry_after, "{name}");
    }
}

#[tokio::test]
async fn fields_go_missing_bodies_end_early_or_grow() {
    let (bank, token) = reader().await;
    next(&bank, Fault::MissingField { name: "iban".to_owned() });
    assert!(!read(&bank, &token, "/v2/accounts").await.body.contains("\"iban\""));
    next(&bank, Fault::TruncatedJson);
    let cut = read(&bank, &token, "/v2/accounts").await;
    assert!(serde_json::from_str::<serde_json::Value>(&cut.body).is_err() && cut.status == 200);
    next(&bank, Fault::HugeBody { mebibytes: 2 });
    assert!(read(&bank, &token, "/v2/accounts").await.body.len() > 2 << 20);
    let fault = Fault::Answer {
        status: 418,
        headers: vec![("x-a".to_owned(), "b".to_owned())],
        body: "tea".to_owned(),
        executed: false,
    };
    next(&bank, fault);
    let tea = read(&bank, &token, "/v2/accounts").await;
    assert_eq!((tea.status, tea.header("x-a").as_str(), tea.body.as_str()), (418, "b", "tea"));
}

#[tokio::test]
async fn a_lost_answer_has_spent_the_code_and_a_cut_request_has_not() {
    for (fault, spent) in [(Fault::AnswerLost, true), (Fault::RequestCut, false)] {
        let bank = bank().await;
        let consent = consent_with(&bank, &[("country", "SE")]).await.json();
        let back = send(&bank, "POST", &authorize_url(&consent), FORM, "decision=approve").await.unwrap();
        let code = parameter(&back.header("location"), "code").unwrap();
        let form = code_form(consent["consentId"].as_str().unwrap(), &code);
        bank.fault(FaultOrder::next(CallKind::TokenAuthorizationCode, fault));
        let url = format!("{}/mlurd/oauth2/token/1.0", bank.api_url());
        assert!(send(&bank, "POST", &url, FORM, &form).await.is_err());
        let call = bank.ledger().of_kind("token.authorization_code")[0].clone();
        assert_eq!((call.answered, call.executed), (false, spent));
        assert_eq!(token(&bank, &form).await.status, if spent { 400 } else { 200 });
    }
}

/// Whether an error goes back to a connection reset (RST).
fn is_reset(error: &Failed) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[tokio::test]
async fn connections_end_with_fin_before_the_answer_or_with_rst_in_the_middle_of_it() {
    let (bank, token) = reader().await;
    next(&bank, Fault::CloseBeforeAnswer);
    assert!(!is_reset(&read_with(&bank, &token, "/v2/accounts", &[]).await.unwrap_err()));
    next(&bank, Fault::ResetMidBody);
    assert!(is_reset(&read_with(&bank, &token, "/v2/accounts", &[]).await.unwrap_err()));
    assert_eq!(read(&bank, &token, "/v2/accounts").await.status, 200);
}

#[tokio::test]
async fn answers_come_late_in_halves_or_in_drops_and_are_whole() {
    let (bank, token) = reader().await;
    let whole = read(&bank, &token, "/v2/accounts").await.body;
    let faults = [
        Fault::Delay { ms: 60 },
        Fault::HeaderStall { ms: 60 },
        Fault::BodyStall { ms: 60 },
        Fault::Trickle { bytes: whole.len() / 6, pause_ms: 10 },
    ];
    for fault in faults {
        let name = format!("{fault:?}");
        next(&bank, fault);
        let begun = Instant::now();
        assert_eq!(read(&bank, &token, "/v2/accounts").await.body, whole, "{name}");
        assert!(begun.elapsed() >= Duration::from_millis(60), "{name}");
    }
}

#[tokio::test]
async fn decoupled_errors_can_be_ordered_by_name() {
    let bank = bank().await;
    for error in
        ["intent_expired", "mbid_error", "mbid_max_polling", "not_shb_approved", "mbid_not_shb_activated"]
    {
        bank.fault(FaultOrder::next(CallKind::DecoupledInit, Fault::OauthError { error: error.to_owned() }));
        let consent = consent_with(&bank, &[("country", "SE")]).await.json();
        let answer = init(&bank, &consent, ANNA).await;
        assert_eq!((answer.status, answer.body), (400, format!("{{\"error\":\"{error}\"}}")));
    }
}
