//! Every environment variable, typed and documented. All mistakes are reported at once, by name and rule, never by
//! value; a function with a wrong configuration does not start.
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `BANK_ENVIRONMENT` | `live`, `sandbox` or `local` | none |
//! | `BANK_API_URL` | base of consents, accounts, cards | documented, see `config/bank.rs` |
//! | `BANK_TOKEN_URL` | token endpoint | the guide's; of the sandbox, its scripts' |
//! | `BANK_LINKS` | prefixes that links in the bank's answers may have, comma-separated | both path families, of which one is inferred |
//! | `ACCOUNT_PATHS` | JSON, country → path base of accounts under the API URL, e.g. `{"GB":"/psd2/gb/v1"}` | `/psd2/v2` |
//! | `BANK_REST_AFTER` | 0 to 100: after so many failures in a row a service of the bank is not asked for 30 s; 0: never | 5 |
//! | `PKCE` | `off`, `tolerant` or `required`, see [`Pkce`] | `off` |
//! | `CALLBACK_ISS` | `off`, `tolerant` or `required`, see [`CallbackIssuer`] | `off` |
//! | `BANK_ISSUER` | what `iss` must be | none; required unless `CALLBACK_ISS` is `off` |
//! | `DECOUPLED_AUTO_START_FIELDS` | names of the auto-start token in answers of decoupled 2.0 | `auto_start_token,autoStartToken` |
//! | `DECOUPLED_QR_FIELDS` | names of the QR data there and in polls | `qr_data,qrData,qr_code,qrCode,qr` |
//! | `BANK_REVOCATION` | `not_supported` or `delete`, see [`RevocationAtBank`] | `not_supported` |
//! | `TABLE_NAME` | the DynamoDB table | none |
//! | `SECRET_ID` | the Secrets Manager secret | none |
//! | `SECRET_TTL_SECONDS` | how long a version of the secret is held before a newer one is looked for | 300 |
//! | `APPS` | JSON, see [`apps`] | none |
//! | `PERSONAL_NUMBER_SOURCE` | `claim:<name>` or `body`: who vouches for the number in a BankID order | none, on purpose |
//! | `BANKID_STARTS_IN_5_MINUTES` | 1 to 100: BankID starts of one owner, and of one personal number, in any 5 minutes | 3 |
//! | `BANKID_STARTS_IN_A_DAY` | 1 to 100: the same in any 24 hours | 10 |
//! | `TENANT_CLAIM` | claim that separates users of several tenants of one issuer | none |
//! | `CORPORATE_CHECK_DIGIT` | `on` or `off`: check digit of Swedish organisation numbers | `on` |
//! | `REFRESH_TOKEN_DAYS` | life of a refresh token, unless the bank's answer says another | 90 |
//! | `CONSENT_DAYS` | JSON, country → life of a consent in days (RTS on SCA article 10a) | SE, NL, LU 180, GB 90 |
//! | `RENEW_AHEAD_DAYS` | how long before the end a consent asks to be renewed | 15 |
//! | `ERASE_AFTER_DAYS` | how long ended consents are kept before they erase themselves | 30 |
//! | `UNATTENDED_READS` | reads without the PSU in 24 h, per account and resource (RTS on SCA article 36(5)(b)) | 4 |
//! | `ATTENDED_TOKEN_AGE_SECONDS` | how old the user's token may be for a read to count as attended | 3600 |
//! | `ROW_CAP` | rows that one answer of the bank has at most | 600 |
//! | `ROW_CAP_CORPORATE` | the same for companies, on one day | 2900 |
//! | `OVER_ROW_CAP` | `doubt` or `trust`: whether an answer with more rows than the cap may have been cut all the same | `doubt` |
//! | `HISTORY_MONTHS` | JSON, country → months of history, where they differ from the table in `types/country.rs` | none |
//! | `FUNCTION_TIMEOUT_MS` | time for one request where the runtime gives no deadline | 25000 |
//! | `METRICS_NAMESPACE` | namespace of our metrics in `CloudWatch`; the template gives the stack's name | `handelsbanken-ais` |
//! | `AWS_REGION` | set by Lambda | none |
//! | `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_SECRETS_MANAGER` | stand-ins on a laptop | AWS |

