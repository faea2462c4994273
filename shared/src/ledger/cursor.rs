//! Where a reader of an account goes on: a text that the caller keeps and we do not.
//!
//! It says which days come next, and is good for one owner, consent, account and way of asking, until it is too old. The
//! seal is a keyed hash under the identity key, which never rotates, so a cursor outlives every change of the sealing
//! keys; there is nothing in it to be hidden from its holder.

use super::Window;
use crate::types::{AccountId, ConsentId, Date, Digest, IdentityKey, OwnerId, Span, Timestamp};
use data_encoding::BASE64URL_NOPAD;
use jiff::ToSpan;

/// Following begins so many days before the last proven one: rows are booked late on past days, by a day or two as
/// recorded, and a pending row is gone by then.
pub const OVERLAP_DAYS: i32 = 14;
/// However long something has been missing, it is read again no further back: by then it is not late but lost, and said.
const FURTHEST_DAYS: i32 = 90;
/// How long a cursor is good for.
const LIFE: Span = Span::days(90);
const FORM: u8 = 2;
/// Form, way of asking, end of life, answered and proven day, and the rest or nothing.
const LENGTHS: [usize; 2] = [18, 26];
const SEAL: usize = 16;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The days of a range that have not been answered yet.
    pub rest: Option<Window>,
    /// No day after this one was answered.
    pub answered: Date,
    /// Up to here nothing is missing; no later than `answered`.
    pub proven: Date,
}

/// A place to go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What comes next.
    pub position: Position,
    /// Whether the bank's own objects were asked for.
    pub source: bool,
}

/// What a cursor is tied to.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// Whose it is.
    pub owner: &'a OwnerId,
    /// Under which consent.
    pub consent: &'a ConsentId,
    /// Of which account.
    pub account: &'a AccountId,
}

impl Position {
    /// The days to ask for: the rest of a range, or everything from a little before the last proven day until today.
    pub fn days(self, today: Date) -> Option<Window> {
        if self.rest.is_some() {
            return self.rest;
        }
        let before = |day: Date| day.saturating_sub(OVERLAP_DAYS.days());
        let furthest = today.saturating_sub(FURTHEST_DAYS.days());
        // Only what is missing is given up in time: days that were never answered are read, however old they are.
        let from = before(self.answered).min(before(self.proven).max(furthest));
        // A clock that was set back must not make days that do not exist.
        Window::new(from.min(today), today)
    }

    /// Days of which something was missing, if following does not go back to them any more.
    pub fn given_up(self, today: Date) -> Option<Window> {
        let begins = self.days(today).filter(|_| self.rest.is_none())?.from();
        Window::new(self.proven.tomorrow().ok()?, self.answered)?.before(begins)
    }
}

