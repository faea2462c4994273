//! `Retry-After` of an answer (RFC 9110 section 10.2.3). Never seen at this bank, so both forms are taken.

use crate::types::Span;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

const LONGEST: Span = Span::days(1);

/// How long the bank wants to be left alone: at most a day. A date counts from the answer's own `Date`, which is of the
/// same clock; without one it says nothing.
pub(super) fn of(headers: &HeaderMap) -> Option<Span> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let wish = text(RETRY_AFTER)?;
    if let Ok(seconds) = wish.parse::<u32>() {
        return Some(Span::seconds(i64::from(seconds)).min(LONGEST));
    }
    let instant = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let wait = instant(wish)?.as_millisecond().checked_sub(instant(text(DATE)?)?.as_millisecond())?;
    (wait >= 0).then(|| Span::millis(wait).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "Wed, 21 Oct 2026 07:28:00 GMT";

    fn read(retry_after: &str, date: Option<&str>) -> Option<Span> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        date.into_iter().for_each(|date| drop(headers.insert(DATE, date.parse().unwrap())));
        of(&headers)
    }

    #[test]
    fn seconds_and_dates_are_read_and_kept_within_a_day() {
        assert_eq!(read("7", None), Some(Span::seconds(7)));
        assert_eq!(read("999999", None), Some(Span::days(1)));
        assert_eq!(read("Wed, 21 Oct 2026 07:28:30 GMT", Some(DAY)), Some(Span::seconds(30)));
        assert_eq!(read("Sat, 24 Oct 2026 07:28:30 GMT", Some(DAY)), Some(Span::days(1)));
    }

    #[test]
    fn what_says_nothing_is_nothing() {
        for useless in ["", "-1", "1.5", "soon", "99999999999999999999", "Wed, 21 Oct 2026 07:27:59 GMT"] {
            assert_eq!(read(useless, Some(DAY)), None, "{useless}");
        }
        assert_eq!(read(DAY, None), None, "a date without the bank's own clock");
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
