//! The AWS clients, built without anything that looks around: the region is given, credentials come from the variables
//! that Lambda sets, roots are Amazon's own and stand in the binary. No profile files, no instance metadata, no native
//! roots: a cold start reads no file and asks nobody.

mod connections;

use aws_config::{
    BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, retry::RetryPartition};
use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use connections::Connections;
use std::time::Duration;

/// Amazon Trust Services' four roots and the Starfield root that crosses to them: what every AWS endpoint chains to.
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");

/// What the clients have in common: region, credentials, one pool of connections, timeouts, retries.
#[derive(Debug)]
pub(super) struct Aws {
    config: SdkConfig,
    connections: Connections,
}

/// The roots in the binary were not taken: a mistake of the build, not of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the AWS client's trust store could not be built")]
pub(super) struct Untrusting;

impl Aws {
    /// Clients of this region.
    pub(super) fn new(region: &str) -> Result<Self, Untrusting> {
        let trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let tls = TlsContext::builder().with_trust_store(trust).build().map_err(|_| Untrusting)?;
        let connections = Connections::new(tls);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(
                EnvironmentVariableCredentialsProvider::new(),
            ))
            .http_client(SharedHttpClient::new(connections.clone()))
            .timeout_config(timeouts())
            // Three in all. A write that was retried is recognised: a consent's by its write id, a counted read's by the claim
            // that counted it. So a retry is never a second write.
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .build();
        Ok(Self { config, connections })
    }

    /// Drops all idle connections, as after a thaw.
    pub(super) fn forget_connections(&self) {
        self.connections.forget();
    }

    /// The table's client; `endpoint` instead of the region's own where one is given.
    pub(super) fn dynamodb(&self, endpoint: Option<String>) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        config.set_endpoint_url(endpoint);
        // How much may still be tried again is an account of the client's own. The SDK would share one among all clients of
        // a service in a process, so that another one's trouble would leave nothing to try with.
        config.set_retry_partition(Some(RetryPartition::custom("table").build()));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The secret's client; `endpoint` instead of the region's own where one is given.
    pub(super) fn secretsmanager(&self, endpoint: Option<String>) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.config);
        config.set_endpoint_url(endpoint);
        config.set_retry_partition(Some(RetryPartition::custom("secret").build()));
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }
}

/// The SDK has no timeout of an operation unless it is set: an attempt that hangs must leave room for the next, and all
/// of them for an answer to the caller.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(4))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::{CertificateDer, pem::PemObject};

    #[test]
    fn each_root_in_the_binary_is_a_certificate_and_a_trust_anchor() {
        let mut store = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(AMAZON_ROOTS.as_bytes()) {
            store.add(root.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 5);
    }

    #[test]
    fn a_client_has_its_region_its_timeouts_and_three_attempts() {
        let aws = Aws::new("eu-north-1").unwrap();
        let table = aws.dynamodb(Some("http://127.0.0.1:1".to_owned()));
        let timeouts = table.config().timeout_config().unwrap();
        assert_eq!(timeouts.connect_timeout(), Some(Duration::from_secs(1)));
        assert_eq!(timeouts.operation_attempt_timeout(), Some(Duration::from_secs(1)));
        assert_eq!(timeouts.operation_timeout(), Some(Duration::from_secs(4)));
        assert_eq!(table.config().retry_config().unwrap().max_attempts(), 3);
        assert_eq!(table.config().region().unwrap().as_ref(), "eu-north-1");
        assert!(aws.secretsmanager(None).config().http_client().is_some());
    }
}
