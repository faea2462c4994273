//! The grant's attributes. `g` names its state; the others are there or not, by state.
//!
//! | | | |
//! |---|---|---|
//! | `g` | S | `none`, `active`, `lapsed`, `revoked` |
//! | `gn` | N | generation (active, lapsed) |
//! | `gs` | N | since when (active, lapsed, revoked) |
//! | `gz` `ga` `ge` | B N N | sealed tokens (purpose `grant`), beginning and end of the access token |
//! | `gb` | S | the consent's id at the bank (active, lapsed) |
//! | `gr` `gc` `gd` | N | end of the refresh token, end of the consent, how long before to renew (ms) |
//! | `gk` `gu` | B N | claim of a refresh: by whom, until when |
//! | `gi` `gh` | S B | who vouches, keyed hash of the handle |
//! | `gf` `gp` | N | how often it was refreshed, how often the refresh token went without an answer (active, unless never) |
//! | `gw` `gt` | S | why it lapsed, what the bank said |
//! | `gx` `gy` | S B | what became of it at the bank (revoked): absent is `not_supported`; what is left there |

use super::{
    Fields, Item, Packing, Row, Sealer, StoreError, Unpacking, Whose, digest, identity, identity_word,
    parse_claim, parse_tokens, render_claim, render_tokens, signal,
};
use crate::{
    consent::{Active, BankRevocation, Clocks, Grant, LapseReason, Refresh},
    types::{BankConsentId, Span},
};

const CLAIM: [&str; 2] = ["gk", "gu"];
pub(in crate::store) const SEALED: &str = "gz";
const TOKENS: [&str; 3] = [SEALED, "ga", "ge"];
const PURPOSE: &str = "grant";

pub(super) fn render(
    row: &mut Row,
    grant: &Grant,
    whose: &Whose,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    match grant {
        Grant::None => {
            row.text("g", "none");
        }
        Grant::Active(active) => {
            row.text("g", "active");
            render_active(row, active, whose, sealer)?;
        }
        Grant::Lapsed { reason, at, generation, signal, bank_consent } => {
            row.text("g", "lapsed").text("gw", reason.code()).instant("gs", *at).number("gn", *generation);
            row.text("gb", bank_consent.as_str());
            if let Some(signal) = signal {
                row.text("gt", signal.code());
            }
        }
        Grant::Revoked { at, bank } => {
            row.text("g", "revoked").instant("gs", *at);
            render_revocation(row, bank)?;
        }
    }
    Ok(())
}

fn render_active(
    row: &mut Row,
    active: &Active,
    whose: &Whose,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    row.text("gb", active.bank_consent.as_str()).number("gn", active.generation).instant("gs", active.since);
    row.instant("gr", active.clocks.refresh_expires).instant("gc", active.clocks.consent_expires);
    row.number("gd", active.clocks.renew_ahead.as_millis());
    if let Refresh::Claimed(claim) = active.refresh {
        render_claim(row, CLAIM, claim);
    }
    if active.refreshes > 0 {
        row.number("gf", active.refreshes);
    }
    if active.uses > 0 {
        row.number("gp", active.uses);
    }
    if let Some(identity) = active.identity {
        row.text("gi", identity_word(identity));
    }
    if let Some(handle) = &active.handle {
        row.bytes("gh", *handle.as_bytes());
    }
    render_tokens(row, TOKENS, &active.tokens, &whose.place(PURPOSE, active.generation.into()), sealer)
}

