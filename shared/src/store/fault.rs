//! What can go wrong between here and the table, sorted by what can be done about it. The SDK's own text stays behind:
//! it may quote keys and values.

use super::{Denied, seal::Sealed};
use crate::consent::Refused;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why the table was of no use. As many variants as there are different reactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, not reachable, or an error of DynamoDB's own. Worth another try; a write may or may not
    /// have happened.
    #[error("the table is not available")]
    Unavailable,
    /// A row that this version cannot read, or whose secrets do not open. Names the attribute, never its value.
    #[error("attribute `{attribute}` of a row is not readable")]
    Unreadable {
        /// The attribute's name in the table.
        attribute: &'static str,
    },
    /// Lost the race for one row too often. Worth another try.
    #[error("too many writers at one row")]
    Contended,
    /// A mistake of the deployment: no table, no permission, no credentials, no key. Not worth another try.
    #[error("the table cannot be used: {0}")]
    Broken(&'static str),
}

/// Why there is no page of a list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A cursor that we did not make, or made for somebody else.
    #[error("the cursor does not open")]
    Cursor,
    /// The table was of no use.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an insert did not put a new consent there.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// There is one with this id already: this is what stands there.
    #[error("the consent exists")]
    Exists(Box<super::Stored>),
    /// It is a BankID start that may not be now; nothing was written.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The table was of no use.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an update did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// No such consent.
    #[error("no such consent")]
    Absent,
    /// The transition said no, to what is in the table now.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It is a BankID start that may not be now; nothing was written.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The table was of no use.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreError {
    pub(super) const fn unreadable(attribute: &'static str) -> Self {
        Self::Unreadable { attribute }
    }

    /// A value that could not be sealed: nothing was written.
    pub(super) fn unsealed(_: Sealed) -> Self {
        Self::Broken("a secret could not be sealed")
    }
}

impl<E: ProvideErrorMetadata, R> From<SdkError<E, R>> for StoreError {
    fn from(error: SdkError<E, R>) -> Self {
        match &error {
            SdkError::ConstructionFailure(_) => Self::Broken("the request could not be built"),
            SdkError::ServiceError(answer) => by_code(answer.err().code()),
            // A timeout, a dead connection, half an answer: the request may have been executed.
            _ => Self::Unavailable,
        }
    }
}

/// By the error's code, as DynamoDB's API reference lists them under "Common errors".
fn by_code(code: Option<&str>) -> StoreError {
    match code {
        Some("ResourceNotFoundException") => StoreError::Broken("there is no such table"),
        Some("AccessDeniedException") => StoreError::Broken("this function has no permission"),
        Some("UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException") => {
            StoreError::Broken("the credentials are not accepted")
        }
        Some("ValidationException") => StoreError::Broken("the request was not accepted"),
        _ => StoreError::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_can_be_tried_again_and_a_missing_table_cannot() {
        for retryable in
            ["ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError", "new"]
        {
            assert_eq!(by_code(Some(retryable)), StoreError::Unavailable, "{retryable}");
        }
        assert_eq!(by_code(None), StoreError::Unavailable);
        for broken in ["ResourceNotFoundException", "AccessDeniedException", "ValidationException"] {
            assert!(matches!(by_code(Some(broken)), StoreError::Broken(_)), "{broken}");
        }
    }
}
