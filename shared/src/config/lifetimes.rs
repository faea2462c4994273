//! The clocks of the law and of the bank, where the bank's answers give no figure of their own.

use super::Reader;
use crate::types::{Country, Lifetimes, Span};
use std::collections::BTreeMap;

/// More than any of these clocks can be, in days.
const MOST_DAYS: i64 = 400;

pub(super) fn read(read: &mut Reader<'_>) -> Lifetimes {
    let refresh = days(read, "REFRESH_TOKEN_DAYS", 90);
    let renew_ahead = days(read, "RENEW_AHEAD_DAYS", 15);
    if renew_ahead >= refresh {
        read.wrong("RENEW_AHEAD_DAYS", "must be less than REFRESH_TOKEN_DAYS");
    }
    let consent = consents(read);
    if consent.values().any(|lifetime| renew_ahead >= *lifetime) {
        read.wrong("RENEW_AHEAD_DAYS", "must be less than every one of CONSENT_DAYS");
    }
    Lifetimes { renew_ahead, refresh, consent }
}

/// How long ended consents are kept.
pub(super) fn erase_after(read: &mut Reader<'_>) -> Span {
    days(read, "ERASE_AFTER_DAYS", 30)
}

fn days(read: &mut Reader<'_>, name: &str, default: i64) -> Span {
    let days = read.optional(name).map_or(Some(default), |value| value.parse::<i64>().ok());
    if !days.is_some_and(|days| (1..=MOST_DAYS).contains(&days)) {
        read.wrong(name, "must be 1 to 400");
    }
    Span::days(days.unwrap_or(default))
}

fn consents(read: &mut Reader<'_>) -> BTreeMap<Country, Span> {
    let text = read.optional("CONSENT_DAYS").unwrap_or_else(|| "{}".to_owned());
    let parsed: BTreeMap<String, i64> = serde_json::from_str(&text).unwrap_or_default();
    let listed = serde_json::from_str::<BTreeMap<String, serde::de::IgnoredAny>>(&text)
        .map_or(usize::MAX, |all| all.len());
    let known = parsed.iter().filter(|(_, days)| (1..=MOST_DAYS).contains(*days));
    let consents: BTreeMap<Country, Span> =
        known.filter_map(|(code, days)| Some((code.parse().ok()?, Span::days(*days)))).collect();
    if consents.len() != listed {
        read.wrong("CONSENT_DAYS", "must be a JSON object of country codes and days from 1 to 400");
    }
    consents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(vars: &[(&str, &str)]) -> Result<(Lifetimes, Span), Vec<String>> {
        let lookup =
            |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader { lookup: &lookup, errors: Vec::new() };
        let found = (read(&mut reader), erase_after(&mut reader));
        if reader.errors.is_empty() { Ok(found) } else { Err(reader.errors) }
    }

    #[test]
    fn without_configuration_the_clocks_are_those_of_the_law_and_of_the_bank() {
        let (lifetimes, erase_after) = read_with(&[]).unwrap();
        assert_eq!((lifetimes, erase_after), (Lifetimes::default(), Span::days(30)));
        let days = |country| Lifetimes::default().of_consent(country);
        assert_eq!(Country::ALL.map(days), [180, 180, 90, 180].map(Span::days));
    }

    #[test]
    fn a_clock_that_cannot_be_is_refused_by_its_name() {
        for (name, value) in [
            ("REFRESH_TOKEN_DAYS", "0"),
            ("REFRESH_TOKEN_DAYS", "401"),
            ("REFRESH_TOKEN_DAYS", "ninety"),
            ("RENEW_AHEAD_DAYS", "-1"),
            ("RENEW_AHEAD_DAYS", "90"),
            ("ERASE_AFTER_DAYS", "0"),
            ("ERASE_AFTER_DAYS", "1.5"),
            ("CONSENT_DAYS", "180"),
            ("CONSENT_DAYS", r#"{"FI":180}"#),
            ("CONSENT_DAYS", r#"{"SE":0}"#),
            ("CONSENT_DAYS", r#"{"SE":"180"}"#),
        ] {
            let errors = read_with(&[(name, value)]).unwrap_err();
            assert!(errors.iter().any(|error| error.starts_with(name)), "{name}={value}: {errors:?}");
        }
        let short = read_with(&[("CONSENT_DAYS", r#"{"SE":10}"#)]).unwrap_err();
        assert!(short[0].starts_with("RENEW_AHEAD_DAYS"), "{short:?}");
    }
}
