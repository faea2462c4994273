//! `GET /v1/consents`, `GET /v1/consents/{consent_id}`, `GET /v1/consents/{consent_id}/authorization`,
//! `POST /v1/consents/{consent_id}/activation`, `DELETE /v1/consents/{consent_id}`, `DELETE /v1/consents` and
//! `GET /v1/health`: what a consent is, where its attempt stands, the owner's claim to what was signed, and the end of
//! it; and how the service itself stands.

mod activate;
mod at_bank;
mod health;
mod list;
mod read;
mod renewal;
mod revoke;

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, Code, Problem},
};

/// One of the seven, by the route of the template.
pub async fn handle(app: &App, request: Request) -> Answer {
    match http::route(&request) {
        "GET /v1/consents" => list::handle(app, request).await,
        "DELETE /v1/consents" => revoke::all(app, request).await,
        "DELETE /v1/consents/{consent_id}" => revoke::one(app, request).await,
        "GET /v1/consents/{consent_id}" => read::consent(app, request).await,
        "GET /v1/consents/{consent_id}/authorization" => read::authorization(app, request).await,
        "POST /v1/consents/{consent_id}/activation" => activate::handle(app, request).await,
        "GET /v1/health" => health::handle(app, request).await,
        _ => Err(Problem::new(Code::ServiceError)),
    }
}
