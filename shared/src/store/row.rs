//! The consent part as attributes, by hand: what rests is decided here and nowhere else.
//!
//! | attribute | | what |
//! |---|---|---|
//! | `pk` `sk` | S | consent id; `consent` |
//! | `v` | N | version: one more with each write |
//! | `w` | B | write id: tells a retried write of ours from somebody else's |
//! | `by` `ua` | B N | trace id of the writer; when it wrote, in event time (ms) |
//! | `ttl` | N | seconds; when DynamoDB may sweep the row |
//! | `o` `ca` | S N | owner id, created (ms): the keys of the index `owner` |
//! | `f` | N | form of this row: 1 |
//! | `c` `p` `pc` | S S B | country, kind of PSU, keyed hash of the corporate id |
//! | `ref` `b` `app` `n` | S B S N | reference, keyed hash of the body, app, ordinal of the attempt |
//! | `sf` | B | the request that chose how to sign in the latest attempt: keyed hashes of its key and its body |
//! | `st` | S | what the bank said in it that ended nothing |
//! | `tl` | B | the timeline: see `row/timeline.rs` |
//! | `g…` | | the grant: see `row/grant.rs` |
//! | `t…` | | the attempt: see `row/attempt.rs` |
//!
//! Instants are milliseconds. `gz` and `tz` are sealed; nothing else in a row is secret.

mod attempt;
mod grant;
#[cfg(test)]
mod tests;
mod timeline;

use super::{
    StoreError,
    field::{Fields, Item, Row},
    packed::{Packing, Unpacking},
    seal::{Place, Sealer},
};
use crate::{
    consent::{Claim, Consent, Fingerprint, Grant, Identity, Tokens},
    types::{
        AccessToken, AppId, ClaimId, ConsentId, Country, Digest, OwnerId, PsuType, Reference, RefreshToken,
        Signal, Span, Timestamp,
    },
};

/// The form of the rows that this version writes, and the only one that it reads.
const FORM: u8 = 1;

/// The sort key of the consent part.
pub(super) const CONSENT: &str = "consent";

/// The attributes that hold sealed values.
pub(super) use attempt::SEALED as ATTEMPT;
pub(super) use grant::SEALED as GRANT;

/// What marks one write.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    pub(super) version: u64,
    pub(super) write: [u8; 16],
    pub(super) by: ClaimId,
    pub(super) at: Timestamp,
    /// How long the row is kept after its end.
    pub(super) keep: Span,
}

/// Whose row it is: what each sealed value of it is tied to.
#[derive(Clone, Copy)]
struct Whose {
    id: ConsentId,
    owner: OwnerId,
    country: Country,
}

/// The row of a consent.
pub(super) fn render(consent: &Consent, sealer: &Sealer<'_>, stamp: &Stamp) -> Result<Item, StoreError> {
    let mut row = Row::default();
    row.text("pk", consent.id.to_string()).text("sk", CONSENT);
    row.number("v", stamp.version).bytes("w", stamp.write).bytes("by", *stamp.by.as_bytes());
    row.instant("ua", stamp.at);
    row.number("ttl", sweep_after(consent, stamp.keep).ttl_seconds());
    row.text("o", consent.owner.to_string()).instant("ca", consent.created).number("f", FORM);
    row.text("c", consent.country.code()).text("p", consent.psu_type.as_str());
    row.bytes("b", *consent.body.as_bytes()).number("n", consent.ordinal);
    if let Some(corporate) = &consent.corporate {
        row.bytes("pc", *corporate.as_bytes());
    }
    if let Some(reference) = &consent.reference {
        row.text("ref", reference.as_str());
    }
    if let Some(app) = &consent.app {
        row.text("app", app.as_str());
    }
    if let Some(start) = &consent.start {
        row.bytes("sf", [*start.key.as_bytes(), *start.body.as_bytes()].concat());
    }
    if let Some(trouble) = consent.trouble {
        row.text("st", trouble.code());
    }
    timeline::render(&mut row, &consent.timeline);
    let whose = Whose { id: consent.id, owner: consent.owner, country: consent.country };
    grant::render(&mut row, &consent.grant, &whose, sealer)?;
    attempt::render(&mut row, &consent.attempt, &whose, consent.ordinal, sealer)?;
    Ok(row.0)
}

