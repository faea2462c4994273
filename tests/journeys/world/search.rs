//! The search for secrets: what was secret in a world, in which forms it might leak, and where it is looked for.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

/// What must never be printed, stored in the clear or answered in a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Access, refresh and client-credentials tokens of the bank.
    Token,
    Code,
    State,
    Nonce,
    /// Of PKCE; derived for every state that was seen, whether or not it was used.
    CodeVerifier,
    Handle,
    SessionLink,
    AutoStartToken,
    QrData,
    PrivateKey,
    SealingKey,
    IdentityKey,
    PersonalNumber,
    Iban,
    CallerToken,
    PsuAddress,
}

impl Kind {
    pub(crate) const ALL: [Self; 16] = [
        Self::Token,
        Self::Code,
        Self::State,
        Self::Nonce,
        Self::CodeVerifier,
        Self::Handle,
        Self::SessionLink,
        Self::AutoStartToken,
        Self::QrData,
        Self::PrivateKey,
        Self::SealingKey,
        Self::IdentityKey,
        Self::PersonalNumber,
        Self::Iban,
        Self::CallerToken,
        Self::PsuAddress,
    ];

    /// Never in any answer either, not even in the one that carries what the person is to sign or to bring.
    pub(crate) const IN_NO_ANSWER: [Self; 10] = [
        Self::SessionLink,
        Self::Token,
        Self::Code,
        Self::CodeVerifier,
        Self::PrivateKey,
        Self::SealingKey,
        Self::IdentityKey,
        Self::PersonalNumber,
        Self::CallerToken,
        Self::PsuAddress,
    ];

    /// Whether the answer to a request of this method and path may hold one: the one answer that carries it.
    pub(crate) fn may_answer(self, method: &str, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let starts = path == "/v1/consents" || path.ends_with("/authorization");
        match self {
            _ if Self::IN_NO_ANSWER.contains(&self) => false,
            Self::State | Self::Nonce => starts,
            Self::AutoStartToken | Self::QrData => starts || path.ends_with("/poll"),
            Self::Handle => method == "GET" && path == "/v1/callback",
            _ => path.contains("accounts"),
        }
    }

    /// As it is written down.
    pub(crate) fn named(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| format!("{kind:?}") == name)
            .unwrap_or_else(|| panic!("no kind {name}"))
    }
}

/// base64 of "AT:" and "RT:", which stand in front of every token of the simulated bank.
const TOKEN_FORMS: [&str; 2] = ["QVQ6", "UlQ6"];

/// A leak of a long secret shows its beginning; a multiple of three, so that base64 of it is the beginning of base64 of
/// the whole.
const BEGINNING: usize = 48;

/// The secrets of a world, each in all its forms.
#[derive(Default)]
pub(crate) struct Canaries(Mutex<BTreeMap<(Kind, String), Vec<String>>>);

impl Canaries {
    /// Remembers a secret. Very short ones would be found by chance.
    pub(crate) fn add(&self, kind: Kind, value: &str) {
        if value.len() >= 8 {
            let beginning: String = value.chars().take(BEGINNING).collect();
            let mut known = self.0.lock().unwrap();
            known.entry((kind, beginning.clone())).or_insert_with(|| forms(&beginning));
        }
    }

    /// The forms in which the secrets of a kind might stand somewhere.
    pub(crate) fn forms_of(&self, kind: Kind) -> Vec<String> {
        let known = self.0.lock().unwrap();
        known.iter().filter(|((of, _), _)| *of == kind).flat_map(|(_, forms)| forms.clone()).collect()
    }

    /// Every secret's kind and beginning.
    pub(crate) fn all(&self) -> Vec<(Kind, String)> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    /// Looks for all that is known by now.
    pub(crate) fn searcher(&self) -> Searcher {
        let known = self.0.lock().unwrap();
        let all = known.iter().flat_map(|((kind, _), forms)| forms.iter().map(|form| (*kind, form)));
        let (kinds, forms): (Vec<_>, Vec<_>) = all.unzip();
        let automaton = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(forms);
        Searcher { kinds, automaton: automaton.unwrap() }
    }
}

/// All forms of all secrets, to be looked for at once.
pub(crate) struct Searcher {
    /// Of each form, by its number.
    kinds: Vec<Kind>,
    automaton: AhoCorasick,
}

impl Searcher {
    /// The kinds of secret that a text holds.
    pub(crate) fn find(&self, text: &str) -> BTreeSet<Kind> {
        let held = self.automaton.find_overlapping_iter(text);
        let mut found: BTreeSet<Kind> = held.map(|held| self.kinds[held.pattern().as_usize()]).collect();
        if TOKEN_FORMS.iter().any(|form| text.match_indices(form).any(|(at, _)| begins_a_token(&text[at..])))
        {
            found.insert(Kind::Token);
        }
        found
    }
}

/// Four letters of base64 come by chance in a large table; the beginning of a UUID behind them does not.
fn begins_a_token(text: &str) -> bool {
    let group = text.get(..16).and_then(|group| BASE64.decode(group.as_bytes()).ok());
    group.is_some_and(|plain| plain[3..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')))
}

/// What base64 shows of bytes that stand somewhere in longer ones, so many bytes behind a multiple of three.
fn inside(bytes: &[u8], offset: usize) -> String {
    let all = [&[0; 2][..offset], bytes].concat();
    let whole = all.len() / 3 * 3;
    BASE64.encode(&all[..whole])[[0, 2, 3][offset]..].to_owned()
}

/// Raw, base64 wherever it stands, base64url, hex, percent-encoded, JSON-escaped.
fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let escaped = serde_json::to_string(value).unwrap();
    let percent: String = bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(*byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    vec![
        value.to_owned(),
        inside(bytes, 0),
        inside(bytes, 1),
        inside(bytes, 2),
        BASE64URL_NOPAD.encode(bytes),
        HEXLOWER.encode(bytes),
        percent,
        escaped.trim_matches('"').to_owned(),
    ]
}
