//! Where the bank is. Most defaults are the URLs of the bank's own guide, each with how it is known; every one can be
//! changed, because the bank has moved them before.

use super::{Config, Reader};
use crate::types::Country;
use std::collections::BTreeMap;
use url::{Host, Url};

/// Documented.
const API: &str = "https://api.handelsbanken.com/openbanking";
/// Documented; the older one, below `/bb/gls5/`, is recorded.
const TOKEN: &str = "https://api.handelsbanken.com/mlurd/oauth2/token/1.0";
/// In order: documented; inferred (whether authorize moved with the others is unknown); documented; recorded.
const LINKS: &str = "https://secure.handelsbanken.com/bb/gls5/oauth2/authorize/,\
                     https://secure.handelsbanken.com/mlurd/oauth2/authorize/,\
                     https://api.handelsbanken.com/mlurd/decoupled/mbid/,\
                     https://api.handelsbanken.com/bb/gls5/decoupled/mbid/";
/// Documented.
const SANDBOX_API: &str = "https://sandbox.handelsbanken.com/openbanking";
/// Sandbox script.
const SANDBOX_TOKEN: &str = "https://sandbox.handelsbanken.com/openbanking/oauth2/token/1.0";
/// In order: documented; sandbox script; documented.
const SANDBOX_LINKS: &str = "https://sandbox.handelsbanken.com/openbanking/redirect/oauth2/authorize/,\
                             https://sandbox.handelsbanken.com/openbanking/oauth2/authorize/,\
                             https://sandbox.handelsbanken.com/openbanking/decoupled/mbid/";

/// Which bank this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// The bank's live gateway: mutual TLS, https app links only.
    Live,
    /// The bank's sandbox: no client certificate, customers by request header.
    Sandbox,
    /// The simulated bank on this machine: mutual TLS, loopback only.
    Local,
}

impl Environment {
    /// As configuration and sealed rows spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
            Self::Local => "local",
        }
    }

    /// Whether the bank demands a client certificate.
    pub const fn demands_certificate(self) -> bool {
        !matches!(self, Self::Sandbox)
    }
}

/// The bank's addresses.
#[derive(Clone, Debug)]
pub struct BankConfig {
    /// Which bank.
    pub environment: Environment,
    /// Base URL of consents, accounts and cards, without a slash at the end.
    pub api: String,
    /// Token endpoint.
    pub token: String,
    /// Prefixes that links in the bank's answers may have.
    pub links: Vec<String>,
    /// Path bases that differ from `/psd2/v2` (the own GB and LU interfaces are unknown, so off by default).
    pub account_paths: BTreeMap<Country, String>,
    /// So many failures of one service of the bank in a row, and this process leaves it alone for 30 s; 0: never.
    pub rest_after: u32,
}

pub(super) fn read(read: &mut Reader<'_>) -> BankConfig {
    let environment = match read.required("BANK_ENVIRONMENT").as_str() {
        "live" => Environment::Live,
        "sandbox" => Environment::Sandbox,
        "local" => Environment::Local,
        other => {
            if !other.is_empty() {
                read.wrong("BANK_ENVIRONMENT", "must be `live`, `sandbox` or `local`");
            }
            Environment::Live
        }
    };
    let sandbox = environment == Environment::Sandbox;
    let links = url_list(read, "BANK_LINKS", if sandbox { SANDBOX_LINKS } else { LINKS });
    BankConfig {
        environment,
        api: https(read, "BANK_API_URL", if sandbox { SANDBOX_API } else { API }),
        token: https(read, "BANK_TOKEN_URL", if sandbox { SANDBOX_TOKEN } else { TOKEN }),
        links,
        account_paths: account_paths(read),
        rest_after: rest_after(read),
    }
}

fn rest_after(read: &mut Reader<'_>) -> u32 {
    let failures = read.optional("BANK_REST_AFTER").map_or(Some(5), |value| value.parse().ok());
    failures.filter(|failures| *failures <= 100).unwrap_or_else(|| {
        read.wrong("BANK_REST_AFTER", "must be 0 to 100");
        5
    })
}

/// In `local` nothing may leave this machine.
pub(super) fn demand_loopback(config: &Config, read: &mut Reader<'_>) {
    let absent = String::new();
    let mut addresses = vec![
        ("BANK_API_URL", &config.bank.api),
        ("BANK_TOKEN_URL", &config.bank.token),
        ("AWS_ENDPOINT_URL_DYNAMODB", config.dynamodb_endpoint.as_ref().unwrap_or(&absent)),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", config.secrets_endpoint.as_ref().unwrap_or(&absent)),
    ];
    addresses.extend(config.bank.links.iter().map(|link| ("BANK_LINKS", link)));
    for (name, address) in addresses {
        if !Url::parse(address).is_ok_and(|url| is_loopback(&url)) {
            read.wrong(name, "must be on this machine when BANK_ENVIRONMENT is `local`");
        }
    }
}

/// Whether a URL stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn https(read: &mut Reader<'_>, name: &str, default: &str) -> String {
    let value = read.optional(name).unwrap_or_else(|| default.to_owned());
    if !Url::parse(&value).is_ok_and(|url| url.scheme() == "https") {
        read.wrong(name, "must be an https URL");
    }
    value.trim_end_matches('/').to_owned()
}

fn url_list(read: &mut Reader<'_>, name: &str, default: &str) -> Vec<String> {
    let value = read.optional(name).unwrap_or_else(|| default.to_owned());
    let links: Vec<String> = value.split(',').map(|link| link.trim().to_owned()).collect();
    let allowed = |link: &String| {
        let url = Url::parse(link);
        url.is_ok_and(|url| (url.scheme() == "https" || is_loopback(&url)) && url.path().ends_with('/'))
    };
    if !links.iter().all(allowed) {
        read.wrong(name, "must be https URL prefixes that end in a slash");
    }
    links
}

fn account_paths(read: &mut Reader<'_>) -> BTreeMap<Country, String> {
    let Some(text) = read.optional("ACCOUNT_PATHS") else { return BTreeMap::new() };
    let parsed: Result<BTreeMap<String, String>, _> = serde_json::from_str(&text);
    let entries = parsed.unwrap_or_default();
    let paths: BTreeMap<Country, String> = entries
        .iter()
        .filter(|(_, path)| path.starts_with('/') && !path.ends_with('/'))
        .filter_map(|(country, path)| Some((country.parse().ok()?, path.clone())))
        .collect();
    if paths.is_empty() || paths.len() != entries.len() {
        read.wrong("ACCOUNT_PATHS", "must be a JSON object of country codes and paths such as /psd2/v2");
    }
    paths
}
