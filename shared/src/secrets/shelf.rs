//! What one process holds of the secret, and what it knows about versions that it does not hold. Decisions only: nobody
//! is asked here, and time comes in as an argument.

use super::{Fault, Material, SecretsError};
use crate::types::{Span, Timestamp};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// After a look that brought nothing the next one is made this much later.
const PAUSE: Span = Span::seconds(15);
/// A version whose certificate the bank refused is not tried again sooner.
const REST: Span = Span::minutes(1);
/// Versions are written by hand; a process that has refused more of them starts afresh.
const REMEMBERED: usize = 16;

/// The material in force, and how sure that is.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Keys and certificates.
    pub material: Arc<Material>,
    /// When Secrets Manager was last heard.
    pub checked: Timestamp,
    /// Why the last look did not confirm it: not reachable, or the version in force cannot be used here.
    pub trouble: Option<SecretsError>,
    /// Older than it should be, because Secrets Manager is not reachable.
    pub stale: bool,
    pub(super) due: bool,
}

impl Standing {
    /// Whether the version in force was refused and an older one serves in its place.
    pub const fn refused(&self) -> bool {
        matches!(self.trouble, Some(SecretsError::Invalid(_)))
    }
}

/// Why a version is not taken.
#[derive(Clone, Debug)]
enum Refusal {
    /// It will never be usable.
    Unusable(Fault),
    /// The bank did not take its certificate, last at this instant.
    ByBank(Timestamp),
}

#[derive(Debug)]
struct Held {
    material: Arc<Material>,
    checked: Timestamp,
    /// Not looked at again before this.
    next: Timestamp,
    trouble: Option<SecretsError>,
}

/// The versions that one process has seen.
#[derive(Debug)]
pub(super) struct Shelf {
    ttl: Span,
    held: Option<Held>,
    /// What was in force here before: there at once if the bank refuses the newer one.
    previous: Option<Arc<Material>>,
    refused: BTreeMap<String, Refusal>,
    /// Fetched before the first event told the time.
    ahead: Option<(Arc<Material>, Instant)>,
}

impl Shelf {
    pub(super) const fn new(ttl: Span) -> Self {
        Self { ttl, held: None, previous: None, refused: BTreeMap::new(), ahead: None }
    }

    /// What there is. Without anything, somebody must fetch first.
    pub(super) fn standing(&mut self, now: Timestamp) -> Option<Standing> {
        self.take_ahead(now);
        let Held { material, checked, next, trouble } = self.held.as_ref()?;
        // A clock that was set back makes it due too: nobody knows how old it is.
        let due = now >= *next || now < *checked;
        let unreachable = matches!(trouble, Some(SecretsError::Unavailable | SecretsError::Denied(_)));
        Some(Standing {
            material: Arc::clone(material),
            checked: *checked,
            trouble: trouble.clone(),
            stale: unreachable && now >= *checked + self.ttl,
            due,
        })
    }

    /// Keeps what was fetched before there was an event.
    pub(super) fn put_ahead(&mut self, material: Arc<Material>) {
        self.ahead = Some((material, Instant::now()));
    }

    /// The first event tells how old that is; what is out of its dates is not taken.
    fn take_ahead(&mut self, now: Timestamp) {
        if self.held.is_some() {
            return;
        }
        if let Some((material, fetched)) = self.ahead.take()
            && material.check_dates(now).is_ok()
        {
            self.put(material, now - span(fetched.elapsed()));
        }
    }

    /// Puts a version in force, as it was at an instant.
    pub(super) fn put(&mut self, material: Arc<Material>, checked: Timestamp) {
        let next = checked + self.ttl;
        let fresh = Held { material, checked, next, trouble: None };
        if let Some(before) = self.held.replace(fresh) {
            self.previous = Some(before.material);
        }
    }

    pub(super) fn holds(&self, version: &str) -> bool {
        self.held.as_ref().is_some_and(|held| held.material.version == version)
    }

    /// What a look brought: an error leaves in force what is.
    pub(super) fn looked(&mut self, now: Timestamp, outcome: Result<(), SecretsError>) {
        let ttl = self.ttl;
        let Some(held) = &mut self.held else { return };
        let heard = !matches!(outcome, Err(SecretsError::Unavailable | SecretsError::Denied(_)));
        if heard {
            held.checked = now;
        }
        held.next = now + if heard { ttl } else { PAUSE.min(ttl) };
        held.trouble = outcome.err();
    }

    /// The next request looks, whatever the time.
    pub(super) fn hurry(&mut self) {
        if let Some(held) = &mut self.held
            && held.trouble.is_none()
        {
            held.next = held.checked;
        }
    }

    /// Why this version is not to be taken, if that is known. What the bank refused may be tried again after a rest,
    /// where nothing better is left (`again`).
    pub(super) fn verdict(&self, version: &str, now: Timestamp, again: bool) -> Result<(), Fault> {
        match self.refused.get(version) {
            Some(Refusal::Unusable(fault)) => Err(fault.clone()),
            Some(Refusal::ByBank(at)) if !again || resting(*at, now) => Err(Fault::RefusedByBank),
            Some(Refusal::ByBank(_)) | None => Ok(()),
        }
    }

    /// Whether this version may follow the one in force.
    pub(super) fn may_follow(&self, newer: &Material) -> Result<(), Fault> {
        self.held.as_ref().map_or(Ok(()), |held| newer.may_follow(&held.material))
    }

    /// Remembers a version that will never be usable.
    pub(super) fn unusable(&mut self, version: &str, fault: &Fault) {
        self.refuse(version, Refusal::Unusable(fault.clone()));
    }

    /// Remembers a version that the bank refused.
    pub(super) fn refused_by_bank(&mut self, version: &str, now: Timestamp) {
        self.refuse(version, Refusal::ByBank(now));
    }

    /// Whether the bank refused this version only just now: everything that can be done about it has been done.
    pub(super) fn is_resting(&self, version: &str, now: Timestamp) -> bool {
        matches!(self.refused.get(version), Some(Refusal::ByBank(at)) if resting(*at, now))
    }

    /// What is in force, if it is another version than this one.
    pub(super) fn other_than(&self, version: &str) -> Option<Arc<Material>> {
        let held = self.held.as_ref().map(|held| &held.material);
        held.filter(|material| material.version != version).map(Arc::clone)
    }

    /// Puts back in force what was before, if it is usable and not the version that was refused.
    pub(super) fn fall_back(&mut self, refused: &str, now: Timestamp) -> bool {
        let usable = |before: &Material| {
            before.version != refused
                && self.verdict(&before.version, now, true).is_ok()
                && before.check_dates(now).is_ok()
        };
        let Some(before) = self.previous.clone().filter(|before| usable(before)) else { return false };
        if let Some(held) = &mut self.held {
            self.previous = Some(std::mem::replace(&mut held.material, before));
        }
        true
    }

    fn refuse(&mut self, version: &str, refusal: Refusal) {
        if self.refused.len() >= REMEMBERED {
            self.refused.clear();
        }
        self.refused.insert(version.to_owned(), refusal);
    }
}

fn resting(since: Timestamp, now: Timestamp) -> bool {
    (since..since + REST).contains(&now)
}

fn span(duration: Duration) -> Span {
    Span::millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}
