//! How long grants live where the bank's answers do not say.

use super::{Country, Span};
use std::collections::BTreeMap;

/// The clocks of a grant. Legal and documented figures, which an operator may change when the law or the bank does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// How long before the end a consent asks to be renewed.
    pub renew_ahead: Span,
    /// Of a refresh token (documented by the bank: 90 days).
    pub refresh: Span,
    /// Of a consent, for countries where it differs from [`Country::consent_lifetime`] (documented: 180 days, GB 90; RTS
    /// on SCA article 10a).
    pub consent: BTreeMap<Country, Span>,
}

impl Lifetimes {
    /// How long a consent of this country lives.
    pub fn of_consent(&self, country: Country) -> Span {
        self.consent.get(&country).copied().unwrap_or_else(|| country.consent_lifetime())
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { renew_ahead: Span::days(15), refresh: Span::days(90), consent: BTreeMap::new() }
    }
}
