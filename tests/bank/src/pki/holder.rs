//! Whom a client certificate names, as ETSI TS 119 495 writes it: the authority and number of the TPP in the subject's
//! `organizationIdentifier` (clause 5.2.1), its roles in a QC statement (clause 5.1).

use rcgen::{CustomExtension, DnType};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// `organizationIdentifier` (X.520).
const ORGANIZATION: &[u64] = &[2, 5, 4, 97];
/// `qcStatements` (RFC 3739 section 3.2.6).
const QC_STATEMENTS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 3];
/// `0.4.0.19495.2`, `id-etsi-psd2-qcStatement`, encoded.
const PSD2: &[u8] = &[0x06, 0x06, 0x04, 0x00, 0x81, 0x98, 0x27, 0x02];
/// `0.4.0.19495.1.3`, `id-psd2-role-psp-ai`, encoded.
const ACCOUNT_INFORMATION: &[u8] = &[0x06, 0x07, 0x04, 0x00, 0x81, 0x98, 0x27, 0x01, 0x03];
/// `0.4.0.19495.1.2`, `id-psd2-role-psp-pi`, encoded.
const PAYMENT_INITIATION: &[u8] = &[0x06, 0x07, 0x04, 0x00, 0x81, 0x98, 0x27, 0x01, 0x02];

/// A role that a TPP is authorised for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Role {
    /// `PSP_AI`: reads accounts.
    #[default]
    AccountInformation,
    /// `PSP_PI`: initiates payments, and reads nothing.
    PaymentInitiation,
}

/// What a certificate says of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// `SE-FINA-100001`: the authority and the number, without the scheme `PSD` (bank's live page).
    pub(crate) tpp_id: String,
    pub(crate) may_read: bool,
}

impl Holder {
    /// None if it is no certificate, or names no authorisation number.
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let named = |oid: &x509_parser::der_parser::oid::Oid<'_>, wanted: &[u64]| {
            oid.iter().is_some_and(|parts| parts.eq(wanted.iter().copied()))
        };
        let organization =
            certificate.subject().iter_attributes().find(|it| named(it.attr_type(), ORGANIZATION))?;
        let tpp_id = organization.as_str().ok()?.strip_prefix("PSD")?.to_owned();
        let statements = certificate.extensions().iter().find(|it| named(&it.oid, QC_STATEMENTS));
        let may_read = statements.is_some_and(|it| {
            it.value.windows(ACCOUNT_INFORMATION.len()).any(|part| part == ACCOUNT_INFORMATION)
        });
        Some(Self { tpp_id, may_read })
    }
}

/// The kind of name under which the authorisation number stands.
pub(super) fn organization() -> DnType {
    DnType::CustomDnType(ORGANIZATION.to_vec())
}

/// The statement of one role, and of the authority that gave it.
pub(super) fn statement(role: Role) -> CustomExtension {
    let (oid, name) = match role {
        Role::AccountInformation => (ACCOUNT_INFORMATION, "PSP_AI"),
        Role::PaymentInitiation => (PAYMENT_INITIATION, "PSP_PI"),
    };
    let roles = der(0x30, &[&der(0x30, &[oid, &der(0x0c, &[name.as_bytes()])])]);
    let (authority, id) = (der(0x0c, &[b"Finansinspektionen"]), der(0x0c, &[b"SE-FINA"]));
    let psd2 = der(0x30, &[PSD2, &der(0x30, &[&roles, &authority, &id])]);
    CustomExtension::from_oid_content(QC_STATEMENTS, der(0x30, &[&psd2]))
}

/// One value, shorter than 128 bytes (X.690 section 8.1.3.4).
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut value = vec![tag, u8::try_from(content.len()).unwrap_or(u8::MAX)];
    value.extend(content);
    value
}
