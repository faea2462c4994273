//! `GET /v1/consents/{consent_id}`, `GET /v1/consents/{consent_id}/authorization` and
//! `POST /v1/consents/{consent_id}/activation`: what a consent is, where its attempt stands, and the owner's claim to
//! what was signed.

mod activate;
mod read;

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, Code, Problem},
};

/// One of the three, by the route of the template.
pub async fn handle(app: &App, request: Request) -> Answer {
    match http::route(&request) {
        "GET /v1/consents/{consent_id}" => read::consent(app, request).await,
        "GET /v1/consents/{consent_id}/authorization" => read::authorization(app, request).await,
        "POST /v1/consents/{consent_id}/activation" => activate::handle(app, request).await,
        _ => Err(Problem::new(Code::ServiceError)),
    }
}
