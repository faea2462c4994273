//! What nobody outside the bank knows of its wire, as switches: each is off until the operator has evidence.

use super::{Reader, bank::is_loopback};
use std::collections::BTreeSet;
use url::Url;

const AUTO_START_FIELDS: &str = "auto_start_token,autoStartToken";
const QR_FIELDS: &str = "qr_data,qrData,qr_code,qrCode,qr";
/// Fields of decoupled answers that have a meaning already.
const TAKEN: [&str; 8] =
    ["_links", "sleep_time", "result", "error", "access_token", "refresh_token", "expires_in", "token_type"];

/// Proof Key for Code Exchange (RFC 7636, `S256`). No document or recording shows it at this bank, and a client cannot
/// tell whether a bank checks what it is sent: a bank that ignores the challenge answers as one that checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// Nothing is sent.
    Off,
    /// A challenge goes with each new attempt, and its verifier with the code of an attempt that began with one.
    Tolerant,
    /// The same; besides, no code is spent of an attempt that began without a challenge.
    Required,
}

impl Pkce {
    /// Whether new attempts begin with a challenge.
    pub const fn is_sent(self) -> bool {
        !matches!(self, Self::Off)
    }
}

/// Who says that a callback comes from the bank (RFC 9207, `iss`). Unknown whether this bank sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackIssuer {
    /// `iss` is ignored.
    Off,
    /// If there is one, it must be this.
    Tolerant(String),
    /// There must be one, on errors too, and it must be this.
    Required(String),
}

impl CallbackIssuer {
    /// Whether a callback that brought these values of `iss` may count. Compared character by character (RFC 9207
    /// section 2.4); two are never right (RFC 6749 section 3.1).
    pub fn admits(&self, brought: &[String]) -> bool {
        match (self, brought) {
            (Self::Off, _) | (Self::Tolerant(_), []) => true,
            (Self::Tolerant(expected) | Self::Required(expected), [one]) => one == expected,
            _ => false,
        }
    }
}

/// Whether a consent that is revoked here is deleted at the bank too. That the bank has such a path is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationAtBank {
    /// Nothing is asked of the bank.
    NotSupported,
    /// `DELETE /psd2/v1/consents/{id}`, once, after access has ended here.
    Delete,
}

/// What is not certain about the bank's wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireConfig {
    /// Whether codes are tied to the attempt that asked for them.
    pub pkce: Pkce,
    /// Whether callbacks must name the bank.
    pub callback_issuer: CallbackIssuer,
    /// What a revocation does at the bank.
    pub revocation: RevocationAtBank,
    /// Names of the auto-start token in answers of decoupled 2.0, in order of preference.
    pub auto_start_fields: Vec<String>,
    /// Names of the QR data there and in polls, in order of preference.
    pub qr_fields: Vec<String>,
}

pub(super) fn read(read: &mut Reader<'_>) -> WireConfig {
    let auto_start_fields = field_names(read, "DECOUPLED_AUTO_START_FIELDS", AUTO_START_FIELDS);
    let qr_fields = field_names(read, "DECOUPLED_QR_FIELDS", QR_FIELDS);
    if auto_start_fields.iter().any(|name| qr_fields.contains(name)) {
        read.wrong("DECOUPLED_QR_FIELDS", "must share no name with DECOUPLED_AUTO_START_FIELDS");
    }
    WireConfig {
        pkce: pkce(read),
        callback_issuer: callback_issuer(read),
        revocation: revocation(read),
        auto_start_fields,
        qr_fields,
    }
}

fn field_names(read: &mut Reader<'_>, name: &str, default: &str) -> Vec<String> {
    let value = read.optional(name).unwrap_or_else(|| default.to_owned());
    let names: Vec<String> = value.split(',').map(|field| field.trim().to_owned()).collect();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let sound = |field: &String| {
        (1..=64).contains(&field.len()) && field.bytes().all(plain) && !TAKEN.contains(&field.as_str())
    };
    let distinct = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    if !distinct || names.len() > 16 || !names.iter().all(sound) {
        read.wrong(name, "must be 1 to 16 distinct field names that mean nothing else in these answers");
    }
    names
}

fn pkce(read: &mut Reader<'_>) -> Pkce {
    match read.optional("PKCE").as_deref() {
        None | Some("off") => Pkce::Off,
        Some("tolerant") => Pkce::Tolerant,
        Some("required") => Pkce::Required,
        Some(_) => {
            read.wrong("PKCE", "must be `off`, `tolerant` or `required`");
            Pkce::Off
        }
    }
}

