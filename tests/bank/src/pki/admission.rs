//! Which client certificates the bank takes: those of its CA that are valid by its own clock and were not withdrawn.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};

use super::{ClientIdentity, ClientSpec};
use crate::Clock;

/// The certificates that were issued, by their bytes: what they are called, and which of them are withdrawn.
#[derive(Debug, Default)]
pub(crate) struct Register(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    names: BTreeMap<Vec<u8>, String>,
    withdrawn: BTreeSet<Vec<u8>>,
}

impl Register {
    pub(super) fn issued(&self, identity: &ClientIdentity, spec: &ClientSpec) -> io::Result<()> {
        let leaf = leaf(&identity.chain_pem)?;
        self.entries(|entries| entries.names.insert(leaf, spec.name().to_owned()));
        Ok(())
    }

    pub(super) fn withdraw(&self, chain_pem: &str) -> io::Result<()> {
        let leaf = leaf(chain_pem)?;
        self.entries(|entries| entries.withdrawn.insert(leaf));
        Ok(())
    }

    pub(super) fn restore(&self, chain_pem: &str) -> io::Result<()> {
        let leaf = leaf(chain_pem)?;
        self.entries(|entries| entries.withdrawn.remove(&leaf));
        Ok(())
    }

    /// What a certificate is called.
    pub(crate) fn name(&self, certificate: &[u8]) -> String {
        self.entries(|entries| entries.names.get(certificate).cloned()).unwrap_or_default()
    }

    fn is_withdrawn(&self, certificate: &[u8]) -> bool {
        self.entries(|entries| entries.withdrawn.contains(certificate))
    }

    fn entries<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn leaf(chain_pem: &str) -> io::Result<Vec<u8>> {
    let leaf = CertificateDer::from_pem_slice(chain_pem.as_bytes()).map_err(io::Error::other)?;
    Ok(leaf.to_vec())
}

/// The bank's decision about a client certificate.
#[derive(Debug)]
pub(crate) struct Admission {
    chains: Arc<dyn ClientCertVerifier>,
    clock: Clock,
    register: Arc<Register>,
}

impl Admission {
    pub(super) fn new(ca_pem: &str, clock: Clock, register: Arc<Register>) -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(io::Error::other)?;
        roots.add(ca).map_err(io::Error::other)?;
        let chains = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { chains: chains.map_err(io::Error::other)?, clock, register })
    }
}

impl ClientCertVerifier for Admission {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _machine: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let now = Duration::from_millis(u64::try_from(self.clock.now_ms()).unwrap_or_default());
        let now = UnixTime::since_unix_epoch(now);
        let verified = self.chains.verify_client_cert(end_entity, intermediates, now)?;
        if self.register.is_withdrawn(end_entity) {
            return Err(Error::InvalidCertificate(CertificateError::Revoked));
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}
