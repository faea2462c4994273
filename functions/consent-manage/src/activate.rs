//! `POST /v1/consents/{consent_id}/activation`: the app's back end shows the handle that the browser brought, together
//! with the owner's token. Only both together make what was signed the owner's grant.

use lambda_http::Request;
use shared::{
    app::App,
    consent::Refused,
    http::{self, Answer, Code, ConsentAnswer, Problem},
    store::UpdateError,
    telemetry,
    types::{ConsentId, Handle},
};

/// Consent and handle.
struct Input {
    consent: ConsentId,
    handle: Handle,
}

impl TryFrom<&Request> for Input {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let rule = "required: the handle from the app link, 22 characters";
        let handle = http::text_field(request, "handle", rule)?;
        if handle.len() != 22 {
            return Err(Problem::field("handle", rule));
        }
        Ok(Self { consent: http::path_consent(request)?, handle: Handle::new(handle) })
    }
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let Input { consent, handle } = Input::try_from(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let digest = invocation.material.identity.digest("handle", &[handle.expose().as_bytes()]);
    let stored = invocation.load(&caller.owner, &consent).await?.stored;
    let now = invocation.now();
    match invocation.apply(stored, |consent| consent.activate(Some(&digest), now)).await {
        Ok(consent) => http::json(200, &ConsentAnswer::of(&consent, now)),
        // The same handle again: the same answer, and nothing to write.
        Err(UpdateError::Refused(Refused::AlreadySo)) => {
            let consent = invocation.load(&caller.owner, &consent).await?.stored;
            http::json(200, &ConsentAnswer::of(&consent, now))
        }
        Err(UpdateError::Refused(Refused::WrongState)) => Err(Problem::new(Code::NothingToActivate)),
        Err(UpdateError::Refused(Refused::TooLate)) => {
            let late = invocation.load(&caller.owner, &consent).await?.stored;
            let buried = invocation.apply(late, |consent| consent.buried(now)).await;
            if let Err(UpdateError::Store(error)) = buried {
                telemetry::cause(&error);
            }
            Err(Refused::TooLate.into())
        }
        Err(error) => Err(error.into()),
    }
}
