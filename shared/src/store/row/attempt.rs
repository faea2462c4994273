//! The attempt's attributes. `t` names its state; the others are there or not, by state.
//!
//! | | | |
//! |---|---|---|
//! | `t` | S | `none`, `registering`, `registered`, `redirect`, `redeeming`, `initiating`, `approval`, `signed`, `failed` |
//! | `tk` `tu` | B N | claim: by whom, until when (registering, redeeming, initiating) |
//! | `tb` `tr` `td` `tm` | S S S N | registration: id at the bank, redirect link, decoupled link, made when |
//! | `tx` | BOOL | an error came back (redirect, redeeming) |
//! | `ty` | BOOL | a code challenge was sent (redirect, redeeming); absent: none was |
//! | `tc` | B | keyed hash of the code (redeeming, signed) |
//! | `tz` | B | sealed session (purpose `session`; approval) or sealed tokens (purpose `signed`; signed) |
//! | `tp` `tq` `to` `ts` `ti` | N N N BOOL S | the bank's pause (ms), next poll, open by, same device, who vouches |
//! | `tj` `te` `tv` `tg` `tt` | N | beginning and end of access token, end of refresh token, of consent, how long before to renew (signed) |
//! | `th` or `ti` | B or S | keyed hash of the handle, or who vouches (signed) |
//! | `tw` `tn` `ta` | S S N | why it failed, what the bank said; when it was signed or failed |

use super::{
    Fields, Row, Sealer, StoreError, Whose, digest, identity, identity_word, parse_claim, parse_sealed,
    parse_tokens, render_claim, render_sealed, render_tokens, signal,
};
use crate::{
    consent::{Approval, Attempt, Clocks, Proof, Reason, Redirecting, Registration, Session, Signature},
    types::{AutoStartToken, BankConsentId, Link, QrData, SessionLink, Span},
};

const CLAIM: [&str; 2] = ["tk", "tu"];
pub(in crate::store) const SEALED: &str = "tz";
const TOKENS: [&str; 3] = [SEALED, "tj", "te"];

pub(super) fn render(
    row: &mut Row,
    attempt: &Attempt,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    row.text("t", state(attempt));
    match attempt {
        Attempt::None => {}
        Attempt::Registering { claim } => render_claim(row, CLAIM, *claim),
        Attempt::Registered(registration) => render_registration(row, registration),
        Attempt::AwaitingRedirect(redirecting) => render_redirecting(row, redirecting),
        Attempt::Redeeming { redirecting, claim, code } => {
            render_redirecting(row, redirecting);
            render_claim(row, CLAIM, *claim);
            row.bytes("tc", *code.as_bytes());
        }
        Attempt::Initiating { registration, claim } => {
            render_registration(row, registration);
            render_claim(row, CLAIM, *claim);
        }
        Attempt::AwaitingApproval(approval) => render_approval(row, approval, whose, ordinal, sealer)?,
        Attempt::Signed(signature) => render_signature(row, signature, whose, ordinal, sealer)?,
        Attempt::Failed { reason, at, signal } => {
            row.text("tw", reason.code()).instant("ta", *at);
            if let Some(signal) = signal {
                row.text("tn", signal.code());
            }
        }
    }
    Ok(())
}

const fn state(attempt: &Attempt) -> &'static str {
    match attempt {
        Attempt::None => "none",
        Attempt::Registering { .. } => "registering",
        Attempt::Registered(_) => "registered",
        Attempt::AwaitingRedirect(_) => "redirect",
        Attempt::Redeeming { .. } => "redeeming",
        Attempt::Initiating { .. } => "initiating",
        Attempt::AwaitingApproval(_) => "approval",
        Attempt::Signed(_) => "signed",
        Attempt::Failed { .. } => "failed",
    }
}

pub(super) fn parse(
    fields: Fields<'_>,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<Attempt, StoreError> {
    match known(fields, whose, ordinal, sealer) {
        // What does not open cannot be carried on; a new attempt can take its place.
        Err(unopened) if unopened == StoreError::unreadable(SEALED) && fields.bytes(SEALED).is_ok() => {
            Ok(Attempt::Failed { reason: Reason::Unreadable, at: fields.instant("ua")?, signal: None })
        }
        attempt => attempt,
    }
}

fn known(
    fields: Fields<'_>,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<Attempt, StoreError> {
    Ok(match fields.text("t")? {
        "none" => Attempt::None,
        "registering" => Attempt::Registering { claim: parse_claim(fields, CLAIM)? },
        "registered" => Attempt::Registered(parse_registration(fields)?),
        "redirect" => Attempt::AwaitingRedirect(parse_redirecting(fields)?),
        "redeeming" => Attempt::Redeeming {
            redirecting: parse_redirecting(fields)?,
            claim: parse_claim(fields, CLAIM)?,
            code: digest(fields, "tc")?,
        },
        "initiating" => Attempt::Initiating {
            registration: parse_registration(fields)?,
            claim: parse_claim(fields, CLAIM)?,
        },
        "approval" => Attempt::AwaitingApproval(parse_approval(fields, whose, ordinal, sealer)?),
        "signed" => Attempt::Signed(parse_signature(fields, whose, ordinal, sealer)?),
        "failed" => {
            // A newer version's reason, read after it was rolled back, is no reason to lose sight of the consent.
            let reason = Reason::parse(fields.text("tw")?).unwrap_or(Reason::Unreadable);
            Attempt::Failed { reason, at: fields.instant("ta")?, signal: signal(fields, "tn")? }
        }
        _ => return Err(StoreError::unreadable("t")),
    })
}

