//! The timeline in one attribute, `tl` (B): 23 bytes an event, oldest first.
//!
//! ```text
//! 1 byte   what (place in the list below, from 1)
//! 4 bytes  when, whole seconds since the epoch
//! 16 bytes trace id of the request
//! 1 byte   why (place in the list of reasons, from 1), or 0
//! 1 byte   what the bank said (place in the list of signals, from 1), or 0
//! ```
//!
//! What a newer version has written and this one does not know is left out, not an error.

use super::{Fields, Row, StoreError};
use crate::{
    consent::{Entry, Event, LapseReason, Reason, Timeline},
    types::{ClaimId, Signal, Timestamp},
};

const NAME: &str = "tl";
const LENGTH: usize = 23;

pub(super) fn render(row: &mut Row, timeline: &Timeline) {
    let bytes: Vec<u8> = timeline.entries().flat_map(packed).collect();
    if !bytes.is_empty() {
        row.bytes(NAME, bytes);
    }
}

pub(super) fn parse(fields: Fields<'_>) -> Result<Timeline, StoreError> {
    let bytes = fields.maybe(NAME, Fields::bytes)?.unwrap_or_default();
    let (entries, rest) = bytes.as_chunks::<LENGTH>();
    if !rest.is_empty() {
        return Err(StoreError::unreadable(NAME));
    }
    Ok(Timeline::of(entries.iter().filter_map(unpacked)))
}

fn packed(entry: &Entry) -> [u8; LENGTH] {
    let (what, why, said) = numbers(&entry.event);
    let seconds = u32::try_from(entry.at.millis().div_euclid(1000)).unwrap_or(0);
    let mut bytes = [0; LENGTH];
    let parts = [&[what][..], &seconds.to_be_bytes(), entry.by.as_bytes(), &[why, said]].concat();
    for (byte, part) in bytes.iter_mut().zip(parts) {
        *byte = part;
    }
    bytes
}

fn unpacked(bytes: &[u8; LENGTH]) -> Option<Entry> {
    let (&what, rest) = bytes.split_first()?;
    let (seconds, rest) = rest.split_first_chunk::<4>()?;
    let (by, rest) = rest.split_first_chunk::<16>()?;
    let &[why, said] = rest else { return None };
    let signal = (said != 0).then(|| Signal::of_number(said));
    let event = event(what, why, signal)?;
    let at = Timestamp::from_millis(i64::from(u32::from_be_bytes(*seconds)) * 1000);
    Some(Entry { event, at, by: ClaimId::from_bytes(by).ok()? })
}

/// The places never change: new events go to the end.
fn numbers(event: &Event) -> (u8, u8, u8) {
    let said = |signal: &Option<Signal>| signal.map_or(0, Signal::number);
    match event {
        Event::Started => (1, 0, 0),
        Event::RenewalStarted => (2, 0, 0),
        Event::Registered => (3, 0, 0),
        Event::RedirectStarted => (4, 0, 0),
        Event::BankIdStarted => (5, 0, 0),
        Event::Trouble(signal) => (6, 0, signal.number()),
        Event::Signed => (7, 0, 0),
        Event::Activated => (8, 0, 0),
        Event::Renewed => (9, 0, 0),
        Event::Failed(reason, signal) => (10, place(Reason::ALL, reason), said(signal)),
        Event::Lapsed(reason, signal) => (11, place(LapseReason::ALL, reason), said(signal)),
        Event::Revoked => (12, 0, 0),
    }
}

fn event(what: u8, why: u8, signal: Option<Signal>) -> Option<Event> {
    Some(match what {
        1 => Event::Started,
        2 => Event::RenewalStarted,
        3 => Event::Registered,
        4 => Event::RedirectStarted,
        5 => Event::BankIdStarted,
        6 => Event::Trouble(signal?),
        7 => Event::Signed,
        8 => Event::Activated,
        9 => Event::Renewed,
        10 => Event::Failed(*at(Reason::ALL, why)?, signal),
        11 => Event::Lapsed(*at(LapseReason::ALL, why)?, signal),
        12 => Event::Revoked,
        _ => return None,
    })
}

fn place<T: PartialEq>(all: &[T], wanted: &T) -> u8 {
    all.iter().position(|one| one == wanted).and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
}

fn at<T>(all: &[T], number: u8) -> Option<&T> {
    all.get(usize::from(number).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_event() -> Vec<Event> {
        let mut all = vec![
            Event::Started,
            Event::RenewalStarted,
            Event::Registered,
            Event::RedirectStarted,
            Event::BankIdStarted,
            Event::Signed,
            Event::Activated,
            Event::Renewed,
            Event::Lapsed(LapseReason::RefreshRefused, Some(Signal::InvalidGrant)),
            Event::Revoked,
        ];
        all.extend(Signal::ALL.iter().map(|signal| Event::Trouble(*signal)));
        all.extend(Reason::ALL.iter().map(|reason| Event::Failed(*reason, None)));
        all.extend(Signal::ALL.iter().map(|signal| Event::Failed(Reason::BankIdFailed, Some(*signal))));
        all
    }

    fn entry(event: Event) -> Entry {
        Entry { event, at: Timestamp::from_millis(1_768_464_001_000), by: ClaimId([9; 16]) }
    }

    #[test]
    fn every_event_comes_back_and_the_newest_twenty_are_kept_in_460_bytes() {
        let all = every_event();
        for twenty in all.chunks(20) {
            let timeline = Timeline::of(twenty.iter().copied().map(entry));
            let mut row = Row::default();
            render(&mut row, &timeline);
            assert!(Fields(&row.0).bytes(NAME).unwrap().len() <= 460);
            assert_eq!(parse(Fields(&row.0)).unwrap(), timeline);
        }
        let timeline = Timeline::of(all.iter().copied().map(entry));
        let kept: Vec<Event> = timeline.entries().map(|entry| entry.event).collect();
        assert_eq!(kept, all[all.len() - 20..]);
    }

    #[test]
    fn an_event_of_a_newer_version_is_left_out_and_a_cut_timeline_names_its_attribute() {
        let mut row = Row::default();
        let mut bytes = [packed(&entry(Event::Started)), packed(&entry(Event::Revoked))].concat();
        bytes[0] = 200;
        row.bytes(NAME, bytes.clone());
        assert_eq!(parse(Fields(&row.0)).unwrap(), Timeline::of([entry(Event::Revoked)]));
        row.bytes(NAME, &bytes[..40]);
        assert_eq!(parse(Fields(&row.0)), Err(StoreError::unreadable(NAME)));
    }
}
