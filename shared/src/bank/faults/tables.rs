//! Signal of the bank → fault, as data. The first row that fits counts; what no row knows is
//! [`Fault::Unrecognised`].

use super::Fault;
use crate::types::{Signal, Span};
use serde::Deserialize;
use std::borrow::Cow;

/// The calls there are. What an answer means depends on what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bank) enum Kind {
    ClientCredentials,
    AdminToken,
    ThirdParty,
    ReplaceCertificate,
    Subscribe,
    ExchangeCode,
    Refresh,
    CreateConsent,
    DeleteConsent,
    BeginDecoupled,
    Poll,
    Cancel,
    Accounts,
    Account,
    Transactions,
    CardAccounts,
    CardTransactions,
}

/// The services of the bank, each with hosts or paths of its own: one may be down while the others are up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bank) enum Service {
    /// The token endpoint.
    Token,
    /// Mobile BankID.
    Order,
    /// Consents and resources.
    Gateway,
}

impl Service {
    /// How many there are.
    pub(in crate::bank) const COUNT: usize = 3;
}

use Kind::{
    Account, Accounts, AdminToken, BeginDecoupled, Cancel, CardAccounts, CardTransactions, ClientCredentials,
    CreateConsent, DeleteConsent, ExchangeCode, Poll, Refresh, ReplaceCertificate, Subscribe, ThirdParty,
    Transactions,
};

impl Kind {
    const ALL: &[Self] = &[
        ClientCredentials,
        AdminToken,
        ThirdParty,
        ReplaceCertificate,
        Subscribe,
        ExchangeCode,
        Refresh,
        CreateConsent,
        DeleteConsent,
        BeginDecoupled,
        Poll,
        Cancel,
        Accounts,
        Account,
        Transactions,
        CardAccounts,
        CardTransactions,
    ];

    /// As [`Fault::Unrecognised`] names it.
    pub(in crate::bank) const fn name(self) -> &'static str {
        match self {
            ClientCredentials => "client_credentials",
            AdminToken => "admin_token",
            ThirdParty => "third_party",
            ReplaceCertificate => "replace_certificate",
            Subscribe => "subscribe",
            ExchangeCode => "exchange_code",
            Refresh => "refresh",
            CreateConsent => "create_consent",
            DeleteConsent => "delete_consent",
            BeginDecoupled => "begin_decoupled",
            Poll => "poll",
            Cancel => "cancel",
            Accounts => "accounts",
            Account => "account",
            Transactions => "transactions",
            CardAccounts => "card_accounts",
            CardTransactions => "card_transactions",
        }
    }

    /// Who answers it.
    pub(in crate::bank) const fn service(self) -> Service {
        match self {
            ClientCredentials | AdminToken | ExchangeCode | Refresh => Service::Token,
            BeginDecoupled | Poll | Cancel => Service::Order,
            _ => Service::Gateway,
        }
    }

    /// Most that is read of its answer, in bytes. A token or an order is a handful of short fields.
    pub(in crate::bank) const fn largest(self) -> usize {
        match self.service() {
            Service::Token | Service::Order => 256 * 1024,
            Service::Gateway => 8 * 1024 * 1024,
        }
    }

    /// The statuses of success: 200 everywhere (recorded), 201 for a consent (recorded) and in enrolment (documented), any
    /// 2xx for the deletion of a consent, for cancel and for another certificate (unknown).
    const fn accepts(self, status: u16) -> bool {
        match self {
            CreateConsent | ThirdParty | Subscribe => matches!(status, 200 | 201),
            DeleteConsent | Cancel | ReplaceCertificate => matches!(status, 200..=299),
            _ => status == 200,
        }
    }
}

const TOKEN: &[Kind] = &[ClientCredentials, ExchangeCode, Refresh];
const ORDER: &[Kind] = &[BeginDecoupled, Poll];
const RESOURCE: &[Kind] = &[Accounts, Account, Transactions, CardAccounts, CardTransactions];
const ONE_ACCOUNT: &[Kind] = &[Account, Transactions, CardTransactions];
const WINDOW: &[Kind] = &[Transactions, CardTransactions];
const GATEWAY: &[Kind] =
    &[CreateConsent, DeleteConsent, Accounts, Account, Transactions, CardAccounts, CardTransactions];

/// One signal. `says` is `error` of an OAuth or decoupled answer, or `moreInformation` of a gateway answer; empty
/// means whatever it says.
struct Row {
    on: &'static [Kind],
    status: &'static [u16],
    says: &'static str,
    fault: Fault,
}

const fn row(on: &'static [Kind], status: &'static [u16], says: &'static str, fault: Fault) -> Row {
    Row { on, status, says, fault }
}

/// Consents and resources (contract: gateway errors).
const GATEWAY_ROWS: &[Row] = &[
    // Production; the status was never recorded.
    row(GATEWAY, &[401, 403], "Not registered to plan", Fault::NotRegistered),
    // Production.
    row(GATEWAY, &[401], "Token is not active", Fault::TokenInactive),
    // Documented.
    row(GATEWAY, &[401], "Invalid token grant type", Fault::WrongTokenKind),
    // Documented for accounts and cards; the text is unknown.
    row(RESOURCE, &[403], "", Fault::KycMissing),
    // Recorded.
    row(WINDOW, &[400], "Invalid time interval", Fault::InvalidInterval),
    // Inferred.
    row(ONE_ACCOUNT, &[404], "", Fault::NotFound),
];

