//! `DELETE …/authorization`: the attempt ends here first, then the BankID order at the bank. The grant is untouched.

use lambda_http::Request;
use shared::{
    app::App,
    consent::{Consent, Refused},
    http::{self, Answer},
    store::UpdateError,
    telemetry::{self, Metric},
};
use std::sync::{Mutex, PoisonError};

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let id = http::path_consent(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let stored = invocation.load(&caller.owner, &id).await?.stored;
    let (now, country) = (invocation.now(), stored.country);
    // Taken from the state that the transition really ends: an order may begin in the same moment.
    let order = Mutex::new(None);
    let end = |consent: Consent| {
        let link = consent.order_to_cancel().cloned();
        let ended = consent.cancel(now)?;
        *order.lock().unwrap_or_else(PoisonError::into_inner) = link;
        Ok(ended)
    };
    match invocation.apply(stored, end).await {
        Ok(_) => {}
        Err(UpdateError::Refused(Refused::AlreadySo)) => return http::no_content(),
        Err(error) => return Err(error.into()),
    }
    if let Some(link) = order.into_inner().unwrap_or_else(PoisonError::into_inner) {
        // Nobody will poll it any more. What the bank makes of the cancel changes nothing for the caller.
        let cancelled = invocation.bank(country)?.cancel(&invocation.exchange(), &link).await;
        if cancelled.is_err() {
            telemetry::count(Metric::CancelFailures);
        }
    }
    http::no_content()
}
