//! What is written into a certificate.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::ClientIdentity;
use super::holder::{self, Role};
use crate::Clock;

/// The key of a client certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on P-256.
    #[default]
    Ec,
    /// RSA with 2048 bits, as most QWACs.
    Rsa,
}

/// When a certificate is valid: a client's by the bank's clock, the server's by the machine's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Validity {
    /// By both clocks, from yesterday for three years.
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
    /// Common name; `Simulated TPP` if none. The ledger counts handshakes by it.
    pub common_name: Option<String>,
    /// Authority and number of the TPP that it is for; `SE-FINA-100001` if none.
    pub tpp_id: Option<String>,
    /// What the TPP may do.
    pub role: Role,
}

impl ClientSpec {
    pub(super) fn name(&self) -> &str {
        self.common_name.as_deref().unwrap_or("Simulated TPP")
    }
}

/// What kind of certificate the bank itself shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    /// The hosts that it is for.
    pub names: Vec<String>,
    /// When it is valid.
    pub validity: Validity,
}

impl Default for ServerSpec {
    fn default() -> Self {
        Self { names: vec!["127.0.0.1".to_owned(), "localhost".to_owned()], validity: Validity::Valid }
    }
}

/// Today by both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    bank: Date,
    machine: Date,
}

impl Days {
    pub(super) fn of(clock: &Clock) -> Self {
        let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
        let bank = Timestamp::from_millisecond(clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { bank: day(bank), machine: day(Timestamp::now()) }
    }

    fn first(self) -> Date {
        self.bank.min(self.machine)
    }

    fn last(self) -> Date {
        self.bank.max(self.machine)
    }
}

const THREE_YEARS: i64 = 3 * 365;

pub(super) fn ca_params(name: &str, days: Days) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    span(&mut params, (days.first(), -90), (days.last(), THREE_YEARS));
    Ok(params)
}

pub(super) fn server(
    issuer: &Issuer<'static, KeyPair>,
    spec: &ServerSpec,
    days: Days,
) -> Result<ClientIdentity, Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(spec.names.clone())?;
    params.distinguished_name.push(DnType::CommonName, "Simulated bank");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    date(&mut params, spec.validity, days, days.machine);
    let chain_pem = params.signed_by(&key, issuer)?.pem();
    Ok(ClientIdentity { chain_pem, key_pem: key.serialize_pem() })
}

pub(super) fn client(
    issuer: &Issuer<'static, KeyPair>,
    ca_pem: &str,
    spec: &ClientSpec,
    days: Days,
) -> Result<ClientIdentity, Error> {
    let key = match spec.key {
        KeyKind::Ec => KeyPair::generate()?,
        KeyKind::Rsa => KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256)?,
    };
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name.push(DnType::CommonName, spec.name());
    let tpp_id = spec.tpp_id.as_deref().unwrap_or("SE-FINA-100001");
    params.distinguished_name.push(holder::organization(), format!("PSD{tpp_id}"));
    params.custom_extensions.push(holder::statement(spec.role));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    date(&mut params, spec.validity, days, days.bank);
    let certificate = params.signed_by(&key, issuer)?;
    Ok(ClientIdentity { chain_pem: certificate.pem() + ca_pem, key_pem: key.serialize_pem() })
}

/// `today` is the day of whoever checks.
fn date(params: &mut CertificateParams, validity: Validity, days: Days, today: Date) {
    match validity {
        Validity::Valid => span(params, (days.first(), -1), (days.last(), THREE_YEARS)),
        Validity::Expired => span(params, (today, -60), (today, -1)),
        Validity::NotYetValid => span(params, (today, 30), (today, THREE_YEARS)),
        Validity::Days(left) => span(params, (today, -1), (today, left)),
    }
}

/// From midnight to midnight, each so many days from a date.
fn span(params: &mut CertificateParams, from: (Date, i64), to: (Date, i64)) {
    let midnight = |(day, offset): (Date, i64)| {
        let date = day.saturating_add(offset.days());
        let number = |value: i8| u8::try_from(value).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), number(date.month()), number(date.day()))
    };
    params.not_before = midnight(from);
    params.not_after = midnight(to);
}
