//! What only enrolment needs to be told, from environment variables that no function has.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `ENROL_SET` | name of the certificate set in the secret | the only one |
//! | `ENROL_APP_NAME` | what the application is called at the bank | none; needed to make one |
//! | `ENROL_APP_DESCRIPTION` | what it is for, in words | none; needed to make one |
//! | `ENROL_NEW_APP` | `1`: makes an application although the set has a client id | off |
//! | `ENROL_PRODUCTS` | JSON, country → names of products, where they differ from the table below | none |
//! | `ENROL_TPP_ID` | the TPP's id, where the bank does not say it again and the certificate names none | from the certificate |
//! | `BANK_THIRD_PARTIES_URL` | where a TPP makes itself known | `BANK_API_URL` with `/psd2/v1/third-parties` |
//! | `BANK_SUBSCRIPTIONS_URL` | where an application subscribes | `BANK_API_URL` with `/psd2/v1/subscriptions` |

use super::super::Trouble;
use crate::{
    bank::EnrolmentAddresses,
    config::{BankConfig, Environment, is_loopback},
    types::Country,
};
use std::collections::BTreeMap;
use url::Url;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::operator) struct Settings {
    pub(super) set: Option<String>,
    pub(super) app_name: Option<String>,
    pub(super) app_description: Option<String>,
    pub(super) new_app: bool,
    pub(super) tpp_id: Option<String>,
    products: Option<String>,
    third_parties: Option<String>,
    subscriptions: Option<String>,
}

impl Settings {
    /// As they are set; they are checked by the verb that needs them.
    pub(in crate::operator) fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str| lookup(name).filter(|value| !value.is_empty());
        Self {
            set: read("ENROL_SET"),
            app_name: read("ENROL_APP_NAME"),
            app_description: read("ENROL_APP_DESCRIPTION"),
            new_app: read("ENROL_NEW_APP").is_some_and(|value| value == "1"),
            tpp_id: read("ENROL_TPP_ID"),
            products: read("ENROL_PRODUCTS"),
            third_parties: read("BANK_THIRD_PARTIES_URL"),
            subscriptions: read("BANK_SUBSCRIPTIONS_URL"),
        }
    }

    /// Where enrolment happens; in `local` nowhere but on this machine.
    pub(super) fn addresses(&self, bank: &BankConfig) -> Result<EnrolmentAddresses, Trouble> {
        let address = |told: &Option<String>, path: &str, name: &'static str| {
            let address = told.clone().unwrap_or_else(|| format!("{}{path}", bank.api));
            let sound = Url::parse(&address).is_ok_and(|url| {
                url.scheme() == "https" && (bank.environment != Environment::Local || is_loopback(&url))
            });
            if sound { Ok(address) } else { Err(Trouble::Enrolment(name)) }
        };
        Ok(EnrolmentAddresses {
            third_parties: address(
                &self.third_parties,
                "/psd2/v1/third-parties",
                "BANK_THIRD_PARTIES_URL must be an https URL, in `local` of this machine",
            )?,
            subscriptions: address(
                &self.subscriptions,
                "/psd2/v1/subscriptions",
                "BANK_SUBSCRIPTIONS_URL must be an https URL, in `local` of this machine",
            )?,
            token: bank.token.clone(),
        })
    }

    /// The products of these countries, each once, `consents` first; and the countries of which not all names are known.
    pub(super) fn products(&self, countries: &[Country]) -> Result<(Vec<String>, Vec<Country>), Trouble> {
        let own = self.own_products()?;
        let (mut products, mut unknown): (Vec<String>, Vec<Country>) = (Vec::new(), Vec::new());
        for country in countries {
            let (names, whole) = match own.get(country) {
                Some(names) => (names.clone(), true),
                None => usual(*country),
            };
            unknown.extend((!whole).then_some(*country));
            products.extend(names);
        }
        // The application is made with its first product, as the bank's page does it.
        products.sort_by_key(|name| !name.starts_with("consents"));
        let mut seen = std::collections::BTreeSet::new();
        products.retain(|name| seen.insert(name.clone()));
        Ok((products, unknown))
    }

    fn own_products(&self) -> Result<BTreeMap<Country, Vec<String>>, Trouble> {
        let wrong = || {
            Trouble::Enrolment(
                "ENROL_PRODUCTS must be a JSON object of country codes and lists of product names",
            )
        };
        let Some(text) = &self.products else { return Ok(BTreeMap::new()) };
        let written: BTreeMap<String, Vec<String>> = serde_json::from_str(text).map_err(|_| wrong())?;
        let sound = |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        let entry = |(country, names): (String, Vec<String>)| {
            let country = country.parse::<Country>().map_err(|_| wrong())?;
            if names.is_empty() || !names.iter().all(sound) { Err(wrong()) } else { Ok((country, names)) }
        };
        written.into_iter().map(entry).collect()
    }
}

/// The products that a country needs, and whether that is all of them. Documented: `consents`, `accounts` and
/// `card-accounts` (cards in SE), and that names in GB carry a suffix, by the example of `accounts-gb`. Inferred:
/// `consents-gb`. LU has an accounts product of its own whose name is unknown.
fn usual(country: Country) -> (Vec<String>, bool) {
    let (names, whole): (&[&str], bool) = match country {
        Country::Se => (&["consents", "accounts", "card-accounts"], true),
        Country::Nl => (&["consents", "accounts"], true),
        Country::Gb => (&["consents-gb", "accounts-gb"], true),
        Country::Lu => (&["consents"], false),
    };
    (names.iter().map(|name| (*name).to_owned()).collect(), whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &'static str, value: &'static str) -> Settings {
        Settings::read(&move |asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn each_product_is_asked_for_once_and_consents_come_first() {
        let (names, unknown) =
            Settings::default().products(&[Country::Gb, Country::Nl, Country::Se]).unwrap();
        assert_eq!(names, ["consents-gb", "consents", "accounts-gb", "accounts", "card-accounts"]);
        assert!(unknown.is_empty());
        let (names, unknown) = Settings::default().products(&[Country::Lu]).unwrap();
        assert_eq!(
            (names.as_slice(), unknown.as_slice()),
            (&["consents".to_owned()][..], &[Country::Lu][..])
        );
        let (names, unknown) =
            told("ENROL_PRODUCTS", r#"{"LU":["a","consents"]}"#).products(&[Country::Lu]).unwrap();
        assert!(names == ["consents", "a"] && unknown.is_empty(), "{names:?}");
    }

    #[test]
    fn products_are_names_of_countries_that_are_served() {
        for wrong in
            ["[]", r#"{"FI":["accounts"]}"#, r#"{"SE":[]}"#, r#"{"SE":["a b"]}"#, r#"{"SE":"accounts"}"#]
        {
            let settings = Settings { products: Some(wrong.to_owned()), ..Settings::default() };
            assert!(matches!(settings.products(&[Country::Se]), Err(Trouble::Enrolment(_))), "{wrong}");
        }
    }
}
