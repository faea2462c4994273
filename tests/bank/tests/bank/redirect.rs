//! The redirect flow.

use crate::client::*;

#[tokio::test]
async fn a_customer_signs_on_the_page_and_the_app_reads_the_accounts() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await;
    assert_eq!(consent.status, 200);
    let consent = consent.json();
    assert_eq!(consent["consentStatus"], "RECEIVED");
    let url = authorize_url(&consent);
    assert!(url.starts_with(&format!("{}/bb/gls5/oauth2/authorize/1.0?", bank.page_url())));
    let page = send(&bank, "GET", &url, &[], "").await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Anna Testsson") && page.body.contains("value=\"approve\""), "{}", page.body);
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 86_400);
    assert_eq!(tokens["refresh_token"].as_str().unwrap().len(), 52);
    let accounts = read(&bank, tokens["access_token"].as_str().unwrap(), "/v2/accounts").await;
    assert_eq!(accounts.json()["accounts"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_denial_comes_back_with_the_state_and_no_code() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "NL")]).await.json();
    let back = send(&bank, "POST", &authorize_url(&consent), FORM, "decision=deny").await.unwrap();
    let location = back.header("location");
    assert!(location.starts_with(&app().redirect_uri));
    assert_eq!(parameter(&location, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&location, "state").as_deref(), Some("st-1"));
    assert_eq!(parameter(&location, "code"), None);
}

#[tokio::test]
async fn a_code_is_spent_once_and_a_second_time_is_counted() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    let id = consent["consentId"].as_str().unwrap();
    let back = send(&bank, "POST", &authorize_url(&consent), FORM, "decision=approve").await.unwrap();
    let code = parameter(&back.header("location"), "code").unwrap();
    assert_eq!(token(&bank, &code_form(id, &code)).await.status, 200);
    let again = token(&bank, &code_form(id, &code)).await;
    assert_eq!((again.status, again.text("error").as_str()), (400, "invalid_grant"));
    assert_eq!(bank.ledger().code_reuses, 1);
    assert_eq!(bank.ledger().count("token.authorization_code"), 2);
}

#[tokio::test]
async fn of_many_redemptions_at_once_one_gets_tokens() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    let back = send(&bank, "POST", &authorize_url(&consent), FORM, "decision=approve").await.unwrap();
    let code = parameter(&back.header("location"), "code").unwrap();
    let form = code_form(consent["consentId"].as_str().unwrap(), &code);
    let (tls, url) = (own_tls(&bank), format!("{}/mlurd/oauth2/token/1.0", bank.api_url()));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (tls, url, form) = (tls.clone(), url.clone(), form.clone());
        callers.spawn(async move { send_over(&tls, "POST", &url, FORM, &form).await.unwrap().status });
    }
    let statuses = callers.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(bank.ledger().code_reuses, 9);
}

#[tokio::test]
async fn a_code_is_bound_to_redirect_uri_and_scope_and_dies_with_its_lifetime() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    let id = consent["consentId"].as_str().unwrap();
    let back = send(&bank, "POST", &authorize_url(&consent), FORM, "decision=approve").await.unwrap();
    let form = code_form(id, &parameter(&back.header("location"), "code").unwrap());
    assert_eq!(token(&bank, &form.replace("callback", "other")).await.text("error"), "invalid_grant");
    assert_eq!(token(&bank, &form.replace(id, &uuid())).await.text("error"), "invalid_grant");
    bank.clock().advance_ms(300_000);
    assert_eq!(token(&bank, &form).await.text("error"), "invalid_grant");
    assert_eq!(bank.ledger().codes_refused, 3);
}

#[tokio::test]
async fn a_wrong_redirect_uri_gets_a_page_and_no_redirect() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    let url = authorize_url(&consent).replace("callback", "elsewhere");
    let page = send(&bank, "GET", &url, &[], "").await.unwrap();
    assert_eq!((page.status, page.header("location").as_str()), (400, ""));
}

#[tokio::test]
async fn an_intent_is_over_after_fifteen_minutes() {
    let bank = bank().await;
    let consent = consent_with(&bank, &[("country", "SE")]).await.json();
    bank.clock().advance_ms(900_000);
    let back = send(&bank, "GET", &authorize_url(&consent), &[], "").await.unwrap();
    assert_eq!(parameter(&back.header("location"), "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_refresh_brings_an_access_token_only_and_ends_after_ninety_days() {
    let bank = bank().await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let old = tokens["access_token"].as_str().unwrap();
    bank.clock().advance_ms(86_400_000);
    let dead = read(&bank, old, "/v2/accounts").await;
    assert_eq!((dead.status, dead.text("moreInformation").as_str()), (401, "Token is not active"));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={refresh}&client_id={}", app().client_id);
    let fresh = token(&bank, &form).await;
    assert!(fresh.json().get("refresh_token").is_none());
    assert_eq!(read(&bank, &fresh.text("access_token"), "/v2/accounts").await.status, 200);
    bank.clock().advance_ms(89 * 86_400_000);
    let late = token(&bank, &form).await;
    assert_eq!((late.status, late.text("error").as_str()), (400, "unauthorized_client"));
    assert_eq!(bank.ledger().refreshes_refused, 1);
}

#[tokio::test]
async fn rotation_can_be_switched_on_and_a_replaced_token_is_counted() {
    let bank =
        bank_with(|options| options.switches.rotation = simulated_bank::Rotation::RotateRevokeFamily).await;
    let (_, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    let form =
        |token: &str| format!("grant_type=refresh_token&refresh_token={token}&client_id={}", app().client_id);
    let first = tokens["refresh_token"].as_str().unwrap();
    let next = token(&bank, &form(first)).await.text("refresh_token");
    assert_eq!(token(&bank, &form(first)).await.status, 400);
    assert_eq!(token(&bank, &form(&next)).await.status, 400);
    assert_eq!((bank.ledger().refresh_reuses, bank.ledger().refreshes_refused), (1, 1));
}

#[tokio::test]
async fn a_consent_that_the_customer_takes_back_is_dead_at_once() {
    let bank = bank().await;
    let (id, tokens) = signed(&bank, "SE", &[], "se-anna").await;
    assert!(bank.revoke_grant(&id));
    assert_eq!(read(&bank, tokens["access_token"].as_str().unwrap(), "/v2/accounts").await.status, 401);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={refresh}&client_id={}", app().client_id);
    assert_eq!(token(&bank, &form).await.text("error"), "unauthorized_client");
}