fn render_registration(row: &mut Row, registration: &Registration) {
    row.text("tb", registration.bank_consent.as_str()).instant("tm", registration.made);
    if let Some(link) = &registration.redirect {
        row.text("tr", link.as_str());
    }
    if let Some(link) = &registration.decoupled {
        row.text("td", link.as_str());
    }
}

fn parse_registration(fields: Fields<'_>) -> Result<Registration, StoreError> {
    Ok(Registration {
        bank_consent: fields.parsed("tb", BankConsentId::parse)?,
        redirect: fields.maybe("tr", |it, name| it.parsed(name, Link::parse))?,
        decoupled: fields.maybe("td", |it, name| it.parsed(name, Link::parse))?,
        made: fields.instant("tm")?,
    })
}

fn render_redirecting(row: &mut Row, redirecting: &Redirecting) {
    render_registration(row, &redirecting.registration);
    row.flag("tx", redirecting.denied);
    if redirecting.pkce {
        row.flag("ty", true);
    }
}

fn parse_redirecting(fields: Fields<'_>) -> Result<Redirecting, StoreError> {
    Ok(Redirecting {
        registration: parse_registration(fields)?,
        denied: fields.flag("tx")?,
        pkce: fields.maybe("ty", Fields::flag)?.unwrap_or(false),
    })
}

fn render_approval(
    row: &mut Row,
    approval: &Approval,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    render_registration(row, &approval.registration);
    row.number("tp", approval.sleep.as_millis())
        .instant("tq", approval.next_poll)
        .instant("to", approval.open_by);
    row.flag("ts", approval.same_device).text("ti", identity_word(approval.identity));
    let session = &approval.session;
    let secrets = [
        Some(session.poll.expose()),
        session.cancel.as_ref().map(SessionLink::expose),
        session.auto_start.as_ref().map(AutoStartToken::expose),
        session.qr.as_ref().map(QrData::expose),
    ];
    render_sealed(row, "tz", &secrets, &whose.place("session", ordinal.into()), sealer)
}

fn parse_approval(
    fields: Fields<'_>,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<Approval, StoreError> {
    let session = parse_sealed(fields, "tz", &whose.place("session", ordinal.into()), sealer, |secrets| {
        let poll = SessionLink::new(secrets.text()?);
        let cancel = secrets.maybe_text()?.map(SessionLink::new);
        let auto_start = secrets.maybe_text()?.map(AutoStartToken::new);
        let qr = secrets.maybe_text()?.map(QrData::new);
        Some(Session { poll, cancel, auto_start, qr })
    })?;
    Ok(Approval {
        registration: parse_registration(fields)?,
        session,
        sleep: Span::millis(fields.number("tp")?),
        next_poll: fields.instant("tq")?,
        open_by: fields.instant("to")?,
        same_device: fields.flag("ts")?,
        identity: identity(fields, "ti")?,
    })
}

fn render_signature(
    row: &mut Row,
    signature: &Signature,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    row.text("tb", signature.bank_consent.as_str()).instant("ta", signature.at);
    row.instant("tv", signature.clocks.refresh_expires).instant("tg", signature.clocks.consent_expires);
    row.number("tt", signature.clocks.renew_ahead.as_millis());
    match &signature.proof {
        Proof::Handle { code, handle } => row.bytes("tc", *code.as_bytes()).bytes("th", *handle.as_bytes()),
        Proof::Identity(identity) => row.text("ti", identity_word(*identity)),
    };
    render_tokens(row, TOKENS, &signature.tokens, &whose.place("signed", ordinal.into()), sealer)
}

fn parse_signature(
    fields: Fields<'_>,
    whose: &Whose,
    ordinal: u16,
    sealer: &Sealer<'_>,
) -> Result<Signature, StoreError> {
    Ok(Signature {
        bank_consent: fields.parsed("tb", BankConsentId::parse)?,
        tokens: parse_tokens(fields, TOKENS, &whose.place("signed", ordinal.into()), sealer)?,
        clocks: Clocks {
            refresh_expires: fields.instant("tv")?,
            consent_expires: fields.instant("tg")?,
            renew_ahead: Span::millis(fields.number("tt")?),
        },
        proof: parse_proof(fields)?,
        at: fields.instant("ta")?,
    })
}

fn parse_proof(fields: Fields<'_>) -> Result<Proof, StoreError> {
    Ok(match fields.maybe("th", digest)? {
        Some(handle) => Proof::Handle { code: digest(fields, "tc")?, handle },
        None => Proof::Identity(identity(fields, "ti")?),
    })
}
