//! What the bank refuses.

use simulated_bank::CallKind;

use crate::client::*;

#[tokio::test]
async fn an_unknown_or_missing_field_of_a_token_call_is_refused_and_counted() {
    let bank = bank().await;
    let id = app().client_id;
    let cases = [
        (format!("grant_type=client_credentials&scope=AIS&client_id={id}&secret=x"), "invalid_request"),
        (format!("grant_type=client_credentials&scope=AIS&scope=AIS&client_id={id}"), "invalid_request"),
        (format!("grant_type=client_credentials&client_id={id}"), "invalid_request"),
        (format!("grant_type=client_credentials&scope=EVERYTHING&client_id={id}"), "invalid_scope"),
        (format!("grant_type=password&scope=AIS&client_id={id}"), "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=AIS&client_id=nobody".to_owned(), "invalid_client"),
    ];
    let count = cases.len();
    for (form, error) in cases {
        let answer = token(&bank, &form).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, error), "{form}");
    }
    assert_eq!(bank.ledger().refused_unknown, u64::try_from(count).unwrap());
}

#[tokio::test]
async fn a_consent_needs_every_mandatory_header_in_its_format() {
    let bank = bank().await;
    let corporate = |id: &'static str| [("psu-corporate-id", id), ("psu-corporate-id-type", "BANK")];
    let refused: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![("country", "FI")],
        vec![("country", "se")],
        vec![("country", "SE"), ("psu-corporate-id", "5599990016")],
        [vec![("country", "SE")], corporate("559999-0016").to_vec()].concat(),
        [vec![("country", "GB")], corporate("123456").to_vec()].concat(),
        [vec![("country", "NL")], corporate("1234567").to_vec()].concat(),
        [vec![("country", "LU")], corporate("12345").to_vec()].concat(),
        vec![("country", "SE"), ("psu-ip-address", "192.0.2.1, 192.0.2.2")],
        vec![("country", "SE"), ("consent-id", "x")],
        vec![("country", "SE"), ("country", "SE")],
    ];
    for headers in refused {
        let answer = consent_with(&bank, &headers).await;
        assert_eq!((answer.status, answer.text("httpCode").as_str()), (400, "400"), "{headers:?}");
        assert_eq!(answer.text("httpMessage"), "Bad Request");
    }
    let accepted: Vec<Vec<(&str, &str)>> = vec![
        [vec![("country", "GB")], corporate("UNKNOWN").to_vec()].concat(),
        [vec![("country", "LU")], corporate("1234567890").to_vec()].concat(),
        vec![("country", "SE"), ("psu-ip-address", "192.0.2.1"), ("psu-corporate-id", "")],
    ];
    for headers in accepted {
        assert_eq!(consent_with(&bank, &headers).await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn reads_need_app_token_and_uuids_and_refuse_what_they_do_not_know() {
    let bank = bank().await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let token = tokens["access_token"].as_str().unwrap();
    let cases = [
        ("x-ibm-client-id", "", 401),
        ("authorization", "", 401),
        ("authorization", "Bearer nothing", 401),
        ("tpp-request-id", "123", 400),
        ("tpp-transaction-id", "", 400),
        ("accept", "*/*", 400),
        ("country", "NL", 400),
        ("x-request-id", "1", 400),
        ("psu-ip-address", "somewhere", 400),
    ];
    for (name, value, status) in cases {
        let answer = read_with(&bank, token, "/v2/accounts", &[(name, value)]).await.unwrap();
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(answer.text("httpCode"), status.to_string());
    }
    assert_eq!(read(&bank, token, "/v2/accounts?bookingStatus=both").await.status, 400);
    assert_eq!(read(&bank, token, "/v2/accounts/x").await.status, 404);
    assert_eq!(read(&bank, token, "/v2/accounts/x/balances").await.status, 404);
    assert_eq!(read(&bank, token, "/v1/consents/x").await.status, 404);
    assert_eq!(bank.ledger().count(CallKind::Unknown), 2);
}

#[tokio::test]
async fn a_request_id_comes_once() {
    let bank = bank().await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let (token, id) = (tokens["access_token"].as_str().unwrap(), uuid());
    let once = read_with(&bank, token, "/v2/accounts", &[("tpp-request-id", &id)]).await.unwrap();
    let twice = read_with(&bank, token, "/v2/accounts", &[("tpp-request-id", &id)]).await.unwrap();
    assert_eq!((once.status, twice.status), (200, 400));
    assert_eq!(bank.ledger().repeated_request_ids, 1);
}

#[tokio::test]
async fn app_and_customer_tokens_are_not_interchangeable() {
    let bank = bank().await;
    let answer = read(&bank, &app_token(&bank).await, "/v2/accounts").await;
    assert_eq!((answer.status, answer.text("moreInformation").as_str()), (401, "Invalid token grant type."));
}

#[tokio::test]
async fn exchanges_are_counted_per_transaction_id() {
    let bank = bank().await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let (token, id) = (tokens["access_token"].as_str().unwrap(), uuid());
    for path in ["/v2/accounts", "/v1/card-accounts"] {
        read_with(&bank, token, path, &[("tpp-transaction-id", &id), ("psu-ip-address", "192.0.2.9")])
            .await
            .unwrap();
    }
    let ledger = bank.ledger();
    let calls = ledger.for_transaction(&id);
    assert_eq!(
        calls.iter().map(|call| call.kind.as_str()).collect::<Vec<_>>(),
        ["accounts.list", "cards.list"]
    );
    assert!(
        calls.iter().all(|call| call.psu_ip_address.as_deref() == Some("192.0.2.9") && call.status == 200)
    );
    assert!(calls.iter().all(|call| call.consent_id.is_some()));
    assert_eq!(ledger.exchanges()[&id], 2);
}
