//! What has happened to a consent: its newest twenty events, each with the request that made it and, where the bank said
//! something, the bank's own word. No personal data. It answers "why did this connection fail?" months later.
//!
//! Events are not told by the transitions one by one: whoever writes a consent compares it with what it was
//! ([`Consent::remembering`]), so no transition can forget to.

use super::{Attempt, Consent, Grant, LapseReason, Reason};
use crate::types::{BankConsentId, ClaimId, Signal, Timestamp};
use std::collections::VecDeque;

/// How many events are kept.
pub const KEPT: usize = 20;

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A first start has claimed the consent.
    Started,
    /// A renewal has claimed it, beside the living grant or after it.
    RenewalStarted,
    /// The bank registered it; the PSU has yet to choose.
    Registered,
    /// The browser was sent to the bank.
    RedirectStarted,
    /// A BankID order was started.
    BankIdStarted,
    /// The bank said something that ended nothing: an error at the callback, a poll without an answer, a call that never
    /// left. Told once until it says something else.
    Trouble(Signal),
    /// Signed at the bank; nobody has claimed it yet.
    Signed,
    /// The first grant.
    Activated,
    /// A new grant in place of the old one.
    Renewed,
    /// An attempt is over.
    Failed(Reason, Option<Signal>),
    /// The grant is over, without its owner's doing.
    Lapsed(LapseReason, Option<Signal>),
    /// Ended by its owner.
    Revoked,
}

/// An event with its time and its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub event: Event,
    /// When, in event time; whole seconds are kept.
    pub at: Timestamp,
    /// The request: the bytes of its trace id.
    pub by: ClaimId,
}

/// The newest events, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline(VecDeque<Entry>);

impl Timeline {
    /// From the events of a row, oldest first.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut timeline = Self::default();
        entries.into_iter().for_each(|entry| timeline.add(entry));
        timeline
    }

    /// The events, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.0.iter()
    }

    fn add(&mut self, entry: Entry) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }
}

impl Event {
    /// As the API spells it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::RenewalStarted => "renewal_started",
            Self::Registered => "registered",
            Self::RedirectStarted => "redirect_started",
            Self::BankIdStarted => "bankid_started",
            Self::Trouble(_) => "trouble",
            Self::Signed => "signed",
            Self::Activated => "activated",
            Self::Renewed => "renewed",
            Self::Failed(..) => "failed",
            Self::Lapsed(..) => "lapsed",
            Self::Revoked => "revoked",
        }
    }

    /// Why, as a stable code.
    pub const fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Failed(reason, _) => Some(reason.code()),
            Self::Lapsed(reason, _) => Some(reason.code()),
            _ => None,
        }
    }

    /// What the bank said.
    pub const fn signal(&self) -> Option<Signal> {
        match self {
            Self::Trouble(signal) => Some(*signal),
            Self::Failed(_, signal) | Self::Lapsed(_, signal) => *signal,
            _ => None,
        }
    }
}

/// What a consent was before a transition, as far as events are concerned.
#[derive(Debug)]
pub struct Past {
    ordinal: u16,
    attempt: Kind,
    trouble: Option<Signal>,
    grant: Held,
}

/// The kinds of attempt that events tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    None,
    Registering,
    Registered,
    Redirect,
    Redeeming,
    Initiating,
    Approval,
    Signed,
    Failed,
}

/// The grant, as far as events are concerned.
#[derive(Debug, PartialEq, Eq)]
enum Held {
    None,
    Active(BankConsentId),
    Lapsed(LapseReason),
    Revoked,
}

impl Kind {
    const fn of(attempt: &Attempt) -> Self {
        match attempt {
            Attempt::None => Self::None,
            Attempt::Registering { .. } => Self::Registering,
            Attempt::Registered(_) => Self::Registered,
            Attempt::AwaitingRedirect(_) => Self::Redirect,
            Attempt::Redeeming { .. } => Self::Redeeming,
            Attempt::Initiating { .. } => Self::Initiating,
            Attempt::AwaitingApproval(_) => Self::Approval,
            Attempt::Signed(_) => Self::Signed,
            Attempt::Failed { .. } => Self::Failed,
        }
    }
}

impl Held {
    fn of(grant: &Grant) -> Self {
        match grant {
            Grant::None => Self::None,
            Grant::Active(active) => Self::Active(active.bank_consent.clone()),
            Grant::Lapsed { reason, .. } => Self::Lapsed(*reason),
            Grant::Revoked { .. } => Self::Revoked,
        }
    }
}

impl Consent {
    /// What it is now, to be compared with what it becomes.
    pub fn past(&self) -> Past {
        let attempt = Kind::of(&self.attempt);
        Past { ordinal: self.ordinal, attempt, trouble: self.trouble, grant: Held::of(&self.grant) }
    }

    /// With the events between `past` (nothing, for a first start) and now, made by the request `by`. `ended` is what time
    /// alone had done to the attempt before the transition looked ([`Consent::failure`]).
    #[must_use]
    pub fn remembering(mut self, past: Option<(Past, Option<Reason>)>, by: ClaimId, now: Timestamp) -> Self {
        let events = match past {
            None => vec![Event::Started],
            Some((past, ended)) => self.since(&past, ended),
        };
        events.into_iter().for_each(|event| self.timeline.add(Entry { event, at: now, by }));
        self
    }

    fn since(&self, past: &Past, ended: Option<Reason>) -> Vec<Event> {
        let mut events = Vec::new();
        let was_over = past.attempt == Kind::Failed;
        let renewed = self.ordinal != past.ordinal;
        // Time had ended an attempt that nobody had written down, and the transition went on from there.
        if let (Some(reason), false, false) =
            (ended, was_over, matches!(self.attempt, Attempt::Failed { .. }))
        {
            events.push(Event::Failed(reason, None));
        }
        let kind = Kind::of(&self.attempt);
        if renewed || kind != past.attempt {
            events.extend(self.attempt_event(past.attempt));
        }
        events.extend(self.trouble.filter(|_| self.trouble != past.trouble).map(Event::Trouble));
        let held = Held::of(&self.grant);
        if held != past.grant {
            events.extend(self.grant_event(&past.grant));
        }
        events
    }

    fn attempt_event(&self, before: Kind) -> Option<Event> {
        match &self.attempt {
            Attempt::Registering { .. } if matches!(self.grant, Grant::None) => Some(Event::Started),
            Attempt::Registering { .. } => Some(Event::RenewalStarted),
            Attempt::Registered(_) if before == Kind::Registering => Some(Event::Registered),
            Attempt::AwaitingRedirect(_) if before != Kind::Redeeming => Some(Event::RedirectStarted),
            Attempt::AwaitingApproval(_) => Some(Event::BankIdStarted),
            Attempt::Signed(_) => Some(Event::Signed),
            Attempt::Failed { reason, signal, .. } => Some(Event::Failed(*reason, *signal)),
            _ => None,
        }
    }

    fn grant_event(&self, before: &Held) -> Option<Event> {
        match &self.grant {
            Grant::None => None,
            Grant::Active(_) if *before == Held::None => Some(Event::Activated),
            Grant::Active(_) => Some(Event::Renewed),
            Grant::Lapsed { reason, signal, .. } => Some(Event::Lapsed(*reason, *signal)),
            Grant::Revoked { .. } => Some(Event::Revoked),
        }
    }
}
