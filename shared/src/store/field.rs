//! Attributes in and out, typed. A reader that fails names the attribute and keeps its value to itself.

use super::StoreError;
use crate::types::{Malformed, Timestamp};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use std::{collections::HashMap, fmt::Display, str::FromStr};

/// A row as the SDK knows it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A row being written.
#[derive(Default)]
pub(super) struct Row(pub(super) Item);

impl Row {
    pub(super) fn text(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.put(name, AttributeValue::S(value.into()))
    }

    pub(super) fn bytes(&mut self, name: &'static str, value: impl Into<Vec<u8>>) -> &mut Self {
        self.put(name, binary(value))
    }

    pub(super) fn number(&mut self, name: &'static str, value: impl Display + Copy) -> &mut Self {
        self.put(name, AttributeValue::N(value.to_string()))
    }

    pub(super) fn instant(&mut self, name: &'static str, value: Timestamp) -> &mut Self {
        self.number(name, value.millis())
    }

    pub(super) fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.put(name, AttributeValue::Bool(value))
    }

    fn put(&mut self, name: &'static str, value: AttributeValue) -> &mut Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

/// A binary attribute.
pub(super) fn binary(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// A row being read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Item);

impl<'a> Fields<'a> {
    pub(super) fn text(self, name: &'static str) -> Result<&'a str, StoreError> {
        match self.0.get(name) {
            Some(AttributeValue::S(text)) => Ok(text),
            _ => Err(StoreError::unreadable(name)),
        }
    }

    pub(super) fn bytes(self, name: &'static str) -> Result<&'a [u8], StoreError> {
        match self.0.get(name) {
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            _ => Err(StoreError::unreadable(name)),
        }
    }

    pub(super) fn number<N: FromStr>(self, name: &'static str) -> Result<N, StoreError> {
        match self.0.get(name) {
            Some(AttributeValue::N(digits)) => digits.parse().map_err(|_| StoreError::unreadable(name)),
            _ => Err(StoreError::unreadable(name)),
        }
    }

    pub(super) fn flag(self, name: &'static str) -> Result<bool, StoreError> {
        match self.0.get(name) {
            Some(AttributeValue::Bool(flag)) => Ok(*flag),
            _ => Err(StoreError::unreadable(name)),
        }
    }

    pub(super) fn instant(self, name: &'static str) -> Result<Timestamp, StoreError> {
        self.number(name).map(Timestamp::from_millis)
    }

    /// Text through the parser of its type.
    pub(super) fn parsed<T>(
        self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Malformed>,
    ) -> Result<T, StoreError> {
        parse(self.text(name)?).map_err(|_| StoreError::unreadable(name))
    }

    /// Bytes through the parser of their type.
    pub(super) fn hashed<T>(
        self,
        name: &'static str,
        parse: impl Fn(&[u8]) -> Result<T, Malformed>,
    ) -> Result<T, StoreError> {
        parse(self.bytes(name)?).map_err(|_| StoreError::unreadable(name))
    }

    /// What `read` makes of an attribute that may be absent. Present and malformed is still an error.
    pub(super) fn maybe<T>(
        self,
        name: &'static str,
        read: impl FnOnce(Self, &'static str) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if self.0.contains_key(name) { read(self, name).map(Some) } else { Ok(None) }
    }
}