/// Token endpoint (RFC 6749 section 5.2). Only `unauthorized_client` (production), `unsupported_grant_type`
/// (documented) and `invalid_request` (production) were ever seen here; the rest is inferred from the RFC.
const TOKEN_ROWS: &[Row] = &[
    row(TOKEN, &[400, 401], "invalid_client", Fault::ClientRefused { says: Signal::InvalidClient }),
    row(TOKEN, &[400], "unsupported_grant_type", Fault::ClientRefused { says: Signal::UnsupportedGrantType }),
    row(
        &[Refresh],
        &[400],
        "unauthorized_client",
        Fault::RefreshRefused { says: Signal::UnauthorizedClient },
    ),
    row(&[Refresh], &[400], "invalid_grant", Fault::RefreshRefused { says: Signal::InvalidGrant }),
    row(&[ExchangeCode], &[400], "invalid_grant", Fault::CodeRefused { says: Signal::InvalidGrant }),
    row(
        &[ExchangeCode],
        &[400],
        "unauthorized_client",
        Fault::CodeRefused { says: Signal::UnauthorizedClient },
    ),
    row(&[ExchangeCode], &[400], "invalid_request", Fault::CodeRefused { says: Signal::InvalidRequest }),
    row(&[ExchangeCode], &[400], "invalid_scope", Fault::CodeRefused { says: Signal::InvalidScope }),
    row(
        &[ClientCredentials],
        &[400],
        "unauthorized_client",
        Fault::ClientRefused { says: Signal::UnauthorizedClient },
    ),
    row(
        &[ClientCredentials],
        &[400],
        "invalid_request",
        Fault::ClientRefused { says: Signal::InvalidRequest },
    ),
    row(&[ClientCredentials], &[400], "invalid_scope", Fault::ClientRefused { says: Signal::InvalidScope }),
];

/// Decoupled (production, all of them). Cancel is unknown and has no row.
const DECOUPLED_ROWS: &[Row] = &[
    row(&[BeginDecoupled], &[400], "invalid_request", Fault::InvalidPersonalNumber),
    row(ORDER, &[400], "intent_expired", Fault::IntentExpired),
    row(ORDER, &[400], "mbid_error", Fault::BankIdFailed),
    row(ORDER, &[400], "not_shb_approved", Fault::NotCustomer),
    row(ORDER, &[400], "mbid_not_shb_activated", Fault::BankIdNotActivated),
    row(&[Poll], &[400], "mbid_max_polling", Fault::PolledTooOften),
];

/// A signal that has a row: on which call, with which status, in which words (none: whatever they are).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSignal {
    /// Name of the call.
    pub call: &'static str,
    /// HTTP status.
    pub status: u16,
    /// `error` or `moreInformation`.
    pub says: &'static str,
}

/// Every signal that has a row, so that whoever documents or tests them can leave none out.
pub fn known_signals() -> Vec<KnownSignal> {
    let rows = [GATEWAY_ROWS, TOKEN_ROWS, DECOUPLED_ROWS].into_iter().flatten();
    let pairs = rows.flat_map(|row| {
        row.on.iter().flat_map(move |kind| row.status.iter().map(move |status| (row, kind, *status)))
    });
    pairs.map(|(row, kind, status)| KnownSignal { call: kind.name(), status, says: row.says }).collect()
}

/// What a body may say, in either of the bank's shapes. Anything else in it is ignored.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(rename = "moreInformation", borrow, default)]
    more_information: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    error: Option<Cow<'a, str>>,
}

/// The fault in an answer, or nothing if the answer may be read.
pub(in crate::bank) fn of_answer(
    kind: Kind,
    status: u16,
    retry_after: Option<Span>,
    body: &[u8],
) -> Option<Fault> {
    if is_rejection(body) {
        return Some(Fault::Rejected);
    }
    match status {
        status if kind.accepts(status) => None,
        429 => Some(Fault::RateLimited { retry_after }),
        500 | 503 => Some(Fault::Unavailable { retry_after }),
        502 => Some(Fault::ProxyError),
        _ => Some(said(kind, status, body)),
    }
}

/// What each kind of call, by its name, makes of an answer with this status and this body.
pub fn faults(status: u16, body: &[u8]) -> impl Iterator<Item = (&'static str, Option<Fault>)> {
    Kind::ALL.iter().map(move |kind| (kind.name(), of_answer(*kind, status, None, body)))
}

fn said(kind: Kind, status: u16, body: &[u8]) -> Fault {
    let said = serde_json::from_slice::<Said<'_>>(body).ok();
    let text = said.and_then(|said| said.more_information.or(said.error)).unwrap_or_default();
    let text = text.trim().trim_end_matches('.');
    let fits = |row: &&Row| {
        row.on.contains(&kind) && row.status.contains(&status) && (row.says.is_empty() || row.says == text)
    };
    let mut rows = [GATEWAY_ROWS, TOKEN_ROWS, DECOUPLED_ROWS].into_iter().flatten();
    rows.find(fits).map_or(Fault::Unrecognised { call: kind.name(), status }, |row| row.fault)
}

/// The firewall's page. Only where the body is a page: a row of an account may say `Request Rejected`, too.
fn is_rejection(body: &[u8]) -> bool {
    let page = body.trim_ascii_start().starts_with(b"<");
    page && body.windows(16).any(|part| part == b"Request Rejected")
}

#[cfg(test)]
mod tests;
