//! What a BankID start reserves in the transaction that claims it: room under the limits, and its number's one order.
//!
//! | partition | part | attributes |
//! |---|---|---|
//! | `limit#` and a keyed hash of the owner or the personal number | `starts` | `s0` `s1` … (N) the latest starts, newest first, in event time (ms); `ttl` |
//! | `order#` and a keyed hash of the personal number | `guard` | `c` (S) consent, `n` (N) attempt, `u` (N) until (ms), `w` (B) the write; `ttl` |
//!
//! A rolling window needs no read: of n starts in a window the n-th newest must be older than that, and an `UpdateItem`
//! reads the old values before it moves them on. A condition that fails returns the row, which says the rest.

use super::{
    StoreError,
    field::{Fields, Item, Row, binary},
    write::Change,
};
use crate::{
    consent::{ORDER_LIFETIME, OrderGuard},
    types::{ConsentId, Digest, IdentityKey, OwnerId, PersonalNumber, Span, StartLimits, Timestamp},
};
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

const STARTS: &str = "starts";
const GUARD: &str = "guard";

/// One start's reservation. Holds hashes only: the personal number does not rest.
#[derive(Clone, Copy, Debug)]
pub struct Reservation {
    owner: Digest,
    number: Digest,
    order: Digest,
    limits: StartLimits,
    over: Option<OrderGuard>,
}

/// Why a start may not prompt anybody now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Started too often, by this owner or for this number.
    #[error("started too often")]
    Limited {
        /// Until there is room again.
        wait: Span,
    },
    /// The number has an order already.
    #[error("the number has an order already")]
    Ordered {
        /// Whose it is.
        guard: OrderGuard,
        /// Until it cannot live any more.
        rest: Span,
    },
}

impl Reservation {
    /// For an owner and the number that the order would go to.
    pub fn new(
        identity: &IdentityKey,
        owner: &OwnerId,
        number: &PersonalNumber,
        limits: StartLimits,
    ) -> Self {
        let digits = number.expose().as_bytes();
        Self {
            owner: identity.digest("starts_of_owner", &[owner.as_bytes()]),
            number: identity.digest("starts_for_number", &[digits]),
            order: identity.digest("order_of_number", &[digits]),
            limits,
            over: None,
        }
    }

    /// The same, and exactly this guard may be taken over.
    #[must_use]
    pub const fn over(self, guard: OrderGuard) -> Self {
        Self { over: Some(guard), ..self }
    }

    /// The items that follow the consent's own in the transaction; [`Self::denied`] reads their answers.
    pub(super) fn items(
        &self,
        table: &str,
        change: &Change<'_>,
    ) -> Result<[TransactWriteItem; 3], StoreError> {
        let limit = |subject| self.limit(table, subject, change.now);
        Ok([limit(&self.owner)?, limit(&self.number)?, self.guard(table, change)?])
    }

    fn limit(&self, table: &str, subject: &Digest, now: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let moved = (1..self.limits.remembered())
            .map(|at| format!(", s{at} = if_not_exists(s{}, :never)", at.saturating_sub(1)));
        let set = format!("SET s0 = :now, #ttl = :ttl{}", moved.collect::<String>());
        let mut update = Update::builder()
            .table_name(table)
            .key("pk", AttributeValue::S(format!("limit#{subject}")))
            .key("sk", AttributeValue::S(STARTS.to_owned()))
            .update_expression(set)
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":never", number(0))
            .expression_attribute_values(":ttl", number((now + StartLimits::REMEMBERED).ttl_seconds()));
        let mut conditions = Vec::new();
        for (window, (starts, within)) in self.limits.windows().into_iter().enumerate() {
            let (oldest, ago) = (format!("s{}", starts.saturating_sub(1)), format!(":ago{window}"));
            conditions.push(format!("(attribute_not_exists({oldest}) OR {oldest} <= {ago})"));
            update = update.expression_attribute_values(ago, number((now - within).millis()));
        }
        let update = update
            .condition_expression(conditions.join(" AND "))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = update.build().map_err(|_| StoreError::Broken("a transaction could not be built"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn guard(&self, table: &str, change: &Change<'_>) -> Result<TransactWriteItem, StoreError> {
        let (consent, ordinal, now) = (change.consent.id, change.consent.ordinal, change.now);
        let until = now + ORDER_LIFETIME;
        let mut row = Row::default();
        row.text("pk", format!("order#{}", self.order)).text("sk", GUARD);
        row.text("c", consent.to_string()).number("n", ordinal).instant("u", until);
        row.bytes("w", change.write).number("ttl", until.ttl_seconds());
        let free = "attribute_not_exists(pk) OR u <= :now OR (c = :c AND n = :n)";
        let mut put = Put::builder()
            .table_name(table)
            .set_item(Some(row.0))
            .expression_attribute_values(":now", number(now.millis()))
            .expression_attribute_values(":c", AttributeValue::S(consent.to_string()))
            .expression_attribute_values(":n", AttributeValue::N(ordinal.to_string()));
        put = match &self.over {
            None => put.condition_expression(free),
            Some(seen) => put
                .condition_expression(format!("{free} OR w = :seen"))
                .expression_attribute_values(":seen", binary(seen.write)),
        };
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = put.build().map_err(|_| StoreError::Broken("a transaction could not be built"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Why these items were not written, by what stands in their places: for each whose condition failed its row, in the
    /// order of [`Self::items`]. A limit comes before the guard, since nothing is taken over for a start that is not to
    /// be. Nothing if no condition failed.
    pub(super) fn denied(
        &self,
        failed: Vec<Option<Option<Item>>>,
        now: Timestamp,
    ) -> Result<Option<Denied>, StoreError> {
        let [owner, number, guard] = <[_; 3]>::try_from(failed).map_err(|_| StoreError::Unavailable)?;
        let wait = [owner, number].into_iter().flatten().map(|row| self.wait(row.as_ref(), now));
        if let Some(wait) = wait.max() {
            return Ok(Some(Denied::Limited { wait }));
        }
        match guard {
            None => Ok(None),
            // Swept in this moment: whoever comes again finds the place free.
            Some(None) => Err(StoreError::Contended),
            Some(Some(item)) => {
                let guard = parse_guard(&item)?;
                Ok(Some(Denied::Ordered { guard, rest: guard.until.after(now) }))
            }
        }
    }

    /// How long until a limit has room, by its row.
    fn wait(&self, row: Option<&Item>, now: Timestamp) -> Span {
        let start = |at: u8| {
            let value = row?.get(&format!("s{at}"))?.as_n().ok()?;
            value.parse().ok().map(Timestamp::from_millis)
        };
        let earlier: Vec<Timestamp> = (0..self.limits.remembered()).map_while(start).collect();
        // Its condition failed, so there is none at all without one.
        self.limits.wait(&earlier, now).unwrap_or(Span::seconds(1))
    }
}

fn parse_guard(item: &Item) -> Result<OrderGuard, StoreError> {
    let fields = Fields(item);
    Ok(OrderGuard {
        consent: fields.parsed("c", ConsentId::parse)?,
        ordinal: fields.number("n")?,
        until: fields.instant("u")?,
        write: fields.bytes("w")?.try_into().map_err(|_| StoreError::unreadable("w"))?,
    })
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
