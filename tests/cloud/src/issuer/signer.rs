//! The issuer's key and the making of tokens.

use std::io;
use std::path::Path;
use std::sync::OnceLock;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Map, Value, json};

use super::TokenSpec;
use crate::Clock;
use crate::template::invalid;
use crate::wire::uuid;

const KEY_FILE: &str = "issuer-key.pem";
const AUDIENCE: &str = "account-information";

/// An RSA key takes a debug build a quarter of a second, so one is enough for all issuers of a process that keep none.
static OWN: OnceLock<String> = OnceLock::new();
/// The wrong one.
static UNTRUSTED: OnceLock<String> = OnceLock::new();

/// An RSA key with the names that go into its tokens.
pub struct Signer {
    clock: Clock,
    issuer: String,
    kid: String,
    key: EncodingKey,
    jwks: Value,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("issuer", &self.issuer)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// The key that rests in `state_dir`, made there when there is none; without a directory this process's own.
    pub fn load(clock: Clock, state_dir: Option<&Path>, issuer: String) -> io::Result<Self> {
        let pem = match state_dir {
            None => return Self::of(&OWN, clock, issuer),
            Some(directory) => {
                let file = directory.join(KEY_FILE);
                if !file.exists() {
                    std::fs::create_dir_all(directory)?;
                    crate::secrets::write_private(&file, fresh_key()?.as_bytes())?;
                }
                std::fs::read_to_string(file)?
            }
        };
        Self::new(clock, issuer, &pem)
    }

    /// With a key that nobody trusts.
    pub(super) fn untrusted(clock: Clock, issuer: String) -> io::Result<Self> {
        Self::of(&UNTRUSTED, clock, issuer)
    }

    fn of(key: &OnceLock<String>, clock: Clock, issuer: String) -> io::Result<Self> {
        if key.get().is_none() {
            // Whoever comes second at the same moment takes the first one's.
            let _ = key.set(fresh_key()?);
        }
        Self::new(clock, issuer, key.get().map(String::as_str).unwrap_or_default())
    }

    fn new(clock: Clock, issuer: String, pem: &str) -> io::Result<Self> {
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(invalid)?;
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::RS256).map_err(invalid)?;
        // Derived from the key (RFC 7638), so that it is the same after the next start.
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(invalid)?;
        jwk.common.key_id = Some(kid.clone());
        let jwk = serde_json::to_value(jwk).map_err(invalid)?;
        Ok(Self { clock, issuer, kid, key, jwks: json!({ "keys": [jwk] }) })
    }

    pub(super) fn with_kid(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.kid);
        self
    }

    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The `aud` of its tokens.
    #[must_use]
    pub fn audience(&self) -> &str {
        AUDIENCE
    }

    pub(super) fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// A token signed by this key.
    #[must_use]
    pub fn token(&self, spec: &TokenSpec) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, &self.claims(spec), &self.key).unwrap_or_default()
    }

    pub(super) fn unsigned(&self, spec: &TokenSpec) -> String {
        let header = json!({ "alg": "none", "typ": "JWT", "kid": self.kid });
        let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        format!("{}.{}.", part(header), part(Value::Object(self.claims(spec))))
    }

    pub(super) fn confused(&self, spec: &TokenSpec) -> String {
        let modulus = self.jwks.pointer("/keys/0/n").and_then(Value::as_str).unwrap_or_default();
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::HS256) };
        let secret = EncodingKey::from_secret(modulus.as_bytes());
        jsonwebtoken::encode(&header, &self.claims(spec), &secret).unwrap_or_default()
    }

    fn claims(&self, spec: &TokenSpec) -> Map<String, Value> {
        let now = (self.clock)().div_euclid(1000);
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        set("iss", json!(self.issuer));
        set("sub", json!(spec.sub));
        set("aud", json!(AUDIENCE));
        set("client_id", json!(spec.client_id));
        set("iat", json!(now.saturating_add(spec.lifetime_s.min(0))));
        set("exp", json!(now.saturating_add(spec.lifetime_s)));
        set("jti", json!(uuid()));
        if !spec.scopes.is_empty() {
            set("scope", json!(spec.scopes.join(" ")));
        }
        claims.extend(spec.claims.clone());
        claims.retain(|_, value| !value.is_null());
        claims
    }
}

fn fresh_key() -> io::Result<String> {
    Ok(KeyPair::generate_for(&PKCS_RSA_SHA256).map_err(invalid)?.serialize_pem())
}