pub mod apps;
mod bank;
mod lifetimes;
mod limits;
mod wire;

pub use apps::{App, Apps, HandleIn, Return};
pub(crate) use bank::is_loopback;
pub use bank::{BankConfig, Environment};
pub use limits::Limits;
pub use wire::{CallbackIssuer, Pkce, RevocationAtBank, WireConfig};

use crate::{
    budget::{LEGAL_READS, MOST_READS},
    types::{CorporateRule, Lifetimes, Span, StartLimits},
};
use std::{fmt, time::Duration};

/// Where the personal number of a BankID order comes from. It is what ties the person who signs to the owner, so the
/// operator must choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonalNumberSource {
    /// A verified claim of the owner's token.
    Claim(String),
    /// The request body: the caller vouches for it.
    Body,
}

/// The whole configuration of one function.
#[derive(Clone, Debug)]
pub struct Config {
    /// The bank's addresses and environment.
    pub bank: BankConfig,
    /// What is not certain about the bank's wire.
    pub wire: WireConfig,
    /// Name of the table.
    pub table: String,
    /// Id or ARN of the secret.
    pub secret: String,
    /// How long a version of it is held before a newer one is looked for.
    pub secret_ttl: Span,
    /// The apps that browsers may be sent back to.
    pub apps: Apps,
    /// Where personal numbers come from.
    pub personal_number: PersonalNumberSource,
    /// How often BankID may be started.
    pub start_limits: StartLimits,
    /// Claim that names the tenant.
    pub tenant_claim: Option<String>,
    /// How strict Swedish organisation numbers are taken.
    pub corporate_rule: CorporateRule,
    /// The clocks of grants.
    pub lifetimes: Lifetimes,
    /// How long ended consents are kept.
    pub erase_after: Span,
    /// Unattended reads in 24 hours, per owner, account and resource.
    pub unattended_reads: u8,
    /// What the bank shows at most.
    pub limits: Limits,
    /// How old the user's token may be for a read to count as attended.
    pub attended_token_age: Span,
    /// Time for one request where the runtime gives no deadline.
    pub timeout: Duration,
    /// Namespace of our metrics in `CloudWatch`.
    pub metrics_namespace: String,
    /// AWS region.
    pub region: String,
    /// Stand-in for DynamoDB.
    pub dynamodb_endpoint: Option<String>,
    /// Stand-in for Secrets Manager.
    pub secrets_endpoint: Option<String>,
}

/// All that is wrong with the environment, one line each: name and rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads variables and collects what is wrong with them.
pub(crate) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<String>,
}

impl Reader<'_> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.wrong(name, "is required");
            String::new()
        })
    }

    fn wrong(&mut self, name: &str, rule: &str) {
        self.errors.push(format!("{name} {rule}"));
    }
}

impl Config {
    /// From the process environment.
    pub fn from_env() -> Result<Self, ConfigErrors> {
        Self::from(&|name| std::env::var(name).ok())
    }

    /// For the operator's verbs, which send nobody anywhere: what only routes need is not asked for.
    pub fn for_operator(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let unasked = |name: &str| match name {
            "APPS" => Some(apps::NONE.to_owned()),
            "PERSONAL_NUMBER_SOURCE" => Some("body".to_owned()),
            _ => None,
        };
        Self::from(&|name| lookup(name).or_else(|| unasked(name)))
    }

    /// From any lookup.
    pub fn from(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        let mut read = Reader { lookup, errors: Vec::new() };
        let bank = bank::read(&mut read);
        let config = Self {
            apps: apps::read(&mut read, bank.environment),
            wire: wire::read(&mut read),
            table: read.required("TABLE_NAME"),
            secret: read.required("SECRET_ID"),
            secret_ttl: secret_ttl(&mut read),
            personal_number: personal_number(&mut read),
            start_limits: start_limits(&mut read),
            tenant_claim: read.optional("TENANT_CLAIM"),
            corporate_rule: corporate_rule(&mut read),
            lifetimes: lifetimes::read(&mut read),
            erase_after: lifetimes::erase_after(&mut read),
            unattended_reads: unattended_reads(&mut read),
            limits: limits::read(&mut read),
            attended_token_age: attended_token_age(&mut read),
            timeout: timeout(&mut read),
            metrics_namespace: read
                .optional("METRICS_NAMESPACE")
                .unwrap_or_else(|| "handelsbanken-ais".to_owned()),
            region: read.required("AWS_REGION"),
            dynamodb_endpoint: read.optional("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_endpoint: read.optional("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            bank,
        };
        if config.bank.environment == Environment::Local {
            bank::demand_loopback(&config, &mut read);
        }
        if read.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(read.errors)) }
    }
}