impl Cursor {
    /// As text, good from now on for as long as a cursor lives.
    pub fn seal(&self, key: &IdentityKey, bound: Bound<'_>, now: Timestamp) -> String {
        let mut bytes = vec![FORM, u8::from(self.source)];
        bytes.extend((now + LIFE).millis().to_be_bytes());
        let days = self.position.rest.map(|rest| [rest.from(), rest.to()]);
        let Position { answered, proven, .. } = self.position;
        for day in [answered, proven].into_iter().chain(days.into_iter().flatten()) {
            bytes.extend(day.year().to_be_bytes());
            bytes.extend(day.month().to_be_bytes());
            bytes.extend(day.day().to_be_bytes());
        }
        let seal = bound.seal(key, &bytes);
        bytes.extend(seal.as_bytes());
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// From text; nothing if it was not sealed for this, is not whole, or is too old.
    pub fn open(text: &str, key: &IdentityKey, bound: Bound<'_>, now: Timestamp) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (said, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL)?)?;
        if !Digest::from_bytes(seal).is_ok_and(|seal| bound.seal(key, said).matches(&seal))
            || !LENGTHS.contains(&said.len())
        {
            return None;
        }
        let (head, days) = said.split_first_chunk::<10>()?;
        let &[FORM, source, until @ ..] = head else { return None };
        if now >= Timestamp::from_millis(i64::from_be_bytes(until)) {
            return None;
        }
        let mut days = days.chunks_exact(4).map(date);
        let (answered, proven) = (days.next()??, days.next()??);
        let rest = match (days.next(), days.next()) {
            (Some(from), Some(to)) => Some(Window::new(from?, to?)?),
            _ => None,
        };
        Some(Self { position: Position { rest, answered, proven }, source: source == 1 })
    }
}

fn date(bytes: &[u8]) -> Option<Date> {
    let &[y1, y2, month, day] = bytes else { return None };
    Date::new(i16::from_be_bytes([y1, y2]), i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl Bound<'_> {
    fn seal(self, key: &IdentityKey, said: &[u8]) -> Digest {
        let account = self.account.as_str().as_bytes();
        key.digest("rows_cursor", &[self.owner.as_bytes(), self.consent.as_bytes(), account, said])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const NOW: Timestamp = Timestamp::from_millis(1_768_464_000_000);

    fn key() -> IdentityKey {
        IdentityKey::new(&[1; 32]).unwrap()
    }

    fn cursor(rest: Option<Window>) -> Cursor {
        let position = Position { rest, answered: date(2026, 1, 12), proven: date(2026, 1, 10) };
        Cursor { position, source: rest.is_some() }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_and_only_to_whom_and_for_what_it_was_given() {
        let (owner, consent, account) = (OwnerId([1; 16]), ConsentId([2; 16]), AccountId::account(&[3; 16]));
        let bound = Bound { owner: &owner, consent: &consent, account: &account };
        for cursor in [cursor(None), cursor(Window::new(date(2025, 1, 1), date(2025, 12, 31)))] {
            let text = cursor.seal(&key(), bound, NOW);
            assert_eq!(Cursor::open(&text, &key(), bound, NOW), Some(cursor));
            let (bob, other, card) = (OwnerId([9; 16]), ConsentId([9; 16]), AccountId::card(&[3; 16]));
            for foreign in [
                Bound { owner: &bob, ..bound },
                Bound { consent: &other, ..bound },
                Bound { account: &card, ..bound },
            ] {
                assert_eq!(Cursor::open(&text, &key(), foreign, NOW), None);
            }
            let other_key = IdentityKey::new(&[2; 32]).unwrap();
            assert_eq!(Cursor::open(&text, &other_key, bound, NOW), None);
            assert!(Cursor::open(&text, &key(), bound, NOW + LIFE - Span::millis(1)).is_some());
            assert_eq!(Cursor::open(&text, &key(), bound, NOW + LIFE), None);
        }
    }

    #[test]
    fn a_cursor_that_was_cut_or_altered_anywhere_does_not_open() {
        let (owner, consent, account) = (OwnerId([1; 16]), ConsentId([2; 16]), AccountId::account(&[3; 16]));
        let bound = Bound { owner: &owner, consent: &consent, account: &account };
        let text = cursor(None).seal(&key(), bound, NOW);
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            for wrong in [&altered[..], &bytes[..at]] {
                let wrong = BASE64URL_NOPAD.encode(wrong);
                assert_eq!(Cursor::open(&wrong, &key(), bound, NOW), None, "byte {at}");
            }
        }
        for nonsense in ["", "x", "////", "\u{e5}"] {
            assert_eq!(Cursor::open(nonsense, &key(), bound, NOW), None);
        }
    }

    #[test]
    fn following_begins_an_overlap_before_the_last_proven_day() {
        let today = date(2026, 1, 15);
        let days = |day| Position { rest: None, answered: day, proven: day }.days(today).unwrap();
        assert_eq!(days(today), Window::new(date(2026, 1, 1), today).unwrap());
        assert_eq!(days(date(2025, 12, 20)), Window::new(date(2025, 12, 6), today).unwrap());
        assert_eq!(days(date(2024, 12, 31)), Window::new(date(2024, 12, 17), today).unwrap());
        assert_eq!(days(date(2026, 3, 1)), Window::new(today, today).unwrap());
        let rest = Window::new(date(2024, 10, 15), date(2025, 3, 1));
        let position = Position { rest, answered: today, proven: date(2024, 1, 1) };
        assert_eq!((position.days(today), position.given_up(today)), (rest, None));
    }

    #[test]
    fn what_is_missing_is_given_up_after_90_days_and_what_was_never_answered_is_not() {
        let today = date(2026, 1, 15);
        let of = |answered, proven| {
            let position = Position { rest: None, answered, proven };
            (position.days(today).unwrap().from(), position.given_up(today))
        };
        assert_eq!(of(today, date(2025, 12, 20)), (date(2025, 12, 6), None));
        let lost = Window::new(date(2025, 9, 2), date(2025, 10, 16));
        assert_eq!(of(today, date(2025, 9, 1)), (date(2025, 10, 17), lost));
        // The overlap of the last answered day reaches further back.
        let lost = Window::new(date(2024, 11, 11), date(2024, 12, 16));
        assert_eq!(of(date(2024, 12, 31), date(2024, 11, 10)), (date(2024, 12, 17), lost));
        assert_eq!(of(date(2024, 12, 31), date(2024, 12, 20)), (date(2024, 12, 17), None));
        assert_eq!(of(date(2024, 12, 31), date(2024, 12, 31)), (date(2024, 12, 17), None));
    }
}
