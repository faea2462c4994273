//! `POST /v1/consents/{consent_id}/authorization/poll` and `DELETE /v1/consents/{consent_id}/authorization`: the caller
//! asks how the BankID order stands, or ends the attempt.

mod cancel;
mod hold;
mod poll;

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, Code, Problem},
};

/// Poll or cancel, by the route of the template.
pub async fn handle(app: &App, request: Request) -> Answer {
    match http::route(&request) {
        "POST /v1/consents/{consent_id}/authorization/poll" => poll::handle(app, request).await,
        "DELETE /v1/consents/{consent_id}/authorization" => cancel::handle(app, request).await,
        _ => Err(Problem::new(Code::ServiceError)),
    }
}
