//! One bank client per certificate set, kept as long as the secret's version stands.

use crate::{
    bank::{Client, Endpoints, Fault},
    secrets::{CertificateSet, Material},
    types::Country,
};
use futures_util::future::join_all;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// So many versions of the secret keep their clients: requests may be under way with the one before, and it may come back.
const VERSIONS: usize = 2;

/// The clients, by version of the secret and name of the set.
#[derive(Debug)]
pub(super) struct Banks {
    endpoints: Arc<Endpoints>,
    clients: Mutex<Vec<Version>>,
}

/// The clients of one version, by name of the set.
#[derive(Debug)]
struct Version {
    name: String,
    clients: BTreeMap<String, Arc<Client>>,
}

/// Whose a client is.
pub(super) struct Place {
    pub(super) version: String,
    pub(super) set: String,
    pub(super) client: Arc<Client>,
}

impl Banks {
    pub(super) const fn new(endpoints: Arc<Endpoints>) -> Self {
        Self { endpoints, clients: Mutex::new(Vec::new()) }
    }

    /// The client for a country; `None` if no set of the secret serves it.
    pub(super) fn client(&self, material: &Material, country: Country) -> Result<Option<Arc<Client>>, Fault> {
        material.set_for(country).map(|set| self.of_set(material, set)).transpose()
    }

    /// Opens connections for every set.
    pub(super) async fn warm(&self, material: &Material, reads: bool, spends: bool) {
        let clients = material.sets.values().filter_map(|set| self.of_set(material, set).ok());
        join_all(clients.map(|client| async move { client.warm(reads, spends).await })).await;
    }

    /// Drops all idle connections, as after a thaw.
    pub(super) fn forget_connections(&self) {
        let versions = self.versions();
        let clients = versions.iter().flat_map(|version| version.clients.values());
        clients.for_each(|client| client.forget_connections());
    }

    /// Whose the client with this number is, if it still is anybody's.
    pub(super) fn place_of(&self, number: u64) -> Option<Place> {
        let versions = self.versions();
        versions.iter().find_map(|version| {
            let found = version.clients.iter().find(|(_, client)| client.number() == number);
            found.map(|(set, client)| Place {
                version: version.name.clone(),
                set: set.clone(),
                client: Arc::clone(client),
            })
        })
    }

    pub(super) fn of_set(&self, material: &Material, set: &CertificateSet) -> Result<Arc<Client>, Fault> {
        let mut versions = self.versions();
        // The version that was used last stands first.
        match versions.iter().position(|version| version.name == material.version) {
            Some(place) => versions.get_mut(..=place).unwrap_or_default().rotate_right(1),
            None => {
                let (name, clients) = (material.version.clone(), BTreeMap::new());
                versions.insert(0, Version { name, clients });
                versions.truncate(VERSIONS);
            }
        }
        let Some(version) = versions.first_mut() else { return Err(Fault::Misconfigured) };
        if let Some(client) = version.clients.get(&set.name) {
            return Ok(Arc::clone(client));
        }
        let (endpoints, tls) = (Arc::clone(&self.endpoints), set.tls.clone());
        let client = Arc::new(Client::new(endpoints, set.client_id.clone(), set.redirect_uri.clone(), tls)?);
        version.clients.insert(set.name.clone(), Arc::clone(&client));
        Ok(client)
    }

    fn versions(&self) -> MutexGuard<'_, Vec<Version>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
