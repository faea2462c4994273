//! A `state` that is not ours, not of this consent, not of this attempt, or not as we wrote it.

use super::case::{Answered, Case, EXCHANGE, Given, TRUE, case};

/// Nobody learns anything and nothing is spent.
fn unproved(name: &str, state: &str) -> Case {
    case(name, Given::Approved).back(format!("code=$CODE&state={state}")).leaves("awaiting_redirect")
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("missing", Given::Approved).back("code=$CODE").leaves("awaiting_redirect"),
        case("without a value", Given::Approved).back("code=$CODE&state").leaves("awaiting_redirect"),
        unproved("empty", ""),
        unproved("a word", "unknown"),
        unproved("the right form, nobody's", "AAAAAAAAAAAAAAAAAAAAAA.1.AAAAAAAAAAAAAAAAAAAAAA"),
        unproved("our consent, somebody else's nonce", "$ID.1.$OTHER_NONCE"),
        unproved("somebody else's consent, our nonce", "$OTHER_ID.1.$NONCE"),
        unproved("one bit off in the nonce", "$ID.1.$FLIPPED"),
        unproved("one bit off in the consent", "$FLIPPED_ID.1.$NONCE"),
        unproved("attempt 0 with the nonce of 1", "$ID.0.$NONCE"),
        unproved("attempt 2 with the nonce of 1", "$ID.2.$NONCE"),
        unproved("attempt 01", "$ID.01.$NONCE"),
        unproved("attempt +1", "$ID.%2B1.$NONCE"),
        unproved("attempt 65537, which is 1 in sixteen bits", "$ID.65537.$NONCE"),
        unproved("attempt -1", "$ID.-1.$NONCE"),
        unproved("no attempt", "$ID..$NONCE"),
        unproved("no nonce", "$ID.1."),
        unproved("only the consent", "$ID"),
        unproved("a part too many", "$STATE.$NONCE"),
        unproved("a dot too many", "$STATE."),
        unproved("a space before it", "%20$STATE"),
        unproved("a plus before it, which is a space", "+$STATE"),
        unproved("a line break after it", "$STATE%0A"),
        unproved("a NUL after it", "$STATE%00"),
        unproved("padding after it", "$STATE%3D%3D"),
        unproved("encoded twice", "$ID%252E1%252ENONCE"),
        unproved("with another alphabet's dots", "$ID%EF%BC%8E1%EF%BC%8ENONCE"),
        unproved("not UTF-8", "$STATE%FF"),
        unproved("in quotes", "%22$STATE%22"),
        unproved("over-long", &"A".repeat(3000)),
        unproved("a path", "..%2F..%2FSTATE"),
        // Ours, proved, but of no attempt that is under way.
        case("of an attempt that never began", Given::Approved)
            .back("code=$CODE&state=$NEXT_ATTEMPT")
            .answers(Answered::Failed)
            .leaves("awaiting_redirect"),
        case("of an older attempt", Given::Approved)
            .back("code=$CODE&state=$LAST_ATTEMPT")
            .answers(Answered::Failed)
            .leaves("awaiting_redirect"),
        case("of an older attempt, with an error", Given::Approved)
            .back("error=access_denied&state=$LAST_ATTEMPT")
            .answers(Answered::Failed)
            .leaves("awaiting_redirect"),
        case("of another attempt, when this one is signed", Given::Signed)
            .back("code=$CODE&state=$NEXT_ATTEMPT")
            .answers(Answered::Failed)
            .leaves("signed"),
        // Proved as well, but the bank does not take a code under another consent's scope.
        case("somebody else's with our code", Given::Approved)
            .back("code=$CODE&state=$OTHER_STATE")
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves("awaiting_redirect"),
        case("ours with somebody else's code", Given::Approved)
            .back("code=$OTHER_CODE&state=$STATE")
            .answers(Answered::Failed)
            .calls(EXCHANGE, 1)
            .leaves_because("rejected", "code_refused"),
        case("ours, percent-encoded throughout", Given::Approved)
            .back("code=$CODE&state=$ENCODED_STATE")
            .answers(Answered::Signed)
            .calls(EXCHANGE, 1)
            .leaves("signed"),
        case("replayed after it was signed", Given::Signed)
            .back(TRUE)
            .answers(Answered::Signed)
            .leaves("signed"),
        case("replayed after it was claimed", Given::Active)
            .back(TRUE)
            .answers(Answered::Claimed)
            .leaves("active"),
    ]
}
