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
//! The newest sealing key stands first. Before enrolment a set has no `client_id`: only the operator's `enrol` takes that.
//! A set for the bank's sandbox has neither chain nor key; `trust_pem` names the
//! only roots that the set's bank may chain to, instead of the web's. Unknown fields are tolerated, so that a secret may
//! be written for a newer version first.
//!
//! **One version at a time is in force.** It is held for `SECRET_TTL_SECONDS`; the first request after that looks for a
//! newer one beside its own work, and does not wait for it. A new version takes the old one's place as a whole, and only
//! after all of it was checked: it parses, each key belongs to its leaf, each chain is in order, no certificate of it is
//! over or has yet to begin (by the time of the event), the identity key is the same, and the key that seals today is
//! still there. Otherwise the old one stays. While Secrets Manager cannot be reached the old one stays too.
//!
//! **If the bank refuses the certificate** ([`Secrets::instead_of`]) another version is looked for at once: the one in
//! force, the one before it in memory, the one before it in Secrets Manager. What was refused is remembered, so that no
//! version is tried in a loop. A process that starts when the version in force is broken takes the one before it, too.

mod certificate;
mod fault;
mod material;
mod shelf;
mod source;
#[cfg(test)]
mod tests;

pub use certificate::Validity;
pub use fault::{Fault, SecretsError};
pub use material::{CertificateSet, Material};
pub use shelf::Standing;

use crate::types::{Span, Timestamp};
use aws_sdk_secretsmanager::Client;
use shelf::Shelf;
use source::{Fetched, Source, Stage};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What this environment asks of the secret.
#[derive(Clone, Copy, Debug)]
pub struct Demands {
    /// Whether each set must have a client certificate: in `live` and `local`, not in `sandbox`.
    pub certificate_required: bool,
    /// Whether each set must have a client id: always, but for enrolment, which is how one is had.
    pub client_id_required: bool,
}

/// The secret of this process.
#[derive(Debug)]
pub struct Secrets {
    source: Source,
    demands: Demands,
    shelf: Mutex<Shelf>,
    /// Held while fetching: whoever comes second takes what the first one brought.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

impl Secrets {
    /// Of the secret with this name or ARN; a version that was fetched longer than `ttl` ago is looked at again. Nothing
    /// is fetched yet.
    pub fn new(client: Client, secret_id: String, demands: Demands, ttl: Span) -> Self {
        let source = Source::new(client, secret_id);
        Self { source, demands, shelf: Mutex::new(Shelf::new(ttl)), fetching: Arc::default() }
    }

    /// Fetches the version in force before there is an event that tells the time. The first event holds it against its
    /// dates.
    pub async fn preload(&self) -> Result<Arc<Material>, SecretsError> {
        let _fetching = self.fetching.lock().await;
        let fetched = self.source.get(Stage::Current).await?;
        let material = Arc::new(self.parse(&fetched)?);
        self.shelf().put_ahead(Arc::clone(&material));
        Ok(material)
    }

    /// What is in force at `now`. Waits only if there is nothing yet; what is older than it should be is looked at again
    /// beside the request.
    pub async fn standing(self: &Arc<Self>, now: Timestamp) -> Result<Standing, SecretsError> {
        let known = self.shelf().standing(now);
        if let Some(standing) = known {
            if standing.due {
                self.look_beside(now);
            }
            return Ok(standing);
        }
        let _fetching = self.fetching.lock().await;
        let known = self.shelf().standing(now);
        if let Some(standing) = known {
            return Ok(standing);
        }
        self.first(now).await?;
        let first = self.shelf().standing(now);
        first.ok_or(SecretsError::Unavailable)
    }

    /// The bank does not take the certificate of this version: another one, now in force, if there is any. Whoever comes
    /// with the same version meanwhile waits and takes the same.
    pub async fn instead_of(&self, refused: &str, now: Timestamp) -> Option<Arc<Material>> {
        let _fetching = self.fetching.lock().await;
        {
            let shelf = self.shelf();
            if let Some(other) = shelf.other_than(refused) {
                return Some(other).filter(|other| !shelf.is_resting(&other.version, now));
            }
            if shelf.is_resting(refused, now) {
                return None;
            }
        }
        let found = self.another(refused, now).await;
        self.shelf().refused_by_bank(refused, now);
        found
    }

