//! Money and dates of the wire, exactly.

use super::Fault;
use crate::{
    account::{Balance, BalanceKind, Currency, Money},
    telemetry,
    types::Date,
};
use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// A text that stays in the answer's own bytes, unless it has escapes. Serde borrows a bare `Cow` only: one inside an
/// `Option` would be copied, needed or not.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// `{"content":…,"currency":…}` of the Accounts API, `{"amount":…,"currency":…}` of the Card API (recorded).
#[derive(Deserialize)]
pub(super) struct WireMoney<'a> {
    #[serde(borrow, alias = "amount")]
    content: &'a RawValue,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

/// A balance of either API.
#[derive(Deserialize)]
pub(super) struct WireBalance<'a> {
    #[serde(borrow, alias = "balanceAmount")]
    amount: WireMoney<'a>,
    #[serde(rename = "balanceType", borrow)]
    balance_type: Cow<'a, str>,
}

impl WireMoney<'_> {
    pub(super) fn money(&self) -> Result<Money, Fault> {
        Ok(Money { amount: decimal(self.content.get())?, currency: currency(&self.currency)? })
    }
}

impl WireBalance<'_> {
    pub(super) fn balance(&self) -> Result<Balance, Fault> {
        let kind = BalanceKind::parse(&self.balance_type);
        if matches!(kind, BalanceKind::Other(_)) {
            telemetry::drift("balanceType");
        }
        Ok(Balance { kind, money: self.amount.money()? })
    }
}

pub(super) fn currency(text: &str) -> Result<Currency, Fault> {
    Currency::parse(text).map_err(|_| Fault::Malformed)
}

/// All balances, or none if there was no such field.
pub(super) fn balances(list: Option<&[WireBalance<'_>]>) -> Result<Option<Vec<Balance>>, Fault> {
    list.map(|list| list.iter().map(WireBalance::balance).collect()).transpose()
}

/// A list whose elements are taken over one by one as they are read: the wire's own shape of all of them at once would be
/// most of the memory of a long answer.
///
/// # Errors
/// The first element that is malformed spoils the list.
pub(super) fn list<'de, D: Deserializer<'de>, W: Deserialize<'de>, T>(
    wire: D,
    take: fn(W) -> Result<T, Fault>,
) -> Result<Vec<T>, D::Error> {
    struct List<W, T>(fn(W) -> Result<T, Fault>);

    impl<'de, W: Deserialize<'de>, T> Visitor<'de> for List<W, T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut wire: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(element) = wire.next_element()? {
                all.push((self.0)(element).map_err(|_| de::Error::custom("malformed"))?);
            }
            Ok(all)
        }
    }

    wire.deserialize_seq(List(take))
}

/// The text of a field, unless it is empty.
pub(super) fn text(field: Option<Text<'_>>) -> Option<String> {
    field.filter(|Text(text)| !text.trim().is_empty()).map(|Text(text)| text.into_owned())
}

/// A date, if there is one. `YYYY-MM-DD` and nothing else: a date that could be read in two ways is malformed.
pub(super) fn date(field: Option<&Text<'_>>) -> Result<Option<Date>, Fault> {
    field.map(|Text(text)| civil(text.as_bytes()).ok_or(Fault::Malformed)).transpose()
}

fn civil(text: &[u8]) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let two = |tens, ones| Some(digit(tens)? * 10 + digit(ones)?);
    let (month, day) = (i8::try_from(two(m1, m2)?).ok()?, i8::try_from(two(d1, d2)?).ok()?);
    Date::new(two(y1, y2)? * 100 + two(y3, y4)?, month, day).ok()
}

/// The exact value of a JSON number, from its own text: every digit is kept, and nothing is rounded. A number of more
/// than 28 digits, or no number (texts are refused), is malformed.
pub(super) fn decimal(number: &str) -> Result<Decimal, Fault> {
    // The decimal crate would also take a plus, underscores, and a point without a digit beside it.
    let is_plain = |digits: &str| {
        let all = digits.strip_prefix('-').unwrap_or(digits).as_bytes();
        all.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
            && all.first().is_some_and(u8::is_ascii_digit)
            && all.last().is_some_and(u8::is_ascii_digit)
    };
    let exact = |digits| Decimal::from_str_exact(digits).map_err(|_| Fault::Malformed);
    if is_plain(number) {
        return exact(number).and_then(|value| if fits(&value) { Ok(value) } else { Err(Fault::Malformed) });
    }
    let (digits, exponent) = number.split_once(['e', 'E']).ok_or(Fault::Malformed)?;
    let exponent: i32 =
        exponent.strip_prefix('+').unwrap_or(exponent).parse().map_err(|_| Fault::Malformed)?;
    if !is_plain(digits) {
        return Err(Fault::Malformed);
    }
    moved(exact(digits)?, exponent).filter(fits).ok_or(Fault::Malformed)
}

/// The same digits with the point `exponent` places further right.
fn moved(value: Decimal, exponent: i32) -> Option<Decimal> {
    let scale = i32::try_from(value.scale()).ok()?.checked_sub(exponent)?;
    let (factor, scale) = if scale < 0 { (scale.unsigned_abs(), 0) } else { (0, scale.unsigned_abs()) };
    let mantissa = value.mantissa().checked_mul(10_i128.checked_pow(factor)?)?;
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

fn fits(value: &Decimal) -> bool {
    value.mantissa().unsigned_abs() < 10_u128.pow(28)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_digits() {
        for (sent, shown) in [
            ("2000", "2000"),
            ("999.99", "999.99"),
            ("0.1", "0.1"),
            ("0", "0"),
            ("0.00", "0.00"),
            ("10.50", "10.50"),
            ("-12.30", "-12.30"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("1.50e1", "15.0"),
            ("1.5e3", "1500"),
            ("25e-2", "0.25"),
            ("123456789012345.678", "123456789012345.678"),
            ("9007199254740993", "9007199254740993"),
            ("0.1234567890123456789012345678", "0.1234567890123456789012345678"),
            ("9999999999999999999999999999", "9999999999999999999999999999"),
        ] {
            assert_eq!(decimal(sent).map(|value| value.to_string()), Ok(shown.to_owned()), "{sent}");
        }
    }

    #[test]
    fn what_is_no_number_or_would_be_rounded_is_malformed() {
        for wrong in [
            "\"12.50\"",
            "null",
            "true",
            "{}",
            "[1]",
            "",
            "+1",
            "1_000",
            "NaN",
            ".5e",
            ".5",
            "5.",
            "-",
            "--1",
            "1e400",
            "1e-29",
            "1e99999999999",
            "99999999999999999999999999999",
            "0.12345678901234567890123456789",
            "1e28",
        ] {
            assert_eq!(decimal(wrong), Err(Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_date_is_ten_characters() {
        let date = |text: Option<&'static str>| date(text.map(|text| Text(Cow::Borrowed(text))).as_ref());
        assert_eq!(date(Some("2026-02-28")), Ok(Some(jiff::civil::date(2026, 2, 28))));
        assert_eq!(date(None), Ok(None));
        for wrong in
            ["", "2026-02-30", "20260228", "2026-2-28", "28.02.2026", "2026-02-28T00:00:00", "02/28/2026"]
        {
            assert_eq!(date(Some(wrong)), Err(Fault::Malformed), "{wrong}");
        }
    }
}
