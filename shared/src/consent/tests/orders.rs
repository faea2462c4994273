//! What can happen to one attempt, in every order: each event is what a function does with the machine, and the bank's
//! answer to what was spent arrives either at once or only after the next event.

use super::states::{AttemptKind, GrantKind, copy, kinds, token_sets, whole, whole_grant};
use super::steps::{Act, Shown, apply};
use super::*;

const DEPTH: u32 = 5;
const CODE: u8 = 5;
const OTHER_CODE: u8 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A callback with the code.
    Code,
    /// A callback with an error.
    Error,
    /// The same request with the same code once more, by the same claimer: its answer was lost.
    Repeat,
    /// Fifteen minutes pass.
    Late,
    /// A callback with another code under the same state.
    OtherCode,
    /// The app asks: a poll of the order, or the handle of a signature.
    Poll,
    Cancel,
    Revoke,
    /// Ninety days pass.
    Expiry,
}

const EVENTS: [Event; 9] = [
    Event::Code,
    Event::Error,
    Event::Repeat,
    Event::Late,
    Event::OtherCode,
    Event::Poll,
    Event::Cancel,
    Event::Revoke,
    Event::Expiry,
];

/// One order of events so far, and what is remembered of it.
struct Story {
    consent: Consent,
    events: Vec<Event>,
    now: i64,
    claimers: u8,
    last: Option<u8>,
    /// The bank's answer that is still on its way.
    pending: Option<Act>,
    exchanges: u32,
    /// Ended by a conflict or a cancel: the grant as it was then.
    ended: Option<String>,
}

impl Story {
    fn copied(&self) -> Self {
        let (consent, events, ended) = (copy(&self.consent), self.events.clone(), self.ended.clone());
        Self { consent, events, ended, ..*self }
    }

    fn takes(&mut self, act: Act) -> Result<(), Refused> {
        self.consent = apply(copy(&self.consent), act, self.now)?;
        Ok(())
    }

    fn arrives(&mut self) {
        if let Some(answer) = self.pending.take() {
            // Refused if the attempt was ended meanwhile: the tokens are dropped.
            let _dropped = self.takes(answer);
        }
    }

    fn happens(&mut self, event: Event, slow: bool) {
        let before = self.pending.take();
        self.events.push(event);
        self.now += 2;
        match event {
            Event::Code | Event::OtherCode => {
                self.claimers += 1;
                let code = if event == Event::Code { CODE } else { OTHER_CODE };
                self.callback(code, self.claimers);
            }
            Event::Repeat => self.callback(CODE, self.last.unwrap_or(99)),
            Event::Error => self.error(),
            Event::Late => self.now += 15 * 60,
            Event::Expiry => self.now += 90 * 86_400,
            Event::Poll => self.poll(),
            Event::Cancel => {
                if self.takes(Act::Cancel).is_ok() {
                    self.ended = Some(whole_grant(&self.consent.grant));
                }
            }
            Event::Revoke => {
                let known = kinds(&self.consent).0 == GrantKind::Revoked;
                assert_eq!(self.takes(Act::Revoke).is_err(), known, "{:?}", self.events);
            }
        }
        let begun = std::mem::replace(&mut self.pending, before);
        self.arrives();
        self.pending = begun;
        if !slow {
            self.arrives();
        }
    }

    /// As the callback does it: look, claim, spend.
    fn callback(&mut self, code: u8, by: u8) {
        let step = self.consent.callback(1, Some(&digest(code)), at(self.now));
        let taken = self.takes(Act::Redeem { code, by, past: false });
        let kind = kinds(&self.consent).1;
        match step {
            Step::Redeem => {
                assert!(taken.is_ok(), "{:?}: {taken:?}", self.events);
                (self.exchanges, self.last) = (self.exchanges + 1, Some(by));
                self.pending = Some(Act::Sign { code, by });
            }
            Step::Conflict => {
                assert!(taken.is_ok() && kind == AttemptKind::Failed, "{:?}: {taken:?}", self.events);
                assert_eq!(self.consent.failure(at(self.now)), Some(Reason::CodeConflict));
                self.ended = Some(whole_grant(&self.consent.grant));
            }
            // The holder's own repeat finds its claim and spends nothing; anybody else waits.
            Step::Wait => assert!(
                if self.last == Some(by) { taken.is_ok() } else { taken == Err(Refused::InFlight) },
                "{:?}: {taken:?}",
                self.events
            ),
            Step::Repeat => assert_eq!(taken, Err(Refused::AlreadySigned), "{:?}", self.events),
            _ => assert!(taken.is_err(), "{:?}: {step:?} and yet {taken:?}", self.events),
        }
    }

