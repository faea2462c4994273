//! Identifiers. Ours are 16 bytes of a keyed hash, shown as 22 characters of base64url; the bank's are opaque text.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use std::fmt;

/// A value that is not of the form its type asks for. It deliberately does not carry the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed")]
pub struct Malformed;

macro_rules! hashed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) [u8; 16]);

        impl $name {
            /// The bytes as they rest in a row.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// From the bytes of a row; exactly 16.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
                bytes.try_into().map(Self).map_err(|_| Malformed)
            }

            /// From its 22 characters of base64url.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Malformed).and_then(|b| Self::from_bytes(&b))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&BASE64URL_NOPAD.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

hashed!(
    /// One consent of one owner: a keyed hash of owner, route and `Idempotency-Key`, so the id *is* the claim.
    ConsentId
);
hashed!(
    /// The end user a consent belongs to: a keyed hash of issuer, tenant and subject. Never a name.
    OwnerId
);
hashed!(
    /// A keyed hash kept where the value itself must not rest: of a code, a handle, a request body.
    Digest
);
hashed!(
    /// Who holds a claim: one invocation of one function.
    ClaimId
);

/// An account as this API names it, stable over consents: `a1_` (account) or `c1_` (card) and a keyed hash. The digit
/// is the version of the rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Of an account, from the keyed hash of its numbers.
    pub fn account(hash: &[u8; 16]) -> Self {
        Self(format!("a1_{}", BASE64URL_NOPAD.encode(hash)))
    }

    /// Of a card account, from the keyed hash of what describes it (`identity: derived`).
    pub fn card(hash: &[u8; 16]) -> Self {
        Self(format!("c1_{}", BASE64URL_NOPAD.encode(hash)))
    }

    /// From a path parameter or a row.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let hash = text.strip_prefix("a1_").or_else(|| text.strip_prefix("c1_")).ok_or(Malformed)?;
        Digest::parse(hash).map(|_| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Visible ASCII without spaces, 1 to ", stringify!($max), " characters.")]
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let fits = (1..=$max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
                if fits { Ok(Self(text.to_owned())) } else { Err(Malformed) }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

opaque!(
    /// The bank's id of a consent. Opaque: a UUID today.
    BankConsentId, 128
);
opaque!(
    /// The bank's id of an account under one consent. Opaque, and another one under every new consent.
    BankAccountId, 128
);
opaque!(
    /// A link from the bank's consent answer, already held against the hosts and paths that configuration allows.
    Link, 512
);
opaque!(
    /// One of the operator's registered apps.
    AppId, 32
);

/// The caller's own word for a consent, echoed and never interpreted: up to 64 visible ASCII characters, blanks inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// 1 to 64 characters from blank to tilde.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if fits { Ok(Self(text.to_owned())) } else { Err(Malformed) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ClaimId {
    /// The request that held the claim, as its trace id.
    pub fn trace_id(&self) -> String {
        let hex = HEXLOWER.encode(&self.0);
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
        [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
    }
}

/// The Lambda request id: in every answer, every log line, and at the bank as `TPP-Transaction-ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(String);

impl TraceId {
    /// A UUID in its 36 characters, as Lambda makes them.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let shape = text.len() == 36
            && text.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            });
        if shape { Ok(Self(text.to_ascii_lowercase())) } else { Err(Malformed) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same 16 bytes as the holder of a claim.
    pub fn claim_id(&self) -> ClaimId {
        let hex: String = self.0.chars().filter(|c| *c != '-').collect();
        let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
        ClaimId::from_bytes(&bytes).unwrap_or(ClaimId([0; 16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form_and_nothing_else_parses() {
        let id = ConsentId([7; 16]);
        assert_eq!(ConsentId::parse(&id.to_string()), Ok(id));
        for wrong in
            ["", "short", "BwcHBwcHBwcHBwcHBwcHBw==", "BwcHBwcHBwcHBwcHBwcHB/", "BwcHBwcHBwcHBwcHBwcHBwcH"]
        {
            assert_eq!(ConsentId::parse(wrong), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_reference_is_visible_ascii_up_to_64() {
        assert!(Reference::parse("Household budget #7").is_ok());
        assert!(Reference::parse(&"x".repeat(65)).is_err());
        assert!(Reference::parse("tab\there").is_err());
        assert!(Reference::parse("").is_err());
    }

    #[test]
    fn a_trace_id_names_the_same_claim_in_either_case() {
        let lower = TraceId::parse("6b24ce42-237f-4303-a917-cf778e5013d6").unwrap();
        let upper = TraceId::parse("6B24CE42-237F-4303-A917-CF778E5013D6").unwrap();
        assert_eq!(lower.claim_id(), upper.claim_id());
        assert_eq!(upper.claim_id().trace_id(), lower.as_str());
        assert!(TraceId::parse("6b24ce42237f4303a917cf778e5013d6").is_err());
    }
}
