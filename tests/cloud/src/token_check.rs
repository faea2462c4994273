//! What the HTTP API's JWT authorizer checks (AWS: "Control access to HTTP APIs with JWT authorizers").

use std::io;
use std::sync::Mutex;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::template::{Authorizer, invalid};
use crate::wire::{Client, locked};

/// Why a token is not enough. The text goes into `www-authenticate`, as the gateway does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 401: no token, or not one of the issuer's for this API and time.
    Unauthorized(Option<&'static str>),
    /// 403: a good token without any of the route's scopes.
    Forbidden,
}

/// One authorizer with the keys of its issuer, fetched when first needed and again for a key id not seen before.
#[derive(Debug)]
pub(crate) struct TokenCheck {
    authorizer: Authorizer,
    client: Client,
    keys: Mutex<Option<JwkSet>>,
}

impl TokenCheck {
    pub(crate) fn new(authorizer: Authorizer) -> Self {
        Self { authorizer, client: Client::new(), keys: Mutex::new(None) }
    }

    /// The claims of a token that is good at `now_ms` for a route with these scopes.
    pub(crate) async fn check(
        &self,
        authorization: Option<&str>,
        scopes: &[String],
        now_ms: i64,
    ) -> Result<Map<String, Value>, Refusal> {
        let header = authorization
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .ok_or(Refusal::Unauthorized(None))?;
        // The gateway takes the token with or without the scheme.
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            _ => header,
        };
        let claims = self.verified(token).await.map_err(|text| Refusal::Unauthorized(Some(text)))?;
        self.validate(&claims, now_ms).map_err(|text| Refusal::Unauthorized(Some(text)))?;
        let granted = granted_scopes(&claims);
        if scopes.is_empty() || scopes.iter().any(|scope| granted.contains(scope)) {
            Ok(claims)
        } else {
            Err(Refusal::Forbidden)
        }
    }

    async fn verified(&self, token: &str) -> Result<Map<String, Value>, &'static str> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| "invalid token")?;
        if header.alg != Algorithm::RS256 {
            return Err("signing method is invalid");
        }
        let kid = header.kid.ok_or("token has no key id")?;
        let key = self.key(&kid).await.ok_or("unable to find a signing key that matches the key id")?;
        let key = DecodingKey::from_jwk(&key).map_err(|_| "the signing key is not usable")?;
        let mut validation = Validation::new(Algorithm::RS256);
        // Times and audience are checked below, against the clock we live by.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key, &validation);
        decoded.map(|data| data.claims).map_err(|_| "signature is invalid")
    }

    fn validate(&self, claims: &Map<String, Value>, now_ms: i64) -> Result<(), &'static str> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let instant_ms =
            |name: &str| claims.get(name).and_then(Value::as_i64).map(|s| s.saturating_mul(1000));
        if text("iss") != Some(&self.authorizer.issuer) {
            return Err("the token does not have a valid issuer");
        }
        // client_id counts only where there is no aud.
        let audiences = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(_) => Vec::new(),
            None => text("client_id").into_iter().collect(),
        };
        if !audiences.iter().any(|audience| self.authorizer.audience.iter().any(|own| own == audience)) {
            return Err("the token does not have a valid audience");
        }
        if instant_ms("exp").is_none_or(|end| end <= now_ms) {
            return Err("the token has expired");
        }
        if claims.contains_key("nbf") && instant_ms("nbf").is_none_or(|start| start > now_ms) {
            return Err("the token is not valid yet");
        }
        if claims.contains_key("iat") && instant_ms("iat").is_none_or(|issued| issued > now_ms) {
            return Err("the token was issued in the future");
        }
        Ok(())
    }

    async fn key(&self, kid: &str) -> Option<Jwk> {
        let known = locked(&self.keys).as_ref().and_then(|keys| keys.find(kid).cloned());
        if known.is_some() {
            return known;
        }
        let fetched = self.fetch_keys().await.ok()?;
        let found = fetched.find(kid).cloned();
        *locked(&self.keys) = Some(fetched);
        found
    }

    /// From the issuer's own metadata (`OpenID` Connect Discovery section 4).
    async fn fetch_keys(&self) -> io::Result<JwkSet> {
        let issuer = self.authorizer.issuer.trim_end_matches('/');
        let metadata = self.client.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let metadata: Value = serde_json::from_slice(metadata.body()).map_err(invalid)?;
        let address =
            metadata.get("jwks_uri").and_then(Value::as_str).ok_or_else(|| invalid("no jwks_uri"))?;
        let keys = self.client.get(address).await?;
        serde_json::from_slice(keys.body()).map_err(invalid)
    }
}

/// `scope` (space separated, RFC 8693 section 4.2) or `scp` (text or a list).
pub(crate) fn granted_scopes(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("scope").or_else(|| claims.get("scp")) {
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
