//! `DELETE …/authorization`: the attempt ends here first, then the BankID order at the bank. The grant is untouched.

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer},
};

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    let now = invocation.now();
    let ended = invocation.end(stored, |consent| consent.cancel(now)).await?;
    invocation.cancel_order(&ended).await;
    http::no_content()
}
