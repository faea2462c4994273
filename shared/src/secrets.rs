//! The one secret of this system, from AWS Secrets Manager: what names things, what hides things, and what proves to the
//! bank who is calling.
//!
//! ```json
//! { "identity_key": "<base64, 32 bytes>",
//!   "sealing_keys": [ { "id": "2026-01", "key": "<base64, 32 bytes>" } ],
//!   "sets": { "<name>": { "client_id": "…", "redirect_uri": "https://…", "countries": ["SE"],
//!                         "chain_pem": "…", "key_pem": "…", "trust_pem": "…" } } }
//! ```
//!
//! The newest sealing key stands first. A set for the bank's sandbox has neither chain nor key; `trust_pem` names the
//! only roots that the set's bank may chain to, instead of the web's. Unknown fields are tolerated, so that a secret may
//! be written for a newer version first.
//!
//! It is fetched once for the life of a process. A fetch that failed is not remembered: the next caller tries again. A
//! new version takes the place of the old one only after all of it was checked.

mod certificate;
mod material;
#[cfg(test)]
mod tests;

pub use certificate::Validity;
pub use material::{CertificateSet, Material};

use crate::types::Timestamp;
use aws_sdk_secretsmanager::{Client, error::SdkError, operation::get_secret_value::GetSecretValueError};
use std::sync::{Arc, PoisonError, RwLock};

/// What this environment asks of the secret.
#[derive(Clone, Copy, Debug)]
pub struct Demands {
    /// Whether each set must have a client certificate: in `live` and `local`, not in `sandbox`.
    pub certificate_required: bool,
}

/// Why there is no material. Never carries a value, and never the text of a key or a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager did not answer, or throttled. Worth another try.
    #[error("the secret is not reachable")]
    Unavailable,
    /// The secret does not exist, or may not be read: a mistake of the deployment.
    #[error("the secret cannot be read: {0}")]
    Denied(&'static str),
    /// The secret was read and is not usable.
    #[error("the secret is not usable: {0}")]
    Invalid(#[from] Fault),
}

/// What is wrong with a secret, by the names of its fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not JSON, or not of the form above.
    #[error("it is not the JSON document that is expected (line {line}, column {column})")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A field that is missing, or not of its form.
    #[error("`{0}` is missing or malformed")]
    Field(&'static str),
    /// A field of one set that is missing, or not of its form.
    #[error("`sets.{set}.{field}` is missing or malformed")]
    SetField {
        /// The set's name.
        set: String,
        /// The field's name.
        field: &'static str,
    },
    /// A country that two sets claim, or one set twice.
    #[error("country {0} stands in more than one place")]
    CountryTwice(&'static str),
    /// The private key does not belong to the first certificate of the chain.
    #[error("`sets.{0}.key_pem` does not belong to the first certificate of `chain_pem`")]
    KeyMismatch(String),
    /// A certificate of the chain was not issued by the one behind it.
    #[error("`sets.{0}.chain_pem` is not in order: the leaf first, each issuer behind what it issued")]
    ChainOrder(String),
    /// The leaf is past its last day, or not valid yet. Only said when a new version is to take an old one's place.
    #[error("the certificate of `sets.{0}` is not valid today")]
    OutOfDate(String),
}

/// The secret of this process.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    secret_id: String,
    demands: Demands,
    current: RwLock<Option<Arc<Material>>>,
    /// Held while fetching: whoever comes second waits and takes what the first one brought.
    fetching: tokio::sync::Mutex<()>,
}

impl Secrets {
    /// Of the secret with this name or ARN. Nothing is fetched yet.
    pub fn new(client: Client, secret_id: String, demands: Demands) -> Self {
        Self { client, secret_id, demands, current: RwLock::new(None), fetching: tokio::sync::Mutex::new(()) }
    }

    /// The material, fetched by the first caller. Certificates past their day are taken here: there is nothing better,
    /// and it is the bank that decides; [`CertificateSet::days_left`] tells.
    pub async fn material(&self) -> Result<Arc<Material>, SecretsError> {
        if let Some(material) = self.cached() {
            return Ok(material);
        }
        let _fetching = self.fetching.lock().await;
        if let Some(material) = self.cached() {
            return Ok(material);
        }
        let material = Arc::new(self.fetch().await?);
        self.put(Arc::clone(&material));
        Ok(material)
    }

    /// Fetches again and, if the new version is sound and valid `now`, puts it in the old one's place. On any error the
    /// old one stays.
    pub async fn refresh(&self, now: Timestamp) -> Result<Arc<Material>, SecretsError> {
        let _fetching = self.fetching.lock().await;
        let fetched = self.fetch().await?;
        fetched.check_dates(now)?;
        let material = match self.cached() {
            // Connections hang on a set's TLS configuration: the same version must not throw them away.
            Some(cached) if cached.version == fetched.version => cached,
            _ => Arc::new(fetched),
        };
        self.put(Arc::clone(&material));
        Ok(material)
    }

    fn cached(&self) -> Option<Arc<Material>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, material: Arc<Material>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(material);
    }

    async fn fetch(&self) -> Result<Material, SecretsError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(&self.secret_id)
            .send()
            .await
            .map_err(|e| reaction(&e))?;
        let text = answer.secret_string().ok_or(Fault::Field("SecretString"))?;
        let version = answer.version_id().ok_or(Fault::Field("VersionId"))?;
        Ok(Material::parse(text, version, self.demands)?)
    }
}

/// Sorted by what can be done about it. The SDK's own text stays behind: it may quote what it was given.
fn reaction<R>(error: &SdkError<GetSecretValueError, R>) -> SecretsError {
    let SdkError::ServiceError(answer) = error else { return SecretsError::Unavailable };
    match answer.err() {
        GetSecretValueError::ResourceNotFoundException(_) => SecretsError::Denied("it does not exist"),
        GetSecretValueError::InvalidRequestException(_) => {
            SecretsError::Denied("it is scheduled for deletion")
        }
        GetSecretValueError::DecryptionFailure(_) => SecretsError::Denied("its key cannot be used"),
        GetSecretValueError::InvalidParameterException(_) => SecretsError::Denied("its name is malformed"),
        other if other.meta().code() == Some("AccessDeniedException") => {
            SecretsError::Denied("this function has no permission")
        }
        _ => SecretsError::Unavailable,
    }
}
