//! What a browser gets that comes back from the bank: the way to the app's registered link, or one neutral page that
//! says nothing. Nothing from the request is ever shown.

use super::Problem;
use crate::config::{App, HandleIn, Return};
use lambda_http::{Body, Response, http::HeaderValue};
use url::Url;

/// Nothing runs and nothing is loaded; one style is allowed, by its hash.
const CSP: &str = "default-src 'none'; style-src 'sha256-3uBriKq+CLreEMzqtreZr/tWRmVtohbTtxiLkYhvo6s='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const STYLE: &str = "body{font:1.2em/1.5 system-ui,sans-serif;margin:20vh auto;max-width:24em;padding:1em;text-align:center;\
                     color-scheme:light dark}";

/// Sends the browser to the app's registered link with these parameters.
pub fn to_app(app: &App, parameters: &[(&str, &str)]) -> Response<Body> {
    let link = link(app, parameters);
    match app.back {
        Return::Redirect => {
            let mut answer = page(303, "Back to the app", "");
            if let Ok(location) = HeaderValue::from_str(link.as_str()) {
                answer.headers_mut().insert("location", location);
            }
            answer
        }
        Return::Page => {
            let href = escape(link.as_str());
            page(
                200,
                "Back to the app",
                &format!(
                    "<p><a href=\"{href}\" rel=\"noreferrer\">Continue in the app · Fortsätt i appen</a></p>"
                ),
            )
        }
    }
}

/// For a state that cannot be proved: no link, no reason.
pub fn neutral_page() -> Response<Body> {
    page(400, "Nothing to do here", "<p>You can close this page. · Du kan stänga sidan.</p>")
}

/// For trouble of ours or the bank's. Nothing has been spent by then, or its end is written down: loading the page again
/// is safe, and helps where the problem says so.
pub fn trouble_page(problem: &Problem) -> Response<Body> {
    let Some(seconds) = problem.retry_after_s() else {
        let status = problem.code().entry().status;
        return page(
            status,
            "Something went wrong",
            "<p>You can close this page. · Du kan stänga sidan.</p>",
        );
    };
    let mut answer = page(503, "One moment", "<p>Please reload this page. · Ladda om sidan.</p>");
    answer.headers_mut().insert("retry-after", HeaderValue::from(seconds));
    answer
}

fn link(app: &App, parameters: &[(&str, &str)]) -> Url {
    let mut link = app.link.clone();
    let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    match app.handle_in {
        HandleIn::Fragment => link.set_fragment(Some(&encoded)),
        HandleIn::Query => link.set_query(Some(&encoded)),
    }
    link
}

fn page(status: u16, title: &str, body: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    );
    let mut answer = super::response(status, "text/html; charset=utf-8", Body::Text(html));
    let headers = answer.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static(CSP));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert("x-frame-options", HeaderValue::from_static("DENY"));
    answer
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest::{SHA256, digest};
    use data_encoding::BASE64;

    #[test]
    fn the_one_style_is_the_one_that_the_policy_allows() {
        let hash = BASE64.encode(digest(&SHA256, STYLE.as_bytes()).as_ref());
        assert!(CSP.contains(&format!("style-src 'sha256-{hash}'")), "{hash}");
    }
}