/// The attributes of a grant as they are.
pub(super) fn attributes(item: &Item) -> Item {
    let own = item.iter().filter(|(name, _)| name.starts_with('g'));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub(super) fn parse(fields: Fields<'_>, whose: &Whose, sealer: &Sealer<'_>) -> Result<Grant, StoreError> {
    match fields.text("g")? {
        "none" => Ok(Grant::None),
        "active" => match parse_active(fields, whose, sealer) {
            // What does not open cannot be used; it can still be ended, or replaced, and it stays until then.
            Err(unopened) if unopened == StoreError::unreadable(SEALED) && fields.bytes(SEALED).is_ok() => {
                let (reason, signal) = (LapseReason::Unreadable, None);
                let (at, generation) = (fields.instant("ua")?, fields.number("gn")?);
                let bank_consent = fields.parsed("gb", BankConsentId::parse)?;
                Ok(Grant::Lapsed { reason, at, generation, signal, bank_consent })
            }
            active => active.map(|active| Grant::Active(Box::new(active))),
        },
        "lapsed" => Ok(Grant::Lapsed {
            reason: lapse_reason(fields, "gw")?,
            at: fields.instant("gs")?,
            generation: fields.number("gn")?,
            signal: signal(fields, "gt")?,
            bank_consent: fields.parsed("gb", BankConsentId::parse)?,
        }),
        "revoked" => Ok(Grant::Revoked { at: fields.instant("gs")?, bank: parse_revocation(fields)? }),
        _ => Err(StoreError::unreadable("g")),
    }
}

fn parse_active(fields: Fields<'_>, whose: &Whose, sealer: &Sealer<'_>) -> Result<Active, StoreError> {
    let generation: u32 = fields.number("gn")?;
    let claim = fields.maybe("gk", |it, _| parse_claim(it, CLAIM))?;
    Ok(Active {
        bank_consent: fields.parsed("gb", BankConsentId::parse)?,
        tokens: parse_tokens(fields, TOKENS, &whose.place(PURPOSE, generation.into()), sealer)?,
        generation,
        clocks: Clocks {
            refresh_expires: fields.instant("gr")?,
            consent_expires: fields.instant("gc")?,
            renew_ahead: Span::millis(fields.number("gd")?),
        },
        refresh: claim.map_or(Refresh::Idle, Refresh::Claimed),
        refreshes: fields.maybe("gf", |it, name| it.number(name))?.unwrap_or(0),
        uses: fields.maybe("gp", |it, name| it.number(name))?.unwrap_or(0),
        identity: fields.maybe("gi", identity)?,
        handle: fields.maybe("gh", digest)?,
        since: fields.instant("gs")?,
    })
}

fn render_revocation(row: &mut Row, bank: &BankRevocation) -> Result<(), StoreError> {
    let word = match bank {
        BankRevocation::NotSupported => return Ok(()),
        BankRevocation::Nothing => "nothing",
        BankRevocation::Pending(_) => "pending",
        BankRevocation::Done => "done",
        BankRevocation::Failed(_) => "failed",
    };
    row.text("gx", word);
    if !bank.left().is_empty() {
        let ids = bank.left().iter().map(|id| id.as_str().as_bytes());
        let packed = ids.into_iter().try_fold(Packing::default(), |all, id| all.add(Some(id)));
        row.bytes(
            "gy",
            packed.ok_or(StoreError::Broken("a bank consent's id is too long to be stored"))?.done(),
        );
    }
    Ok(())
}

fn parse_revocation(fields: Fields<'_>) -> Result<BankRevocation, StoreError> {
    match fields.maybe("gx", Fields::text)? {
        None => Ok(BankRevocation::NotSupported),
        Some("nothing") => Ok(BankRevocation::Nothing),
        Some("pending") => left_at_bank(fields).map(BankRevocation::Pending),
        Some("done") => Ok(BankRevocation::Done),
        Some("failed") => left_at_bank(fields).map(BankRevocation::Failed),
        Some(_) => Err(StoreError::unreadable("gx")),
    }
}

fn left_at_bank(fields: Fields<'_>) -> Result<Vec<BankConsentId>, StoreError> {
    let mut unpacking = Unpacking::new(fields.bytes("gy")?);
    let mut left = Vec::new();
    while !unpacking.is_done() {
        let id = unpacking.text().and_then(|text| BankConsentId::parse(text).ok());
        left.push(id.ok_or(StoreError::unreadable("gy"))?);
    }
    Ok(left)
}

/// A newer version's reason, read after it was rolled back, is no reason to lose sight of the consent; its word stays in the
/// row as what does not open does.
fn lapse_reason(fields: Fields<'_>, name: &'static str) -> Result<LapseReason, StoreError> {
    let text = fields.text(name)?;
    let known = LapseReason::ALL.iter().copied().find(|reason| reason.code() == text);
    Ok(known.unwrap_or(LapseReason::Unreadable))
}
