//! The page's files. They stand in the binary, so it serves the same page from wherever it is started.

use hyper::Response;
use hyper::body::Bytes;

use crate::wire::respond;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal $kind:ident,)*) => {
        const FILES: &[(&str, &str, &str)] = &[$(($name, $kind, include_str!(concat!("../../page/", $name))),)*];
    };
}

files! {
    "index.html" HTML,
    "style.css" CSS,
    "icon.svg" SVG,
    "main.js" SCRIPT,
    "texts.js" SCRIPT,
    "dom.js" SCRIPT,
    "calls.js" SCRIPT,
    "home.js" SCRIPT,
    "consent.js" SCRIPT,
    "accounts.js" SCRIPT,
    "transactions.js" SCRIPT,
    "desk.js" SCRIPT,
}

/// The file at a path; the page itself is at `/` and, for a browser that comes back with nothing in its hands, `/bank`.
pub(super) fn file(path: &str) -> Option<Response<Bytes>> {
    let name = match path {
        "/" | "/bank" => "index.html",
        _ => path.strip_prefix('/')?,
    };
    let (_, kind, text) = FILES.iter().find(|(known, ..)| *known == name)?;
    Some(respond(200, kind, *text))
}
