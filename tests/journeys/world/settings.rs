//! What the template's parameters, the functions' environment and the secret are in tests.

use super::{CALLER, CLIENT_ID, SECRET, TABLE};
use cloud::{Issuer, Proxy};
use data_encoding::BASE64;
use serde_json::{Value, json};
use simulated_bank::{Bank, Pki};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The identity key of all tests.
pub(crate) const IDENTITY_KEY: &[u8; 32] = b"identity key of all tests, 32 b.";

/// The template that is deployed.
pub(crate) fn template_path() -> PathBuf {
    // From whichever crate of the checkout this is compiled into.
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("template.yaml"));
    above.into_iter().find(|path| path.exists()).unwrap_or_default()
}

pub(crate) fn apps() -> Value {
    let app = |id: &str, link: &str, back: &str, handle_in: &str| json!({"id": id, "client_ids": [CALLER], "link": link, "return": back, "handle_in": handle_in});
    json!([
        app("android", "https://app.example/bank", "redirect", "fragment"),
        app("ios", "https://app.example/bank", "page", "fragment"),
        app("web", "http://localhost:3000/bank", "redirect", "query"),
    ])
}

fn bank_settings(bank: &Bank) -> [(&'static str, &'static str, String); 4] {
    let (api, page) = (bank.api_url(), bank.page_url());
    let links = [
        format!("{page}/bb/gls5/oauth2/authorize/"),
        format!("{page}/mlurd/oauth2/authorize/"),
        format!("{api}/mlurd/decoupled/mbid/"),
        format!("{api}/bb/gls5/decoupled/mbid/"),
    ];
    [
        ("Environment", "BANK_ENVIRONMENT", "local".to_owned()),
        ("BankApiUrl", "BANK_API_URL", format!("{api}/openbanking")),
        ("BankTokenUrl", "BANK_TOKEN_URL", format!("{api}/mlurd/oauth2/token/1.0")),
        ("BankLinks", "BANK_LINKS", links.join(",")),
    ]
}

/// Values of the template's parameters.
pub(crate) fn parameters(bank: &Bank, issuer: &Issuer) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> =
        bank_settings(bank).into_iter().map(|(parameter, _, value)| (parameter.to_owned(), value)).collect();
    values.insert("Issuer".to_owned(), issuer.url());
    values.insert("Audience".to_owned(), issuer.audience());
    values.insert("Apps".to_owned(), apps().to_string());
    values.insert("PersonalNumberSource".to_owned(), "body".to_owned());
    values
}

/// Environment variables of the functions.
pub(crate) fn environment(
    bank: &Bank,
    _issuer: &Issuer,
    table: &Proxy,
    secrets: &Proxy,
) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> =
        bank_settings(bank).into_iter().map(|(_, variable, value)| (variable.to_owned(), value)).collect();
    for (name, value) in [
        ("TABLE_NAME", TABLE.to_owned()),
        ("SECRET_ID", SECRET.to_owned()),
        ("APPS", apps().to_string()),
        ("PERSONAL_NUMBER_SOURCE", "body".to_owned()),
        // Journeys start the same customer's BankID again and again; `start_limits` tests the defaults.
        ("BANKID_STARTS_IN_5_MINUTES", "100".to_owned()),
        ("BANKID_STARTS_IN_A_DAY", "100".to_owned()),
        // Journeys break the bank on purpose, one call after another; `bank_down` tests the default.
        ("BANK_REST_AFTER", "0".to_owned()),
        ("FUNCTION_TIMEOUT_MS", "25000".to_owned()),
        ("AWS_REGION", "eu-north-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
    ] {
        values.insert(name.to_owned(), value);
    }
    values
}

/// The secret: our keys, and the client certificate of `pki` for the bank's CA.
pub(crate) fn secret_of(bank: &Bank, pki: &Pki) -> Value {
    json!({
        "identity_key": BASE64.encode(IDENTITY_KEY),
        "sealing_keys": [{"id": "k1", "key": BASE64.encode(b"sealing key of all tests, 32 by.")}],
        "sets": {"main": {
            "client_id": CLIENT_ID,
            "redirect_uri": "https://service.example/v1/callback",
            "chain_pem": pki.client_chain_pem(),
            "key_pem": pki.client_key_pem(),
            "trust_pem": bank.pki().ca_pem(),
            "countries": ["SE", "NL", "GB", "LU"],
        }},
    })
}
