//! The two clocks of a grant: whichever ends first ends it.

use super::Tokens;
use crate::types::{Country, Lifetimes, Span, Timestamp};

/// The two clocks of a grant: the refresh token's and the consent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// End of the refresh token.
    pub refresh_expires: Timestamp,
    /// End of the consent.
    pub consent_expires: Timestamp,
    /// How long before the earlier of the two the caller should ask for a renewal.
    pub renew_ahead: Span,
}

/// Which clock ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedBy {
    /// The refresh token (90 days).
    RefreshToken,
    /// The consent (180 days; GB 90).
    Consent,
}

impl Clocks {
    /// For a grant signed at `at`. The bank's own figure for the refresh token rules where its answer gives one; without
    /// a refresh token the access token is all there is.
    pub fn new(country: Country, tokens: &Tokens, at: Timestamp, lifetimes: &Lifetimes) -> Self {
        let consent_expires = at + lifetimes.of_consent(country);
        let refresh_expires = match (&tokens.refresh, tokens.refresh_expires) {
            (Some(_), Some(by_the_bank)) => by_the_bank,
            (Some(_), None) => at + lifetimes.refresh,
            (None, _) => tokens.access_expires,
        };
        Self { refresh_expires, consent_expires, renew_ahead: lifetimes.renew_ahead }
    }

    /// The earlier of the two.
    pub fn expires_at(&self) -> Timestamp {
        self.refresh_expires.min(self.consent_expires)
    }

    /// From when on the caller should ask for a renewal.
    pub fn renew_by(&self) -> Timestamp {
        self.expires_at() - self.renew_ahead
    }

    /// Whether it is time to ask for a renewal.
    pub fn renewal_due(&self, now: Timestamp) -> bool {
        now >= self.renew_by()
    }

    /// Which of the two is the earlier.
    pub fn limited_by(&self) -> LimitedBy {
        if self.refresh_expires < self.consent_expires { LimitedBy::RefreshToken } else { LimitedBy::Consent }
    }
}
