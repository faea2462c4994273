//! Instants and civil dates. An instant is milliseconds since the Unix epoch; a civil date belongs to the bank's zone.
//! Neither is ever a float, and neither reads a clock: time comes with the event.

use super::Malformed;
use std::{
    fmt,
    ops::{Add, Sub},
};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

/// A civil date without a zone of its own: the bank's `ledgerDate`, `bookingDate`, `valueDate`, `transactionDate`.
pub type Date = jiff::civil::Date;

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From RFC 3339.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        text.parse::<jiff::Timestamp>().map(|at| Self(at.as_millisecond())).map_err(|_| Malformed)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded up: what DynamoDB's TTL attribute wants.
    pub const fn ttl_seconds(self) -> i64 {
        self.0.saturating_add(999).div_euclid(1000)
    }

    /// How long from now until `self`; zero if it is past.
    pub fn after(self, now: Self) -> Span {
        Span(self.0.saturating_sub(now.0).max(0))
    }

    /// The civil date of this instant in `zone`.
    pub fn date_in(self, zone: &jiff::tz::TimeZone) -> Date {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        instant.to_zoned(zone.clone()).date()
    }

    /// RFC 3339 in UTC with whole seconds, as every answer shows it: `2026-01-15T08:00:00Z`.
    pub fn rfc3339(self) -> String {
        let seconds = jiff::Timestamp::from_second(self.0.div_euclid(1000));
        seconds.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
    }
}

impl Span {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    pub const fn millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// From days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self::minutes(days.saturating_mul(1440))
    }

    /// In milliseconds.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// As a duration of the monotonic clock; nothing if it is negative.
    pub fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// In whole seconds, rounded up and never negative: what `Retry-After` wants.
    pub const fn as_seconds_up(self) -> i64 {
        let seconds = self.0.saturating_add(999).div_euclid(1000);
        if seconds < 0 { 0 } else { seconds }
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

/// `YYYY-MM-DD`, without an allocation: long answers are made of dates.
#[derive(Clone, Copy)]
pub struct DayText([u8; 10]);

impl DayText {
    /// Of a day of the years 0 to 9999.
    pub fn of(day: Date) -> Self {
        let digit = |number: i16, place: i16| b'0' + u8::try_from(number / place % 10).unwrap_or_default();
        let (year, month, date) = (day.year(), i16::from(day.month()), i16::from(day.day()));
        let years = [1000, 100, 10, 1].map(|place| digit(year, place));
        let [y1, y2, y3, y4] = years;
        let (m1, m2, d1, d2) = (digit(month, 10), digit(month, 1), digit(date, 10), digit(date, 1));
        Self([y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
    }

    /// The ten characters.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for DayText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_utc_with_whole_seconds() {
        assert_eq!(Timestamp::from_millis(1_768_464_000_123).rfc3339(), "2026-01-15T08:00:00Z");
    }

    #[test]
    fn the_date_turns_at_midnight_in_the_banks_zone_and_not_in_utc() {
        let zone = jiff::tz::get!("Europe/Stockholm");
        let just_before_midnight_utc = Timestamp::from_millis(1_768_518_000_000 - 1000);
        assert_eq!(just_before_midnight_utc.date_in(&zone).to_string(), "2026-01-15");
        assert_eq!((just_before_midnight_utc + Span::seconds(1)).date_in(&zone).to_string(), "2026-01-16");
    }

    #[test]
    fn a_day_is_written_as_the_calendar_crate_writes_it() {
        for day in [(2026, 1, 15), (1999, 12, 31), (2024, 2, 29), (7, 10, 1), (9999, 9, 9)] {
            let day = jiff::civil::date(day.0, day.1, day.2);
            assert_eq!(DayText::of(day).as_str(), day.to_string());
        }
    }

    #[test]
    fn seconds_are_rounded_up_so_that_nobody_comes_back_too_early() {
        assert_eq!(Span::millis(1).as_seconds_up(), 1);
        assert_eq!(Span::millis(2000).as_seconds_up(), 2);
        assert_eq!(Span::millis(-5).as_seconds_up(), 0);
    }
}