fn personal_number(read: &mut Reader<'_>) -> PersonalNumberSource {
    let value = read.required("PERSONAL_NUMBER_SOURCE");
    match value.split_once(':') {
        Some(("claim", name)) if !name.is_empty() => return PersonalNumberSource::Claim(name.to_owned()),
        None if value == "body" || value.is_empty() => {}
        _ => read.wrong("PERSONAL_NUMBER_SOURCE", "must be `claim:<name>` or `body`"),
    }
    PersonalNumberSource::Body
}

fn start_limits(read: &mut Reader<'_>) -> StartLimits {
    let mut starts = |name: &str, default: u8| {
        let starts = read.optional(name).map_or(Some(default), |value| value.parse().ok());
        let starts = starts.filter(|starts| (1..=StartLimits::MOST).contains(starts));
        starts.unwrap_or_else(|| {
            read.wrong(name, "must be 1 to 100");
            default
        })
    };
    let StartLimits { in_5_minutes, in_a_day } = StartLimits::DEFAULT;
    StartLimits {
        in_5_minutes: starts("BANKID_STARTS_IN_5_MINUTES", in_5_minutes),
        in_a_day: starts("BANKID_STARTS_IN_A_DAY", in_a_day),
    }
}

fn corporate_rule(read: &mut Reader<'_>) -> CorporateRule {
    match read.optional("CORPORATE_CHECK_DIGIT").as_deref() {
        None | Some("on") => CorporateRule::CheckDigit,
        Some("off") => CorporateRule::DigitsOnly,
        Some(_) => {
            read.wrong("CORPORATE_CHECK_DIGIT", "must be `on` or `off`");
            CorporateRule::CheckDigit
        }
    }
}

fn unattended_reads(read: &mut Reader<'_>) -> u8 {
    let reads = read.optional("UNATTENDED_READS").map_or(Some(LEGAL_READS), |value| value.parse().ok());
    if !reads.is_some_and(|reads| (1..=MOST_READS).contains(&reads)) {
        read.wrong("UNATTENDED_READS", "must be 1 to 8; the law says 4");
    }
    reads.unwrap_or(LEGAL_READS)
}

fn attended_token_age(read: &mut Reader<'_>) -> Span {
    let seconds =
        read.optional("ATTENDED_TOKEN_AGE_SECONDS").map_or(Some(3600), |value| value.parse::<i64>().ok());
    if !seconds.is_some_and(|seconds| (60..=86_400).contains(&seconds)) {
        read.wrong("ATTENDED_TOKEN_AGE_SECONDS", "must be 60 to 86400");
    }
    Span::seconds(seconds.unwrap_or(3600))
}

fn secret_ttl(read: &mut Reader<'_>) -> Span {
    let seconds = read.optional("SECRET_TTL_SECONDS").map_or(Some(300), |value| value.parse().ok());
    if !seconds.is_some_and(|seconds| (1..=86_400).contains(&seconds)) {
        read.wrong("SECRET_TTL_SECONDS", "must be 1 to 86400");
    }
    Span::seconds(seconds.unwrap_or(300))
}

