//! How often BankID may be started. It is the prompt on somebody's phone that is limited: whoever is prompted again and
//! again approves at last, and a start that is meant asks once or twice. Redirect starts prompt nobody.

use super::{Span, Timestamp};

/// Starts in two rolling windows, for one owner and for one personal number alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartLimits {
    /// Starts in any 5 minutes.
    pub in_5_minutes: u8,
    /// Starts in any 24 hours.
    pub in_a_day: u8,
}

impl StartLimits {
    /// What holds unless it is configured.
    pub const DEFAULT: Self = Self { in_5_minutes: 3, in_a_day: 10 };
    /// No more than this can be configured: so many instants a row remembers.
    pub const MOST: u8 = 100;
    /// The longest window: what is older has been forgotten.
    pub const REMEMBERED: Span = Span::days(1);

    /// Each window: how many starts, within how long.
    pub const fn windows(self) -> [(u8, Span); 2] {
        [(self.in_5_minutes, Span::minutes(5)), (self.in_a_day, Self::REMEMBERED)]
    }

    /// How many starts have to be remembered to know.
    pub const fn remembered(self) -> u8 {
        if self.in_a_day > self.in_5_minutes { self.in_a_day } else { self.in_5_minutes }
    }

    /// How long until there is room for another, given the earlier ones, newest first; nothing if there is room now.
    pub fn wait(self, earlier: &[Timestamp], now: Timestamp) -> Option<Span> {
        let until_room = |(starts, within): (u8, Span)| {
            let oldest = earlier.get(usize::from(starts).checked_sub(1)?)?;
            Some((*oldest + within).after(now)).filter(|wait| *wait > Span::ZERO)
        };
        self.windows().into_iter().filter_map(until_room).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_768_464_000_000);

    /// Instants so many seconds before T0, newest first.
    fn ago<const N: usize>(seconds: [i64; N]) -> [Timestamp; N] {
        seconds.map(|seconds| T0 - Span::seconds(seconds))
    }

    #[test]
    fn the_fourth_start_waits_until_the_first_of_the_last_three_is_five_minutes_old() {
        let limits = StartLimits::DEFAULT;
        assert_eq!(limits.wait(&[], T0), None);
        assert_eq!(limits.wait(&ago([1, 2]), T0), None);
        assert_eq!(limits.wait(&ago([1, 2, 100]), T0), Some(Span::seconds(200)));
        assert_eq!(limits.wait(&ago([1, 2, 299]), T0), Some(Span::seconds(1)));
        assert_eq!(limits.wait(&ago([1, 2, 300]), T0), None, "the window is over to the millisecond");
    }

    #[test]
    fn the_longer_of_two_waits_counts() {
        let mut earlier = ago([3600; 10]);
        assert_eq!(StartLimits::DEFAULT.wait(&earlier, T0), Some(Span::seconds(86_400 - 3600)));
        earlier[..3].copy_from_slice(&ago([10, 20, 30]));
        assert_eq!(StartLimits::DEFAULT.wait(&earlier, T0), Some(Span::seconds(86_400 - 3600)));
        assert_eq!(StartLimits::DEFAULT.wait(&earlier[..9], T0), Some(Span::seconds(270)));
    }

    #[test]
    fn as_many_starts_are_remembered_as_the_larger_limit_asks_for() {
        assert_eq!(StartLimits::DEFAULT.remembered(), 10);
        assert_eq!(StartLimits { in_5_minutes: 12, in_a_day: 2 }.remembered(), 12);
    }
}
