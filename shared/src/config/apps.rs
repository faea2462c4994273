//! The apps that a browser may be sent back to. An address never comes from a request, only from here:
//! `[{"id":"ios","client_ids":["my-app"],"link":"https://app.example/bank","return":"page","handle_in":"fragment"}]`.
//!
//! * `client_ids`: which clients of the issuer may name this app (their token's `client_id`, else `azp`)
//! * `link`: https; custom schemes and `http://localhost` only outside `live`
//! * `return`: `redirect` (303) or `page` (a page with one link: iOS opens universal links only after a real tap)
//! * `handle_in`: `fragment`, or `query` for server-rendered sites, which must redirect to a clean URL at once

use super::{Environment, Reader, bank::is_loopback};
use crate::types::AppId;
use serde::Deserialize;
use url::Url;

/// How the browser gets back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Return {
    /// 303 to the link.
    Redirect,
    /// A static page with the link on it.
    Page,
}

/// Where in the link the outcome stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandleIn {
    /// After `#`: no server sees it.
    Fragment,
    /// After `?`: for sites without scripts.
    Query,
}

/// One registered app.
#[derive(Clone, Debug)]
pub struct App {
    /// Its name in requests.
    pub id: AppId,
    /// The clients that may name it.
    pub client_ids: Vec<String>,
    /// Where it lives.
    pub link: Url,
    /// How the browser gets there.
    pub back: Return,
    /// Where the outcome stands.
    pub handle_in: HandleIn,
}

/// All registered apps.
#[derive(Clone, Debug, Default)]
pub struct Apps(Vec<App>);

impl Apps {
    /// The app, if this client may name it.
    pub fn named_by(&self, id: &AppId, client_id: &str) -> Option<&App> {
        self.get(id).filter(|app| app.client_ids.iter().any(|known| known == client_id))
    }

    /// The app, for a browser that comes back.
    pub fn get(&self, id: &AppId) -> Option<&App> {
        self.0.iter().find(|app| app.id == *id)
    }
}

/// One app that nobody may name.
pub(super) const NONE: &str = r#"[{"id":"none","client_ids":[],"link":"https://none.invalid/","return":"page","handle_in":"fragment"}]"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    client_ids: Vec<String>,
    link: String,
    r#return: Return,
    handle_in: HandleIn,
}

pub(super) fn read(read: &mut Reader<'_>, environment: Environment) -> Apps {
    let text = read.required("APPS");
    let entries: Vec<Entry> = serde_json::from_str(&text).unwrap_or_default();
    let apps: Vec<App> = entries.into_iter().filter_map(|entry| app(entry, environment)).collect();
    let listed = serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&text).map_or(0, |list| list.len());
    if !text.is_empty() && (apps.is_empty() || apps.len() != listed) {
        read.wrong(
            "APPS",
            "must be a JSON list of {id, client_ids, link, return, handle_in}, in live with https links",
        );
    }
    Apps(apps)
}

fn app(entry: Entry, environment: Environment) -> Option<App> {
    let link = Url::parse(&entry.link).ok()?;
    let loopback = link.scheme() == "http" && is_loopback(&link);
    let custom =
        !matches!(link.scheme(), "http" | "https" | "javascript" | "data" | "file" | "blob" | "about");
    let allowed = link.scheme() == "https" || (environment != Environment::Live && (loopback || custom));
    if !allowed || link.fragment().is_some() || link.query().is_some() || !link.username().is_empty() {
        return None;
    }
    let id = AppId::parse(&entry.id).ok()?;
    Some(App { id, client_ids: entry.client_ids, link, back: entry.r#return, handle_in: entry.handle_in })
}
