//! The bank's customer: what kind they are, how they are named to the bank, and where they are on the network.

use super::{Country, Date, id::Malformed};
use std::{fmt, net::IpAddr, str::FromStr};

/// Private person or company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PsuType {
    /// A private person; also a sole trader acting privately.
    Individual,
    /// A company: `PSU-Corporate-ID` and `PSU-Corporate-ID-Type: BANK` go with the consent.
    Corporate,
}

impl PsuType {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Corporate => "corporate",
        }
    }
}

impl FromStr for PsuType {
    type Err = Malformed;
    fn from_str(word: &str) -> Result<Self, Malformed> {
        [Self::Individual, Self::Corporate].into_iter().find(|it| it.as_str() == word).ok_or(Malformed)
    }
}

/// Who is to sign.
#[derive(Clone, Debug)]
pub enum Psu {
    /// A private person.
    Individual,
    /// A company by its number.
    Corporate(CorporateId),
}

impl Psu {
    /// Its kind.
    pub const fn psu_type(&self) -> PsuType {
        match self {
            Self::Individual => PsuType::Individual,
            Self::Corporate(_) => PsuType::Corporate,
        }
    }
}

/// Whether the check digit of a Swedish organisation number is demanded. The bank's own customer numbers may have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorporateRule {
    /// Ten digits with a valid check digit.
    CheckDigit,
    /// Ten digits.
    DigitsOnly,
}

/// `PSU-Corporate-ID` in the form that the bank's guide asks for. A sole trader's is a personal number: it never
/// rests in the table and is never printed.
#[derive(Clone)]
pub struct CorporateId(String);

impl CorporateId {
    /// SE and LU 10 digits, NL 6 digits (one hyphen is dropped); GB takes none and is sent as `UNKNOWN`.
    pub fn parse(country: Country, text: Option<&str>, rule: CorporateRule) -> Result<Self, Malformed> {
        if country == Country::Gb {
            return if text.is_none_or(|t| t == "UNKNOWN") {
                Ok(Self("UNKNOWN".to_owned()))
            } else {
                Err(Malformed)
            };
        }
        let digits = text.ok_or(Malformed)?.replacen('-', "", 1);
        let length = if country == Country::Nl { 6 } else { 10 };
        let checked = country != Country::Se || rule == CorporateRule::DigitsOnly || luhn(&digits);
        if digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit()) && checked {
            Ok(Self(digits))
        } else {
            Err(Malformed)
        }
    }

    /// As the bank's header wants it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CorporateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CorporateId(redacted)")
    }
}

/// A Swedish personal or coordination number in twelve digits. Ties a BankID order to a person; never rests, never
/// printed.
pub struct PersonalNumber {
    digits: String,
    born: Date,
}

impl PersonalNumber {
    /// Twelve digits, a plausible date (day + 60 for coordination numbers) and a valid check digit over the last ten.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let digits = text.replacen('-', "", 1);
        let all_digits = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit());
        let part = |range: std::ops::Range<usize>| {
            digits.get(range).and_then(|d| d.parse::<i16>().ok()).unwrap_or(0)
        };
        if !all_digits || !luhn(digits.get(2..).unwrap_or_default()) {
            return Err(Malformed);
        }
        let (year, month, day) = (part(0..4), part(4..6) as i8, part(6..8) as i8);
        let day = if day > 60 { day - 60 } else { day };
        let born = Date::new(year, month, day).map_err(|_| Malformed)?;
        Ok(Self { digits, born })
    }

    /// The twelve digits, for the bank's `psu_id`.
    pub fn expose(&self) -> &str {
        &self.digits
    }

    /// Whether anybody can have it yet.
    pub fn born_by(&self, today: Date) -> bool {
        self.born <= today
    }
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalNumber(redacted)")
    }
}

/// The PSU's public address. Its presence declares that the PSU is there and asking (RTS on SCA article 36(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsuAddress(IpAddr);

impl PsuAddress {
    /// One address, and a public one: loopback, private, link-local, carrier-grade NAT, unique-local, multicast and
    /// unspecified are refused. Documentation ranges pass.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let sent: IpAddr = text.parse().map_err(|_| Malformed)?;
        // An IPv4 address in IPv6 clothes is judged as what it is, and passed on as it was sent.
        let address = sent.to_canonical();
        let private = match address {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                let carrier_grade = a == 100 && (64..128).contains(&b);
                v4.is_private() || v4.is_link_local() || v4.is_broadcast() || a == 0 || carrier_grade
            }
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
        };
        if private || address.is_loopback() || address.is_unspecified() || address.is_multicast() {
            return Err(Malformed);
        }
        Ok(Self(sent))
    }
}

impl fmt::Display for PsuAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The check-digit rule of Swedish personal and organisation numbers (modulus 10, ISO/IEC 7812-1 annex B).
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0')) * if at % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corporate_ids_follow_the_guides_table() {
        let parse = |country, text| CorporateId::parse(country, text, CorporateRule::CheckDigit);
        assert_eq!(parse(Country::Se, Some("556000-4615")).unwrap().expose(), "5560004615");
        assert!(parse(Country::Se, Some("5560004616")).is_err());
        assert!(parse(Country::Se, None).is_err());
        assert!(parse(Country::Nl, Some("123456")).is_ok());
        assert!(parse(Country::Nl, Some("1234567")).is_err());
        assert!(parse(Country::Lu, Some("1234567890")).is_ok());
        assert_eq!(parse(Country::Gb, None).unwrap().expose(), "UNKNOWN");
        assert!(parse(Country::Gb, Some("123456")).is_err());
    }

    #[test]
    fn the_check_digit_can_be_switched_off() {
        assert!(CorporateId::parse(Country::Se, Some("5560004616"), CorporateRule::DigitsOnly).is_ok());
    }

    #[test]
    fn personal_numbers_need_a_date_and_a_check_digit() {
        assert!(
            PersonalNumber::parse("19900101-2385").is_ok() || PersonalNumber::parse("199001012385").is_ok()
        );
        assert!(PersonalNumber::parse("199001012386").is_err());
        assert!(PersonalNumber::parse("199013012384").is_err());
        assert!(PersonalNumber::parse("").is_err());
        assert!(PersonalNumber::parse("9001012385").is_err());
    }

    #[test]
    fn nobody_is_born_tomorrow() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (number, born) in [("190102039815", "1901-02-03"), ("190001619808", "1900-01-01")] {
            let number = PersonalNumber::parse(number).unwrap();
            assert!(number.born_by(day(born)) && number.born_by(day("2026-01-15")));
            assert!(!number.born_by(day(born).yesterday().unwrap()));
        }
    }

    #[test]
    fn only_public_addresses_declare_a_present_psu() {
        for public in ["203.0.113.7", "198.51.100.1", "2001:db8::1", "8.8.8.8"] {
            assert!(PsuAddress::parse(public).is_ok(), "{public}");
        }
        for refused in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "203.0.113.7, 203.0.113.8",
            "203.0.113.7:443",
            "example",
            "",
        ] {
            assert!(PsuAddress::parse(refused).is_err(), "{refused}");
        }
    }
}
