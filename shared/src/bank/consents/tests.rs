use super::super::stub::{Reply, Stub, call, endpoints, trace};
use super::*;
use crate::types::{CorporateId, CorporateRule};

const ORIGIN: &str = "https://bank.example";

fn method(kind: &str, href: &str) -> String {
    format!(
        r#"{{"_links":{{"authorization":[{{"href":"{href}","name":"decpld_mbid_1.0","type":"application/json"}}]}},
            "scaMethodType":"{kind}"}}"#
    )
}

fn answer(methods: &[String]) -> String {
    format!(r#"{{"consentId":"c-1","consentStatus":"RECEIVED","scaMethods":[{}]}}"#, methods.join(","))
}

fn read(body: &str) -> Result<BankConsent, Fault> {
    consent_of(body.as_bytes(), &endpoints(ORIGIN).links)
}

fn redirect() -> String {
    method("REDIRECT", "https://bank.example/bb/gls5/oauth2/authorize/1.0")
}

fn decoupled() -> String {
    method("DECOUPLED", "https://bank.example/mlurd/decoupled/mbid/initAuthorization/2.0")
}

async fn create(stub: &Stub, country: Country, psu: &Psu) -> Result<BankConsent, Fault> {
    let address = PsuAddress::parse("203.0.113.7").unwrap();
    stub.client().create_consent(&call(&trace(), 10), &AccessToken::new("t-1"), country, psu, &address).await
}

#[tokio::test]
async fn a_consent_of_a_person_is_asked_for_as_the_guide_says() {
    let stub = Stub::play([]);
    let fault = create(&stub, Country::Nl, &Psu::Individual).await;
    assert_eq!(fault, Err(Fault::Unavailable { retry_after: None }));
    let seen = stub.only();
    assert_eq!(
        (seen.line(), seen.body.as_str()),
        ("POST /openbanking/psd2/v1/consents", r#"{"access":"ALL_ACCOUNTS"}"#)
    );
    for (name, value) in [
        ("Authorization", "Bearer t-1"),
        ("X-IBM-Client-Id", "app-1"),
        ("Country", "NL"),
        ("PSU-IP-Address", "203.0.113.7"),
        ("Content-Type", "application/json"),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    assert_eq!(seen.header("PSU-Corporate-ID").or(seen.header("PSU-Corporate-ID-Type")), None);
}

#[tokio::test]
async fn a_consent_of_a_company_names_it_and_the_kind_of_number() {
    let stub = Stub::play([]);
    let id = CorporateId::parse(Country::Gb, None, CorporateRule::CheckDigit).unwrap();
    assert_eq!(
        create(&stub, Country::Gb, &Psu::Corporate(id)).await,
        Err(Fault::Unavailable { retry_after: None })
    );
    let seen = stub.only();
    assert_eq!(seen.header("PSU-Corporate-ID"), Some("UNKNOWN"));
    assert_eq!(seen.header("PSU-Corporate-ID-Type"), Some("BANK"));
}

#[tokio::test]
async fn both_statuses_of_success_are_taken_and_no_third() {
    for status in [200, 201, 202] {
        let body = answer(&[method("REDIRECT", "{origin}/bb/gls5/oauth2/authorize/1.0")]);
        let stub = Stub::play([Reply::Answer(status, body)]);
        let outcome = create(&stub, Country::Se, &Psu::Individual).await;
        if status == 202 {
            assert_eq!(outcome, Err(Fault::Unrecognised { call: "create_consent", status }));
        } else {
            assert_eq!(outcome.unwrap().id.as_str(), "c-1");
        }
    }
}

#[test]
fn methods_are_told_by_their_type_and_never_by_name_or_order() {
    for methods in [[redirect(), decoupled()], [decoupled(), redirect()]] {
        let consent = read(&answer(&methods)).unwrap();
        assert_eq!(consent.id.as_str(), "c-1");
        assert!(consent.redirect.unwrap().as_str().ends_with("/oauth2/authorize/1.0"));
        assert!(consent.decoupled.unwrap().as_str().ends_with("/initAuthorization/2.0"));
    }
    let only = read(&answer(&[redirect()])).unwrap();
    assert!(only.redirect.is_some() && only.decoupled.is_none());
}

#[test]
fn a_method_nobody_knows_is_passed_over_and_alone_it_is_no_method() {
    let unknown = method("EMBEDDED", "https://elsewhere.example/x");
    assert!(read(&answer(&[unknown.clone(), decoupled()])).is_ok());
    assert_eq!(read(&answer(&[unknown])), Err(Fault::NoMethod));
    assert_eq!(read(&answer(&[])), Err(Fault::NoMethod));
}

#[test]
fn one_foreign_link_spoils_the_answer() {
    let foreign = method("DECOUPLED", "https://elsewhere.example/mlurd/decoupled/mbid/initAuthorization/2.0");
    assert_eq!(read(&answer(&[redirect(), foreign])), Err(Fault::ForeignLink));
    let long = method("REDIRECT", &format!("https://bank.example/mlurd/{}", "x".repeat(600)));
    assert_eq!(read(&answer(&[long])), Err(Fault::ForeignLink));
}

#[test]
fn what_is_no_consent_is_malformed() {
    let good = answer(&[redirect()]);
    for body in [
        "<html></html>".to_owned(),
        "{}".to_owned(),
        good[..good.len() - 1].to_owned(),
        good.replace("\"c-1\"", "null"),
        good.replace("\"c-1\"", "\"\""),
        good.replace("\"c-1\"", "\"c 1\""),
        good.replace("\"c-1\"", "17"),
        good.replace("scaMethods", "methods"),
        good.replace("_links", "links"),
        good.replace("scaMethodType", "type"),
        good.replace("href", "url"),
        answer(&[r#"{"_links":{"authorization":[]},"scaMethodType":"REDIRECT"}"#.to_owned()]),
        answer(&[r#"{"_links":{"authorization":{}},"scaMethodType":"REDIRECT"}"#.to_owned()]),
    ] {
        assert_eq!(read(&body), Err(Fault::Malformed), "{body}");
    }
}

#[tokio::test]
async fn a_consent_is_deleted_by_its_id_and_only_an_answer_that_is_no_page_counts() {
    let replies =
        [(204, ""), (200, "{}"), (404, ""), (200, "<html>Maintenance</html>"), (401, TOKEN_INACTIVE)];
    let stub = Stub::play(replies.map(|(status, body)| Reply::Answer(status, body.to_owned())));
    let (client, trace, consent) = (stub.client(), trace(), BankConsentId::parse("c-1").unwrap());
    let unknown = Fault::Unrecognised { call: "delete_consent", status: 404 };
    for expected in [Ok(()), Ok(()), Err(unknown), Err(Fault::Malformed), Err(Fault::TokenInactive)] {
        let token = AccessToken::new("t-1");
        let deleted = client.delete_consent(&call(&trace, 10), &token, Country::Nl, &consent).await;
        assert_eq!(deleted, expected);
    }
    for seen in stub.seen() {
        assert_eq!(seen.line(), "DELETE /openbanking/psd2/v1/consents/c-1");
        assert_eq!(seen.header("Authorization"), Some("Bearer t-1"));
        assert_eq!((seen.header("X-IBM-Client-Id"), seen.header("Country")), (Some("app-1"), Some("NL")));
    }
}

const TOKEN_INACTIVE: &str = r#"{"httpCode":"401","moreInformation":"Token is not active"}"#;

#[test]
fn the_authorize_address_encodes_everything_once() {
    let stub = Stub::play([]);
    let link = Link::parse(&format!("{}/bb/gls5/oauth2/authorize/1.0", stub.origin)).unwrap();
    let consent = BankConsentId::parse("c-1").unwrap();
    let url = stub.client().authorize_url(&link, &consent, "id.nonce&x", None).unwrap();
    assert_eq!(
        url,
        format!(
            "{}?response_type=code&scope=AIS%3Ac-1&client_id=app-1&state=id.nonce%26x\
             &redirect_uri=https%3A%2F%2Ftpp.example%2Fv1%2Fcallback%3Fx%3D1",
            link.as_str()
        )
    );
}

#[test]
fn with_a_verifier_the_challenge_goes_along_and_the_verifier_stays() {
    let stub = Stub::play([]);
    let link = Link::parse(&format!("{}/bb/gls5/oauth2/authorize/1.0", stub.origin)).unwrap();
    let consent = BankConsentId::parse("c-1").unwrap();
    let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let url = stub.client().authorize_url(&link, &consent, "s", Some(&verifier)).unwrap();
    let end = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    assert!(url.ends_with(end) && !url.contains(verifier.expose()), "{url}");
}

#[test]
fn a_link_that_is_no_longer_allowed_makes_no_authorize_address() {
    let link = Link::parse("https://elsewhere.example/bb/gls5/oauth2/authorize/1.0").unwrap();
    let consent = BankConsentId::parse("c-1").unwrap();
    assert_eq!(Stub::play([]).client().authorize_url(&link, &consent, "s", None), Err(Fault::ForeignLink));
}

#[test]
fn a_consent_cut_anywhere_is_malformed() {
    let good = answer(&[redirect(), decoupled()]);
    for cut in 0..good.len() {
        assert_eq!(read(&good[..cut]), Err(Fault::Malformed), "{cut}");
    }
}
