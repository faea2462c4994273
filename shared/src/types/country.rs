//! The countries that this gateway serves, and what differs between them. One dated table: what a country is like
//! stands here and nowhere else.
//!
//! As of the bank's guide (2024 on): SE, NL, LU and GB are served; FI closed on 30 June 2025 and is refused by name;
//! NO and DK have gateways of their own. Where the bank publishes no figure the entry says so.

use super::{Date, PsuType, Span};
use jiff::{ToSpan, tz::TimeZone};
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

/// How far back the bank shows the rows of an account: so many months before today, and then some days less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Whole months.
    pub months: u8,
    /// Days by which it is less.
    pub spare_days: u8,
}

impl History {
    /// The oldest day of it.
    pub fn first_day(self, today: Date) -> Date {
        let back = today.saturating_sub(i32::from(self.months).months());
        back.saturating_add(i32::from(self.spare_days).days())
    }
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

    /// How far back rows go. SE: 15 months for individuals (13 in other currencies), 14 for companies (third-party
    /// documentation). NL: 13; GB: 13 less two days, because the bank refused the full 13 (production). LU: unknown, taken
    /// as NL; where the bank refuses the oldest day, the next ones are tried.
    pub const fn history(self, psu_type: PsuType, is_own_currency: bool) -> History {
        let (months, spare_days) = match (self, psu_type) {
            (Self::Se, PsuType::Corporate) => (14, 0),
            (Self::Se, PsuType::Individual) if is_own_currency => (15, 0),
            (Self::Gb, _) => (13, 2),
            (Self::Se | Self::Nl | Self::Lu, _) => (13, 0),
        };
        History { months, spare_days }
    }

    /// Its own currency, ISO 4217.
    pub const fn currency(self) -> &'static str {
        match self {
            Self::Se => "SEK",
            Self::Gb => "GBP",
            Self::Nl | Self::Lu => "EUR",
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
    fn rows_go_back_as_far_as_the_country_the_customer_and_the_currency_allow() {
        let today = jiff::civil::date(2026, 5, 31);
        for (country, psu_type, own, first) in [
            (Country::Se, PsuType::Individual, true, "2025-02-28"),
            (Country::Se, PsuType::Individual, false, "2025-04-30"),
            (Country::Se, PsuType::Corporate, true, "2025-03-31"),
            (Country::Gb, PsuType::Individual, true, "2025-05-02"),
            (Country::Nl, PsuType::Corporate, true, "2025-04-30"),
            (Country::Lu, PsuType::Individual, true, "2025-04-30"),
        ] {
            assert_eq!(country.history(psu_type, own).first_day(today).to_string(), first, "{country}");
        }
    }

    #[test]
    fn finland_is_refused_by_name_and_nonsense_as_nonsense() {
        assert_eq!("FI".parse::<Country>(), Err(UnknownCountry::NotServed));
        assert_eq!("se".parse::<Country>(), Err(UnknownCountry::Malformed));
    }
}
