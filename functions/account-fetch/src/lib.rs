//! `GET /v1/consents/{consent_id}/accounts…` and `…/card-accounts…`: what the bank says now. Nothing of it is kept but
//! which account of ours is which at the bank.

mod accounts;
mod attendance;
mod cards;
mod map;
mod question;
mod reader;
mod statement;
mod transactions;
mod view;
mod windows;

pub use statement::StatementView;

use lambda_http::Request;
use shared::{
    app::App,
    http::{self, Answer, Code, Problem},
    types::{AccountId, ConsentId, PsuAddress},
};

/// What every read names: a consent, perhaps an account, and whether the PSU is there.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) consent: Result<ConsentId, Problem>,
    pub(crate) account: Option<AccountId>,
    pub(crate) address: Option<PsuAddress>,
}

impl TryFrom<&Request> for Input {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let address = http::psu_address(request)?;
        Ok(Self { consent: http::path_consent(request), account: http::path_account(request), address })
    }
}

/// One of the six reads, by the route of the template.
pub async fn handle(app: &App, request: Request) -> Answer {
    let route =
        http::route(&request).strip_prefix("GET /v1/consents/{consent_id}").unwrap_or_default().to_owned();
    match route.as_str() {
        "/accounts" => accounts::list(app, request).await,
        "/accounts/{account_id}" => accounts::one(app, request).await,
        "/accounts/{account_id}/transactions" => transactions::of_account(app, request).await,
        "/card-accounts" => cards::list(app, request).await,
        "/card-accounts/{account_id}" => cards::one(app, request).await,
        "/card-accounts/{account_id}/transactions" => transactions::of_card(app, request).await,
        _ => Err(Problem::new(Code::ServiceError)),
    }
}
