//! One test per row, written from the contract and not from the tables.

use super::*;
use crate::types::{Signal, Span};

fn gateway(status: u16, says: &str) -> Vec<u8> {
    format!(r#"{{"httpCode":"{status}","httpMessage":"X","moreInformation":"{says}"}}"#).into_bytes()
}

fn oauth(error: &str) -> Vec<u8> {
    format!(r#"{{"error":"{error}"}}"#).into_bytes()
}

/// `name: calls, status, body => fault`, one test each.
macro_rules! rows {
    ($($name:ident: $calls:expr, $status:literal, $body:expr => $fault:expr;)*) => {
        $(#[test]
        fn $name() {
            for kind in $calls {
                assert_eq!(of_answer(kind, $status, None, $body.as_ref()), Some($fault), "{}", kind.name());
            }
        })*
    };
}

const EVERY: [Kind; 13] = [
    ClientCredentials,
    ExchangeCode,
    Refresh,
    CreateConsent,
    DeleteConsent,
    BeginDecoupled,
    Poll,
    Cancel,
    Accounts,
    Account,
    Transactions,
    CardAccounts,
    CardTransactions,
];
const DATA: [Kind; 5] = [Accounts, Account, Transactions, CardAccounts, CardTransactions];

rows! {
    not_registered_to_plan_with_401: DATA, 401, gateway(401, "Not registered to plan") => Fault::NotRegistered;
    not_registered_to_plan_with_403_is_not_taken_for_kyc:
        DATA, 403, gateway(403, "Not registered to plan") => Fault::NotRegistered;
    not_registered_for_consents: [CreateConsent], 403, gateway(403, "Not registered to plan") => Fault::NotRegistered;
    token_is_not_active: DATA, 401, gateway(401, "Token is not active") => Fault::TokenInactive;
    client_token_is_not_active: [CreateConsent, DeleteConsent], 401, gateway(401, "Token is not active") => Fault::TokenInactive;
    wrong_kind_of_token: DATA, 401, gateway(401, "Invalid token grant type.") => Fault::WrongTokenKind;
    wrong_kind_of_token_for_a_consent:
        [CreateConsent], 401, gateway(401, "Invalid token grant type.") => Fault::WrongTokenKind;
    kyc_is_missing: DATA, 403, gateway(403, "Some text that nobody knows") => Fault::KycMissing;
    kyc_is_missing_without_a_body: DATA, 403, b"" => Fault::KycMissing;
    invalid_time_interval:
        [Transactions, CardTransactions], 400, gateway(400, "Invalid time interval") => Fault::InvalidInterval;
    unknown_account: [Account, Transactions, CardTransactions], 404, gateway(404, "x") => Fault::NotFound;

    client_unknown_at_the_token_endpoint:
        [ClientCredentials, ExchangeCode, Refresh], 400, oauth("invalid_client") => Fault::ClientRefused { says: Signal::InvalidClient };
    client_unknown_at_the_token_endpoint_with_401:
        [ClientCredentials, ExchangeCode, Refresh], 401, oauth("invalid_client") => Fault::ClientRefused { says: Signal::InvalidClient };
    wrong_token_endpoint:
        [ClientCredentials, ExchangeCode, Refresh], 400, oauth("unsupported_grant_type") => Fault::ClientRefused { says: Signal::UnsupportedGrantType };
    refresh_token_over_as_this_bank_says_it: [Refresh], 400, oauth("unauthorized_client") => Fault::RefreshRefused { says: Signal::UnauthorizedClient };
    refresh_token_over_as_the_rfc_says_it: [Refresh], 400, oauth("invalid_grant") => Fault::RefreshRefused { says: Signal::InvalidGrant };
    code_over: [ExchangeCode], 400, oauth("invalid_grant") => Fault::CodeRefused { says: Signal::InvalidGrant };
    code_not_of_this_client: [ExchangeCode], 400, oauth("unauthorized_client") => Fault::CodeRefused { says: Signal::UnauthorizedClient };
    code_malformed: [ExchangeCode], 400, oauth("invalid_request") => Fault::CodeRefused { says: Signal::InvalidRequest };
    code_of_another_consent: [ExchangeCode], 400, oauth("invalid_scope") => Fault::CodeRefused { says: Signal::InvalidScope };
    client_not_authorized: [ClientCredentials], 400, oauth("unauthorized_client") => Fault::ClientRefused { says: Signal::UnauthorizedClient };
    client_request_invalid: [ClientCredentials], 400, oauth("invalid_request") => Fault::ClientRefused { says: Signal::InvalidRequest };
    client_scope_invalid: [ClientCredentials], 400, oauth("invalid_scope") => Fault::ClientRefused { says: Signal::InvalidScope };

    personal_number_refused: [BeginDecoupled], 400, oauth("invalid_request") => Fault::InvalidPersonalNumber;
    intent_expired: [BeginDecoupled, Poll], 400, oauth("intent_expired") => Fault::IntentExpired;
    bankid_failed: [BeginDecoupled, Poll], 400, oauth("mbid_error") => Fault::BankIdFailed;
    not_a_customer: [BeginDecoupled, Poll], 400, oauth("not_shb_approved") => Fault::NotCustomer;
    bankid_not_activated: [BeginDecoupled, Poll], 400, oauth("mbid_not_shb_activated") => Fault::BankIdNotActivated;
    polled_too_often: [Poll], 400, oauth("mbid_max_polling") => Fault::PolledTooOften;

    rate_limited: EVERY, 429, b"" => Fault::RateLimited { retry_after: None };
    internal_error: EVERY, 500, gateway(500, "x") => Fault::Unavailable { retry_after: None };
    proxy_error: EVERY, 502, b"{\"proxyError\":\"x\"}" => Fault::ProxyError;
    unavailable: EVERY, 503, b"<html>503</html>" => Fault::Unavailable { retry_after: None };
    firewall_page_with_200:
        EVERY, 200, b" \n<html><title>Request Rejected</title></html>" => Fault::Rejected;
    firewall_page_with_403: EVERY, 403, b"<html>Request Rejected</html>" => Fault::Rejected;
}

/// What must not be guessed.
#[test]
fn everything_else_is_unrecognised_by_call_and_status() {
    let html = || b"<html>no</html>".to_vec();
    for (kind, status, body) in [
        (Accounts, 400, gateway(400, "Invalid time interval")),
        (Transactions, 400, gateway(400, "Something new")),
        (Transactions, 400, Vec::new()),
        (Accounts, 401, gateway(401, "Unauthorized")),
        (Accounts, 401, gateway(401, "token is not active, perhaps")),
        (Accounts, 404, gateway(404, "x")),
        (CardAccounts, 404, gateway(404, "x")),
        (CreateConsent, 403, gateway(403, "x")),
        (CreateConsent, 404, gateway(404, "x")),
        (Accounts, 409, gateway(409, "x")),
        (Accounts, 201, b"{}".to_vec()),
        (Accounts, 204, Vec::new()),
        (Accounts, 302, Vec::new()),
        (Accounts, 504, html()),
        (Refresh, 400, oauth("invalid_request")),
        (Refresh, 400, oauth("mbid_error")),
        (Refresh, 400, html()),
        (Refresh, 401, oauth("invalid_grant")),
        (Refresh, 400, b"{\"error\":7}".to_vec()),
        (ExchangeCode, 400, oauth("intent_expired")),
        (Poll, 400, oauth("invalid_request")),
        (Poll, 400, oauth("MBID_ERROR")),
        (Poll, 401, oauth("mbid_error")),
        (BeginDecoupled, 400, oauth("mbid_max_polling")),
        (BeginDecoupled, 400, oauth("")),
        (Cancel, 400, oauth("mbid_error")),
        (Cancel, 404, Vec::new()),
    ] {
        let fault = of_answer(kind, status, None, &body);
        assert_eq!(fault, Some(Fault::Unrecognised { call: kind.name(), status }), "{kind:?} {status}");
    }
}

#[test]
fn success_is_200_and_for_a_consent_201_and_for_a_cancel_any_2xx() {
    assert!(EVERY.iter().all(|kind| of_answer(*kind, 200, None, b"{}").is_none()));
    assert_eq!(of_answer(CreateConsent, 201, None, b"{}"), None);
    assert_eq!(of_answer(Cancel, 204, None, b""), None);
}

#[test]
fn a_row_of_an_account_may_speak_of_a_rejected_request() {
    assert_eq!(of_answer(Transactions, 200, None, b"{\"text\":\"<b>Request Rejected</b>\"}"), None);
}

#[test]
fn how_long_the_bank_wants_to_be_left_alone_is_kept() {
    let retry_after = Some(Span::seconds(7));
    assert_eq!(of_answer(Accounts, 429, retry_after, b""), Some(Fault::RateLimited { retry_after }));
    assert_eq!(of_answer(Accounts, 503, retry_after, b""), Some(Fault::Unavailable { retry_after }));
}

#[test]
fn no_two_faults_share_a_code_and_no_message_shows_a_body() {
    let rows = [GATEWAY_ROWS, TOKEN_ROWS, DECOUPLED_ROWS].into_iter().flatten();
    let mut pairs: Vec<(&str, String)> = rows.map(|row| (row.fault.code(), row.fault.to_string())).collect();
    pairs.sort();
    pairs.dedup();
    let codes: std::collections::BTreeSet<_> = pairs.iter().map(|(code, _)| code).collect();
    assert_eq!(codes.len(), pairs.len(), "{pairs:?}");
    let shown = of_answer(Accounts, 418, None, &gateway(418, "canary-text")).unwrap().to_string();
    assert_eq!(shown, "the bank's answer to accounts with status 418 is not known");
}
