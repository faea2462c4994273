//! Codes and errors one after another, two browsers, and what has ended meanwhile.

use super::case::{Act, Answered, Case, ERROR, EXCHANGE, Given, TRUE, case};
use serde_json::json;

const OTHER: &str = "code=somebody-elses&state=$STATE";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = before_the_code_is_spent();
    cases.extend(after_it_was_spent());
    cases.extend(after_the_end());
    cases
}

fn before_the_code_is_spent() -> Vec<Case> {
    let spent =
        |name| case(name, Given::Approved).answers(Answered::Signed).calls(EXCHANGE, 1).leaves("signed");
    vec![
        spent("an error, then the code").back(ERROR).back(TRUE),
        spent("three errors, then the code").back(ERROR).back(ERROR).back(ERROR).back(TRUE),
        spent("a prefetch, then the browser").back(TRUE).back(TRUE),
        spent("four reloads").back(TRUE).back(TRUE).back(TRUE).back(TRUE),
        spent("an error between two hits of the code").back(TRUE).back(ERROR).back(TRUE),
        case("denied, then approved after all", Given::Redirected)
            .acts([Act::Deny, Act::Back(ERROR.to_owned()), Act::Approve])
            .back(TRUE)
            .answers(Answered::Signed)
            .calls(EXCHANGE, 1)
            .leaves("signed"),
        case("denied", Given::Redirected)
            .act(Act::Deny)
            .back(ERROR)
            .answers(Answered::Denied)
            .leaves("awaiting_redirect"),
        case("denied twice", Given::Redirected)
            .act(Act::Deny)
            .back(ERROR)
            .back(ERROR)
            .answers(Answered::Denied)
            .leaves("awaiting_redirect"),
        case("denied, then a code that was never issued", Given::Redirected)
            .act(Act::Deny)
            .back(ERROR)
            .back(OTHER)
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves_because("rejected", "code_refused"),
        case("a code that was never issued, then the true one", Given::Approved)
            .back(OTHER)
            .back(TRUE)
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves_because("rejected", "code_refused"),
        case("a code that was never issued, twice", Given::Approved)
            .back(OTHER)
            .back(OTHER)
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves_because("rejected", "code_refused"),
        case("a code that was never issued, then an error", Given::Approved)
            .back(OTHER)
            .back(ERROR)
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves_because("rejected", "code_refused"),
    ]
}

fn after_it_was_spent() -> Vec<Case> {
    let conflict = |name| case(name, Given::Signed).leaves_because("rejected", "code_conflict");
    let owner = json!({"handle": "$HANDLE"});
    vec![
        case("the code, then an error", Given::Signed).back(ERROR).answers(Answered::Denied).leaves("signed"),
        case("a second browser, after the first has signed", Given::Signed)
            .act(Act::Deny)
            .back(ERROR)
            .answers(Answered::Denied)
            .leaves("signed"),
        case("two browsers with one code", Given::Signed)
            .back(TRUE)
            .answers(Answered::Signed)
            .leaves("signed"),
        conflict("another code").back(OTHER).answers(Answered::Failed),
        conflict("another code of the bank's")
            .back("code=$OTHER_CODE&state=$STATE")
            .answers(Answered::Failed),
        conflict("another code, then the true one").back(OTHER).back(TRUE).answers(Answered::Failed),
        conflict("another code, then the handle")
            .back(OTHER)
            .act(Act::Activate(owner.clone()))
            .problem(409, "nothing_to_activate"),
        case("the code after it was claimed", Given::Active)
            .back(TRUE)
            .answers(Answered::Claimed)
            .leaves("active"),
        case("another code after it was claimed", Given::Active)
            .back(OTHER)
            .answers(Answered::Claimed)
            .leaves("active"),
        case("an error after it was claimed", Given::Active)
            .back(ERROR)
            .answers(Answered::Failed)
            .leaves("active"),
    ]
}

fn after_the_end() -> Vec<Case> {
    let cancelled = |name, given| {
        let case = case(name, given).act(Act::Cancel).answers(Answered::Failed);
        case.leaves_because("rejected", "cancelled")
    };
    let revoked =
        |name, given| case(name, given).act(Act::Revoke).answers(Answered::Failed).leaves("revoked");
    let owner = json!({"handle": "$HANDLE"});
    vec![
        cancelled("the code after a cancel", Given::Approved).back(TRUE),
        cancelled("an error after a cancel", Given::Approved).back(ERROR),
        cancelled("a code that was never issued after a cancel", Given::Approved).back(OTHER),
        cancelled("the code again after a cancel of what was signed", Given::Signed).back(TRUE),
        cancelled("another code after a cancel of what was signed", Given::Signed).back(OTHER),
        cancelled("the handle after a cancel of what was signed", Given::Signed)
            .act(Act::Activate(owner.clone()))
            .problem(409, "nothing_to_activate"),
        revoked("the code after revoking", Given::Approved).back(TRUE),
        revoked("an error after revoking", Given::Approved).back(ERROR),
        revoked("the code again after revoking what was signed", Given::Signed).back(TRUE),
        revoked("the handle after revoking what was signed", Given::Signed)
            .act(Act::Activate(owner.clone()))
            .problem(409, "consent_revoked"),
        revoked("the code again after revoking the grant", Given::Active).back(TRUE),
        revoked("another code after revoking the grant", Given::Active).back(OTHER),
        revoked("the handle again after revoking the grant", Given::Active)
            .act(Act::Activate(owner))
            .problem(409, "consent_revoked"),
        revoked("reading after revoking the grant", Given::Active)
            .act(Act::Read)
            .problem(409, "consent_revoked"),
    ]
}
