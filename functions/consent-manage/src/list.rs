//! `GET /v1/consents`: the owner's consents, newest first, a page at a time.

use lambda_http::Request;
use serde::Serialize;
use shared::{
    app::App,
    http::{self, Answer, ConsentAnswer, ListQuery},
};

#[derive(Serialize)]
struct List {
    consents: Vec<ConsentAnswer>,
    /// For the next page; absent after the last. A page may be empty and still have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let query = ListQuery::try_from(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let ring = &invocation.material.ring;
    let page = app.store.list(ring, &caller.owner, query.cursor.as_deref(), invocation.now()).await?;
    let now = invocation.now();
    let changed = page
        .consents
        .iter()
        .filter(|consent| query.changed_since.is_none_or(|since| consent.changed >= since));
    let consents = changed.map(|consent| ConsentAnswer::of(consent, now)).collect();
    http::json(200, &List { consents, next_cursor: page.next })
}
