//! Secrets Manager itself: one version of the secret as text, by its stage.

use super::{Fault, SecretsError};
use aws_sdk_secretsmanager::{Client, error::SdkError, operation::get_secret_value::GetSecretValueError};

/// Which version is asked for; the names are Secrets Manager's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In force.
    Current,
    /// In force before.
    Previous,
    /// Written, and not in force yet.
    Pending,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
            Self::Pending => "AWSPENDING",
        }
    }
}

/// A version as it was fetched. No `Debug`: the text is all the secret there is.
pub(super) struct Fetched {
    pub(super) version: String,
    pub(super) text: String,
}

/// Where the secret is.
#[derive(Debug)]
pub(super) struct Source {
    client: Client,
    secret_id: String,
}

impl Source {
    pub(super) const fn new(client: Client, secret_id: String) -> Self {
        Self { client, secret_id }
    }

    pub(super) async fn get(&self, stage: Stage) -> Result<Fetched, SecretsError> {
        let request = self.client.get_secret_value().secret_id(&self.secret_id).version_stage(stage.name());
        let answer = request.send().await.map_err(|error| reaction(&error))?;
        let text = answer.secret_string().ok_or(Fault::Field("SecretString"))?.to_owned();
        let version = answer.version_id().ok_or(Fault::Field("VersionId"))?.to_owned();
        Ok(Fetched { version, text })
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
