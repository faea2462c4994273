//! How a TPP enrols: by its certificate, with a token of its own, product by product.

use serde_json::{Value, json};
use simulated_bank::{Again, Bank, CallKind, ClientIdentity, ClientSpec, Fault, FaultOrder, Role};

use crate::client::*;

const TPP: &str = "SE-FINA-100001";
const REDIRECT: &str = "https://service.example/v1/callback";

/// A TPP with a certificate.
struct Tpp<'b> {
    bank: &'b Bank,
    tls: tokio_rustls::TlsConnector,
}

impl<'b> Tpp<'b> {
    fn new(bank: &'b Bank, spec: &ClientSpec) -> Self {
        let ClientIdentity { chain_pem, key_pem } = bank.pki().issue_client(spec).unwrap();
        Self { bank, tls: tls(bank.pki().ca_pem(), Some((&chain_pem, &key_pem))) }
    }

    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let (request, transaction) = (uuid(), uuid());
        let usual = [
            ("accept", "application/json"),
            ("tpp-request-id", request.as_str()),
            ("tpp-transaction-id", transaction.as_str()),
        ];
        let url = format!("{}{path}", self.bank.api_url());
        send_over(&self.tls, method, &url, &[&usual[..], headers].concat(), body).await.unwrap()
    }

    async fn third_party(&self, method: &str) -> Reply {
        self.call(method, "/openbanking/psd2/v1/third-parties", &[], "").await
    }

    async fn token(&self, scope: &str, client_id: &str) -> Reply {
        let form = format!("grant_type=client_credentials&scope={scope}&client_id={client_id}");
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.call("POST", "/mlurd/oauth2/token/1.0", &headers, &form).await
    }

    async fn subscribe(&self, token: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("x-ibm-client-id", TPP),
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.call("POST", "/openbanking/psd2/v1/subscriptions", &headers, &body.to_string()).await
    }

    async fn enrol(&self) -> (String, String) {
        assert_eq!(self.third_party("POST").await.status, 201);
        let token = self.token("PSD2-ADMIN", TPP).await.text("access_token");
        let app = self.subscribe(&token, &first()).await.text("clientId");
        (token, app)
    }

    async fn consent(&self, app: &str, country: &str) -> Reply {
        let token = self.token("AIS", app).await.text("access_token");
        let bearer = format!("Bearer {token}");
        let headers = [
            ("x-ibm-client-id", app),
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("country", country),
        ];
        self.call("POST", "/openbanking/psd2/v1/consents", &headers, r#"{"access":"ALL_ACCOUNTS"}"#).await
    }
}

fn first() -> Value {
    json!({"app": {"name": "Demo", "description": "Reads", "oauthRedirectURI": REDIRECT}, "product": {"name": "consents"}})
}

fn further(app: &str, product: &str) -> Value {
    json!({"clientId": app, "product": {"name": product}})
}

#[tokio::test]
async fn a_third_party_gets_its_id_from_its_certificate_and_an_app_with_products() {
    let bank = bank().await;
    let tpp = Tpp::new(&bank, &ClientSpec::default());
    let known = tpp.third_party("POST").await;
    assert_eq!((known.status, known.json()), (201, json!({"clientId": TPP})));
    let admin = tpp.token("PSD2-ADMIN", TPP).await.json();
    assert_eq!(admin["expires_in"], 7_776_000);
    let token = admin["access_token"].as_str().unwrap();
    let app = tpp.subscribe(token, &first()).await;
    assert_eq!((app.status, app.text("oauthRedirectURI").as_str()), (201, REDIRECT));
    let product = &app.json()["subscription"]["product"];
    assert_eq!(*product, json!({"name": "consents", "version": "1.0.2", "scope": "AIS"}));
    let id = app.text("clientId");
    let more = tpp.subscribe(token, &further(&id, "accounts")).await;
    assert_eq!((more.status, more.text("clientId")), (200, id.clone()));
    assert_eq!(tpp.consent(&id, "SE").await.status, 200);
    let enrolled = bank.enrolled();
    let names: Vec<_> = enrolled[0].products.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((enrolled[0].third_party.as_str(), names), (TPP, vec!["consents", "accounts"]));
}

#[tokio::test]
async fn who_may_not_read_accounts_or_is_somebody_else_enrols_nothing() {
    let bank = bank().await;
    let pays = ClientSpec { role: Role::PaymentInitiation, ..ClientSpec::default() };
    assert_eq!(Tpp::new(&bank, &pays).third_party("POST").await.status, 403);
    let tpp = Tpp::new(&bank, &ClientSpec::default());
    assert_eq!(tpp.token("PSD2-ADMIN", TPP).await.text("error"), "invalid_client", "not known yet");
    assert_eq!(tpp.third_party("PUT").await.status, 404, "nothing to replace");
    let (token, app) = tpp.enrol().await;
    let other = ClientSpec { tpp_id: Some("SE-FINA-100002".to_owned()), ..ClientSpec::default() };
    let other = Tpp::new(&bank, &other);
    assert_eq!(other.third_party("POST").await.text("clientId"), "SE-FINA-100002");
    assert_eq!(other.subscribe(&token, &first()).await.status, 401, "a stolen token, another certificate");
    assert_eq!(other.token("AIS", &app).await.text("error"), "invalid_client");
    let ordinary = tpp.token("AIS", &app).await.text("access_token");
    assert_eq!(tpp.subscribe(&ordinary, &first()).await.status, 401, "a token of another scope");
    assert_eq!(tpp.token("PSD2-ADMIN", &app).await.text("error"), "invalid_client", "an app is no TPP");
}

