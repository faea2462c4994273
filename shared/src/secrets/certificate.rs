//! From PEM to a TLS configuration: the key belongs to the leaf, the chain is in order, the roots are the ones that were
//! named.

use super::Fault;
use crate::types::Timestamp;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use std::sync::Arc;
use x509_parser::{certificate::X509Certificate, extensions::ParsedExtension, prelude::FromDer};

/// When a whole chain is valid: from the last of its beginnings to the first of its ends (RFC 5280 section 4.1.2.5),
/// both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The latest `notBefore`.
    pub not_before: Timestamp,
    /// The earliest `notAfter`.
    pub not_after: Timestamp,
}

impl Validity {
    pub(super) fn contains(self, now: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }
}

/// A TLS configuration that trusts `trust_pem` and nothing else (the web's roots where it is absent), and shows the
/// client certificate of `pems` (chain, key) where there is one. PKCS#8, PKCS#1 and SEC1 keys are taken.
pub(super) fn client_config(
    set: &str,
    pems: Option<(&str, &str)>,
    trust_pem: Option<&str>,
) -> Result<(ClientConfig, Option<Validity>), Fault> {
    // Named, not the process default: nobody else's choice of a provider may change what the bank sees.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| wrong(set, "trust_pem"))?
        .with_root_certificates(roots(set, trust_pem)?);
    let Some((chain_pem, key_pem)) = pems else { return Ok((builder.with_no_client_auth(), None)) };
    let chain = certificates(chain_pem).ok_or_else(|| wrong(set, "chain_pem"))?;
    let validity = check_chain(set, &chain)?;
    let certified = certified_key(set, chain, key_pem, &provider)?;
    Ok((builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified))), Some(validity)))
}

fn roots(set: &str, trust_pem: Option<&str>) -> Result<RootCertStore, Fault> {
    let Some(pem) = trust_pem else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut store = RootCertStore::empty();
    for root in certificates(pem).ok_or_else(|| wrong(set, "trust_pem"))? {
        store.add(root).map_err(|_| wrong(set, "trust_pem"))?;
    }
    Ok(store)
}

/// All certificates of a PEM text; none is as wrong as a malformed one.
fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().ok()?;
    if certificates.is_empty() { None } else { Some(certificates) }
}

/// Each certificate issued by the next; when all of them are valid.
fn check_chain(set: &str, chain: &[CertificateDer<'_>]) -> Result<Validity, Fault> {
    let parsed: Result<Vec<_>, _> =
        chain.iter().map(|der| X509Certificate::from_der(der).map(|(_, it)| it)).collect();
    let parsed = parsed.map_err(|_| wrong(set, "chain_pem"))?;
    if parsed.windows(2).any(|pair| matches!(pair, [one, next] if !is_issued_by(one, next))) {
        return Err(Fault::ChainOrder(set.to_owned()));
    }
    let instant =
        |time: x509_parser::time::ASN1Time| Timestamp::from_millis(time.timestamp().saturating_mul(1000));
    let begins = parsed.iter().map(|certificate| instant(certificate.validity().not_before)).max();
    let ends = parsed.iter().map(|certificate| instant(certificate.validity().not_after)).min();
    let (not_before, not_after) = begins.zip(ends).ok_or_else(|| wrong(set, "chain_pem"))?;
    Ok(Validity { not_before, not_after })
}

/// By name and, where both say it, by key: a CA may have been renewed under its old name.
fn is_issued_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    let wanted = certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(authority) => authority.key_identifier.as_ref(),
        _ => None,
    });
    let own = issuer.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(key) => Some(key),
        _ => None,
    });
    certificate.issuer() == issuer.subject() && (wanted.is_none() || own.is_none() || wanted == own)
}

fn certified_key(
    set: &str,
    chain: Vec<CertificateDer<'static>>,
    key_pem: &str,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Fault> {
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| wrong(set, "key_pem"))?;
    let key = provider.key_provider.load_private_key(key).map_err(|_| wrong(set, "key_pem"))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => Err(Fault::KeyMismatch(set.to_owned())),
        // A leaf that TLS cannot use, for instance X.509 version 1.
        Err(_) => Err(wrong(set, "chain_pem")),
    }
}

/// `organizationIdentifier` (X.520, 2.5.4.97) of the leaf's subject, where it has one.
pub(super) fn organization(chain_pem: &str) -> Option<String> {
    let leaf = CertificateDer::from_pem_slice(chain_pem.as_bytes()).ok()?;
    let (_, leaf) = X509Certificate::from_der(&leaf).ok()?;
    let is_it =
        |oid: &x509_parser::der_parser::oid::Oid<'_>| oid.iter().is_some_and(|it| it.eq([2, 5, 4, 97]));
    let named = leaf.subject().iter_attributes().find(|attribute| is_it(attribute.attr_type()))?;
    let text = named.as_str().ok()?;
    let sound = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    sound.then(|| text.to_owned())
}

fn wrong(set: &str, field: &'static str) -> Fault {
    Fault::SetField { set: set.to_owned(), field }
}
