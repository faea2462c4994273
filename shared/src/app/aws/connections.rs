//! The connections to AWS, which can be dropped all at once: after a thaw the far end may have closed them without our
//! noticing, and the pool's own clock stood still. The SDK itself has no such move.

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// What was idle for longer is not used again.
const IDLE: Duration = Duration::from_secs(50);

/// One pool, until it is forgotten; then another one. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    tls: TlsContext,
    pool: Arc<RwLock<SharedHttpClient>>,
}

impl Connections {
    pub(super) fn new(tls: TlsContext) -> Self {
        let pool = Arc::new(RwLock::new(pool(&tls)));
        Self { tls, pool }
    }

    /// Drops all idle connections.
    pub(super) fn forget(&self) {
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = pool(&self.tls);
    }
}

/// The SDK asks for every attempt, so a call that is sent again takes the pool that is there then.
impl HttpClient for Connections {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.pool.read().unwrap_or_else(PoisonError::into_inner).http_connector(settings, components)
    }
}

fn pool(tls: &TlsContext) -> SharedHttpClient {
    let provider = Provider::Rustls(CryptoMode::AwsLc);
    Builder::new().tls_provider(provider).tls_context(tls.clone()).pool_idle_timeout(IDLE).build_https()
}