#[tokio::test]
async fn what_enrolment_does_not_know_is_refused() {
    let bank = bank().await;
    let tpp = Tpp::new(&bank, &ClientSpec::default());
    let (token, app) = tpp.enrol().await;
    let mut plain = first();
    plain["app"]["oauthRedirectURI"] = json!("http://service.example/v1/callback");
    let mut strange = first();
    strange["app"]["secret"] = json!("x");
    let both = json!({"clientId": app, "app": first()["app"], "product": {"name": "accounts"}});
    let unnamed = json!({"product": {"name": "accounts"}});
    for body in [plain, strange, both, unnamed, further(&app, "everything"), further("no-uuid", "accounts")] {
        assert_eq!(tpp.subscribe(&token, &body).await.status, 400, "{body}");
    }
    let body = further("00000000-0000-4000-8000-000000000000", "accounts");
    assert_eq!(tpp.subscribe(&token, &body).await.status, 404);
    let told = tpp.call("POST", "/openbanking/psd2/v1/third-parties", &[], "{}").await;
    assert_eq!(told.status, 400, "no body is expected");
    assert_eq!(bank.enrolled().len(), 1);
    let sandbox = bank_with(|options| options.mode = simulated_bank::Mode::Sandbox).await;
    assert_eq!(Tpp::new(&sandbox, &ClientSpec::default()).third_party("POST").await.status, 404);
}

#[tokio::test]
async fn an_app_is_refused_where_it_is_not_subscribed_country_by_country() {
    let bank = bank().await;
    let tpp = Tpp::new(&bank, &ClientSpec::default());
    let (token, app) = tpp.enrol().await;
    assert_eq!(tpp.consent(&app, "NL").await.status, 200, "one product for both");
    let refused = tpp.consent(&app, "GB").await;
    assert_eq!((refused.status, refused.text("moreInformation").as_str()), (401, "Not registered to plan"));
    bank.change_switches(|switches| switches.not_registered_status = 403);
    assert_eq!(tpp.consent(&app, "GB").await.status, 403);
    assert_eq!(tpp.subscribe(&token, &further(&app, "consents-gb")).await.status, 200);
    assert_eq!(tpp.consent(&app, "GB").await.status, 200);
    assert_eq!(tpp.subscribe(&token, &further(&app, "consents-lu")).await.status, 400, "no such product");
}

#[tokio::test]
async fn another_certificate_takes_the_place_of_the_old_one() {
    let bank = bank().await;
    let (old, new) = (Tpp::new(&bank, &ClientSpec::default()), Tpp::new(&bank, &ClientSpec::default()));
    let (_, app) = old.enrol().await;
    assert_eq!(new.token("AIS", &app).await.text("error"), "invalid_client");
    assert_eq!(new.third_party("PUT").await.status, 200);
    assert_eq!(new.consent(&app, "SE").await.status, 200);
    assert_eq!(old.token("AIS", &app).await.text("error"), "invalid_client");
    bank.change_switches(|switches| switches.replaced_certificates = true);
    assert_eq!(old.consent(&app, "SE").await.status, 200);
}

#[tokio::test]
async fn what_comes_twice_is_the_same_or_a_conflict_and_a_fault_strikes_here_too() {
    let bank = bank().await;
    let tpp = Tpp::new(&bank, &ClientSpec::default());
    let (token, app) = tpp.enrol().await;
    let twice = further(&app, "consents");
    assert_eq!(tpp.third_party("POST").await.status, 201);
    assert_eq!(tpp.subscribe(&token, &twice).await.status, 200);
    bank.change_switches(|switches| {
        switches.third_party_again = Again::Conflict;
        switches.subscription_again = Again::Conflict;
    });
    assert_eq!(tpp.third_party("POST").await.status, 409);
    assert_eq!(tpp.subscribe(&token, &twice).await.status, 409);
    assert_eq!(bank.enrolled()[0].products.len(), 1);
    bank.fault(FaultOrder::next(CallKind::ThirdPartiesCreate, Fault::RequestRejected));
    assert!(tpp.third_party("POST").await.body.contains("Request Rejected"));
    assert_eq!(bank.ledger().count("third_parties"), 4);
}

#[tokio::test]
async fn who_has_enrolled_is_found_again_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("simulated-bank-enrolment-{}", std::process::id()));
    let start = || bank_with(|options| options.state_dir = Some(folder.clone()));
    let first = start().await;
    let identity = first.pki().issue_client(&ClientSpec::default()).unwrap();
    let ca = first.pki().ca_pem().to_owned();
    let own = || tls(&ca, Some((&identity.chain_pem, &identity.key_pem)));
    let (_, app) = Tpp { bank: &first, tls: own() }.enrol().await;
    first.stop().await;
    let second = start().await;
    assert_eq!(Tpp { bank: &second, tls: own() }.consent(&app, "SE").await.status, 200);
    second.stop().await;
    std::fs::remove_dir_all(folder).unwrap();
}
