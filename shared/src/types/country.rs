//! The countries that this gateway serves, and what differs between them. One dated table: what a country is like
//! stands here and nowhere else.
//!
//! As of the bank's guide (2024 on): SE, NL, LU and GB are served; FI closed on 30 June 2025 and is refused by name;
//! NO and DK have gateways of their own. Where the bank publishes no figure the entry says so.

use super::{PsuType, Span};
use jiff::tz::TimeZone;
use std::{fmt, str::FromStr};

/// A country served, ISO 3166-1 alpha-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Country {
    /// Sweden.
    Se,
    /// The Netherlands.
    Nl,
    /// Great Britain.
    Gb,
    /// Luxembourg.
    Lu,
}

/// Why a country code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownCountry {
    /// A country where the bank once had, or has elsewhere, an interface that this system does not speak.
    NotServed,
    /// Not a country code known here.
    Malformed,
}

impl Country {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Se, Self::Nl, Self::Gb, Self::Lu];

    /// The code as the bank's `Country` header and our API spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Se => "SE",
            Self::Nl => "NL",
            Self::Gb => "GB",
            Self::Lu => "LU",
        }
    }

    /// The zone in which the bank's civil dates are meant.
    pub fn zone(self) -> TimeZone {
        match self {
            Self::Se => jiff::tz::get!("Europe/Stockholm"),
            Self::Nl => jiff::tz::get!("Europe/Amsterdam"),
            Self::Gb => jiff::tz::get!("Europe/London"),
            Self::Lu => jiff::tz::get!("Europe/Luxembourg"),
        }
    }

    /// How long a consent lives after it was given (documented: 180 days, 90 for GB; RTS on SCA article 10a).
    pub const fn consent_lifetime(self) -> Span {
        match self {
            Self::Gb => Span::days(90),
            _ => Span::days(180),
        }
    }

    /// Whether card accounts exist for this kind of customer on the general card API (documented: SE individuals).
    pub const fn has_cards(self, psu_type: PsuType) -> bool {
        matches!((self, psu_type), (Self::Se, PsuType::Individual))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;
    fn from_str(code: &str) -> Result<Self, UnknownCountry> {
        match code {
            "FI" | "NO" | "DK" => Err(UnknownCountry::NotServed),
            _ => {
                Self::ALL.into_iter().find(|country| country.code() == code).ok_or(UnknownCountry::Malformed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_parses_back_to_its_country() {
        for country in Country::ALL {
            assert_eq!(country.code().parse(), Ok(country));
        }
    }

    #[test]
    fn finland_is_refused_by_name_and_nonsense_as_nonsense() {
        assert_eq!("FI".parse::<Country>(), Err(UnknownCountry::NotServed));
        assert_eq!("se".parse::<Country>(), Err(UnknownCountry::Malformed));
    }
}
