//! Which connections are open, so that whoever closes them can wait until they are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections that are open, by number; copies share one list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Open(Arc<Mutex<List>>);

#[derive(Debug, Default)]
struct List {
    newest: u64,
    numbers: BTreeSet<u64>,
}

impl Open {
    /// A new connection, on the list until what is returned is dropped.
    pub(crate) fn enter(&self) -> Entry {
        let mut list = self.list();
        list.newest += 1;
        let number = list.newest;
        list.numbers.insert(number);
        Entry { number, open: self.clone() }
    }

    /// The number of the connection that was opened last; numbers begin with 1.
    pub(crate) fn newest(&self) -> u64 {
        self.list().newest
    }

    /// Is one open that is not newer than this?
    pub(crate) fn any_up_to(&self, number: u64) -> bool {
        self.list().numbers.range(..=number).next().is_some()
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open connection.
#[derive(Debug)]
pub(crate) struct Entry {
    number: u64,
    open: Open,
}

impl Entry {
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.open.list().numbers.remove(&self.number);
    }
}
