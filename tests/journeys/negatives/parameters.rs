//! The callback's other parameters: doubled, missing, empty, over-long, strangely encoded.

use super::case::{Answered, Case, EXCHANGE, Given, case};

/// Not a callback that could be ours: one neutral page.
fn neutral(name: &str, query: &str) -> Case {
    case(name, Given::Approved).back(query).leaves("awaiting_redirect")
}

/// It is the true code, after all.
fn signed(name: &str, query: &str) -> Case {
    let case = case(name, Given::Approved).back(query).answers(Answered::Signed);
    case.calls(EXCHANGE, 1).leaves("signed")
}

/// A code like any other: the bank is asked, and does not know it.
fn refused(name: &str, query: &str) -> Case {
    let case = case(name, Given::Approved).back(query).answers(Answered::Failed);
    case.calls(EXCHANGE, 1).leaves_because("rejected", "code_refused")
}

/// An error like any other: it ends nothing.
fn denied(name: &str, query: &str) -> Case {
    case(name, Given::Approved).back(query).answers(Answered::Denied).leaves("awaiting_redirect")
}

pub(super) fn cases() -> Vec<Case> {
    let x = |count: usize| "x".repeat(count);
    vec![
        neutral("the same state twice", "code=$CODE&state=$STATE&state=$STATE"),
        neutral("the true state and another", "code=$CODE&state=$STATE&state=$OTHER_STATE"),
        neutral("another state and the true one", "code=$CODE&state=$OTHER_STATE&state=$STATE"),
        neutral("the true state and an empty one", "code=$CODE&state=$STATE&state="),
        neutral("the same code twice", "code=$CODE&code=$CODE&state=$STATE"),
        neutral("the true code and another", "code=$CODE&code=$OTHER_CODE&state=$STATE"),
        neutral("the true code and an empty one", "code=$CODE&code=&state=$STATE"),
        neutral("the same error twice", "error=access_denied&error=access_denied&state=$STATE"),
        neutral("two errors", "error=access_denied&error=server_error&state=$STATE"),
        neutral("code and error", "code=$CODE&error=access_denied&state=$STATE"),
        neutral("error and code", "error=access_denied&code=$CODE&state=$STATE"),
        neutral("code and an empty error", "code=$CODE&error=&state=$STATE"),
        neutral("error and an empty code", "error=access_denied&code=&state=$STATE"),
        neutral("neither code nor error", "state=$STATE"),
        neutral("nothing at all", ""),
        neutral("only ampersands", "&&&"),
        neutral("an empty code", "code=&state=$STATE"),
        neutral("a code without a value", "code&state=$STATE"),
        neutral("a code with a space", "code=$CODE%20&state=$STATE"),
        neutral("a code with a plus, which is a space", "code=$CODE+&state=$STATE"),
        neutral("a code with a line break", "code=$CODE%0D%0Ax:%201&state=$STATE"),
        neutral("a code with a NUL", "code=$CODE%00&state=$STATE"),
        neutral("a code of another alphabet", "code=%C3%A5%C3%A4%C3%B6&state=$STATE"),
        neutral("a code that is not UTF-8", "code=%FF%FE&state=$STATE"),
        neutral("a code with an invisible character", "code=$CODE%E2%80%8B&state=$STATE"),
        neutral("a code of 1025 characters", &format!("code={}&state=$STATE", x(1025))),
        neutral("a query of more than 4096 characters", &format!("code=$CODE&state=$STATE&x={}", x(4096))),
        neutral("names in capitals", "Code=$CODE&State=$STATE"),
        neutral("names with brackets", "code[]=$CODE&state[]=$STATE"),
        neutral("a name with a NUL", "code%00=$CODE&state=$STATE"),
        neutral("semicolons between parameters", "code=$CODE;state=$STATE"),
        neutral("a query in a query", "code=$CODE%26state=$STATE"),
        neutral("an error under a state that is not ours", "error=access_denied&state=$ID.1.$OTHER_NONCE"),
        signed("iss twice, while nobody asked for it", "code=$CODE&state=$STATE&iss=a&iss=b"),
        signed("with what a bank might add", "code=$CODE&state=$STATE&session_state=1&scope=AIS"),
        signed("with a link to elsewhere", "code=$CODE&state=$STATE&redirect_uri=https://evil.example/"),
        signed("with another app", "code=$CODE&state=$STATE&app=web&link=https%3A%2F%2Fevil.example"),
        signed("the parameters the other way round", "state=$STATE&code=$CODE"),
        signed("names percent-encoded", "c%6Fde=$CODE&st%61te=$STATE"),
        signed("the code percent-encoded", "code=$ENCODED_CODE&state=$STATE"),
        refused("a code of 1024 characters", &format!("code={}&state=$STATE", x(1024))),
        refused("a code with a percent sign that encodes nothing", "code=%zz&state=$STATE"),
        refused("a code with its quotes", "code=%22$CODE%22&state=$STATE"),
        refused("a code in capitals", "code=$CAPITAL_CODE&state=$STATE"),
        refused("a code that is a form of its own", "code=$CODE%26scope%3DAIS&state=$STATE"),
        refused("a code that was never issued", "code=never-issued&state=$STATE"),
        denied("an error that nobody knows", "error=interaction_timeout&state=$STATE"),
        denied("an empty error", "error=&state=$STATE"),
        denied("an error of another alphabet", "error=%C3%A5&state=$STATE"),
        denied("an over-long error", &format!("error={}&state=$STATE", x(3000))),
        denied("an error with markup", "error=%3Cscript%3E&error_description=%3Cscript%3E&state=$STATE"),
        denied(
            "an error with a link",
            "error=access_denied&error_uri=https%3A%2F%2Fevil.example&state=$STATE",
        ),
    ]
}
