//! Consents taken apart: which kind of state they are in, copies, and whether two are the same to the last token.

use super::*;

/// The kinds of grant, without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GrantKind {
    None,
    Active,
    Lapsed,
    Revoked,
}

/// The kinds of attempt, without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AttemptKind {
    None,
    Registering,
    Registered,
    AwaitingRedirect,
    Redeeming,
    Initiating,
    AwaitingApproval,
    Signed,
    Failed,
}

/// The kinds of both parts.
pub(super) fn kinds(consent: &Consent) -> (GrantKind, AttemptKind) {
    let grant = match &consent.grant {
        Grant::None => GrantKind::None,
        Grant::Active(_) => GrantKind::Active,
        Grant::Lapsed { .. } => GrantKind::Lapsed,
        Grant::Revoked { .. } => GrantKind::Revoked,
    };
    let attempt = match &consent.attempt {
        Attempt::None => AttemptKind::None,
        Attempt::Registering { .. } => AttemptKind::Registering,
        Attempt::Registered(_) => AttemptKind::Registered,
        Attempt::AwaitingRedirect(_) => AttemptKind::AwaitingRedirect,
        Attempt::Redeeming { .. } => AttemptKind::Redeeming,
        Attempt::Initiating { .. } => AttemptKind::Initiating,
        Attempt::AwaitingApproval(_) => AttemptKind::AwaitingApproval,
        Attempt::Signed(_) => AttemptKind::Signed,
        Attempt::Failed { .. } => AttemptKind::Failed,
    };
    (grant, attempt)
}

/// How many token sets rest in it.
pub(super) fn token_sets(consent: &Consent) -> usize {
    format!("{:?}{:?}", consent.grant, consent.attempt).matches("access_expires").count()
}

/// Which token set a grant holds, if it knows.
pub(super) fn generation(grant: &Grant) -> Option<u32> {
    match grant {
        Grant::Active(active) => Some(active.generation),
        Grant::Lapsed { generation, .. } => Some(*generation),
        Grant::None | Grant::Revoked { .. } => None,
    }
}

/// All of a grant, tokens in clear, to compare it.
pub(super) fn whole_grant(grant: &Grant) -> String {
    match grant {
        Grant::Active(active) => format!("{active:?} {}", clear(&active.tokens)),
        other => format!("{other:?}"),
    }
}

/// All of a consent, tokens in clear, to compare it.
pub(super) fn whole(consent: &Consent) -> String {
    let signed = match &consent.attempt {
        Attempt::Signed(signature) => clear(&signature.tokens),
        _ => String::new(),
    };
    let Consent { app, ordinal, created, start, trouble, attempt, .. } = consent;
    let rest = format!("{app:?} {ordinal} {created:?} {start:?} {trouble:?} {attempt:?} {signed}");
    format!("{} {rest}", whole_grant(&consent.grant))
}

fn clear(tokens: &Tokens) -> String {
    format!("{} {:?}", tokens.access.expose(), tokens.refresh.as_ref().map(RefreshToken::expose))
}

/// Production code never copies a consent; a test needs the one from before.
pub(super) fn copy(consent: &Consent) -> Consent {
    Consent {
        grant: copy_grant(&consent.grant),
        attempt: copy_attempt(&consent.attempt),
        corporate: consent.corporate,
        reference: consent.reference.clone(),
        app: consent.app.clone(),
        timeline: consent.timeline.clone(),
        ..*consent
    }
}

fn copy_grant(grant: &Grant) -> Grant {
    match grant {
        Grant::None => Grant::None,
        Grant::Active(active) => Grant::Active(active.clone()),
        Grant::Lapsed { reason, at, generation, signal, bank_consent } => Grant::Lapsed {
            reason: *reason,
            at: *at,
            generation: *generation,
            signal: *signal,
            bank_consent: bank_consent.clone(),
        },
        Grant::Revoked { at, bank } => Grant::Revoked { at: *at, bank: bank.clone() },
    }
}

fn copy_attempt(attempt: &Attempt) -> Attempt {
    match attempt {
        Attempt::None => Attempt::None,
        Attempt::Registering { claim } => Attempt::Registering { claim: *claim },
        Attempt::Registered(registration) => Attempt::Registered(registration.clone()),
        Attempt::AwaitingRedirect(redirecting) => Attempt::AwaitingRedirect(redirecting.clone()),
        Attempt::Redeeming { redirecting, claim, code } => {
            Attempt::Redeeming { redirecting: redirecting.clone(), claim: *claim, code: *code }
        }
        Attempt::Initiating { registration, claim } => {
            Attempt::Initiating { registration: registration.clone(), claim: *claim }
        }
        Attempt::AwaitingApproval(approval) => Attempt::AwaitingApproval(approval.clone()),
        Attempt::Signed(signature) => Attempt::Signed(signature.clone()),
        Attempt::Failed { reason, at, signal } => {
            Attempt::Failed { reason: *reason, at: *at, signal: *signal }
        }
    }
}
