//! All consents, a page at a time: for the operator's verbs. No function scans, and no function's role may.

use super::{
    Store, StoreError, Stored, Writer,
    field::Item,
    parse,
    row::{self, CONSENT},
    write::{Before, Outcome},
};
use crate::types::{KeyRing, Timestamp};
use aws_sdk_dynamodb::types::AttributeValue;

/// Rows that one page looks at.
const PAGE: i32 = 100;

/// A page of all consents, in no order.
#[derive(Debug)]
pub struct ScanPage {
    /// The consents.
    pub consents: Vec<Stored>,
    /// Rows that this version cannot read.
    pub unreadable: usize,
    /// Where the next page begins, if there is one.
    pub next: Option<ScanPosition>,
}

/// Where a page begins.
#[derive(Clone, Debug)]
pub struct ScanPosition(Item);

impl Store {
    /// The page that begins at a position, or the first. What has been kept long enough is not there any more.
    pub async fn scan(
        &self,
        ring: &KeyRing,
        now: Timestamp,
        position: Option<ScanPosition>,
    ) -> Result<ScanPage, StoreError> {
        let request = self.client.scan().table_name(&self.table).consistent_read(true).limit(PAGE);
        let request = request.filter_expression("sk = :consent");
        let request = request.expression_attribute_values(":consent", AttributeValue::S(CONSENT.to_owned()));
        let position = position.map(|ScanPosition(key)| key);
        let answer = request.set_exclusive_start_key(position).send().await?;
        let sealer = self.sealer(ring);
        let kept = answer.items().iter().filter(|item| !row::is_swept(item, now));
        let (consents, unreadable): (Vec<_>, Vec<_>) =
            kept.map(|item| parse(item, &sealer)).partition(Result::is_ok);
        Ok(ScanPage {
            consents: consents.into_iter().flatten().collect(),
            unreadable: unreadable.len(),
            next: answer.last_evaluated_key().cloned().map(ScanPosition),
        })
    }

    /// Writes a consent as it is, sealed with the newest key; nothing else of it changes, not even when it was last
    /// changed. False if somebody else wrote meanwhile: they have sealed it.
    pub async fn reseal(&self, writer: Writer<'_>, stored: &Stored) -> Result<bool, StoreError> {
        let writer = Writer { now: stored.changed, ..writer };
        let stamp = self.stamp(stored.version.saturating_add(1), writer)?;
        let before = Before::Version { expected: stored.version, ends: false };
        let change = self.change(writer, &stored.consent, &stamp, before)?;
        Ok(matches!(self.write(change, None).await?, Outcome::Written))
    }
}
