//! What both starts answer: what opens an attempt, and the refusals that they share.

use shared::{
    app::Invocation,
    consent::{Attempt, Consent, Method, Registration},
    http::{Code, FieldError, Opening, Problem},
    types::{ConsentId, State},
};

/// What opens the present attempt, built again from the state.
pub(crate) fn reopened(invocation: &Invocation<'_>, consent: &Consent) -> Result<Option<Opening>, Problem> {
    match &consent.attempt {
        Attempt::AwaitingRedirect(redirecting) => {
            let identity = &invocation.material.identity;
            let state = State::render(identity, &consent.id, consent.ordinal);
            // As the attempt began, so that a repeat says the very same.
            let verifier = redirecting.pkce.then(|| identity.verifier(&consent.id, consent.ordinal));
            let bank = invocation.bank(consent.country)?;
            let registration = &redirecting.registration;
            let link = registration.redirect.as_ref().ok_or(Problem::new(Code::MethodNotOffered))?;
            let (signed, verifier) = (&registration.bank_consent, verifier.as_ref());
            Ok(Some(Opening::Redirect { url: bank.authorize_url(link, signed, &state, verifier)? }))
        }
        Attempt::AwaitingApproval(approval) => {
            let app = consent.app.as_ref().and_then(|id| invocation.app.config.apps.get(id));
            Ok(Some(Opening::of_order(approval, app)))
        }
        _ => Ok(None),
    }
}

/// The method is not among those that the bank returned: those are said.
pub(crate) fn not_offered(consent: &ConsentId, registration: &Registration) -> Problem {
    let methods = registration.methods().into_iter().map(Method::as_str).collect();
    Problem::new(Code::MethodNotOffered).with_methods(consent, methods)
}

/// A start needs the PSU: it is they who sign.
pub(crate) fn missing_address() -> FieldError {
    FieldError { field: "PSU-IP-Address", rule: "required: the public address of the PSU" }
}