fn callback_issuer(read: &mut Reader<'_>) -> CallbackIssuer {
    let expected = read.optional("BANK_ISSUER");
    if expected.as_ref().is_some_and(|issuer| !is_issuer(issuer)) {
        read.wrong("BANK_ISSUER", "must be an https URL without query and fragment");
    }
    let expect = |read: &mut Reader<'_>, with: fn(String) -> CallbackIssuer| match expected.clone() {
        Some(issuer) => with(issuer),
        None => {
            read.wrong("BANK_ISSUER", "is required unless CALLBACK_ISS is `off`");
            CallbackIssuer::Off
        }
    };
    match read.optional("CALLBACK_ISS").as_deref() {
        None | Some("off") => CallbackIssuer::Off,
        Some("tolerant") => expect(read, CallbackIssuer::Tolerant),
        Some("required") => expect(read, CallbackIssuer::Required),
        Some(_) => {
            read.wrong("CALLBACK_ISS", "must be `off`, `tolerant` or `required`");
            CallbackIssuer::Off
        }
    }
}

fn revocation(read: &mut Reader<'_>) -> RevocationAtBank {
    match read.optional("BANK_REVOCATION").as_deref() {
        None | Some("not_supported") => RevocationAtBank::NotSupported,
        Some("delete") => RevocationAtBank::Delete,
        Some(_) => {
            read.wrong("BANK_REVOCATION", "must be `not_supported` or `delete`");
            RevocationAtBank::NotSupported
        }
    }
}

/// The form of an issuer identifier (RFC 9207 section 2).
fn is_issuer(text: &str) -> bool {
    let bare = |url: &Url| url.query().is_none() && url.fragment().is_none();
    Url::parse(text).is_ok_and(|url| bare(&url) && (url.scheme() == "https" || is_loopback(&url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(vars: &[(&str, &str)]) -> Result<WireConfig, Vec<String>> {
        let lookup =
            |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader { lookup: &lookup, errors: Vec::new() };
        let config = read(&mut reader);
        if reader.errors.is_empty() { Ok(config) } else { Err(reader.errors) }
    }

    #[test]
    fn everything_is_off_unless_somebody_says_otherwise() {
        let config = read_with(&[]).unwrap();
        assert_eq!((config.pkce, config.callback_issuer), (Pkce::Off, CallbackIssuer::Off));
        assert_eq!(config.revocation, RevocationAtBank::NotSupported);
        assert!(read_with(&[("BANK_REVOCATION", "yes")]).is_err());
    }

    #[test]
    fn field_names_are_a_list_of_distinct_names_that_mean_nothing_else() {
        let config = read_with(&[("DECOUPLED_QR_FIELDS", "qrImage, qr")]).unwrap();
        assert_eq!(config.qr_fields, ["qrImage", "qr"]);
        assert_eq!(config.auto_start_fields, ["auto_start_token", "autoStartToken"]);
        for wrong in ["a,a", "a,,b", "access_token", "a b", "\"qr\"", "autoStartToken", &"x".repeat(65)] {
            let errors = read_with(&[("DECOUPLED_QR_FIELDS", wrong)]).unwrap_err();
            assert_eq!(errors.len(), 1, "{wrong}: {errors:?}");
        }
    }

    #[test]
    fn an_issuer_is_expected_by_name_or_not_at_all() {
        for mode in ["tolerant", "required"] {
            assert_eq!(read_with(&[("CALLBACK_ISS", mode)]).unwrap_err().len(), 1);
            for wrong in ["bank", "http://bank.example", "https://bank.example?a=b", "https://bank.example#x"]
            {
                let errors = read_with(&[("CALLBACK_ISS", mode), ("BANK_ISSUER", wrong)]).unwrap_err();
                assert!(errors.iter().all(|error| error.starts_with("BANK_ISSUER")), "{wrong}: {errors:?}");
            }
            assert!(read_with(&[("CALLBACK_ISS", mode), ("BANK_ISSUER", "https://bank.example")]).is_ok());
        }
        assert!(read_with(&[("CALLBACK_ISS", "on"), ("BANK_ISSUER", "https://bank.example")]).is_err());
        assert!(read_with(&[("PKCE", "plain")]).is_err());
    }

    #[test]
    fn an_issuer_is_compared_character_by_character() {
        let expected = || "https://bank.example".to_owned();
        let (one, other) = ([expected()], ["https://bank.example/".to_owned()]);
        let (tolerant, required) =
            (CallbackIssuer::Tolerant(expected()), CallbackIssuer::Required(expected()));
        for mode in [&tolerant, &required] {
            assert!(mode.admits(&one) && !mode.admits(&other), "{mode:?}");
            assert!(!mode.admits(&[expected(), expected()]), "{mode:?}");
        }
        assert!(tolerant.admits(&[]) && !required.admits(&[]));
        assert!(CallbackIssuer::Off.admits(&[]) && CallbackIssuer::Off.admits(&other));
    }
}
