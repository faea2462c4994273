use super::super::stub::{Reply, Stub, call, trace};
use super::*;
use crate::types::Signal;

fn granted(body: &str) -> Result<Granted, Fault> {
    json::<Answer<'_>>(body.as_bytes())?.granted()
}

#[tokio::test]
async fn the_client_asks_for_a_token_without_any_secret() {
    let stub = Stub::answer(r#"{"access_token":"QVQ6YQ==","expires_in":86400,"token_type":"Bearer"}"#);
    let token = stub.client().client_credentials(&call(&trace(), 10)).await.unwrap();
    assert_eq!((token.token.expose(), token.lifetime), ("QVQ6YQ==", Span::seconds(86_400)));
    let seen = stub.only();
    assert_eq!(seen.line(), "POST /mlurd/oauth2/token/1.0");
    assert_eq!(seen.header("Content-Type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen.body, "grant_type=client_credentials&scope=AIS&client_id=app-1");
    assert_eq!(seen.header("Authorization").or(seen.header("X-IBM-Client-Id")), None);
}

#[tokio::test]
async fn a_code_is_exchanged_with_the_consent_in_the_scope_and_the_registered_address() {
    let answer =
        r#"{"access_token":"QVQ6YQ==","expires_in":1800,"token_type":"Bearer","refresh_token":"UlQ6YQ=="}"#;
    let stub = Stub::answer(answer);
    let consent = BankConsentId::parse("c-1").unwrap();
    let code = AuthorizationCode::new("k/1+2&x=3");
    let granted = stub.client().exchange_code(&call(&trace(), 10), &consent, code, None).await.unwrap();
    assert_eq!(granted.access_lifetime, Span::seconds(1800));
    assert_eq!(granted.refresh.unwrap().expose(), "UlQ6YQ==");
    assert_eq!(
        stub.only().body,
        "grant_type=authorization_code&scope=AIS%3Ac-1&client_id=app-1&code=k%2F1%2B2%26x%3D3\
         &redirect_uri=https%3A%2F%2Ftpp.example%2Fv1%2Fcallback%3Fx%3D1"
    );
}

#[tokio::test]
async fn a_code_whose_attempt_began_with_a_challenge_is_exchanged_with_its_verifier() {
    let stub = Stub::answer(r#"{"access_token":"QVQ6YQ=="}"#);
    let (consent, code) = (BankConsentId::parse("c-1").unwrap(), AuthorizationCode::new("k"));
    let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    stub.client().exchange_code(&call(&trace(), 10), &consent, code, Some(&verifier)).await.unwrap();
    let body = stub.only().body;
    assert!(body.ends_with("&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "{body}");
}

#[tokio::test]
async fn a_refresh_brings_no_refresh_token_unless_the_bank_sends_one() {
    let stub = Stub::play([
        Reply::Answer(200, r#"{"access_token":"a2","expires_in":86400,"token_type":"Bearer"}"#.into()),
        Reply::Answer(200, r#"{"access_token":"a3","refresh_token":"r2"}"#.into()),
    ]);
    let (client, trace) = (stub.client(), trace());
    let first = client.refresh(&call(&trace, 10), &RefreshToken::new("UlQ6YQ==")).await.unwrap();
    assert!(first.access.expose() == "a2" && first.refresh.is_none());
    let second = client.refresh(&call(&trace, 10), &RefreshToken::new("UlQ6YQ==")).await.unwrap();
    assert_eq!(second.refresh.unwrap().expose(), "r2");
    assert_eq!(stub.seen()[0].body, "grant_type=refresh_token&refresh_token=UlQ6YQ%3D%3D&client_id=app-1");
}

#[test]
fn the_banks_own_figure_for_the_refresh_token_counts_under_either_name_if_it_can_be_one() {
    let told = |fields: &str| {
        let body = format!(r#"{{"access_token":"a","refresh_token":"r","expires_in":86400{fields}}}"#);
        granted(&body).unwrap().refresh_lifetime
    };
    let days = |days| Some(Span::days(days));
    for (fields, expected) in [
        (r#","refresh_token_expires_in":3888000"#, days(45)),
        (r#","refresh_expires_in":3888000"#, days(45)),
        (r#","refresh_token_expires_in":3888000,"refresh_expires_in":86400"#, days(45)),
        (r#","refresh_token_expires_in":"soon","refresh_expires_in":3888000"#, days(45)),
        (r#","refresh_expires_in":86400"#, None),
        (r#","refresh_expires_in":1800"#, None),
        (r#","refresh_expires_in":0"#, None),
        (r#","refresh_expires_in":-1"#, None),
        (r#","refresh_expires_in":1.5"#, None),
        (r#","refresh_expires_in":null"#, None),
        (r#","refresh_expires_in":99999999999"#, None),
        (r#","refresh_expires_in":{"seconds":3888000}"#, None),
        ("", None),
    ] {
        assert_eq!(told(fields), expected, "{fields}");
    }
}

#[tokio::test]
async fn a_refused_refresh_a_refused_code_and_a_refused_client_are_three_things() {
    let refusal = |error: &str| Reply::Answer(400, format!(r#"{{"error":"{error}"}}"#));
    let stub =
        Stub::play([refusal("unauthorized_client"), refusal("invalid_grant"), refusal("invalid_client")]);
    let (client, trace) = (stub.client(), trace());
    let refreshed = client.refresh(&call(&trace, 10), &RefreshToken::new("r")).await;
    assert_eq!(refreshed.map(drop), Err(Fault::RefreshRefused { says: Signal::UnauthorizedClient }));
    let consent = BankConsentId::parse("c-1").unwrap();
    let exchanged =
        client.exchange_code(&call(&trace, 10), &consent, AuthorizationCode::new("k"), None).await;
    assert_eq!(exchanged.map(drop), Err(Fault::CodeRefused { says: Signal::InvalidGrant }));
    let refused = client.client_credentials(&call(&trace, 10)).await.map(drop);
    assert_eq!(refused, Err(Fault::ClientRefused { says: Signal::InvalidClient }));
}

#[test]
fn expires_in_rules_and_nonsense_counts_as_a_day() {
    let lifetime = |sent: &str| {
        granted(&format!(r#"{{"access_token":"a","expires_in":{sent}}}"#)).unwrap().access_lifetime
    };
    for (sent, seconds) in [("1", 1), ("1800", 1800), ("123456", 123_456), ("34560000", 34_560_000)] {
        assert_eq!(lifetime(sent), Span::seconds(seconds), "{sent}");
    }
    for nonsense in [
        "0",
        "-1",
        "34560001",
        "99999999999999999999",
        "86400.5",
        "1e3",
        "\"1800\"",
        "null",
        "true",
        "[]",
        "{}",
    ] {
        assert_eq!(lifetime(nonsense), Span::seconds(86_400), "{nonsense}");
    }
    assert_eq!(granted(r#"{"access_token":"a"}"#).unwrap().access_lifetime, Span::seconds(86_400));
}

#[test]
fn what_is_no_token_is_malformed() {
    for body in [
        "",
        "null",
        "[]",
        "\"a\"",
        "{}",
        "<html>login</html>",
        r#"{"access_token":null}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":"a b"}"#,
        r#"{"access_token":"a\r\nX-Injected: 1"}"#,
        r#"{"access_token":"a","token_type":"mac"}"#,
        r#"{"access_token":"a","token_type":1}"#,
        r#"{"access_token":"a","refresh_token":7}"#,
        r#"{"access_token":"a","refresh_token":"r\n"}"#,
        r#"{"access_token":"a","access_token":"b"}"#,
        r#"{"access_token":"a""#,
        r#"{"access_token":"a"} x"#,
    ] {
        assert_eq!(granted(body).map(drop), Err(Fault::Malformed), "{body}");
    }
    let long = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(4097));
    assert_eq!(granted(&long).map(drop), Err(Fault::Malformed));
}

#[test]
fn an_empty_refresh_token_is_none_and_unknown_fields_are_tolerated() {
    let granted =
        granted(r#"{"access_token":"a","refresh_token":"","token_type":"bearer","new":{"x":[1]}}"#).unwrap();
    assert!(granted.refresh.is_none());
    assert!(!format!("{granted:?}").contains("\"a\""));
}
