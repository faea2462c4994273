//! Calls functions through the invoke endpoint of `cargo lambda watch`.

use std::future::Future;
use std::pin::Pin;

use hyper::Request;
use hyper::body::Bytes;

use crate::invoke::{Invoke, InvokeFailure};
use crate::wire::Client;

/// The emulator of cargo-lambda, by its base URL (for example `http://127.0.0.1:9000`).
#[derive(Debug, Clone)]
pub struct CargoLambda {
    base_url: String,
    client: Client,
}

impl CargoLambda {
    /// `base_url` without a trailing slash.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), client: Client::new() }
    }

    async fn call(&self, url: String, event: Vec<u8>) -> Result<Vec<u8>, InvokeFailure> {
        let service = |error: &dyn std::fmt::Display| InvokeFailure::Service(error.to_string());
        let request = Request::post(url).header("content-type", "application/json").body(Bytes::from(event));
        let response = self.client.send(request.map_err(|error| service(&error))?).await;
        let response = response.map_err(|error| service(&error))?;
        let failed =
            !response.status().is_success() || response.headers().contains_key("x-amz-function-error");
        let body = response.into_body().to_vec();
        if failed {
            Err(InvokeFailure::Function(String::from_utf8_lossy(&body).into_owned()))
        } else {
            Ok(body)
        }
    }
}

impl Invoke for CargoLambda {
    fn invoke(
        &self,
        function: &str,
        event: Vec<u8>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, InvokeFailure>> + Send + '_>> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.base_url);
        Box::pin(self.call(url, event))
    }
}
