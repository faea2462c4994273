//! What is true in a scene: the texts that a case can only name.

use serde_json::Value;
use shared::types::{ConsentId, IdentityKey, State};

/// What is true here, by the name that texts of a case use for it, with a `$` before it.
#[derive(Debug, Default)]
pub(super) struct Truth(Vec<(&'static str, String)>);

impl Truth {
    pub(super) fn knows(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value.into()));
        // `$FLIPPED_ID` is not `$FLIPPED` with something behind it.
        self.0.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }

    pub(super) fn says(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
    }

    pub(super) fn value(&self, value: &Value) -> Value {
        serde_json::from_str(&self.says(&value.to_string())).unwrap()
    }
}

/// The true state of another attempt of the same consent.
pub(super) fn state_of_attempt(id: &str, ordinal: u16) -> String {
    let key = IdentityKey::new(b"identity key of all tests, 32 b.").unwrap();
    State::render(&key, &ConsentId::parse(id).unwrap(), ordinal)
}

/// One bit of the first character's six is another.
pub(super) fn flipped(text: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (first, rest) = text.split_at(1);
    let place = ALPHABET.find(first).unwrap() ^ 1;
    format!("{}{rest}", &ALPHABET[place..=place])
}

/// Every character percent-encoded.
pub(super) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
