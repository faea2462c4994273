//! The bank's links are followed, so they are looked at closely first: the session of a BankID order and the client
//! certificate travel there, and the PSU's browser is sent there.

use super::Fault;
use reqwest::Url;

/// The parsed link, if it lies below one of the allowed prefixes.
///
/// Scheme, host and port are compared as parsed; the path as written, because what would be rewritten on parsing
/// (dot segments, encoded slashes) is refused.
pub(super) fn allowed(link: &str, prefixes: &[String]) -> Result<Url, Fault> {
    let url = parse(link).ok_or(Fault::ForeignLink)?;
    let below = |prefix: &String| {
        parse(prefix).is_some_and(|prefix| {
            url.origin() == prefix.origin()
                && url.path().len() > prefix.path().len()
                && url.path().starts_with(prefix.path())
        })
    };
    if prefixes.iter().any(below) { Ok(url) } else { Err(Fault::ForeignLink) }
}

/// An absolute address that is https, or http on loopback, and says what it means: no user, no fragment, no dot
/// segments, no encoded slashes, no backslashes.
pub(super) fn parse(text: &str) -> Option<Url> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let url = Url::parse(text).ok().filter(|_| plain)?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (bare && secure && url.has_host() && straight(text)).then_some(url)
}

/// Whether the path, as written, has no segment that parsing or a server behind it could read as another path.
fn straight(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let encoded = ["%2f", "%5c", "%2e", "%00", "%25"].iter().any(|sign| path.contains(sign));
    let dotted = path.split('/').any(|segment| matches!(segment, "." | ".."));
    !authority.is_empty()
        && !authority.contains(['@', '?', '#'])
        && !encoded
        && !dotted
        && !path.contains("//")
        && !path.starts_with('/')
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(link: &str) -> Result<Url, Fault> {
        let prefixes =
            ["https://api.bank.example/mlurd/", "http://127.0.0.1:8443/bb/gls5/"].map(str::to_owned);
        allowed(link, &prefixes)
    }

    #[test]
    fn a_link_below_an_allowed_prefix_is_followed() {
        for link in [
            "https://api.bank.example/mlurd/decoupled/mbid/initAuthorization/2.0",
            "https://api.bank.example:443/mlurd/decoupled/mbid/token/1.0?sessionId=1",
            "HTTPS://API.BANK.EXAMPLE/mlurd/x",
            "http://127.0.0.1:8443/bb/gls5/oauth2/authorize/1.0",
        ] {
            assert!(check(link).is_ok(), "{link}");
        }
    }

    #[test]
    fn every_other_link_is_foreign() {
        for link in [
            "",
            "/mlurd/x",
            "//api.bank.example/mlurd/x",
            "http://api.bank.example/mlurd/x",
            "https://api.bank.example/",
            "https://api.bank.example/mlurd",
            "https://api.bank.example/mlurd/",
            "https://api.bank.example/mlurdx/y",
            "https://api.bank.example/MLURD/x",
            "https://api.bank.example:8443/mlurd/x",
            "https://api.bank.example.evil.example/mlurd/x",
            "https://evil.example/mlurd/x",
            "https://api.bank.example@evil.example/mlurd/x",
            "https://evil.example@api.bank.example/mlurd/x",
            "https://:secret@api.bank.example/mlurd/x",
            "https://api.bank.example/mlurd/../x",
            "https://api.bank.example/other/../mlurd/x",
            "https://api.bank.example/mlurd/./x",
            "https://api.bank.example/mlurd/%2e%2e/x",
            "https://api.bank.example/mlurd/%2E./x",
            "https://api.bank.example/mlurd/..%2fx",
            "https://api.bank.example/mlurd/a%5Cb",
            "https://api.bank.example/mlurd/%252e%252e/x",
            "https://api.bank.example\\mlurd\\x",
            "https://api.bank.example//mlurd/x",
            "https:api.bank.example/mlurd/x",
            "https:///api.bank.example/mlurd/x",
            "https://api.bank.example/mlurd/x#part",
            "https://api.bank.example/mlurd/\tx",
            " https://api.bank.example/mlurd/x",
            "http://127.0.0.1:8444/bb/gls5/x",
            "http://localhost:8443/bb/gls5/x",
            "https://127.0.0.1:8443/bb/gls5/x",
            "file:///mlurd/x",
            "javascript:alert(1)",
            "data:text/html,x",
        ] {
            assert_eq!(check(link), Err(Fault::ForeignLink), "{link}");
        }
    }
}
