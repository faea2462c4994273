//! Every verb in every state: what can be done where a consent stands, and what is refused without asking the bank.

use super::case::{Act, Answered, CANCEL, Case, Given, case};
use serde_json::json;

fn choose() -> Act {
    Act::Choose(json!({"method": "redirect", "app": "android"}))
}

fn claim() -> Act {
    Act::Activate(json!({"handle": "AAAAAAAAAAAAAAAAAAAAAA"}))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = polls();
    cases.extend(cancels());
    cases.extend(claims());
    cases.extend(choices());
    cases.extend(ends());
    cases
}

fn polls() -> Vec<Case> {
    let poll = |name, given| case(name, given).act(Act::Poll).problem(409, "nothing_to_poll");
    let over = |name, given, end: Act| case(name, given).acts([end, Act::Poll]);
    let stands = |status| Answered::Done(200, Some(status));
    vec![
        poll("a poll, nothing chosen", Given::Registered).leaves("created"),
        poll("a poll, redirect chosen", Given::Redirected).leaves("awaiting_redirect"),
        poll("a poll, signed by redirect", Given::Signed).leaves("signed"),
        case("a poll, active by redirect", Given::Active)
            .act(Act::Poll)
            .answers(stands("active"))
            .leaves("active"),
        over("a poll after a cancel", Given::Ordered, Act::Cancel)
            .calls(CANCEL, 1)
            .answers(stands("rejected"))
            .leaves_because("rejected", "cancelled"),
        over("a poll after a redirect was cancelled", Given::Redirected, Act::Cancel)
            .answers(stands("rejected"))
            .leaves_because("rejected", "cancelled"),
        over("a poll after revoking", Given::Ordered, Act::Revoke)
            .calls(CANCEL, 1)
            .problem(409, "nothing_to_poll")
            .leaves("revoked"),
        over("a poll after revoking a grant", Given::ActiveByBankId, Act::Revoke)
            .problem(409, "nothing_to_poll")
            .leaves("revoked"),
    ]
}

fn cancels() -> Vec<Case> {
    let cancel = |name, given| case(name, given).act(Act::Cancel).answers(Answered::Done(204, None));
    let rejected = |case: Case| case.leaves_because("rejected", "cancelled");
    vec![
        rejected(cancel("a cancel, nothing chosen", Given::Registered)),
        rejected(cancel("a cancel, redirect chosen", Given::Redirected)),
        rejected(cancel("a cancel, signed by redirect", Given::Signed)),
        rejected(cancel("a cancel, an order running", Given::Ordered).calls(CANCEL, 1)),
        rejected(cancel("two cancels", Given::Ordered).act(Act::Cancel).calls(CANCEL, 1)),
        cancel("a cancel, active by redirect", Given::Active).leaves("active"),
        cancel("a cancel, active by BankID", Given::ActiveByBankId).leaves("active"),
        case("a cancel after revoking", Given::Ordered)
            .acts([Act::Revoke, Act::Cancel])
            .answers(Answered::Done(204, None))
            .calls(CANCEL, 1)
            .leaves("revoked"),
    ]
}

fn claims() -> Vec<Case> {
    let nothing = |name, given| case(name, given).act(claim()).problem(409, "nothing_to_activate");
    vec![
        nothing("a claim, nothing chosen", Given::Registered).leaves("created"),
        nothing("a claim, redirect chosen", Given::Redirected).leaves("awaiting_redirect"),
        nothing("a claim, an order running", Given::Ordered).leaves("awaiting_approval"),
        case("a claim, active by BankID", Given::ActiveByBankId)
            .act(claim())
            .problem(403, "handle_refused")
            .leaves("active"),
        case("a claim after a cancel", Given::Approved)
            .acts([Act::Cancel, claim()])
            .problem(409, "nothing_to_activate")
            .leaves_because("rejected", "cancelled"),
        case("a claim after revoking", Given::Ordered)
            .acts([Act::Revoke, claim()])
            .problem(409, "consent_revoked")
            .calls(CANCEL, 1)
            .leaves("revoked"),
    ]
}

fn choices() -> Vec<Case> {
    let under_way = |name, given| case(name, given).act(choose()).problem(409, "attempt_in_progress");
    vec![
        under_way("a choice, redirect chosen", Given::Redirected).leaves("awaiting_redirect"),
        under_way("a choice, signed by redirect", Given::Signed).leaves("signed"),
        under_way("a choice, an order running", Given::Ordered).leaves("awaiting_approval"),
        case("a choice after a cancel", Given::Redirected)
            .acts([Act::Cancel, choose()])
            .problem(409, "attempt_over")
            .leaves_because("rejected", "cancelled"),
        case("a choice after revoking", Given::Active)
            .acts([Act::Revoke, choose()])
            .problem(409, "consent_revoked")
            .leaves("revoked"),
    ]
}

fn ends() -> Vec<Case> {
    let revoke =
        |name, given| case(name, given).act(Act::Revoke).answers(Answered::Done(204, None)).leaves("revoked");
    vec![
        revoke("revoking, nothing chosen", Given::Registered),
        revoke("revoking, redirect chosen", Given::Redirected),
        revoke("revoking, signed by redirect", Given::Signed),
        revoke("revoking, active by redirect", Given::Active),
        revoke("revoking, active by BankID", Given::ActiveByBankId),
        revoke("revoking, an order running", Given::Ordered).calls(CANCEL, 1),
        revoke("revoking twice", Given::Ordered).act(Act::Revoke).calls(CANCEL, 1),
        case("reading, nothing signed", Given::Redirected)
            .act(Act::Read)
            .problem(409, "consent_not_active")
            .leaves("awaiting_redirect"),
        case("reading, signed but not claimed", Given::Signed)
            .act(Act::Read)
            .problem(409, "consent_not_active")
            .leaves("signed"),
        case("reading, an order running", Given::Ordered)
            .act(Act::Read)
            .problem(409, "consent_not_active")
            .leaves("awaiting_approval"),
    ]
}
