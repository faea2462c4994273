//! The bank's own objects, byte for byte, beside what was made of them: kept only where a caller asked for them.

use super::{Fault, transport::json};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Any list of the bank: each has one field with the elements.
#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow, alias = "cardAccounts", alias = "transactions")]
    accounts: Vec<&'a RawValue>,
}

/// Gives each thing that was made of a list's elements its element. `kept` says where it is kept.
///
/// # Errors
/// [`Fault::Malformed`].
pub(super) fn keep<T>(
    body: &[u8],
    mut made: Vec<T>,
    kept: impl Fn(&mut T) -> &mut Option<Box<str>>,
) -> Result<Vec<T>, Fault> {
    let sources = json::<Listed<'_>>(body)?.accounts;
    for (one, source) in made.iter_mut().zip(sources) {
        *kept(one) = Some(source.get().into());
    }
    Ok(made)
}

/// A body that is one object.
///
/// # Errors
/// [`Fault::Malformed`].
pub(super) fn whole(body: &[u8]) -> Result<Option<Box<str>>, Fault> {
    Ok(Some(json::<&RawValue>(body)?.get().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_keeps_its_bytes_blanks_and_escapes_included() {
        let elements = [r#"{"n":1e3,"t":"\u00e5", "n2": -0.10 }"#, "123456789012345678", "[ 0.1 ]"];
        for field in ["accounts", "cardAccounts", "transactions"] {
            let body = format!(r#"{{"other":[1],"{field}":[{}]}}"#, elements.join(" , "));
            let kept = keep(body.as_bytes(), vec![None; 3], |one| one).unwrap();
            let kept: Vec<_> = kept.iter().map(|one: &Option<Box<str>>| one.as_deref().unwrap()).collect();
            assert_eq!(kept, elements);
        }
        assert_eq!(whole(b" {\"a\": 1.0} ").unwrap().as_deref(), Some("{\"a\": 1.0}"));
    }
}
