//! The seam between the front door and the functions.

use std::future::Future;
use std::pin::Pin;

/// Calls a function by its name with a whole event, as the Lambda Invoke API does (synchronously).
pub trait Invoke: Send + Sync {
    /// `function` is the folder that the zip of `CodeUri` lies in; `event` and the answer are JSON.
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>>;
}

/// Why an invocation has no answer. The front door makes 500 or 503 of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvokeFailure {
    /// The function reported an error, ended without an answer, or ran past its time: the gateway's 500.
    Function(String),
    /// The service that runs the functions could not be reached or refused the call: the gateway's 500.
    Service(String),
    /// No instance was free in time: the gateway's 503.
    Busy,
}
