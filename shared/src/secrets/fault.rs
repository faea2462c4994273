//! Why there are no keys and certificates, or no newer ones.

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
    /// A certificate of the chain is past its last day, or not valid yet.
    #[error("the certificate of `sets.{0}` is not valid today")]
    OutOfDate(String),
    /// Another identity key than the version in force has: every id, nonce and handle would change.
    #[error("`identity_key` is not the one in force: it never changes")]
    IdentityChanged,
    /// The key that seals today is missing, or stands there with another value.
    #[error("`sealing_keys` lacks the key that seals today: what it sealed would not open any more")]
    SealingKeyDropped,
    /// The bank did not take the certificate in a handshake.
    #[error("the bank refuses its certificate")]
    RefusedByBank,
}
