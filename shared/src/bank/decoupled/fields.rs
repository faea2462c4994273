//! Fields whose names are configuration: nobody outside the bank knows how decoupled 2.0 spells them.

use crate::bank::Fault;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON object whose values are not read yet, in the order of the wire.
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

/// What stands in a field that may have any of several names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: no such field, `null` or an empty text.
    Nothing,
    /// A text.
    Text(String),
    /// Something that is no text.
    Other,
}

impl<'a> Object<'a> {
    /// The value of a field. One that comes twice is malformed: nobody could say which counts.
    pub(super) fn get(&self, name: &str) -> Result<Option<&'a RawValue>, Fault> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Fault::Malformed),
        }
    }

    /// The value of a field that must be there, as what it should be.
    pub(super) fn required<T: Deserialize<'a>>(&self, name: &str) -> Result<T, Fault> {
        let value = self.get(name)?.ok_or(Fault::Malformed)?;
        serde_json::from_str(value.get()).map_err(|_| Fault::Malformed)
    }

    /// The first text under any of these names; the order of the names is the order of preference.
    pub(super) fn find<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Found, Fault> {
        let mut found = Found::Nothing;
        for name in names {
            let Some(value) = self.get(name)? else { continue };
            match (&found, serde_json::from_str::<Option<String>>(value.get())) {
                (Found::Text(_), _) => {}
                (_, Ok(Some(text))) if !text.is_empty() => found = Found::Text(text),
                (_, Ok(_)) => {}
                (_, Err(_)) => found = Found::Other,
            }
        }
        Ok(found)
    }
}

impl Found {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Other => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_first_name_that_holds_a_text_counts() {
        let found = |body: &str| object(body).find(["qr_data", "qr"]);
        assert_eq!(found(r#"{"qr":"b","qr_data":"a"}"#), Ok(Found::Text("a".to_owned())));
        assert_eq!(found(r#"{"qr_data":{"image":1},"qr":"b"}"#), Ok(Found::Text("b".to_owned())));
        assert_eq!(found(r#"{"qr_data":"","qr":null,"other":"x"}"#), Ok(Found::Nothing));
        assert_eq!(found(r#"{"qr_data":7}"#), Ok(Found::Other));
        assert_eq!(found(r#"{"qr_data":"\u00e5\n"}"#), Ok(Found::Text("å\n".to_owned())));
    }

    #[test]
    fn a_field_that_is_read_and_comes_twice_is_malformed_and_one_that_nobody_reads_is_not() {
        let twice = object(r#"{"qr":"a","x":1,"qr":"a","x":2}"#);
        assert_eq!(twice.find(["qr"]), Err(Fault::Malformed));
        assert_eq!(object(r#"{"a":"a","qr":"a","qr":"b"}"#).find(["a", "qr"]), Err(Fault::Malformed));
        assert_eq!(twice.find(["other"]), Ok(Found::Nothing));
        assert_eq!(object(r#"{"\u0071r":"a","qr":"b"}"#).find(["qr"]), Err(Fault::Malformed), "escaped");
    }
}