    /// The version that was written and is not in force yet, to be tried by whoever wants to promote it.
    pub async fn pending(&self, now: Timestamp) -> Result<Material, SecretsError> {
        let pending = self.parse(&self.source.get(Stage::Pending).await?)?;
        if let Ok(current) = self.source.get(Stage::Current).await
            && let Ok(current) = self.parse(&current)
        {
            pending.may_follow(&current)?;
        }
        pending.check_dates(now)?;
        Ok(pending)
    }

    /// The version that enrolment works with: the one that is pending, else the one in force; and whether it is pending. A
    /// set of it may have no client id yet.
    pub async fn for_enrolment(&self, now: Timestamp) -> Result<(Material, bool), SecretsError> {
        let demands = Demands { client_id_required: false, ..self.demands };
        let parse = |fetched: &Fetched| Material::parse(&fetched.text, &fetched.version, demands);
        let current = self.source.get(Stage::Current).await;
        let (material, is_pending) = match self.source.get(Stage::Pending).await {
            Ok(pending) => {
                let in_force = current.as_ref().is_ok_and(|current| current.version == pending.version);
                (parse(&pending)?, !in_force)
            }
            Err(SecretsError::Denied(_)) => (parse(current.as_ref().map_err(Clone::clone)?)?, false),
            Err(error) => return Err(error),
        };
        if is_pending
            && let Ok(current) = current
            && let Ok(current) = parse(&current)
        {
            material.may_follow(&current)?;
        }
        material.check_dates(now)?;
        Ok((material, is_pending))
    }

    /// Has the next request look for a newer version: something came from a process that has one.
    pub fn hurry(&self) {
        self.shelf().hurry();
    }

    /// The first version of this process. If the one in force cannot be used, the one before it; if that cannot be
    /// either, one that is only out of its dates: there is nothing better, and it is the bank that decides.
    async fn first(&self, now: Timestamp) -> Result<(), SecretsError> {
        let current = self.source.get(Stage::Current).await?;
        let Err(fault) = self.take(&current, now, false) else { return Ok(()) };
        if let Ok(previous) = self.source.get(Stage::Previous).await
            && self.take(&previous, now, false).is_ok()
        {
            self.shelf().looked(now, Err(fault.into()));
            return Ok(());
        }
        if !matches!(fault, Fault::OutOfDate(_)) {
            return Err(fault.into());
        }
        let late = Arc::new(self.parse(&current)?);
        self.shelf().put(late, now);
        Ok(())
    }

    /// Looks once, for all requests that find it due.
    fn look_beside(self: &Arc<Self>, now: Timestamp) {
        let Ok(fetching) = Arc::clone(&self.fetching).try_lock_owned() else { return };
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = match this.source.get(Stage::Current).await {
                Ok(current) => this.take(&current, now, false).map_err(SecretsError::from),
                Err(error) => Err(error),
            };
            this.shelf().looked(now, outcome);
            drop(fetching);
        });
    }

    /// Another version than the one that the bank refused, put in force.
    async fn another(&self, refused: &str, now: Timestamp) -> Option<Arc<Material>> {
        let trouble = match self.source.get(Stage::Current).await {
            Ok(current) => match self.take(&current, now, true) {
                Ok(()) if current.version != refused => return self.shelf().other_than(refused),
                Ok(()) => Fault::RefusedByBank.into(),
                Err(fault) => fault.into(),
            },
            Err(error) => error,
        };
        let in_memory = self.shelf().fall_back(refused, now);
        if !in_memory && let Ok(previous) = self.source.get(Stage::Previous).await {
            // What speaks against it leaves in force what is.
            let _ = self.take(&previous, now, true);
        }
        let mut shelf = self.shelf();
        shelf.looked(now, Err(trouble));
        shelf.other_than(refused)
    }

    /// Puts a fetched version in force, if nothing speaks against it. The one that is in force already stays as it is:
    /// connections hang on it.
    fn take(&self, fetched: &Fetched, now: Timestamp, again: bool) -> Result<(), Fault> {
        {
            let shelf = self.shelf();
            if shelf.holds(&fetched.version) {
                return Ok(());
            }
            shelf.verdict(&fetched.version, now, again)?;
        }
        let parsed = self.parse(fetched);
        let mut shelf = self.shelf();
        let checked = parsed.and_then(|newer| shelf.may_follow(&newer).map(|()| newer));
        let newer = checked.inspect_err(|fault| shelf.unusable(&fetched.version, fault))?;
        newer.check_dates(now)?;
        shelf.put(Arc::new(newer), now);
        Ok(())
    }

    fn parse(&self, fetched: &Fetched) -> Result<Material, Fault> {
        Material::parse(&fetched.text, &fetched.version, self.demands)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
