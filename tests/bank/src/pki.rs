//! Certificates: a CA, the server's certificate for 127.0.0.1 and localhost, and the TPP's client certificate, all
//! X.509 v3 and valid for three years by the machine's own time (the caller checks them by that time).

use std::path::Path;
use std::{fs, io};

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The key of a client certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on P-256.
    #[default]
    Ec,
    /// RSA with 2048 bits, as most QWACs.
    Rsa,
}

/// When a client certificate is valid, by the machine's own time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Validity {
    /// From yesterday for three years.
    #[default]
    Valid,
    /// Ended yesterday.
    Expired,
    /// Begins in a month.
    NotYetValid,
    /// From yesterday, for so many days from now.
    Days(i64),
}

/// What kind of client certificate to issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientSpec {
    /// Its key.
    pub key: KeyKind,
    /// When it is valid.
    pub validity: Validity,
    /// Common name; `Simulated TPP` if none.
    pub common_name: Option<String>,
}

/// A client certificate with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate, then the CA's, in PEM.
    pub chain_pem: String,
    /// The private key, PKCS#8 in PEM.
    pub key_pem: String,
}

/// A CA and what it has issued.
pub struct Pki {
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    server: ClientIdentity,
    client: ClientIdentity,
}

impl std::fmt::Debug for Pki {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pki").field("ca_pem", &self.ca_pem).finish_non_exhaustive()
    }
}

impl Pki {
    /// A new CA with new certificates.
    pub(crate) fn generate(name: &str) -> io::Result<Self> {
        let ca_key = KeyPair::generate().map_err(io::Error::other)?;
        let params = ca_params(name).map_err(io::Error::other)?;
        let ca_pem = params.self_signed(&ca_key).map_err(io::Error::other)?.pem();
        let issuer = Issuer::new(params, ca_key);
        let server = issue_server(&issuer).map_err(io::Error::other)?;
        let client = issue_client(&issuer, &ca_pem, &ClientSpec::default()).map_err(io::Error::other)?;
        Ok(Self { issuer, ca_pem, server, client })
    }

    /// The CA's certificate, PEM: what a caller has to trust, and what the bank trusts.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The TPP's certificate chain, PEM.
    #[must_use]
    pub fn client_chain_pem(&self) -> &str {
        &self.client.chain_pem
    }

    /// The TPP's private key, PKCS#8 in PEM.
    #[must_use]
    pub fn client_key_pem(&self) -> &str {
        &self.client.key_pem
    }

    pub(crate) const fn server(&self) -> &ClientIdentity {
        &self.server
    }

    /// A whole foreign CA with certificates of its own, which the bank does not trust.
    ///
    /// # Errors
    /// If the machine cannot make keys.
    pub fn other_ca(&self) -> io::Result<Self> {
        Self::generate("Foreign CA")
    }

    /// A further client certificate of this CA.
    ///
    /// # Errors
    /// If the machine cannot make keys.
    pub fn issue_client(&self, spec: &ClientSpec) -> io::Result<ClientIdentity> {
        issue_client(&self.issuer, &self.ca_pem, spec).map_err(io::Error::other)
    }

    /// Loads from a folder, or makes anew and saves there.
    pub(crate) fn load_or_generate(folder: &Path) -> io::Result<Self> {
        const NAME: &str = "Simulated bank CA";
        if !folder.join("ca.pem").exists() {
            let fresh = Self::generate(NAME)?;
            fresh.save(folder)?;
            return Ok(fresh);
        }
        let read = |name: &str| fs::read_to_string(folder.join(name));
        let ca_key = KeyPair::from_pem(&read("ca.key.pem")?).map_err(io::Error::other)?;
        let params = ca_params(NAME).map_err(io::Error::other)?;
        Ok(Self {
            issuer: Issuer::new(params, ca_key),
            ca_pem: read("ca.pem")?,
            server: ClientIdentity { chain_pem: read("server.pem")?, key_pem: read("server.key.pem")? },
            client: ClientIdentity { chain_pem: read("client.pem")?, key_pem: read("client.key.pem")? },
        })
    }

    fn save(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        private(&folder.join("ca.key.pem"), &self.issuer.key().serialize_pem())?;
        fs::write(folder.join("server.pem"), &self.server.chain_pem)?;
        private(&folder.join("server.key.pem"), &self.server.key_pem)?;
        fs::write(folder.join("client.pem"), &self.client.chain_pem)?;
        private(&folder.join("client.key.pem"), &self.client.key_pem)?;
        // Last: its presence says that the others are complete.
        fs::write(folder.join("ca.pem"), &self.ca_pem)
    }
}

fn ca_params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_days(&mut params, -2, THREE_YEARS);
    Ok(params)
}

fn issue_server(issuer: &Issuer<'static, KeyPair>) -> Result<ClientIdentity, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "Simulated bank");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_days(&mut params, -1, THREE_YEARS);
    let chain_pem = params.signed_by(&key, issuer)?.pem();
    Ok(ClientIdentity { chain_pem, key_pem: key.serialize_pem() })
}

/// A key that only its owner can read.
fn private(path: &Path, pem: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, pem.as_bytes())
}

fn issue_client(
    issuer: &Issuer<'static, KeyPair>,
    ca_pem: &str,
    spec: &ClientSpec,
) -> Result<ClientIdentity, rcgen::Error> {
    let key = match spec.key {
        KeyKind::Ec => KeyPair::generate()?,
        KeyKind::Rsa => KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256)?,
    };
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, spec.common_name.as_deref().unwrap_or("Simulated TPP"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    match spec.validity {
        Validity::Valid => set_days(&mut params, -1, THREE_YEARS),
        Validity::Expired => set_days(&mut params, -60, -1),
        Validity::NotYetValid => set_days(&mut params, 30, THREE_YEARS),
        Validity::Days(days) => set_days(&mut params, -1, days),
    }
    let certificate = params.signed_by(&key, issuer)?;
    Ok(ClientIdentity { chain_pem: certificate.pem() + ca_pem, key_pem: key.serialize_pem() })
}

const THREE_YEARS: i64 = 3 * 365;

fn set_days(params: &mut CertificateParams, from: i64, to: i64) {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let day = |offset: i64| {
        let date = today.saturating_add(offset.days());
        let number = |value: i8| u8::try_from(value).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), number(date.month()), number(date.day()))
    };
    params.not_before = day(from);
    params.not_after = day(to);
}
