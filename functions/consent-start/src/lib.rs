//! `POST /v1/consents` and `POST /v1/consents/{consent_id}/authorization`: a consent is asked for, a way to sign it is
//! chosen, and strong customer authentication starts.

mod choose;
mod input;
mod order;
mod register;
mod renew;
mod reply;
mod start;

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, Code, Problem},
};

/// One of the two starts, by the route of the template.
pub async fn handle(app: &App, request: Request) -> Answer {
    match http::route(&request) {
        "POST /v1/consents" => start::handle(app, request).await,
        "POST /v1/consents/{consent_id}/authorization" => choose::handle(app, request).await,
        _ => Err(Problem::new(Code::ServiceError)),
    }
}
