//! The handle: missing, malformed, somebody else's, shown twice.

use super::case::{Act, Answered, Case, Given, case};
use serde_json::{Value, json};

pub(super) fn cases() -> Vec<Case> {
    let claim = |name, body: Value| case(name, Given::Signed).act(Act::Activate(body)).leaves("signed");
    let malformed = |name, body: Value| claim(name, body).answers(Answered::Field("handle"));
    let refused = |name, handle: &str| claim(name, json!({"handle": handle})).problem(403, "handle_refused");
    let own = || Act::Activate(json!({"handle": "$HANDLE"}));
    let wrong = || Act::Activate(json!({"handle": "AAAAAAAAAAAAAAAAAAAAAA"}));
    vec![
        malformed("missing", json!({})),
        malformed("empty", json!({"handle": ""})),
        malformed("null", json!({"handle": null})),
        malformed("a number", json!({"handle": 7})),
        malformed("a list", json!({"handle": ["$HANDLE"]})),
        malformed("21 characters", json!({"handle": "AAAAAAAAAAAAAAAAAAAAA"})),
        malformed("a character too many", json!({"handle": "$HANDLEA"})),
        malformed("a space after it", json!({"handle": "$HANDLE "})),
        malformed("over-long", json!({"handle": "A".repeat(3000)})),
        claim("a link beside it", json!({"handle": "$HANDLE", "link": "https://evil.example/"}))
            .answers(Answered::Field("body")),
        claim("the state beside it", json!({"handle": "$HANDLE", "state": "$STATE"}))
            .answers(Answered::Field("body")),
        refused("the right form, nobody's", "AAAAAAAAAAAAAAAAAAAAAA"),
        refused("somebody else's", "$OTHER_HANDLE"),
        refused("the nonce instead", "$NONCE"),
        refused("the consent id instead", "$ID"),
        refused("one bit off", "$FLIPPED_HANDLE"),
        case("a wrong one, then the true one", Given::Signed)
            .acts([wrong(), own()])
            .answers(Answered::Done(200, Some("active")))
            .leaves("active"),
        case("the true one twice", Given::Active)
            .acts([own(), own()])
            .answers(Answered::Done(200, Some("active")))
            .leaves("active"),
        case("a wrong one after the true one", Given::Active)
            .act(wrong())
            .problem(403, "handle_refused")
            .leaves("active"),
    ]
}