    fn error(&mut self) {
        let before = kinds(&self.consent);
        let noted = self.takes(Act::NoteDenial { past: false });
        assert_eq!(kinds(&self.consent), before, "{:?}: an error ends nothing ({noted:?})", self.events);
    }

    fn poll(&mut self) {
        if self.takes(Act::ClaimPoll).is_ok() {
            self.pending = Some(Act::Approved { foreign: false });
        } else if kinds(&self.consent).1 == AttemptKind::Signed {
            let late = self.consent.failure(at(self.now)).is_some();
            let activated = self.takes(Act::Activate { shown: Shown::Handle });
            assert_eq!(activated.is_err(), late, "{:?}: {activated:?}", self.events);
        }
    }

    fn holds(&self, revoked: Option<&str>) {
        let (grant, attempt) = kinds(&self.consent);
        let events = &self.events;
        assert!(self.exchanges <= 1, "{events:?}: {} exchanges", self.exchanges);
        if let Some(end) = revoked {
            assert_eq!(whole(&self.consent), end, "{events:?}: something happened after the end");
            assert_eq!((token_sets(&self.consent), self.consent.status(at(self.now))), (0, Status::Revoked));
        } else if let (Some(grant), false) = (&self.ended, events.last() == Some(&Event::Revoke)) {
            assert_eq!(
                *grant,
                whole_grant(&self.consent.grant),
                "{events:?}: an ended attempt brought a grant"
            );
            assert_eq!(attempt, AttemptKind::Failed, "{events:?}");
        }
        if events.last() == Some(&Event::Expiry) && self.pending.is_none() {
            assert!(self.consent.readable(at(self.now)).is_err() || self.since_now(), "{events:?}");
        }
        assert!(grant != GrantKind::Active || attempt == AttemptKind::None, "{events:?}");
        let resolved = copy(&self.consent).at(at(self.now) + INTENT_LIFETIME);
        assert!(matches!(resolved.attempt, Attempt::None | Attempt::Failed { .. }), "{events:?}: stuck");
    }

    /// An answer that was under way while the time passed has made the grant only now.
    fn since_now(&self) -> bool {
        matches!(&self.consent.grant, Grant::Active(active) if active.since == at(self.now))
    }
}

/// What was seen at the ends of all orders.
#[derive(Debug, Default)]
struct Count {
    orders: u32,
    granted: u32,
    conflicts: u32,
    exchanged: u32,
    revoked: u32,
}

fn explore(story: &Story, revoked: Option<&str>, slow: bool, count: &mut Count) {
    let depth = u32::try_from(story.events.len()).unwrap();
    for event in EVENTS.into_iter().filter(|_| depth < DEPTH) {
        let mut next = story.copied();
        next.happens(event, slow);
        next.holds(revoked);
        let end = revoked
            .map(str::to_owned)
            .or_else(|| (kinds(&next.consent).0 == GrantKind::Revoked).then(|| whole(&next.consent)));
        count.orders += 1;
        count.exchanged += next.exchanges;
        count.granted += u32::from(kinds(&next.consent).0 == GrantKind::Active);
        count.revoked += u32::from(end.is_some());
        count.conflicts += u32::from(next.consent.failure(at(next.now)) == Some(Reason::CodeConflict));
        explore(&next, end.as_deref(), slow, count);
    }
}

fn every_order(name: &str, consent: &dyn Fn() -> Consent) -> Count {
    let mut count = Count::default();
    for slow in [false, true] {
        let (events, ended, pending, last) = (Vec::new(), None, None, None);
        let start =
            Story { consent: consent(), events, now: 4, claimers: 0, last, pending, exchanges: 0, ended };
        explore(&start, None, slow, &mut count);
    }
    report(&format!("{name}: {count:?}"));
    assert_eq!(count.orders, 2 * (9 + 81 + 729 + 6_561 + 59_049));
    count
}

#[test]
fn in_every_order_a_redirect_spends_one_code_and_conflict_cancel_and_revoke_win() {
    let count = every_order("redirect", &redirected);
    assert!(count.exchanged > 0 && count.conflicts > 0 && count.granted > 0 && count.revoked > 0);
}

#[test]
fn in_every_order_an_order_at_the_bank_spends_no_code_and_cancel_and_revoke_win() {
    let count = every_order("decoupled", &approving);
    assert!(count.granted > 0 && count.revoked > 0);
    assert_eq!((count.exchanged, count.conflicts), (0, 0), "codes mean nothing here");
}
