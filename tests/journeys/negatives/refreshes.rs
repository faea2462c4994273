//! What the token endpoint says to a refresh token: one call, whatever it is, and no read without a token that lives.

use super::{
    case::{Act, Case, Given, REFRESH, case},
    exchanges::{error, lost, says, useless},
};
use simulated_bank::{CallKind, Fault};

/// An access token lives for 24 hours.
const DAY_AND_MORE: Act = Act::Pass(25 * 3_600_000);

pub(super) fn cases() -> Vec<Case> {
    let refresh = |name: String, fault: Fault| {
        let case = case(name, Given::Active).act(DAY_AND_MORE);
        case.bank(CallKind::TokenRefreshToken, fault).act(Act::Read).calls(REFRESH, 1)
    };
    let ended = |word: &str| {
        let case = refresh(word.to_owned(), error(word)).problem(409, "consent_expired");
        case.leaves_because("expired", "refresh_refused")
    };
    let stays = |fault: Fault, status, code| {
        refresh(format!("{fault:?}"), fault).problem(status, code).leaves("active")
    };
    let mut cases = vec![
        ended("unauthorized_client"),
        ended("invalid_grant"),
        Case {
            name: "a refused token, then reading again".to_owned(),
            ..ended("invalid_grant").act(Act::Read)
        },
        stays(error("invalid_client"), 503, "bank_refused_us"),
        stays(error("unsupported_grant_type"), 503, "bank_refused_us"),
        stays(error("invalid_request"), 502, "bank_unrecognised"),
        stays(error("invalid_scope"), 502, "bank_unrecognised"),
        stays(error("mbid_error"), 502, "bank_unrecognised"),
        stays(says(401, r#"{"error":"invalid_grant"}"#), 502, "bank_unrecognised"),
        stays(says(403, ""), 502, "bank_unrecognised"),
        stays(says(302, ""), 502, "bank_unrecognised"),
        stays(Fault::TooManyRequests { retry_after_s: None }, 503, "bank_busy"),
        stays(Fault::InternalError, 503, "bank_unavailable"),
        stays(Fault::ProxyError, 503, "bank_unavailable"),
        stays(Fault::Unavailable, 503, "bank_unavailable"),
    ];
    cases.extend(useless().into_iter().map(|fault| stays(fault, 502, "bank_answer_unusable")));
    cases.extend(lost().into_iter().map(|fault| stays(fault, 502, "bank_answer_lost")));
    // Whoever comes while nobody knows whether a refresh token was spent does not spend it again.
    let again = stays(Fault::AnswerLost, 503, "refresh_in_flight").act(Act::Read);
    cases.push(Case { name: "a lost answer, then reading again at once".to_owned(), ..again });
    cases
}
