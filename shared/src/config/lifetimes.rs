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
    Lifetimes { renew_ahead, refresh, consent: consents(read) }
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
