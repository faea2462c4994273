//! The authorization server whose access tokens callers present: RS256 keys, a JWKS, tokens for any user.
//!
//! Tokens by URL: `GET {issuer}/token?sub=…&client_id=…&scope=…&lifetime_s=…` answers the token as plain text; any
//! other parameter becomes a claim.

mod signer;

use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::{Method, Request};
use serde_json::{Map, Value, json};

use crate::Clock;
use crate::wire::{Answer, Server, query_pairs, respond};

pub use signer::Signer;

/// Every scope that the API knows.
pub const ALL_SCOPES: [&str; 4] = ["consents:write", "consents:read", "accounts:read", "accounts:source"];

/// Whose token, for what, for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSpec {
    /// The end user.
    pub sub: String,
    /// The app's back end.
    pub client_id: String,
    /// Scopes, joined by spaces in the claim `scope`; none at all leaves the claim out.
    pub scopes: Vec<String>,
    /// Further claims (a tenant, for example); they win over the usual ones, and null removes one.
    pub claims: Map<String, Value>,
    /// Seconds from now on until `exp`; negative makes a token that is over already.
    pub lifetime_s: i64,
}

impl TokenSpec {
    /// A token of `sub` for `demo-app` with every scope and one hour to live.
    #[must_use]
    pub fn of(sub: impl Into<String>) -> Self {
        Self {
            sub: sub.into(),
            client_id: "demo-app".to_owned(),
            scopes: ALL_SCOPES.map(str::to_owned).to_vec(),
            claims: Map::new(),
            lifetime_s: 3600,
        }
    }

    /// The same with other scopes.
    #[must_use]
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// The same with one more claim; null removes it.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }
}

/// A running issuer; dropping it ends its server, not the tokens.
#[derive(Debug)]
pub struct Issuer {
    signer: Arc<Signer>,
    other: Signer,
    _server: Server,
}

impl Issuer {
    /// On any free port. With a `state_dir` the key rests there and comes back on the next start.
    pub async fn start(clock: Clock, state_dir: Option<&Path>) -> io::Result<Self> {
        Self::start_on(clock, state_dir, 0).await
    }

    /// On a fixed port, so that the issuer's name (and with it an old token) stays good.
    pub async fn start_on(clock: Clock, state_dir: Option<&Path>, port: u16) -> io::Result<Self> {
        let signer = Arc::new(tokio::sync::OnceCell::<Arc<Signer>>::new());
        let served = signer.clone();
        let server = Server::start(port, move |request| answer(served.clone(), request)).await?;
        let loaded = Arc::new(Signer::load(clock.clone(), state_dir, server.url())?);
        signer.set(loaded.clone()).map_err(io::Error::other)?;
        let other = Signer::untrusted(clock, server.url())?.with_kid(loaded.kid());
        Ok(Self { signer: loaded, other, _server: server })
    }

    /// The issuer's name: the `iss` of its tokens and where its metadata is.
    #[must_use]
    pub fn url(&self) -> String {
        self.signer.issuer().to_owned()
    }

    /// The `aud` of its tokens.
    #[must_use]
    pub fn audience(&self) -> String {
        self.signer.audience().to_owned()
    }

    /// The key with its names, for tokens without the server.
    #[must_use]
    pub fn signer(&self) -> Arc<Signer> {
        self.signer.clone()
    }

    /// A good token.
    #[must_use]
    pub fn token(&self, spec: &TokenSpec) -> String {
        self.signer.token(spec)
    }

    /// A token that claims our key id and is signed by another key.
    #[must_use]
    pub fn token_of_other_key(&self, spec: &TokenSpec) -> String {
        self.other.token(spec)
    }

    /// A token with `alg: none` and no signature (RFC 8725 section 2.1).
    #[must_use]
    pub fn unsigned_token(&self, spec: &TokenSpec) -> String {
        self.signer.unsigned(spec)
    }

    /// A token signed by HS256 with our *public* key as the secret (RFC 8725 section 2.1).
    #[must_use]
    pub fn token_of_confused_algorithm(&self, spec: &TokenSpec) -> String {
        self.signer.confused(spec)
    }

    /// A good token for somebody else's API.
    #[must_use]
    pub fn token_for_other_audience(&self, spec: &TokenSpec) -> String {
        self.token(&spec.clone().claim("aud", "https://another-api.example"))
    }

    /// A token that was good until a minute ago.
    #[must_use]
    pub fn expired_token(&self, spec: &TokenSpec) -> String {
        self.token(&TokenSpec { lifetime_s: -60, ..spec.clone() })
    }

    /// An ID token: good signature, our audience, no scope.
    #[must_use]
    pub fn id_token(&self, spec: &TokenSpec) -> String {
        self.token(&spec.clone().scopes(&[]).claim("nonce", "n-0S6_WzA2Mj"))
    }
}

async fn answer(signer: Arc<tokio::sync::OnceCell<Arc<Signer>>>, request: Request<Bytes>) -> Answer {
    let Some(signer) = signer.get() else { return Ok(respond(503, "text/plain", "starting")) };
    let json = |value: &Value| Ok(respond(200, "application/json", value.to_string()));
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/.well-known/openid-configuration") => json(&metadata(signer)),
        (&Method::GET, "/.well-known/jwks.json") => json(signer.jwks()),
        (&Method::GET, "/token") => {
            Ok(respond(200, "text/plain", signer.token(&asked(request.uri().query().unwrap_or_default()))))
        }
        _ => Ok(respond(404, "text/plain", "not here")),
    }
}

fn metadata(signer: &Signer) -> Value {
    let issuer = signer.issuer();
    json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "token_endpoint": format!("{issuer}/token"),
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

fn asked(query: &str) -> TokenSpec {
    let mut spec = TokenSpec::of("demo-user");
    for (name, value) in query_pairs(query) {
        match name.as_str() {
            "sub" => spec.sub = value,
            "client_id" => spec.client_id = value,
            "scope" => spec.scopes = value.split_whitespace().map(str::to_owned).collect(),
            "lifetime_s" => spec.lifetime_s = value.parse().unwrap_or(spec.lifetime_s),
            _ => drop(spec.claims.insert(name, Value::String(value))),
        }
    }
    spec
}
