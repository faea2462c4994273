//! The query of the callback, parsed from its raw text: the gateway joins doubled parameters, and doubled parameters are
//! refused (RFC 6749 section 3.1).

use lambda_http::Request;
use shared::types::{AuthorizationCode, Signal, State};

/// No code or error of any bank is longer.
const MAX_QUERY: usize = 4096;

/// What the bank sent the browser back with: RFC 6749 section 4.1.2.
#[derive(Debug)]
pub struct Callback {
    /// Which consent, which attempt, and the proof that we began it.
    pub state: State,
    /// The code, or the error that the bank reported instead.
    pub code: Result<AuthorizationCode, Signal>,
    /// Every `iss` (RFC 9207); configuration says whether they count.
    pub issuers: Vec<String>,
}

/// Not a callback that could be ours.
#[derive(Debug)]
pub struct NotACallback;

impl TryFrom<&Request> for Callback {
    type Error = NotACallback;
    fn try_from(request: &Request) -> Result<Self, NotACallback> {
        Self::parse(request.uri().query().unwrap_or("")).ok_or(NotACallback)
    }
}

impl Callback {
    /// From the raw query; nothing if it could not be a callback of ours.
    pub fn parse(query: &str) -> Option<Self> {
        if query.len() > MAX_QUERY {
            return None;
        }
        let (mut state, mut code, mut error, mut issuers) = (None, None, None, Vec::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "iss" => {
                    issuers.push(value.into_owned());
                    continue;
                }
                // `error_description` and whatever a bank adds: RFC 6749 says to ignore it.
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        let state = State::parse(&state?).ok()?;
        let visible =
            |text: &String| (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        match (code, error) {
            (Some(code), None) if visible(&code) => {
                Some(Self { state, code: Ok(AuthorizationCode::new(code)), issuers })
            }
            (None, Some(error)) => {
                Some(Self { state, code: Err(Signal::of_authorization_error(&error)), issuers })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "BgYGBgYGBgYGBgYGBgYGBg.1.BwcHBwcHBwcHBwcHBwcHBw";

    #[test]
    fn a_code_or_an_error_with_a_state_is_a_callback_and_nothing_else_is() {
        let parse = |query: &str| Callback::parse(&query.replace("STATE", STATE));
        assert!(parse("code=abc&state=STATE").is_some_and(|callback| callback.code.is_ok()));
        assert!(
            parse("error=access_denied&error_description=x&state=STATE").is_some_and(|c| c.code.is_err())
        );
        for wrong in [
            "",
            "state=STATE",
            "code=abc",
            "code=&state=STATE",
            "code=abc&state=",
            "code=abc&state=STATE&state=STATE",
            "code=abc&code=abc&state=STATE",
            "code=abc&error=x&state=STATE",
            "error=a&error=b&state=STATE",
            "code=a%20b&state=STATE",
            "code=%C3%A5&state=STATE",
            "code=a%0Ab&state=STATE",
            "code=abc&state=%00",
        ] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
        assert!(parse(&format!("code={}&state=STATE", "x".repeat(1025))).is_none());
    }
}
