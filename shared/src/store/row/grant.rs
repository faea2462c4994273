//! The grant's attributes. `g` names its state; the others are there or not, by state.
//!
//! | | | |
//! |---|---|---|
//! | `g` | S | `none`, `active`, `lapsed`, `revoked` |
//! | `gn` | N | generation (active, lapsed) |
//! | `gs` | N | since when (active, lapsed, revoked) |
//! | `gz` `ga` `ge` | B N N | sealed tokens (purpose `grant`), beginning and end of the access token |
//! | `gb` | S | the consent's id at the bank |
//! | `gr` `gc` | N | end of the refresh token, end of the consent |
//! | `gk` `gu` | B N | claim of a refresh: by whom, until when |
//! | `gi` `gh` | S B | who vouches, keyed hash of the handle |
//! | `gf` `gp` | N | how often it was refreshed, how often the refresh token went without an answer (active, unless never) |
//! | `gw` `gx` | S | why it lapsed, what the bank said |

use super::{
    Fields, Row, Sealer, StoreError, Whose, digest, identity, identity_word, parse_claim, parse_tokens,
    render_claim, render_tokens, signal,
};
use crate::{
    consent::{Active, Clocks, Grant, LapseReason, Refresh},
    types::BankConsentId,
};

const CLAIM: [&str; 2] = ["gk", "gu"];
const TOKENS: [&str; 3] = ["gz", "ga", "ge"];
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
        Grant::Lapsed { reason, at, generation, signal } => {
            row.text("g", "lapsed").text("gw", reason.code()).instant("gs", *at).number("gn", *generation);
            if let Some(signal) = signal {
                row.text("gx", signal.code());
            }
        }
        Grant::Revoked { at } => {
            row.text("g", "revoked").instant("gs", *at);
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

pub(super) fn parse(fields: Fields<'_>, whose: &Whose, sealer: &Sealer<'_>) -> Result<Grant, StoreError> {
    match fields.text("g")? {
        "none" => Ok(Grant::None),
        "active" => parse_active(fields, whose, sealer).map(|active| Grant::Active(Box::new(active))),
        "lapsed" => Ok(Grant::Lapsed {
            reason: lapse_reason(fields, "gw")?,
            at: fields.instant("gs")?,
            generation: fields.number("gn")?,
            signal: signal(fields, "gx")?,
        }),
        "revoked" => Ok(Grant::Revoked { at: fields.instant("gs")? }),
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
        clocks: Clocks { refresh_expires: fields.instant("gr")?, consent_expires: fields.instant("gc")? },
        refresh: claim.map_or(Refresh::Idle, Refresh::Claimed),
        refreshes: fields.maybe("gf", |it, name| it.number(name))?.unwrap_or(0),
        uses: fields.maybe("gp", |it, name| it.number(name))?.unwrap_or(0),
        identity: fields.maybe("gi", identity)?,
        handle: fields.maybe("gh", digest)?,
        since: fields.instant("gs")?,
    })
}

fn lapse_reason(fields: Fields<'_>, name: &'static str) -> Result<LapseReason, StoreError> {
    let text = fields.text(name)?;
    let known = LapseReason::ALL.iter().copied().find(|reason| reason.code() == text);
    known.ok_or(StoreError::unreadable(name))
}
