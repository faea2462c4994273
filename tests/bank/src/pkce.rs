//! Proof Key for Code Exchange (RFC 7636). Whether the bank has it is unknown: it can refuse the parameters, ignore them
//! or check them.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;

use crate::Pkce;
use crate::codec::Fields;

/// Parameters of the authorize request (section 4.3).
const CHALLENGE: &[&str] = &["code_challenge", "code_challenge_method"];
/// Field of the code grant (section 4.5).
const VERIFIER: &[&str] = &["code_verifier"];

impl Pkce {
    /// What this bank knows on authorize besides its own parameters.
    pub(crate) const fn on_authorize(self) -> &'static [&'static str] {
        if matches!(self, Self::Refuse) { &[] } else { CHALLENGE }
    }

    /// What this bank knows on the code grant besides its own fields.
    pub(crate) const fn on_token(self) -> &'static [&'static str] {
        if matches!(self, Self::Refuse) { &[] } else { VERIFIER }
    }

    /// The challenge that the code will be bound to; None if it is malformed or not `S256`.
    pub(crate) fn challenge(self, query: &Fields) -> Option<Option<String>> {
        match (self, query.get("code_challenge"), query.get("code_challenge_method")) {
            (Self::Refuse | Self::Tolerate, ..) | (_, None, None) => Some(None),
            (_, Some(challenge), Some("S256")) if is_base64url(challenge) && challenge.len() == 43 => {
                Some(Some(challenge.to_owned()))
            }
            _ => None,
        }
    }

    /// Whether a code that is bound to `challenge` may be spent with `verifier`.
    pub(crate) fn admits(self, challenge: Option<&str>, verifier: Option<&str>) -> bool {
        match (self, challenge, verifier) {
            (Self::Refuse | Self::Tolerate, ..) | (_, None, None) => true,
            (_, Some(challenge), Some(verifier)) => {
                let hash = digest(&SHA256, verifier.as_bytes());
                (43..=128).contains(&verifier.len()) && BASE64URL_NOPAD.encode(hash.as_ref()) == challenge
            }
            _ => false,
        }
    }
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn a_bank_that_checks_takes_a_challenge_with_its_verifier_and_neither_without_the_other() {
        let (challenge, verifier) = (Some(CHALLENGE), Some(VERIFIER));
        assert!(Pkce::Enforce.admits(challenge, verifier) && Pkce::Enforce.admits(None, None));
        for (challenge, verifier) in [
            (challenge, None),
            (None, verifier),
            (challenge, Some("")),
            (challenge, Some(CHALLENGE)),
            (challenge, Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")),
        ] {
            assert!(!Pkce::Enforce.admits(challenge, verifier), "{challenge:?} {verifier:?}");
            assert!(Pkce::Tolerate.admits(challenge, verifier), "{challenge:?} {verifier:?}");
        }
    }

    #[test]
    fn only_a_well_formed_s256_challenge_is_taken() {
        let challenge = |query: &str| Pkce::Enforce.challenge(&Fields::parse(query).unwrap());
        let whole = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        assert_eq!(challenge(&whole), Some(Some(CHALLENGE.to_owned())));
        assert_eq!(challenge(""), Some(None));
        for wrong in [
            format!("code_challenge={CHALLENGE}"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "code_challenge_method=S256".to_owned(),
            "code_challenge=short&code_challenge_method=S256".to_owned(),
            whole.replace('-', "."),
        ] {
            assert_eq!(challenge(&wrong), None, "{wrong}");
        }
    }
}
