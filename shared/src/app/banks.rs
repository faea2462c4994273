//! One bank client per certificate set, kept as long as the secret's version stands.

use crate::{
    bank::{Client, Endpoints, Fault},
    secrets::{CertificateSet, Material},
    types::{Country, Span, Timestamp},
};
use futures_util::future::join_all;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// If event time ran ahead of the monotonic clock by more than this, the process was frozen in between.
const THAW: Span = Span::seconds(2);

/// The clients, by version of the secret and name of the set.
#[derive(Debug)]
pub(super) struct Banks {
    endpoints: Arc<Endpoints>,
    clients: Mutex<BTreeMap<(String, String), Arc<Client>>>,
    last: Mutex<Option<(Instant, Timestamp)>>,
}

impl Banks {
    pub(super) const fn new(endpoints: Arc<Endpoints>) -> Self {
        Self { endpoints, clients: Mutex::new(BTreeMap::new()), last: Mutex::new(None) }
    }

    /// The client for a country; `None` if no set of the secret serves it.
    pub(super) fn client(&self, material: &Material, country: Country) -> Result<Option<Arc<Client>>, Fault> {
        material.set_for(country).map(|set| self.of_set(material, set)).transpose()
    }

    /// Opens a connection for every set.
    pub(super) async fn warm(&self, material: &Material) {
        let clients = material.sets.values().filter_map(|set| self.of_set(material, set).ok());
        join_all(clients.map(|client| async move { client.warm().await })).await;
    }

    /// Notices a thaw: connections from before it may be dead without anybody having said so.
    pub(super) fn begin_request(&self, now: Timestamp) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.replace((Instant::now(), now));
        let Some((instant, event)) = before else { return };
        let elapsed = Span::millis(i64::try_from(instant.elapsed().as_millis()).unwrap_or(i64::MAX));
        if now > event + elapsed + THAW {
            let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            clients.values().for_each(|client| client.forget_connections());
        }
    }

    fn of_set(&self, material: &Material, set: &CertificateSet) -> Result<Arc<Client>, Fault> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (material.version.clone(), set.name.clone());
        if let Some(client) = clients.get(&key) {
            return Ok(Arc::clone(client));
        }
        let (endpoints, tls) = (Arc::clone(&self.endpoints), set.tls.clone());
        let client = Arc::new(Client::new(endpoints, set.client_id.clone(), set.redirect_uri.clone(), tls)?);
        clients.retain(|(version, _), _| *version == material.version);
        clients.insert(key, Arc::clone(&client));
        Ok(client)
    }
}