/// The consent of a row, when it was written, and its version.
pub(super) fn parse(item: &Item, sealer: &Sealer<'_>) -> Result<(Consent, Timestamp, u64), StoreError> {
    let fields = Fields(item);
    if fields.number::<u8>("f")? != FORM {
        return Err(StoreError::unreadable("f"));
    }
    let id = fields.parsed("pk", ConsentId::parse)?;
    let owner = fields.parsed("o", OwnerId::parse)?;
    let country: Country = fields.text("c")?.parse().map_err(|_| StoreError::unreadable("c"))?;
    let whose = Whose { id, owner, country };
    let ordinal = fields.number("n")?;
    let consent = Consent {
        id,
        owner,
        country,
        psu_type: fields.parsed("p", str::parse::<PsuType>)?,
        corporate: fields.maybe("pc", digest)?,
        reference: fields.maybe("ref", |it, name| it.parsed(name, Reference::parse))?,
        created: fields.instant("ca")?,
        body: digest(fields, "b")?,
        app: fields.maybe("app", |it, name| it.parsed(name, AppId::parse))?,
        ordinal,
        start: fields.maybe("sf", fingerprint)?,
        trouble: signal(fields, "st")?,
        grant: grant::parse(fields, &whose, sealer)?,
        attempt: attempt::parse(fields, &whose, ordinal, sealer)?,
        timeline: timeline::parse(fields)?,
    };
    Ok((consent, fields.instant("ua")?, fields.number("v")?))
}

/// The grant's attributes, and when it is swept, if it rests there and does not open: whoever writes the row without
/// ending or replacing it puts them back as they were.
pub(super) fn unopened(item: &Item, consent: &Consent) -> Option<Item> {
    let ttl = item.get_key_value("ttl").map(|(name, value)| (name.clone(), value.clone()));
    consent.is_unreadable().then(|| grant::attributes(item).into_iter().chain(ttl).collect())
}

/// Puts an unopened grant back into a row, where it is still the grant.
pub(super) fn put_back(item: &mut Item, consent: &Consent, unopened: Option<&Item>) {
    if let (true, Some(unopened)) = (consent.is_unreadable(), unopened) {
        let rendered: Vec<String> = grant::attributes(item).into_keys().collect();
        item.retain(|name, _| !rendered.contains(name));
        item.extend(unopened.clone());
    }
}

/// Whether this row was written by the write with this id.
pub(super) fn is_write(item: &Item, write: &[u8; 16]) -> bool {
    Fields(item).bytes("w").is_ok_and(|found| found == write)
}

/// Whether a row has been kept long enough: it is as good as swept, whether or not DynamoDB has come by.
pub(super) fn is_swept(item: &Item, now: Timestamp) -> bool {
    Fields(item).number::<i64>("ttl").is_ok_and(|seconds| seconds <= now.millis().div_euclid(1000))
}

/// When a consent erases itself: some time after its grant's end (`keep`), so that it can still be renewed, or explained; a
/// day after its beginning if nobody ever signed, and never while an attempt may be alive. DynamoDB sweeps late by days,
/// so whoever reads looks too ([`is_swept`]).
pub(super) fn sweep_after(consent: &Consent, keep: Span) -> Timestamp {
    let attempted = consent.attempt.began().unwrap_or(consent.created).max(consent.created);
    let unsigned = attempted + Span::days(1);
    let ended = match &consent.grant {
        Grant::None => return unsigned,
        Grant::Active(active) => active.clocks.expires_at(),
        Grant::Lapsed { at, .. } | Grant::Revoked { at, .. } => *at,
    };
    unsigned.max(ended + keep)
}

fn digest(fields: Fields<'_>, name: &'static str) -> Result<Digest, StoreError> {
    fields.hashed(name, Digest::from_bytes)
}