fn timeout(read: &mut Reader<'_>) -> Duration {
    let millis = read.optional("FUNCTION_TIMEOUT_MS").map_or(Some(25_000), |value| value.parse().ok());
    if !millis.is_some_and(|millis| (1000..=29_000).contains(&millis)) {
        read.wrong("FUNCTION_TIMEOUT_MS", "must be 1000 to 29000: an HTTP API waits 30 s at most");
    }
    Duration::from_millis(millis.unwrap_or(25_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    pub(crate) fn local() -> BTreeMap<&'static str, &'static str> {
        BTreeMap::from([
            ("BANK_ENVIRONMENT", "local"),
            ("BANK_API_URL", "https://127.0.0.1:8443/openbanking"),
            ("BANK_TOKEN_URL", "https://127.0.0.1:8443/mlurd/oauth2/token/1.0"),
            ("BANK_LINKS", "http://127.0.0.1:8444/bb/gls5/oauth2/authorize/,https://127.0.0.1:8443/mlurd/"),
            ("TABLE_NAME", "consents"),
            ("SECRET_ID", "psd2"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8001"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:8002"),
            ("PERSONAL_NUMBER_SOURCE", "body"),
            (
                "APPS",
                r#"[{"id":"web","client_ids":["demo"],"link":"http://localhost:3000/bank","return":"redirect","handle_in":"query"}]"#,
            ),
        ])
    }

    fn read(vars: &BTreeMap<&'static str, &'static str>) -> Result<Config, ConfigErrors> {
        Config::from(&|name| vars.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_local_configuration_is_read() {
        assert_eq!(read(&local()).unwrap().personal_number, PersonalNumberSource::Body);
    }

    #[test]
    fn three_starts_in_five_minutes_and_ten_in_a_day_unless_it_is_said_otherwise() {
        assert_eq!(read(&local()).unwrap().start_limits, StartLimits::DEFAULT);
        let mut vars = local();
        vars.insert("BANKID_STARTS_IN_5_MINUTES", "7");
        vars.insert("BANKID_STARTS_IN_A_DAY", "100");
        let configured = StartLimits { in_5_minutes: 7, in_a_day: 100 };
        assert_eq!(read(&vars).unwrap().start_limits, configured);
        for wrong in ["0", "101", "-1", "many"] {
            vars.insert("BANKID_STARTS_IN_A_DAY", wrong);
            assert_eq!(read(&vars).unwrap_err().0, ["BANKID_STARTS_IN_A_DAY must be 1 to 100"], "{wrong}");
        }
    }

    #[test]
    fn local_refuses_to_start_unless_every_host_is_loopback() {
        for (name, value) in [
            ("BANK_API_URL", "https://api.handelsbanken.com/openbanking"),
            ("BANK_TOKEN_URL", "https://192.0.2.1/token"),
            ("BANK_LINKS", "http://127.0.0.1:8444/bb/,https://secure.handelsbanken.com/bb/"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://192.0.2.1:8000"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", ""),
        ] {
            let mut vars = local();
            vars.insert(name, value);
            let errors = read(&vars).unwrap_err().0;
            assert!(errors.iter().any(|error| error.starts_with(name)), "{name}: {errors:?}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once_and_no_value_is_shown() {
        let mut vars = local();
        vars.insert("PERSONAL_NUMBER_SOURCE", "guess-hunter2");
        vars.insert("FUNCTION_TIMEOUT_MS", "hunter2");
        vars.insert("SECRET_TTL_SECONDS", "hunter2");
        vars.remove("TABLE_NAME");
        let errors = read(&vars).unwrap_err();
        assert_eq!(errors.0.len(), 4, "{errors}");
        assert!(!errors.to_string().contains("hunter2"));
    }

    #[test]
    fn an_operator_needs_neither_apps_nor_a_source_of_personal_numbers_but_the_table_and_the_secret() {
        let mut vars = local();
        vars.remove("APPS");
        vars.remove("PERSONAL_NUMBER_SOURCE");
        let read = |vars: &BTreeMap<&'static str, &'static str>| {
            Config::for_operator(&|name| vars.get(name).map(|value| (*value).to_owned()))
        };
        assert!(read(&vars).is_ok());
        vars.remove("TABLE_NAME");
        vars.remove("SECRET_ID");
        assert_eq!(read(&vars).unwrap_err().0.len(), 2);
    }

    #[test]
    fn live_takes_https_app_links_only() {
        let mut vars = local();
        vars.insert("BANK_ENVIRONMENT", "live");
        assert!(read(&vars).unwrap_err().to_string().contains("APPS"));
    }
}
