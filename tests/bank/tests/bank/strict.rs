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

#[tokio::test]
async fn consents_can_be_read_and_deleted_by_switch_only() {
    let bank = bank_with(|options| options.consent_status = 201).await;
    let consent = consent_with(&bank, &[("country", "SE")]).await;
    assert_eq!(consent.status, 201);
    let path = format!("/v1/consents/{}", consent.text("consentId"));
    let token = app_token(&bank).await;
    assert_eq!(read(&bank, &token, &path).await.status, 404);
    bank.change_switches(|switches| switches.consent_delete = true);
    assert_eq!(read(&bank, &token, &path).await.text("consentStatus"), "RECEIVED");
    let (bearer, client_id, request_id) = (format!("Bearer {token}"), app().client_id, uuid());
    let headers = [
        ("accept", "application/json"),
        ("x-ibm-client-id", client_id.as_str()),
        ("authorization", bearer.as_str()),
        ("tpp-request-id", request_id.as_str()),
        ("tpp-transaction-id", request_id.as_str()),
    ];
    let url = format!("{}/openbanking/psd2{path}", bank.api_url());
    assert_eq!(send(&bank, "DELETE", &url, &headers, "").await.unwrap().status, 204);
    assert_eq!(read(&bank, &token, &path).await.text("consentStatus"), "REVOKED");
}

#[tokio::test]
async fn a_customers_address_is_demanded_by_switch_only() {
    let bank = bank().await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(read(&bank, token, "/v2/accounts").await.status, 200);
    bank.change_switches(|switches| {
        switches.psu_address_on_reads = true;
        switches.psu_address_on_consent = true;
    });
    assert_eq!(read(&bank, token, "/v2/accounts").await.status, 400);
    assert_eq!(consent_with(&bank, &[("country", "SE")]).await.status, 400);
    let present = [("psu-ip-address", "192.0.2.4")];
    assert_eq!(read_with(&bank, token, "/v2/accounts", &present).await.unwrap().status, 200);
}
