//! `DELETE …/authorization`: the attempt ends here first, then the BankID order at the bank. The grant is untouched.

use lambda_http::Request;
use shared::{
    app::App,
    consent::Attempt,
    http::{self, Answer},
    telemetry::{self, Metric},
};

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    let now = invocation.now();
    if matches!(stored.attempt, Attempt::None | Attempt::Failed { .. }) {
        return http::no_content();
    }
    let country = stored.country;
    let order = match &stored.attempt {
        Attempt::AwaitingApproval(approval) => approval.session.cancel.clone(),
        _ => None,
    };
    invocation.apply(stored, |consent| consent.cancel(now)).await?;
    if let Some(order) = order {
        // Nobody will poll it any more. What the bank makes of the cancel changes nothing for the caller.
        let cancelled = invocation.bank(country)?.cancel(&invocation.exchange(), &order).await;
        if cancelled.is_err() {
            telemetry::count(Metric::CancelFailures);
        }
    }
    http::no_content()
}
