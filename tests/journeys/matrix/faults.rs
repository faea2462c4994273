//! Which faults can meet a call.

use simulated_bank::{CallKind, Fault};

/// For as long as the bank is asked.
const ALWAYS: u32 = 99;
/// RFC 6749 section 5.2, and what the bank's token endpoint is known for.
const OF_TOKENS: [&str; 7] = [
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "a_word_that_nobody_knows",
];
const OF_ORDERS: [&str; 7] = [
    "intent_expired",
    "invalid_request",
    "mbid_error",
    "mbid_max_polling",
    "mbid_not_shb_activated",
    "not_shb_approved",
    "a_word_that_nobody_knows",
];

/// Answers that do not come in time, or not whole.
pub(super) const SILENT: [Fault; 3] = [
    Fault::HeaderStall { ms: 20_000 },
    Fault::BodyStall { ms: 20_000 },
    Fault::Trickle { bytes: 1, pause_ms: 200 },
];

/// The faults of a kind of call, each with how many calls it meets.
pub(super) fn of(kind: CallKind) -> Vec<(Fault, u32)> {
    let (words, fields): (&[&str], &[&str]) = match kind {
        CallKind::TokenClientCredentials => (&OF_TOKENS, &["access_token", "expires_in"]),
        CallKind::TokenAuthorizationCode | CallKind::TokenRefreshToken => {
            (&OF_TOKENS, &["access_token", "refresh_token", "expires_in", "token_type"])
        }
        CallKind::ConsentsCreate => (
            &[],
            &["consentId", "consentStatus", "scaMethods", "scaMethodType", "_links", "authorization", "href"],
        ),
        CallKind::DecoupledInit => {
            (&OF_ORDERS, &["auto_start_token", "sleep_time", "_links", "token", "cancel", "href"])
        }
        CallKind::DecoupledPoll => (
            &OF_ORDERS,
            &["result", "access_token", "refresh_token", "expires_in", "token_type", "_links", "sleep_time"],
        ),
        CallKind::DecoupledCancel => (&OF_ORDERS, &[]),
        CallKind::AccountsList => (&[], &["accounts", "accountId", "currency", "balances"]),
        CallKind::AccountsOne => {
            (&[], &["accountId", "currency", "iban", "bban", "balances", "balanceType", "amount", "content"])
        }
        CallKind::AccountsTransactions => (&[], &["transactions", "amount", "creditDebit"]),
        CallKind::CardsList => (&[], &["cardAccounts", "accountId"]),
        CallKind::CardsTransactions => (&[], &["transactions", "amount"]),
        _ => return Vec::new(),
    };
    let mut faults = everywhere();
    if words.is_empty() {
        faults.extend(of_the_gateway());
    }
    let error = |word: &&str| Fault::OauthError { error: (*word).to_owned() };
    faults.extend(words.iter().map(error));
    for name in fields.iter().map(|name| (*name).to_owned()) {
        faults.extend([Fault::MissingField { name: name.clone() }, Fault::WrongType { name }]);
    }
    let mut faults: Vec<_> = faults.into_iter().chain(SILENT).map(|fault| (fault, ALWAYS)).collect();
    faults.extend(once().into_iter().map(|fault| (fault, 1)));
    faults
}

/// What any service may do.
fn everywhere() -> Vec<Fault> {
    vec![
        Fault::TooManyRequests { retry_after_s: None },
        Fault::TooManyRequests { retry_after_s: Some(5) },
        Fault::InternalError,
        Fault::ProxyError,
        Fault::Unavailable,
        Fault::RequestRejected,
        Fault::Html,
        Fault::RedirectElsewhere { location: "https://elsewhere.example/".to_owned() },
        Fault::EndlessBody { mebibytes: 9 },
        Fault::Packed { mebibytes: 9 },
        Fault::DeepJson { depth: 10_000 },
        Fault::TruncatedJson,
        Fault::ExtraField { name: "something_new".to_owned() },
        Fault::ForeignLinks { origin: "https://elsewhere.example".to_owned() },
        Fault::DoubledDate,
        Fault::RequestCut,
        Fault::CloseBeforeAnswer,
        Fault::AnswerLost,
        Fault::ResetMidBody,
    ]
}

/// What the gateway before consents and data is known to answer.
fn of_the_gateway() -> Vec<Fault> {
    vec![
        Fault::KycMissing,
        Fault::TokenNotActive,
        Fault::NotRegisteredToPlan,
        Fault::NotFound,
        Fault::Conflict,
    ]
}

/// A connection that dies once: a read is sent again, what spends is not.
fn once() -> Vec<Fault> {
    vec![
        Fault::RequestCut,
        Fault::CloseBeforeAnswer,
        Fault::AnswerLost,
        Fault::ResetMidBody,
        Fault::TokenNotActive,
    ]
}

/// Whether a grant may be over after it: the bank has said that its tokens are none.
pub(super) fn may_end_a_grant(fault: &Fault) -> bool {
    match fault {
        Fault::OauthError { error } => error == "invalid_grant" || error == "unauthorized_client",
        _ => false,
    }
}
