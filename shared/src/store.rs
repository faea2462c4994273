//! The table: where consents rest, and where races are decided.
//!
//! One DynamoDB table, keys `pk` and `sk` (both S), one index, TTL on `ttl`.
//!
//! | what is asked | how | cost |
//! |---|---|---|
//! | start a consent | `PutItem` on `consent id` / `consent`, if nothing is there, or what is over | 1 write |
//! | claim a BankID start | the same write with limits and guard, see [`Reservation`]: `TransactWriteItems` | 1 write |
//! | read a consent with its account map | one strongly consistent `Query` on the partition | 1 read |
//! | change a consent at hand | `PutItem` on condition that `v` has not moved | 1 write |
//! | change a consent by its id | `GetItem`, strongly consistent, then as above | 1 read, 1 write |
//! | remember the account map | `PutItem` on `consent id` / `accounts`, unless a newer one is there, while the grant is active: `TransactWriteItems` | 1 write |
//! | revoke a consent | the same write and `DeleteItem` of its account map: `TransactWriteItems` | 1 write |
//! | list an owner's consents | `Query` on index `owner` (hash `o`, range `ca`: created), then one `BatchGetItem` | 2 reads |
//! | erase an owner's consent | `DeleteItem` of each part, after it was revoked | 2 writes |
//! | count an unattended read | `UpdateItem` on `budget#…` / `budget`, see [`Budget`] | 1 write |
//! | read a consent with its account map and its owner's budget | one strongly consistent `BatchGetItem` | 1 read |
//! | share the client-credentials token | partition `ccg#…` / `token`, see [`SharedToken`] | |
//!
//! **Writes.** Each one draws a write id once, before it is sent; the SDK's retries carry the same. A retry whose first
//! try was executed fails its condition, DynamoDB returns the row that is there, and its write id says that it is ours.
//! If it is not ours, a racing writer won: the transition is applied to what the winner left, and refuses by itself.
//!
//! **Reads** are strongly consistent: a claim that was just written must be seen. A consent whose `ttl` has passed counts as
//! gone, for reads, lists, updates and the next start under its key; DynamoDB sweeps it when it comes to it.

mod accounts;
mod budget;
mod client_token;
mod fault;
mod field;
mod list;
mod packed;
mod reservation;
mod row;
mod scan;
mod seal;
mod write;

pub use accounts::{AccountEntry, AccountMap};
pub use budget::Budget;
pub use client_token::SharedToken;
pub use fault::{InsertError, ListError, StoreError, UpdateError};
pub use list::Page;
pub use reservation::{Denied, Reservation};
pub use scan::{ScanPage, ScanPosition};

use crate::{
    consent::{Attempt, Consent, Reason, Refused},
    types::{ConsentId, KeyRing, Span, Timestamp, TraceId},
};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use field::Item;
use row::{CONSENT, Stamp};
use seal::{Age, Sealer};
use std::ops::Deref;
use write::{Before, Change, Outcome};

/// How often a writer tries again after losing a race for one row.
const ROUNDS: u32 = 8;

/// The table, in one environment.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    environment: String,
    keep: Span,
}

/// Who writes, when, and with which keys.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The newest key seals, all of them open.
    pub ring: &'a KeyRing,
    /// The request.
    pub trace: &'a TraceId,
    /// In event time.
    pub now: Timestamp,
    /// What is reserved in one transaction with the write that claims a BankID start.
    pub reserves: Option<&'a Reservation>,
}

/// A consent as it stood in the table, with the version that the next write must find.
#[derive(Debug)]
pub struct Stored {
    /// The consent.
    pub consent: Consent,
    /// When it was last written, in event time.
    pub changed: Timestamp,
    version: u64,
    /// The grant as it rests, if it does not open.
    unopened: Option<Box<Item>>,
    /// Which keys it is sealed with.
    keys: Keys,
    /// Something of it does not open.
    shut: bool,
}

/// Which keys something is sealed with, seen from the ring at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Keys {
    /// One that it does not hold.
    unknown: bool,
    /// One that it holds, and not the newest.
    older: bool,
}

impl Stored {
    /// Whether something of it rests here and does not open: with the keys at hand it is over.
    pub const fn does_not_open(&self) -> bool {
        self.shut
    }

