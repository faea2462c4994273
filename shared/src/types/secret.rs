//! Values that must never be printed. What a secret type does *not* implement is the rule: no `Display`, no
//! `Serialize`, no `PartialEq`; `Debug` shows the name only. [`expose`](AccessToken::expose) is the one way out, and
//! can be searched for.
//!
//! None of these compiles:
//!
//! ```compile_fail,E0277
//! println!("{}", shared::types::AccessToken::new("t")); // printed
//! ```
//! ```compile_fail,E0277
//! serde_json::to_string(&shared::types::AccessToken::new("t")); // written out
//! ```
//! ```compile_fail,E0369
//! let _ = shared::types::AccessToken::new("t") == shared::types::AccessToken::new("t"); // compared, and not in constant time
//! ```
//! ```compile_fail,E0599
//! shared::types::AuthorizationCode::new("c").clone(); // a code that could be spent twice
//! ```
//! ```compile_fail,E0277
//! fn shown(number: &shared::types::PersonalNumber) -> String { number.to_string() } // a person
//! ```
//! ```compile_fail,E0277
//! fn kept(number: &shared::types::PersonalNumber) -> String { serde_json::to_string(number).unwrap() }
//! ```
//! ```compile_fail,E0277
//! fn shown(key: &shared::types::IdentityKey) -> String { format!("{key}") } // what names everybody
//! ```
//! ```compile_fail,E0277
//! fn kept(key: &shared::types::SealingKey) -> String { serde_json::to_string(key).unwrap() } // what opens the table
//! ```

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use std::fmt;

macro_rules! secret {
    // What a transition copies from the present state into the next one.
    ($(#[$doc:meta])* $name:ident, copied) => {
        secret!($(#[$doc])* $name);

        impl Clone for $name {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }
    };
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(String);

        impl $name {
            /// Wraps a value that came from the wire, a row or a derivation.
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into())
            }

            /// The value itself. Every call of this is a place to look at in a review.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    };
}

secret!(
    /// RFC 6749 section 1.4: opens the accounts of one consent for a day.
    AccessToken, copied
);
secret!(
    /// RFC 6749 section 1.5: makes new access tokens for 90 days. This bank sends it once, with the grant.
    RefreshToken, copied
);
secret!(
    /// RFC 6749 section 1.3.1. Not `Clone`: a code is spent once, and a copy would be a second chance.
    AuthorizationCode
);
secret!(
    /// The unguessable half of the `state` parameter (RFC 6749 section 10.12): a keyed hash of consent and attempt.
    Nonce
);
secret!(
    /// RFC 7636 section 4.1: shows at the code exchange that whoever spends the code began the attempt.
    CodeVerifier
);
secret!(
    /// What the browser carries to the app after a signed redirect, and the app's back end trades for the grant.
    Handle
);
secret!(
    /// The decoupled poll or cancel link; the session id in it is a bearer secret.
    SessionLink, copied
);
secret!(
    /// Starts the BankID app for exactly one order.
    AutoStartToken, copied
);
secret!(
    /// What the PSU's other device scans.
    QrData, copied
);

impl CodeVerifier {
    /// What goes out with the browser: BASE64URL of the SHA-256 of the verifier (RFC 7636 section 4.2, `S256`).
    pub fn challenge(&self) -> String {
        BASE64URL_NOPAD.encode(digest(&SHA256, self.0.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{IdentityKey, SealingKey};

    /// Does not compile for a type that can be printed, written out or compared: then a second implementation fits, and
    /// none can be chosen.
    macro_rules! keeps_to_itself {
        ($($name:ty),+ $(,)?) => {$(
            const _: fn() = || {
                trait Fits<Which> {
                    fn chosen() {}
                }
                struct Printed;
                struct Written;
                struct Compared;
                impl<T: ?Sized> Fits<()> for T {}
                impl<T: ?Sized + fmt::Display> Fits<Printed> for T {}
                impl<T: ?Sized + serde::Serialize> Fits<Written> for T {}
                impl<T: ?Sized + PartialEq> Fits<Compared> for T {}
                let _ = <$name as Fits<_>>::chosen;
            };
        )+};
    }

    keeps_to_itself!(
        AccessToken,
        RefreshToken,
        AuthorizationCode,
        Nonce,
        CodeVerifier,
        Handle,
        SessionLink,
        AutoStartToken,
        QrData,
        SealingKey,
        IdentityKey,
    );

    #[test]
    fn a_secret_shows_its_name_and_nothing_else() {
        let token = AccessToken::new("QVQ6not-to-be-seen");
        assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
        assert_eq!(format!("{:#?}", AuthorizationCode::new("c-1")), "AuthorizationCode(redacted)");
    }

    #[test]
    fn the_challenge_is_that_of_the_rfc() {
        // RFC 7636 appendix B.
        let verifier = CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
