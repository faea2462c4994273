//! Fifteen minutes to sign, five to claim: to the millisecond where it is over. The other side of each limit leaves the
//! request itself a few seconds, which count too.

use super::case::{Act, Answered, Case, ERROR, EXCHANGE, Given, Limit, TRUE, case};
use serde_json::json;

const AMPLE_MS: i64 = -5_000;
const DAY_MS: i64 = 86_400_000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = to_sign();
    cases.extend(to_claim());
    cases.extend(to_choose_or_poll());
    cases
}

fn to_sign() -> Vec<Case> {
    let late =
        |name, given| case(name, given).answers(Answered::Failed).leaves_because("expired", "too_late");
    let from_page = [Act::At(Limit::Intent, -10_000), Act::Approve, Act::At(Limit::Intent, AMPLE_MS)];
    vec![
        case("the code in the last seconds", Given::Redirected)
            .acts(from_page.clone())
            .back(TRUE)
            .answers(Answered::Signed)
            .calls(EXCHANGE, 1)
            .leaves("signed"),
        case("an error in the last seconds", Given::Redirected)
            .acts(from_page)
            .back(ERROR)
            .answers(Answered::Denied)
            .leaves("awaiting_redirect"),
        late("the code when it is over", Given::Approved).act(Act::At(Limit::Intent, 0)).back(TRUE),
        late("the code a millisecond later", Given::Approved).act(Act::At(Limit::Intent, 1)).back(TRUE),
        late("an error when it is over", Given::Approved).act(Act::At(Limit::Intent, 0)).back(ERROR),
        late("an error a millisecond later", Given::Approved).act(Act::At(Limit::Intent, 1)).back(ERROR),
        // What nobody signed has erased itself by then.
        case("the code a hundred days later", Given::Approved).act(Act::Pass(100 * DAY_MS)).back(TRUE),
        late("a code that was never issued, too late", Given::Approved)
            .act(Act::At(Limit::Intent, 1))
            .back("code=never-issued&state=$STATE"),
        case("a state that is not ours, too late", Given::Approved)
            .act(Act::At(Limit::Intent, 1))
            .back("code=$CODE&state=$ID.2.$NONCE")
            .leaves_because("expired", "too_late"),
        case("a code that the bank has forgotten, in time for us", Given::Approved)
            .act(Act::Pass(6 * 60_000))
            .back(TRUE)
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves_because("rejected", "code_refused"),
        case("the code while a clock was put back an hour", Given::Approved)
            .act(Act::Pass(-3_600_000))
            .back(TRUE)
            .answers(Answered::Signed)
            .calls(EXCHANGE, 1)
            .leaves("signed"),
    ]
}

fn to_claim() -> Vec<Case> {
    let late = |name| case(name, Given::Signed).leaves_because("expired", "not_claimed");
    let claim = || Act::Activate(json!({"handle": "$HANDLE"}));
    vec![
        case("the handle in the last seconds", Given::Signed)
            .acts([Act::At(Limit::Claim, AMPLE_MS), claim()])
            .answers(Answered::Done(200, Some("active")))
            .leaves("active"),
        case("the code again in the last seconds", Given::Signed)
            .act(Act::At(Limit::Claim, AMPLE_MS))
            .back(TRUE)
            .answers(Answered::Signed)
            .leaves("signed"),
        late("the handle when it is over")
            .acts([Act::At(Limit::Claim, 0), claim()])
            .problem(409, "attempt_expired"),
        late("the handle a millisecond later")
            .acts([Act::At(Limit::Claim, 1), claim()])
            .problem(409, "attempt_expired"),
        late("the handle twice, too late")
            .acts([Act::At(Limit::Claim, 1), claim(), claim()])
            .problem(409, "attempt_expired"),
        late("the code again when it is over")
            .act(Act::At(Limit::Claim, 0))
            .back(TRUE)
            .answers(Answered::Failed),
        late("the code again a millisecond later")
            .act(Act::At(Limit::Claim, 1))
            .back(TRUE)
            .answers(Answered::Failed),
        late("another code, too late")
            .act(Act::At(Limit::Claim, 1))
            .back("code=$OTHER_CODE&state=$STATE")
            .answers(Answered::Failed),
        late("the code again, then the handle, too late")
            .act(Act::At(Limit::Claim, 1))
            .back(TRUE)
            .act(claim())
            .problem(409, "attempt_expired"),
        late("reading what nobody claimed in time")
            .acts([Act::At(Limit::Claim, 1), Act::Read])
            .problem(409, "consent_not_active"),
    ]
}

fn to_choose_or_poll() -> Vec<Case> {
    let late = |name, given, act: &Act, after| {
        let case = case(name, given).acts([Act::At(Limit::Intent, after), act.clone()]);
        case.leaves_because("expired", "too_late")
    };
    let choose = Act::Choose(json!({"method": "redirect", "app": "android"}));
    let over = || Answered::Done(200, Some("expired"));
    vec![
        case("a choice in the last seconds", Given::Registered)
            .acts([Act::At(Limit::Intent, AMPLE_MS), choose.clone()])
            .answers(Answered::Done(200, Some("awaiting_redirect")))
            .leaves("awaiting_redirect"),
        late("a choice when it is over", Given::Registered, &choose, 0).problem(409, "attempt_expired"),
        late("a choice a millisecond later", Given::Registered, &choose, 1).problem(409, "attempt_expired"),
        late("a poll when it is over", Given::Ordered, &Act::Poll, 0).answers(over()),
        late("a poll a millisecond later", Given::Ordered, &Act::Poll, 1).answers(over()),
        late("a cancel a millisecond later", Given::Ordered, &Act::Cancel, 1)
            .answers(Answered::Done(204, None)),
        late("an approval that nobody asked about in time", Given::Ordered, &Act::Poll, 60_000)
            .answers(over()),
    ]
}
