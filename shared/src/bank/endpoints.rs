//! Where the bank is.

use super::{Fault, links};
use crate::types::Country;
use reqwest::Url;
use std::collections::BTreeMap;

/// The bank's addresses. Each is configuration; the defaults, from the bank's guide, stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// The bank's sandbox: it asks for no client certificate (documented).
    pub sandbox: bool,
    /// Base of consents and resources, without a slash at the end.
    pub api: String,
    /// Token endpoint of all three grants (bank guide, step 1).
    pub token: String,
    /// Where the bank's links may lead: `scheme://host[:port]/path/`, each with a slash at the end.
    pub links: Vec<String>,
    /// Path between [`api`](Self::api) and `/accounts`, where a country has another one than
    /// [`ACCOUNTS_PATH`](Self::ACCOUNTS_PATH). GB and LU are documented to have APIs of their own; paths and fields of
    /// those are unknown, so there is no default here.
    pub account_paths: BTreeMap<Country, String>,
    /// Names under which a decoupled answer may hold the auto-start token, in order of preference. In 2.0 unknown.
    pub auto_start_fields: Vec<String>,
    /// The same for what another device scans. Unknown.
    pub qr_fields: Vec<String>,
    /// So many failures of one service in a row, and it is not asked for 30 s; 0: never.
    pub rest_after: u32,
}

impl Endpoints {
    /// The general Accounts API (recorded).
    pub const ACCOUNTS_PATH: &str = "/psd2/v2";

    /// Every address parses, is https or loopback, and ends as it has to.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let base = |text: &String| links::parse(text).is_some() && !text.ends_with('/');
        let prefix = |text: &String| {
            links::parse(text).is_some_and(|url| url.query().is_none()) && text.ends_with('/')
        };
        let path = |text: &String| text.starts_with('/') && !text.ends_with('/');
        let sound = base(&self.api)
            && base(&self.token)
            && self.links.iter().all(prefix)
            && self.account_paths.values().all(path);
        if sound { Ok(()) } else { Err(Fault::Misconfigured) }
    }

    /// `path` below the gateway's base; `segments` are opaque and encoded.
    pub(super) fn resource(&self, path: &str, segments: &[&str]) -> Result<Url, Fault> {
        let mut url = Url::parse(&format!("{}{path}", self.api)).map_err(|_| Fault::Misconfigured)?;
        // These two would change the path instead of standing in it.
        if segments.iter().any(|segment| matches!(*segment, "." | "..")) {
            return Err(Fault::NotFound);
        }
        url.path_segments_mut().map_err(|()| Fault::Misconfigured)?.extend(segments);
        Ok(url)
    }

    /// Path of the accounts of a country.
    pub(super) fn accounts_path(&self, country: Country) -> String {
        let base = self.account_paths.get(&country).map_or(Self::ACCOUNTS_PATH, String::as_str);
        format!("{base}/accounts")
    }
}

#[cfg(test)]
mod tests {
    use super::{super::stub::endpoints, *};

    #[test]
    fn plain_http_is_for_loopback_only_and_prefixes_end_with_a_slash() {
        let with = |api: &str, link: &str| Endpoints {
            api: api.into(),
            links: vec![link.into()],
            ..endpoints("https://api.example")
        };
        let link = "http://127.0.0.1:8443/bb/gls5/";
        assert_eq!(with("https://127.0.0.1:8443/openbanking", link).check(), Ok(()));
        assert_eq!(with("http://localhost:1/openbanking", link).check(), Ok(()));
        for (api, link) in [
            ("http://api.example/openbanking", link),
            ("https://api.example/openbanking/", link),
            ("api.example", link),
            ("https://api.example", "https://api.example/bb"),
            ("https://api.example", "http://api.example/bb/"),
            ("https://api.example", "https://user@api.example/bb/"),
        ] {
            assert_eq!(with(api, link).check(), Err(Fault::Misconfigured), "{api} {link}");
        }
    }

    #[test]
    fn an_account_id_stays_one_segment_of_the_path() {
        let url = endpoints("https://api.example")
            .resource("/psd2/v2/accounts", &["a/../b?c#d%2f", "transactions"])
            .unwrap();
        assert_eq!(url.path(), "/openbanking/psd2/v2/accounts/a%2F..%2Fb%3Fc%23d%252f/transactions");
        assert_eq!(
            endpoints("https://api.example").resource("/psd2/v2/accounts", &["..", "x"]),
            Err(Fault::NotFound)
        );
    }

    #[test]
    fn a_country_may_have_a_path_of_its_own() {
        let mut endpoints = endpoints("https://api.example");
        endpoints.account_paths.insert(Country::Lu, "/psd2/lu/individual/v1".to_owned());
        assert_eq!(endpoints.accounts_path(Country::Lu), "/psd2/lu/individual/v1/accounts");
        assert_eq!(endpoints.accounts_path(Country::Gb), "/psd2/v2/accounts");
        endpoints.account_paths.insert(Country::Lu, "psd2/".to_owned());
        assert_eq!(endpoints.check(), Err(Fault::Misconfigured));
    }
}
