//! The sandbox: no client certificate, the customer by header, other paths.

use simulated_bank::{LinkFamily, Mode};

use crate::client::*;

#[tokio::test]
async fn a_sandbox_user_is_named_by_header_and_signs_at_once() {
    for links in [LinkFamily::Guide, LinkFamily::Mlurd] {
        let bank = bank_with(|options| (options.mode, options.links) = (Mode::Sandbox, links)).await;
        let tls = tls(bank.pki().ca_pem(), None);
        let url = |path: &str| format!("{}/openbanking{path}", bank.api_url());
        let form = format!("grant_type=client_credentials&scope=AIS&client_id={}", app().client_id);
        let ccg = send_over(&tls, "POST", &url("/oauth2/token/1.0"), FORM, &form).await.unwrap();
        let bearer = format!("Bearer {}", ccg.text("access_token"));
        let client_id = app().client_id;
        let mut headers = vec![
            ("accept", "application/json"),
            ("x-ibm-client-id", client_id.as_str()),
            ("authorization", bearer.as_str()),
            ("tpp-request-id", "123"),
            ("tpp-transaction-id", "1234"),
        ];
        let mut post = headers.clone();
        post.extend([("content-type", "application/json"), ("country", "SE")]);
        let body = r#"{"access":"ALL_ACCOUNTS"}"#;
        let consent = send_over(&tls, "POST", &url("/psd2/v1/consents"), &post, body).await.unwrap().json();
        let id = consent["consentId"].as_str().unwrap();
        assert_eq!(send_over(&tls, "GET", &authorize_url(&consent), &[], "").await.unwrap().status, 400);
        let user = [("x-sandbox-user", "SANDBOX-INDIVIDUAL-SE-1")];
        let back = send_over(&tls, "GET", &authorize_url(&consent), &user, "").await.unwrap();
        assert_eq!(back.status, 302);
        let code = parameter(&back.header("location"), "code").unwrap();
        let token_url =
            url(if links == LinkFamily::Guide { "/redirect/oauth2/token/1.0" } else { "/oauth2/token/1.0" });
        let tokens = send_over(&tls, "POST", &token_url, FORM, &code_form(id, &code)).await.unwrap();
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        headers[2] = ("authorization", &bearer);
        assert_eq!(
            send_over(&tls, "GET", &url("/psd2/v2/accounts"), &headers, "").await.unwrap().status,
            200
        );
    }
}