fn fingerprint(fields: Fields<'_>, name: &'static str) -> Result<Fingerprint, StoreError> {
    let halves = fields.bytes(name)?.split_at_checked(16).ok_or(StoreError::unreadable(name))?;
    let half = |bytes: &[u8]| Digest::from_bytes(bytes).map_err(|_| StoreError::unreadable(name));
    Ok(Fingerprint { key: half(halves.0)?, body: half(halves.1)? })
}

fn signal(fields: Fields<'_>, name: &'static str) -> Result<Option<Signal>, StoreError> {
    Ok(fields.maybe(name, |it, name| it.text(name))?.map(Signal::parse))
}

/// A claim in two attributes.
fn render_claim(row: &mut Row, [by, until]: [&'static str; 2], claim: Claim) {
    row.bytes(by, *claim.by.as_bytes()).instant(until, claim.until);
}

fn parse_claim(fields: Fields<'_>, [by, until]: [&'static str; 2]) -> Result<Claim, StoreError> {
    Ok(Claim { by: fields.hashed(by, ClaimId::from_bytes)?, until: fields.instant(until)? })
}

const fn identity_word(identity: Identity) -> &'static str {
    match identity {
        Identity::Verified => "verified",
        Identity::Asserted => "asserted",
    }
}

fn identity(fields: Fields<'_>, name: &'static str) -> Result<Identity, StoreError> {
    match fields.text(name)? {
        "verified" => Ok(Identity::Verified),
        "asserted" => Ok(Identity::Asserted),
        _ => Err(StoreError::unreadable(name)),
    }
}

impl Whose {
    fn place<'a>(&'a self, purpose: &'static str, generation: u64) -> Place<'a> {
        let (partition, owner, country) =
            (&self.id.as_bytes()[..], &self.owner.as_bytes()[..], Some(self.country));
        Place { partition, owner, country, purpose, generation }
    }
}

/// Seals several secrets as one attribute.
fn render_sealed(
    row: &mut Row,
    name: &'static str,
    secrets: &[Option<&str>],
    place: &Place<'_>,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    let packed = secrets.iter().try_fold(Packing::default(), |all, it| all.add(it.map(str::as_bytes)));
    let packed = packed.ok_or(StoreError::Broken("a secret is too long to be stored"))?.done();
    row.bytes(name, sealer.seal(place, &packed).map_err(StoreError::unsealed)?);
    Ok(())
}

/// Opens one attribute and reads its secrets in their order; nothing may be left over.
fn parse_sealed<T>(
    fields: Fields<'_>,
    name: &'static str,
    place: &Place<'_>,
    sealer: &Sealer<'_>,
    read: impl FnOnce(&mut Unpacking<'_>) -> Option<T>,
) -> Result<T, StoreError> {
    let plain = sealer.open(place, fields.bytes(name)?).map_err(|_| StoreError::unreadable(name))?;
    let mut unpacking = Unpacking::new(&plain);
    let value = read(&mut unpacking).filter(|_| unpacking.is_done());
    value.ok_or(StoreError::unreadable(name))
}

/// Access and refresh token in one sealed attribute, the access token's beginning and end beside it.
fn render_tokens(
    row: &mut Row,
    [sealed, asked, expires]: [&'static str; 3],
    tokens: &Tokens,
    place: &Place<'_>,
    sealer: &Sealer<'_>,
) -> Result<(), StoreError> {
    let secrets = [Some(tokens.access.expose()), tokens.refresh.as_ref().map(RefreshToken::expose)];
    row.instant(asked, tokens.access_asked).instant(expires, tokens.access_expires);
    render_sealed(row, sealed, &secrets, place, sealer)
}

fn parse_tokens(
    fields: Fields<'_>,
    [sealed, asked, expires]: [&'static str; 3],
    place: &Place<'_>,
    sealer: &Sealer<'_>,
) -> Result<Tokens, StoreError> {
    let (access_asked, access_expires) = (fields.instant(asked)?, fields.instant(expires)?);
    parse_sealed(fields, sealed, place, sealer, |secrets| {
        let access = AccessToken::new(secrets.text()?);
        let refresh = secrets.maybe_text()?.map(RefreshToken::new);
        // Its end stands in the clocks.
        Some(Tokens { access, access_asked, access_expires, refresh, refresh_expires: None })
    })
}
