//! The `state` parameter of an authorization request (RFC 6749 section 4.1.1): which attempt of which consent, and a
//! nonce that shows that we made it. `<consent id>.<attempt>.<nonce>`, all of it URL-safe.

use super::{ConsentId, IdentityKey, Nonce, id::Malformed};

/// A state as it came back. Nothing is proved by its form.
#[derive(Debug)]
pub struct State {
    /// The consent it speaks of.
    pub consent: ConsentId,
    /// The attempt it speaks of.
    pub ordinal: u16,
    nonce: Nonce,
}

impl State {
    /// The state of one attempt.
    pub fn render(key: &IdentityKey, consent: &ConsentId, ordinal: u16) -> String {
        format!("{consent}.{ordinal}.{}", key.nonce(consent, ordinal).expose())
    }

    /// From the query; only exactly what [`render`](Self::render) could have made.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut parts = text.split('.');
        let (Some(consent), Some(ordinal), Some(nonce), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Malformed);
        };
        let number: u16 = ordinal.parse().map_err(|_| Malformed)?;
        if number.to_string() != ordinal || nonce.len() != 22 {
            return Err(Malformed);
        }
        Ok(Self { consent: ConsentId::parse(consent)?, ordinal: number, nonce: Nonce::new(nonce) })
    }

    /// Whether we made it.
    pub fn is_proved_by(&self, key: &IdentityKey) -> bool {
        key.nonce(&self.consent, self.ordinal).matches(&self.nonce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_proves_itself_and_no_bit_of_it_can_be_changed() {
        let key = IdentityKey::new(&[5; 32]).unwrap();
        let text = State::render(&key, &ConsentId([6; 16]), 1);
        assert!(State::parse(&text).unwrap().is_proved_by(&key));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let altered = String::from_utf8(bytes).unwrap();
            assert!(!State::parse(&altered).is_ok_and(|state| state.is_proved_by(&key)), "{altered}");
        }
        for wrong in ["", ".", "..", &format!("{text}."), &format!(" {text}"), &text.replace(".1.", ".01.")] {
            assert!(State::parse(wrong).is_err(), "{wrong}");
        }
    }
}
