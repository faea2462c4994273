//! Windows of whole days.

use crate::types::Date;
use jiff::ToSpan;
use std::fmt;

/// Civil days in the bank's zone, both ends included. Never empty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    from: Date,
    to: Date,
}

impl Window {
    /// From the first day to the last, if they are in order.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// The first day.
    pub const fn from(self) -> Date {
        self.from
    }

    /// The last day.
    pub const fn to(self) -> Date {
        self.to
    }

    /// How many days; at least one.
    pub fn days(self) -> usize {
        let hours = self.to.duration_since(self.from).as_hours();
        usize::try_from(hours / 24).unwrap_or(0).saturating_add(1)
    }

    /// Whether a day is in it.
    pub fn holds(self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// Whether it has a day in common with another.
    pub fn touches(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// The days of it before `day`.
    pub fn before(self, day: Date) -> Option<Self> {
        Self::new(self.from, day.yesterday().ok()?.min(self.to))
    }

    /// Its days from `day` on.
    pub fn since(self, day: Date) -> Option<Self> {
        Self::new(day.max(self.from), self.to)
    }

    /// Its newest days, at most so many and at least one.
    #[must_use]
    pub fn newest(self, days: usize) -> Self {
        let back = i64::try_from(days.saturating_sub(1)).unwrap_or(i64::MAX).min(i64::from(u32::MAX >> 4));
        let from = self.to.checked_sub(back.days()).map_or(self.from, |from| from.max(self.from));
        Self { from, ..self }
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn january(from: i8, to: i8) -> Window {
        Window::new(date(2026, 1, from), date(2026, 1, to)).unwrap()
    }

    #[test]
    fn both_ends_belong_to_it() {
        assert_eq!((january(1, 31).days(), january(7, 7).days()), (31, 1));
        assert!(january(5, 9).holds(date(2026, 1, 5)) && january(5, 9).holds(date(2026, 1, 9)));
        assert!(january(5, 9).touches(january(9, 12)) && !january(5, 9).touches(january(10, 12)));
        assert_eq!(Window::new(date(2026, 1, 2), date(2026, 1, 1)), None);
    }

    #[test]
    fn its_newest_days_and_those_before_are_the_whole() {
        assert_eq!(january(1, 31).newest(7), january(25, 31));
        assert_eq!(january(1, 31).before(date(2026, 1, 25)), Some(january(1, 24)));
        assert_eq!(january(1, 31).since(date(2026, 1, 25)), Some(january(25, 31)));
        assert_eq!((january(5, 9).newest(0), january(5, 9).newest(400)), (january(9, 9), january(5, 9)));
        assert_eq!(
            (january(5, 9).before(date(2026, 1, 5)), january(5, 9).since(date(2026, 1, 10))),
            (None, None)
        );
    }
}
