//! The secret, parsed and checked: either all of it is usable, or none of it is taken.

use super::{Demands, Fault, certificate, certificate::Validity};
use crate::types::{Country, IdentityKey, KeyRing, SealingKey, Timestamp};
use data_encoding::BASE64;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Everything that one version of the secret holds.
#[derive(Debug)]
pub struct Material {
    /// Names accounts, consents, nonces, handles. Does not rotate.
    pub identity: IdentityKey,
    /// Seals what rests in the table, newest key first.
    pub ring: KeyRing,
    /// Certificate sets by their name.
    pub sets: BTreeMap<String, CertificateSet>,
    /// The version of the secret, as Secrets Manager names it.
    pub version: String,
}

/// One registration at the bank: who we are there, and the certificate that proves it.
#[derive(Clone)]
pub struct CertificateSet {
    /// The set's name in the secret.
    pub name: String,
    /// The app's client id (bank guide, "Client id"). Empty only in what [`Secrets::for_enrolment`](super::Secrets::for_enrolment)
    /// brings.
    pub client_id: String,
    /// The redirect URI registered with that client id.
    pub redirect_uri: String,
    /// The countries that this registration serves.
    pub countries: Vec<Country>,
    /// TLS for the bank's hosts: trusted roots, and the client certificate where the set has one. Without ALPN.
    pub tls: rustls::ClientConfig,
    /// First and last instant of the client certificate and its chain; absent without one.
    pub validity: Option<Validity>,
    /// `organizationIdentifier` of the client certificate: `PSD`, country, authority and number of the TPP (ETSI TS 119 495
    /// clause 5.2.1); absent where it names none.
    pub organization: Option<String>,
}

impl Material {
    /// The registration that serves this country.
    pub fn set_for(&self, country: Country) -> Option<&CertificateSet> {
        self.sets.values().find(|set| set.countries.contains(&country))
    }

    /// From the text of one version of the secret.
    ///
    /// # Errors
    /// What is wrong with it, without a value of it.
    pub fn parse(text: &str, version: &str, demands: Demands) -> Result<Self, Fault> {
        // serde's own message may quote a value; its place is enough.
        let written: Written =
            serde_json::from_str(text).map_err(|e| Fault::Json { line: e.line(), column: e.column() })?;
        let identity = key_bytes(&written.identity_key)
            .and_then(|bytes| IdentityKey::new(&bytes).ok())
            .ok_or(Fault::Field("identity_key"))?;
        let keys: Option<Vec<_>> = written.sealing_keys.into_iter().map(sealing_key).collect();
        let ring = keys.and_then(|keys| KeyRing::new(keys).ok()).ok_or(Fault::Field("sealing_keys"))?;
        let mut served = BTreeSet::new();
        let mut sets = BTreeMap::new();
        for (name, set) in written.sets {
            let set = CertificateSet::check(&name, &set, demands)?;
            for country in &set.countries {
                if !served.insert(*country) {
                    return Err(Fault::CountryTwice(country.code()));
                }
            }
            sets.insert(name, set);
        }
        if sets.is_empty() {
            return Err(Fault::Field("sets"));
        }
        Ok(Self { identity, ring, sets, version: version.to_owned() })
    }

    /// Whether this version may take another one's place: names never change, and what is sealed today opens tomorrow.
    pub(super) fn may_follow(&self, older: &Self) -> Result<(), Fault> {
        if !self.identity.is(&older.identity) {
            return Err(Fault::IdentityChanged);
        }
        if self.ring.continues(&older.ring) { Ok(()) } else { Err(Fault::SealingKeyDropped) }
    }

    /// Whole days until the first of all certificates ends; absent without any.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        self.sets.values().filter_map(|set| set.days_left(now)).min()
    }

    /// Whether each certificate is within its dates.
    pub(super) fn check_dates(&self, now: Timestamp) -> Result<(), Fault> {
        let stale = |set: &&CertificateSet| set.validity.is_some_and(|validity| !validity.contains(now));
        match self.sets.values().find(stale) {
            Some(set) => Err(Fault::OutOfDate(set.name.clone())),
            None => Ok(()),
        }
    }
}

impl CertificateSet {
    /// Whole days until the client certificate, or the first of its chain, ends: 0 on its last day, negative after it; absent without one.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        self.validity.map(|validity| (validity.not_after.millis() - now.millis()).div_euclid(86_400_000))
    }

    fn check(name: &str, set: &WrittenSet, demands: Demands) -> Result<Self, Fault> {
        let wrong = |field| Fault::SetField { set: name.to_owned(), field };
        let visible =
            |text: &str| (1..=512).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        let unregistered = set.client_id.is_empty() && !demands.client_id_required;
        if !unregistered && !visible(&set.client_id) {
            return Err(wrong("client_id"));
        }
        let is_uri = set.redirect_uri.starts_with("https://") || set.redirect_uri.starts_with("http://");
        if !is_uri || !visible(&set.redirect_uri) {
            return Err(wrong("redirect_uri"));
        }
        let countries: Result<Vec<Country>, _> = set.countries.iter().map(|code| code.parse()).collect();
        let countries = countries.map_err(|_| wrong("countries"))?;
        let pems = match (set.chain_pem.as_deref(), set.key_pem.as_deref()) {
            (Some(chain), Some(key)) => Some((chain, key)),
            (None, None) if !demands.certificate_required => None,
            (None, _) => return Err(wrong("chain_pem")),
            (Some(_), None) => return Err(wrong("key_pem")),
        };
        let (tls, validity) = certificate::client_config(name, pems, set.trust_pem.as_deref())?;
        let organization = pems.and_then(|(chain, _)| certificate::organization(chain));
        let (client_id, redirect_uri) = (set.client_id.clone(), set.redirect_uri.clone());
        Ok(Self { name: name.to_owned(), client_id, redirect_uri, countries, tls, validity, organization })
    }
}

impl fmt::Debug for CertificateSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateSet")
            .field("name", &self.name)
            .field("countries", &self.countries)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Written {
    identity_key: String,
    sealing_keys: Vec<WrittenKey>,
    sets: BTreeMap<String, WrittenSet>,
}

#[derive(Deserialize)]
struct WrittenKey {
    id: String,
    key: String,
}

#[derive(Deserialize)]
struct WrittenSet {
    #[serde(default)]
    client_id: String,
    redirect_uri: String,
    countries: Vec<String>,
    chain_pem: Option<String>,
    key_pem: Option<String>,
    trust_pem: Option<String>,
}

fn key_bytes(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn sealing_key(written: WrittenKey) -> Option<SealingKey> {
    let key = key_bytes(&written.key)?;
    Some(SealingKey { id: written.id, key })
}
