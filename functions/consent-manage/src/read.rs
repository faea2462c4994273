//! `GET /v1/consents/{consent_id}` and `GET …/authorization`: read from the table alone; the bank is not asked.

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, AuthorizationAnswer, ConsentAnswer},
};

pub(crate) async fn consent(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let consent = invocation.load(&caller.owner, &id).await?.stored;
    let answer = ConsentAnswer::of(&consent, invocation.now()).with_timeline(&consent.timeline);
    http::json(200, &answer)
}

pub(crate) async fn authorization(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let consent = invocation.load(&caller.owner, &id).await?.stored;
    http::json(200, &AuthorizationAnswer::of(&consent, invocation.now()))
}
