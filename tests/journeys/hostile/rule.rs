//! What may be wrong with an answer that is used all the same.

use super::changes::Change;
use serde_json::Value;

/// A field, and what it may be too.
pub(crate) type Form = (&'static str, fn(&Value) -> bool);

/// Which changes leave an answer usable.
pub(crate) struct Rule {
    /// May be null or missing.
    pub(crate) optional: &'static [&'static str],
    /// Not read: may be anything.
    pub(crate) unread: &'static [&'static str],
    /// Read in this form too.
    pub(crate) also: &'static [Form],
}

impl Rule {
    pub(crate) fn takes(&self, field: &str, change: &Change) -> bool {
        let is = |known: &str| field == known || field.starts_with(&format!("{known}."));
        if self.unread.iter().any(|known| is(known)) {
            return true;
        }
        match change {
            Change::Null | Change::Missing => self.optional.contains(&field),
            Change::Doubled => false,
            Change::Instead(value) => self.also.iter().any(|(known, takes)| *known == field && takes(value)),
        }
    }
}