    /// Whether it may open with newer keys than those at hand, if these are of `checked`.
    pub fn may_open_later(&self, checked: Timestamp) -> bool {
        self.keys.unknown && self.changed >= checked
    }

    /// Whether it is sealed with an older key than the newest, and opens.
    pub fn is_sealed_with_an_older_key(&self) -> bool {
        self.keys.older && !self.does_not_open()
    }

    /// How often it was written.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// As it was just written.
    const fn written(consent: Consent, stamp: &Stamp, unopened: Option<Box<Item>>) -> Self {
        let shut = unopened.is_some();
        let keys = Keys { unknown: shut, older: false };
        Self { consent, changed: stamp.at, version: stamp.version, unopened, keys, shut }
    }
}

impl Deref for Stored {
    type Target = Consent;
    fn deref(&self) -> &Consent {
        &self.consent
    }
}

/// Everything that a consent's partition holds.
#[derive(Debug)]
pub struct Loaded {
    /// The consent.
    pub stored: Stored,
    /// Its accounts, once they have been read.
    pub accounts: Option<AccountMap>,
}

impl Store {
    /// `environment` is one of the parts that sealed values are tied to; `keep` is how long ended consents stay.
    pub fn new(client: Client, table: String, environment: impl Into<String>, keep: Span) -> Self {
        Self { client, table, environment: environment.into(), keep }
    }

    /// Puts a new consent there: the claim of a start.
    pub async fn insert(&self, writer: Writer<'_>, consent: Consent) -> Result<Stored, InsertError> {
        let stamp = self.stamp(1, writer)?;
        let consent = consent.remembering(None, stamp.by, writer.now);
        match self
            .write(self.change(writer, &consent, &stamp, Before::Nothing)?, writer.reserving(&consent))
            .await?
        {
            Outcome::Written => Ok(Stored::written(consent, &stamp, None)),
            Outcome::Lost(Some(item)) => {
                Err(InsertError::Exists(Box::new(parse(&item, &self.sealer(writer.ring))?)))
            }
            // Something was there and is gone: whoever comes again finds the place free.
            Outcome::Lost(None) => Err(StoreError::Contended.into()),
            Outcome::Denied(denied) => Err(denied.into()),
        }
    }

    /// A consent and its account map, in one exchange. One that has been kept long enough is not there any more.
    pub async fn get(
        &self,
        ring: &KeyRing,
        id: &ConsentId,
        now: Timestamp,
    ) -> Result<Option<Loaded>, StoreError> {
        let request = self.client.query().table_name(&self.table).consistent_read(true);
        let request = request.key_condition_expression("pk = :pk");
        let answer =
            request.expression_attribute_values(":pk", AttributeValue::S(id.to_string())).send().await?;
        let part = |name: &str| answer.items().iter().find(|item| is_part(item, name));
        let Some(item) = part(CONSENT).filter(|item| !row::is_swept(item, now)) else { return Ok(None) };
        let stored = parse(item, &self.sealer(ring))?;
        let accounts = part(accounts::ACCOUNTS).map(accounts::parse).transpose()?;
        Ok(Some(Loaded { stored, accounts }))
    }

