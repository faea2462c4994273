//! Exact money. An amount keeps the digits that the bank sent: `999.90` stays `999.90`.

use crate::types::Malformed;
use rust_decimal::Decimal;
use std::fmt;

/// Three capital letters, ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Exactly three ASCII capitals; whether ISO knows them is not asked.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| Malformed)?;
        if letters.iter().all(u8::is_ascii_uppercase) { Ok(Self(letters)) } else { Err(Malformed) }
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in a currency. Two are equal when their values are, whatever the number of decimals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Signed, exact, up to 28 digits, with as many decimals as the bank sent.
    pub amount: Decimal,
    /// What it is counted in.
    pub currency: Currency,
}

impl Money {
    /// The amount as an answer shows it: a minus if negative, the digits as sent, a point, never an exponent.
    pub fn amount_text(&self) -> String {
        self.amount.to_string()
    }

    /// The same amount on the debit side. Nothing stays nothing: there is no `-0`.
    #[must_use]
    pub fn negated(self) -> Self {
        if self.amount.is_zero() { self } else { Self { amount: -self.amount, ..self } }
    }
}

// Amounts say how rich somebody is: a printed one shows its currency only.
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({})", self.currency)
    }
}

/// One balance. The bank gives no date with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Which balance this is.
    pub kind: BalanceKind,
    /// May be negative.
    pub money: Money,
}

/// `balanceType`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BalanceKind {
    /// `AVAILABLE_AMOUNT`: what can be spent, credit included (recorded; SE, FI, GB current accounts, cards).
    Available,
    /// `CURRENT` (recorded; SE, GB).
    Current,
    /// `CLEARED` (GB, production).
    Cleared,
    /// `BOOKED` (recorded inside a transaction's `balance` only).
    Booked,
    /// Another one, in the bank's word. A balance is shown rather than lost.
    Other(String),
}

impl BalanceKind {
    /// From the bank's word, in any letter case.
    pub fn parse(word: &str) -> Self {
        match word.to_ascii_uppercase().as_str() {
            "AVAILABLE_AMOUNT" => Self::Available,
            "CURRENT" => Self::Current,
            "CLEARED" => Self::Cleared,
            "BOOKED" => Self::Booked,
            other => Self::Other(other.to_owned()),
        }
    }

    /// As our API spells it: `available`, `current`, `cleared`, `booked`; another word in lower case.
    pub fn name(&self) -> String {
        match self {
            Self::Available => "available".to_owned(),
            Self::Current => "current".to_owned(),
            Self::Cleared => "cleared".to_owned(),
            Self::Booked => "booked".to_owned(),
            Self::Other(word) => word.to_ascii_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sek(text: &str) -> Money {
        Money { amount: Decimal::from_str_exact(text).unwrap(), currency: Currency::parse("SEK").unwrap() }
    }

    #[test]
    fn a_currency_is_three_capitals() {
        assert_eq!(Currency::parse("SEK").unwrap().as_str(), "SEK");
        for wrong in ["", "SE", "sek", "SEKK", "S€", "5EK"] {
            assert!(Currency::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_shown_with_the_decimals_it_came_with() {
        assert_eq!(sek("999.90").amount_text(), "999.90");
        assert_eq!(sek("2000").negated().amount_text(), "-2000");
        assert_eq!(sek("0.00").negated().amount_text(), "0.00");
    }

    #[test]
    fn a_printed_amount_does_not_tell_how_much() {
        assert_eq!(format!("{:?}", sek("40210.55")), "Money(SEK)");
    }

    #[test]
    fn a_balance_of_an_unknown_kind_keeps_the_banks_word() {
        assert_eq!(BalanceKind::parse("Available_Amount"), BalanceKind::Available);
        assert_eq!(BalanceKind::parse("RESERVED").name(), "reserved");
    }
}
