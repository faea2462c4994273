//! `POST /v1/consents/{consent_id}/activation`: the app's back end shows the handle that the browser brought, together
//! with the owner's token. Only both together make what was signed the owner's grant. A renewal that was signed with
//! BankID needs no handle.

use crate::renewal;
use lambda_http::Request;
use shared::{
    app::{App, Invocation},
    consent::{Attempt, Consent, Grant, Proof, Refused},
    http::{self, Answer, Code, ConsentAnswer, Fields, Problem},
    store::{Loaded, Stored, UpdateError},
    telemetry,
    types::{ConsentId, Digest, Handle, PsuAddress},
};

const HANDLE: &str = "the handle from the app link, 22 characters; absent after a renewal with BankID";

/// Consent, handle, and whether the PSU is there.
struct Input {
    consent: ConsentId,
    handle: Option<Handle>,
    address: Option<PsuAddress>,
}

impl TryFrom<&Request> for Input {
    type Error = Problem;
    fn try_from(request: &Request) -> Result<Self, Problem> {
        let address = http::psu_address(request)?;
        let fields = Fields::of(request)?;
        let handle = fields
            .parsed("handle", HANDLE, |text| if text.len() == 22 { Ok(Handle::new(text)) } else { Err(()) });
        let errors = fields.errors("body");
        if !errors.is_empty() {
            return Err(Problem::fields(errors));
        }
        Ok(Self { consent: http::path_consent(request)?, handle, address })
    }
}

pub(crate) async fn handle(app: &App, request: Request) -> Answer {
    let Input { consent, handle, address } = Input::try_from(&request)?;
    let invocation = app.begin(&request).await?;
    let caller = invocation.caller(&request)?;
    let identity = &invocation.material.identity;
    let handle = handle.map(|handle| identity.digest("handle", &[handle.expose().as_bytes()]));
    let loaded = invocation.load(&caller.owner, &consent).await?;
    if handle.is_none() && asks_for_a_handle(&loaded.stored) {
        return Err(Problem::field("handle", HANDLE));
    }
    if loaded.stored.renewal_signed(handle.as_ref(), invocation.now()).is_some() {
        let address = address.filter(|_| invocation.is_attended(&caller));
        return renewal::activate(&invocation, loaded, handle, address).await;
    }
    first(&invocation, loaded, handle.as_ref()).await
}

/// Whether only a handle can claim what there is to claim.
fn asks_for_a_handle(consent: &Consent) -> bool {
    match &consent.attempt {
        Attempt::Signed(signature) => matches!(signature.proof, Proof::Handle { .. }),
        _ => matches!(consent.grant, Grant::None),
    }
}

/// A first grant, a repeat, or nothing to activate.
async fn first(invocation: &Invocation<'_>, loaded: Loaded, handle: Option<&Digest>) -> Answer {
    let (now, owner, id) = (invocation.now(), loaded.stored.owner, loaded.stored.id);
    let activate = |consent: Consent| match consent.renewal_signed(handle, now) {
        // Signed in this very moment, and not compared yet.
        Some(_) => Err(Refused::InFlight),
        None => consent.activate(handle, now),
    };
    match invocation.apply(loaded.stored, activate).await {
        Ok(consent) => http::json(200, &ConsentAnswer::of(&consent, now)),
        // The same handle again: the same answer, and nothing to write.
        Err(UpdateError::Refused(Refused::AlreadySo)) => {
            let consent = invocation.load(&owner, &id).await?.stored;
            http::json(200, &ConsentAnswer::of(&consent, now))
        }
        Err(UpdateError::Refused(Refused::WrongState)) => Err(Problem::new(Code::NothingToActivate)),
        Err(UpdateError::Refused(Refused::TooLate)) => {
            bury(invocation, invocation.load(&owner, &id).await?.stored).await;
            Err(Refused::TooLate.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// A signature that nobody has claimed in time does not keep its tokens.
async fn bury(invocation: &Invocation<'_>, late: Stored) {
    let now = invocation.now();
    if let Err(UpdateError::Store(error)) = invocation.apply(late, |consent| consent.buried(now)).await {
        telemetry::cause(&error);
    }
}