    /// Loads a consent and applies a transition to it. See [`Self::apply`].
    pub async fn update(
        &self,
        writer: Writer<'_>,
        id: &ConsentId,
        transition: impl Fn(Consent) -> Result<Consent, Refused>,
    ) -> Result<Stored, UpdateError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let request = request.key("pk", AttributeValue::S(id.to_string()));
        let answer = request
            .key("sk", AttributeValue::S(CONSENT.to_owned()))
            .send()
            .await
            .map_err(StoreError::from)?;
        let item = answer.item.filter(|item| !row::is_swept(item, writer.now)).ok_or(UpdateError::Absent)?;
        let stored = parse(&item, &self.sealer(writer.ring))?;
        self.apply(writer, stored, transition).await
    }

    /// Applies a transition to the consent at hand and writes the result, on condition that nobody has written since it
    /// was read. After a lost race the transition is applied to what the winner left, which may make it refuse: so a
    /// refusal always speaks about the present, and nothing of it was written.
    pub async fn apply(
        &self,
        writer: Writer<'_>,
        mut stored: Stored,
        transition: impl Fn(Consent) -> Result<Consent, Refused>,
    ) -> Result<Stored, UpdateError> {
        for _ in 0..ROUNDS {
            let expected = stored.version;
            let (past, alive) = ((stored.past(), stored.failure(writer.now)), !stored.is_revoked());
            let unopened = stored.unopened.take();
            // What an earlier write of this request has claimed was reserved with it.
            let reserved = stored.start_claimed_by(writer.trace.claim_id());
            let consent = transition(stored.consent)?;
            let stamp = self.stamp(expected.saturating_add(1), writer)?;
            let consent = consent.remembering(Some(past), stamp.by, writer.now);
            let before = Before::Version { expected, ends: alive && consent.is_revoked() };
            let mut change = self.change(writer, &consent, &stamp, before)?;
            row::put_back(&mut change.item, &consent, unopened.as_deref());
            match self.write(change, writer.reserving(&consent).filter(|_| !reserved)).await? {
                Outcome::Written => return Ok(Stored::written(consent, &stamp, unopened)),
                Outcome::Lost(Some(item)) if !row::is_swept(&item, writer.now) => {
                    stored = parse(&item, &self.sealer(writer.ring))?;
                }
                Outcome::Lost(_) => return Err(UpdateError::Absent),
                Outcome::Denied(denied) => return Err(denied.into()),
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Opens a connection by reading a row that cannot exist. Whether it worked is nobody's business yet.
    pub async fn warm(&self) {
        let _ = self.reachable().await;
    }

    /// Whether the table answers. It is asked for a row that cannot exist.
    pub async fn reachable(&self) -> Result<(), StoreError> {
        let nothing = || AttributeValue::S("-".to_owned());
        let request = self.client.get_item().table_name(&self.table);
        request.key("pk", nothing()).key("sk", nothing()).send().await?;
        Ok(())
    }

    /// Marks a write that is about to be sent. Drawn once, whatever the SDK retries.
    fn stamp(&self, version: u64, writer: Writer<'_>) -> Result<Stamp, StoreError> {
        let mut write = [0; 16];
        aws_lc_rs::rand::fill(&mut write).map_err(|_| StoreError::Broken("no randomness"))?;
        Ok(Stamp { version, write, by: writer.trace.claim_id(), at: writer.now, keep: self.keep })
    }

    const fn sealer<'a>(&'a self, ring: &'a KeyRing) -> Sealer<'a> {
        Sealer::new(ring, self.environment.as_str())
    }

    fn change<'a>(
        &self,
        writer: Writer<'_>,
        consent: &'a Consent,
        stamp: &Stamp,
        before: Before,
    ) -> Result<Change<'a>, StoreError> {
        let item = row::render(consent, &self.sealer(writer.ring), stamp)?;
        Ok(Change { consent, item, write: stamp.write, before, now: writer.now })
    }
}

impl<'a> Writer<'a> {
    /// What has to be reserved with this consent: only a start that is claimed here and now is one.
    fn reserving(&self, consent: &Consent) -> Option<&'a Reservation> {
        self.reserves.filter(|_| consent.start_claimed_by(self.trace.claim_id()))
    }
}

fn parse(item: &Item, sealer: &Sealer<'_>) -> Result<Stored, StoreError> {
    let (consent, changed, version) = row::parse(item, sealer)?;
    let unopened = row::unopened(item, &consent).map(Box::new);
    let fields = field::Fields(item);
    let mut keys = Keys::default();
    for blob in [row::GRANT, row::ATTEMPT].into_iter().filter_map(|name| fields.bytes(name).ok()) {
        match sealer.age_of(blob) {
            Age::Newest => {}
            Age::Older => keys.older = true,
            Age::Unknown => keys.unknown = true,
        }
    }
    let attempt = matches!(consent.attempt, Attempt::Failed { reason: Reason::Unreadable, .. });
    let rests = |sealed| fields.bytes(sealed).is_ok();
    let shut = (unopened.is_some() && rests(row::GRANT)) || (attempt && rests(row::ATTEMPT));
    Ok(Stored { consent, changed, version, unopened, keys, shut })
}

fn is_part(item: &Item, name: &str) -> bool {
    field::Fields(item).text("sk").is_ok_and(|part| part == name)
}
