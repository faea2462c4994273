//! Certificates: a CA, the server's certificate, and the TPP's client certificates, all X.509 v3. What is valid is valid by
//! the bank's clock, by which the bank checks client certificates, and by the machine's own time, by which its callers
//! check the bank.

mod admission;
mod holder;
mod issue;

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use rcgen::{Issuer, KeyPair};

use crate::Clock;
pub(crate) use admission::{Admission, Register};
pub(crate) use holder::Holder;
pub use holder::Role;
pub use issue::{ClientSpec, KeyKind, ServerSpec, Validity};
use issue::{Days, ca_params};

const NAME: &str = "Simulated bank CA";

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
    clock: Clock,
    register: Arc<Register>,
}

impl std::fmt::Debug for Pki {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pki").field("ca_pem", &self.ca_pem).finish_non_exhaustive()
    }
}

impl Pki {
    /// A new CA with new certificates.
    pub(crate) fn generate(name: &str, clock: Clock, server: &ServerSpec) -> io::Result<Self> {
        let days = Days::of(&clock);
        let ca_key = KeyPair::generate().map_err(io::Error::other)?;
        let params = ca_params(name, days).map_err(io::Error::other)?;
        let ca_pem = params.self_signed(&ca_key).map_err(io::Error::other)?.pem();
        let issuer = Issuer::new(params, ca_key);
        let server = issue::server(&issuer, server, days).map_err(io::Error::other)?;
        let client =
            issue::client(&issuer, &ca_pem, &ClientSpec::default(), days).map_err(io::Error::other)?;
        let register = Arc::new(Register::default());
        register.issued(&client, &ClientSpec::default())?;
        Ok(Self { issuer, ca_pem, server, client, clock, register })
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

    /// Who decides about client certificates.
    pub(crate) fn admission(&self) -> io::Result<Admission> {
        Admission::new(&self.ca_pem, self.clock.clone(), Arc::clone(&self.register))
    }

    /// What became of each certificate that was shown and known.
    pub(crate) fn register(&self) -> &Register {
        &self.register
    }

    /// A whole foreign CA with certificates of its own, which the bank does not trust.
    ///
    /// # Errors
    /// If the machine cannot make keys.
    pub fn other_ca(&self) -> io::Result<Self> {
        Self::generate("Foreign CA", self.clock.clone(), &ServerSpec::default())
    }

    /// A further client certificate of this CA, valid at once.
    ///
    /// # Errors
    /// If the machine cannot make keys.
    pub fn issue_client(&self, spec: &ClientSpec) -> io::Result<ClientIdentity> {
        let issued = issue::client(&self.issuer, &self.ca_pem, spec, Days::of(&self.clock));
        let issued = issued.map_err(io::Error::other)?;
        self.register.issued(&issued, spec)?;
        Ok(issued)
    }

    /// From now on handshakes with this client certificate are refused; connections that are open stay open.
    ///
    /// # Errors
    /// If the chain is no PEM.
    pub fn withdraw(&self, identity: &ClientIdentity) -> io::Result<()> {
        self.register.withdraw(&identity.chain_pem)
    }

    /// Takes a withdrawal back.
    ///
    /// # Errors
    /// If the chain is no PEM.
    pub fn restore(&self, identity: &ClientIdentity) -> io::Result<()> {
        self.register.restore(&identity.chain_pem)
    }

    /// Loads from a folder, or makes anew and saves there. Which certificates were withdrawn is not kept.
    pub(crate) fn load_or_generate(folder: &Path, clock: Clock, server: &ServerSpec) -> io::Result<Self> {
        if !folder.join("ca.pem").exists() {
            let fresh = Self::generate(NAME, clock, server)?;
            fresh.save(folder)?;
            return Ok(fresh);
        }
        let read = |name: &str| fs::read_to_string(folder.join(name));
        let ca_key = KeyPair::from_pem(&read("ca.key.pem")?).map_err(io::Error::other)?;
        let params = ca_params(NAME, Days::of(&clock)).map_err(io::Error::other)?;
        let client = ClientIdentity { chain_pem: read("client.pem")?, key_pem: read("client.key.pem")? };
        let register = Arc::new(Register::default());
        register.issued(&client, &ClientSpec::default())?;
        Ok(Self {
            issuer: Issuer::new(params, ca_key),
            ca_pem: read("ca.pem")?,
            server: ClientIdentity { chain_pem: read("server.pem")?, key_pem: read("server.key.pem")? },
            client,
            clock,
            register,
        })
    }

    /// In memory only, under the bank's usual name.
    pub(crate) fn in_memory(clock: Clock, server: &ServerSpec) -> io::Result<Self> {
        Self::generate(NAME, clock, server)
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

/// A key that only its owner can read.
fn private(path: &Path, pem: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, pem.as_bytes())
}
