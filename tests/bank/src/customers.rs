//! The fictional customers: who they are and what they own. Their transactions are made in `history`.

mod table;

use serde::{Deserialize, Serialize};

pub(crate) use table::CUSTOMERS;

/// A customer as the control surface lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSummary {
    /// Stable key, for example `se-anna`.
    pub key: String,
    /// Plainly fictional.
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// True for corporate customers.
    pub corporate: bool,
    /// 12 digits, SE only.
    pub personal_number: Option<String>,
    /// What belongs into `PSU-Corporate-ID`.
    pub corporate_id: Option<String>,
    /// The value of `X-Sandbox-User`.
    pub sandbox_user: String,
    /// What is special about the customer.
    pub about: String,
}

/// A country that this gateway serves (FI left in 2025; NO and DK are elsewhere).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Country {
    Se,
    Gb,
    Nl,
    Lu,
}

impl Country {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Se, Self::Gb, Self::Nl, Self::Lu].into_iter().find(|country| country.code() == text)
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Se => "SE",
            Self::Gb => "GB",
            Self::Nl => "NL",
            Self::Lu => "LU",
        }
    }

    /// Where its civil days begin. GB is UTC (seen in production use), the others their own zone (inferred).
    pub(crate) const fn zone(self) -> jiff::tz::TimeZone {
        match self {
            Self::Gb => jiff::tz::TimeZone::UTC,
            Self::Se => jiff::tz::get!("Europe/Stockholm"),
            Self::Nl => jiff::tz::get!("Europe/Amsterdam"),
            Self::Lu => jiff::tz::get!("Europe/Luxembourg"),
        }
    }
}

/// What makes a customer difficult.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difficulty {
    None,
    /// Has not answered the bank's questions: 403 on data (country pages).
    NoKyc,
    /// Has a BankID of another bank, not activated here: `mbid_not_shb_activated`.
    BankIdNotActivated,
}

/// A customer.
#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) country: Country,
    /// The person who signs with BankID.
    pub(crate) personal_number: Option<&'static str>,
    pub(crate) corporate_id: Option<&'static str>,
    pub(crate) sandbox_user: &'static str,
    pub(crate) about: &'static str,
    pub(crate) difficulty: Difficulty,
    pub(crate) accounts: &'static [Account],
    pub(crate) cards: &'static [Card],
}

/// Which balances an account shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Balances {
    /// `AVAILABLE_AMOUNT` and `CURRENT` (SE, recorded).
    AsInSweden,
    /// `AVAILABLE_AMOUNT`, `CLEARED` and `CURRENT` (GB current accounts).
    GbCurrentAccount,
    /// `CLEARED` and `CURRENT` (GB deposit accounts).
    GbDeposit,
}

/// How money moves on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Wages, rent and one to four purchases a day: more than 600 rows in fifteen months.
    Household,
    /// A transfer a month and interest a year.
    Savings,
    /// A few foreign payments a month.
    Foreign,
    /// Wages, and the card's purchases in one sum at the end of the month.
    Allkort,
    /// Six rows a day.
    Business,
    /// Something every third day.
    Modest,
    /// Some forty payments a day from October 2024 on, a fifth of them exact twins, and on one day 700.
    Stall,
}

/// An account. Money is in minor units.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) key: &'static str,
    pub(crate) account_type: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) clearing_number: Option<&'static str>,
    pub(crate) bban: Option<&'static str>,
    pub(crate) iban: &'static str,
    pub(crate) bic: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) balances: Balances,
    pub(crate) habit: Habit,
    /// The balance that the last day of each month is brought back to.
    pub(crate) level: i64,
    /// A credit that makes the available amount exceed the balance.
    pub(crate) credit: i64,
    /// Key of the Allkort card that spends the same money.
    pub(crate) allkort: Option<&'static str>,
}

/// A card account with one card.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) key: &'static str,
    pub(crate) product: &'static str,
    pub(crate) masked_pan: &'static str,
    /// None for Allkort (recorded answer).
    pub(crate) limit: Option<i64>,
    /// Key of the Allkortskonto whose money it spends.
    pub(crate) spends: Option<&'static str>,
}

impl Customer {
    pub(crate) fn by_key(key: &str) -> Option<&'static Self> {
        CUSTOMERS.iter().find(|customer| customer.key == key)
    }

    /// Whether this customer can sign a consent of that country and corporate id. GB consents all say `UNKNOWN`.
    pub(crate) fn fits(&self, country: Country, corporate_id: Option<&str>) -> bool {
        self.country == country && self.corporate_id == corporate_id
    }

    pub(crate) fn summary(&self) -> CustomerSummary {
        CustomerSummary {
            key: self.key.to_owned(),
            name: self.name.to_owned(),
            country: self.country.code().to_owned(),
            corporate: self.corporate_id.is_some(),
            personal_number: self.personal_number.map(str::to_owned),
            corporate_id: self.corporate_id.map(str::to_owned),
            sandbox_user: self.sandbox_user.to_owned(),
            about: self.about.to_owned(),
        }
    }
}
