//! One conditional write of a consent part: alone, or in one transaction with what a BankID start reserves, or with the
//! removal of the account map that a revocation leaves no use for.
//!
//! DynamoDB cancels a transaction that meets another one at a row, and refuses a plain write that meets a transaction.
//! Nothing was written then: it is sent again. Conditions that failed are told apart by the row they belong to, and the
//! consent's own comes first: whoever finds their key or version taken looks at what is there, limits or not.

use super::{Denied, Reservation, Store, StoreError, accounts::ACCOUNTS, field::Item, row};
use crate::{
    consent::Consent,
    types::{Span, Timestamp},
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{put_item::PutItemError, transact_write_items::TransactWriteItemsError},
    types::{
        AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem,
    },
};
use data_encoding::BASE64URL_NOPAD;
use std::collections::HashMap;

/// How often a write is sent that meets others.
pub(super) const MEETINGS: u32 = 6;
/// Before it is sent again; doubled each time.
const PAUSE_MS: i64 = 10;

/// A consent part that is to be written.
pub(super) struct Change<'a> {
    pub(super) consent: &'a Consent,
    pub(super) item: Item,
    /// Marks this write, whatever is sent again.
    pub(super) write: [u8; 16],
    /// What must be there.
    pub(super) before: Before,
    pub(super) now: Timestamp,
}

/// What a write must find.
#[derive(Clone, Copy)]
pub(super) enum Before {
    /// Nothing, or what has been kept long enough.
    Nothing,
    /// A consent.
    Version {
        /// In this version.
        expected: u64,
        /// Whether the write revokes it: its account map goes with the same write.
        ends: bool,
    },
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is there; perhaps an earlier try of the same write put it there.
    Written,
    /// Something else is there, or nothing.
    Lost(Option<Item>),
    /// The consent could be written, but not what was to be reserved with it.
    Denied(Denied),
}

impl Store {
    /// Writes a change, with a reservation or without.
    pub(super) async fn write(
        &self,
        change: Change<'_>,
        reservation: Option<&Reservation>,
    ) -> Result<Outcome, StoreError> {
        for meeting in 0..MEETINGS {
            if meeting > 0 {
                tokio::time::sleep(pause(meeting, &change.write).as_duration()).await;
            }
            let outcome = match (reservation, change.before) {
                (None, Before::Nothing | Before::Version { ends: false, .. }) => self.alone(&change).await?,
                _ => self.together(&change, reservation, meeting).await?,
            };
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
        Err(StoreError::Contended)
    }

    /// A `PutItem`; nothing if it met a transaction.
    async fn alone(&self, change: &Change<'_>) -> Result<Option<Outcome>, StoreError> {
        let request = self.client.put_item().table_name(&self.table).set_item(Some(change.item.clone()));
        let request = request
            .condition_expression(change.condition())
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = request.send().await else { return Ok(Some(Outcome::Written)) };
        match error {
            SdkError::ServiceError(answer) if answer.err().is_conditional_check_failed_exception() => {
                let PutItemError::ConditionalCheckFailedException(failed) = answer.into_err() else {
                    return Err(StoreError::Unavailable);
                };
                Ok(Some(change.lost(failed.item)))
            }
            SdkError::ServiceError(answer) if answer.err().is_transaction_conflict_exception() => Ok(None),
            other => Err(other.into()),
        }
    }

    /// A `TransactWriteItems`; nothing if it met another. The client token is the write's own, so a try that the SDK
    /// sends again after its answer was lost changes nothing; a cancelled one is another request.
    async fn together(
        &self,
        change: &Change<'_>,
        reservation: Option<&Reservation>,
        meeting: u32,
    ) -> Result<Option<Outcome>, StoreError> {
        let token = format!("{}.{meeting}", BASE64URL_NOPAD.encode(&change.write));
        let request = self.client.transact_write_items().client_request_token(token);
        let request = request.transact_items(self.first(change)?);
        let mut rest = match reservation {
            Some(reservation) => Vec::from(reservation.items(&self.table, change)?),
            None => Vec::new(),
        };
        if matches!(change.before, Before::Version { ends: true, .. }) {
            rest.push(self.without_accounts(change)?);
        }
        let request = rest.into_iter().fold(request, |request, item| request.transact_items(item));
        let Err(error) = request.send().await else { return Ok(Some(Outcome::Written)) };
        match error {
            SdkError::ServiceError(answer) if answer.err().is_transaction_canceled_exception() => {
                let TransactWriteItemsError::TransactionCanceledException(cancelled) = answer.into_err()
                else {
                    return Err(StoreError::Unavailable);
                };
                verdict(cancelled.cancellation_reasons.unwrap_or_default(), change, reservation)
            }
            other => Err(other.into()),
        }
    }

    fn without_accounts(&self, change: &Change<'_>) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder().table_name(&self.table);
        let delete = delete.key("pk", AttributeValue::S(change.consent.id.to_string()));
        let delete = delete.key("sk", AttributeValue::S(ACCOUNTS.to_owned())).build();
        let delete = delete.map_err(|_| StoreError::Broken("a transaction could not be built"))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    fn first(&self, change: &Change<'_>) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(change.item.clone()));
        let put = put
            .condition_expression(change.condition())
            .set_expression_attribute_names(change.names())
            .set_expression_attribute_values(change.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = put.build().map_err(|_| StoreError::Broken("a transaction could not be built"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

impl Change<'_> {
    const fn condition(&self) -> &'static str {
        match self.before {
            // What has been kept long enough is as good as gone.
            Before::Nothing => "attribute_not_exists(pk) OR #ttl <= :now",
            Before::Version { .. } => "v = :expected",
        }
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        let names = || HashMap::from([("#ttl".to_owned(), "ttl".to_owned())]);
        matches!(self.before, Before::Nothing).then(names)
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let (name, number) = match self.before {
            Before::Nothing => (":now", self.now.millis().div_euclid(1000).to_string()),
            Before::Version { expected, .. } => (":expected", expected.to_string()),
        };
        Some(HashMap::from([(name.to_owned(), AttributeValue::N(number))]))
    }

    /// The condition failed: the row is there because of an earlier try of this write, or it is somebody else's.
    fn lost(&self, item: Option<Item>) -> Outcome {
        match item {
            Some(item) if row::is_write(&item, &self.write) => Outcome::Written,
            item => Outcome::Lost(item),
        }
    }
}

/// What one reason of a cancelled transaction says of its row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing was wrong with it.
    Fine,
    /// Its condition did not hold.
    Failed,
    /// It was busy, or throttled.
    Busy,
}

/// What a cancelled transaction says of each of its rows.
pub(super) fn standings(reasons: &[CancellationReason]) -> Result<Vec<Standing>, StoreError> {
    let of = |reason: &CancellationReason| match reason.code() {
        None | Some("None") => Ok(Standing::Fine),
        Some("ConditionalCheckFailed") => Ok(Standing::Failed),
        Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded") => {
            Ok(Standing::Busy)
        }
        Some(_) => Err(StoreError::Broken("the transaction was not accepted")),
    };
    reasons.iter().map(of).collect()
}

/// Why a transaction was cancelled; nothing if it only has to be sent again.
fn verdict(
    reasons: Vec<CancellationReason>,
    change: &Change<'_>,
    reservation: Option<&Reservation>,
) -> Result<Option<Outcome>, StoreError> {
    let standings = standings(&reasons)?;
    let failed = |(reason, standing): (CancellationReason, &Standing)| {
        (*standing == Standing::Failed).then_some(reason.item)
    };
    let mut failed = reasons.into_iter().zip(&standings).map(failed);
    if let Some(Some(item)) = failed.next() {
        return Ok(Some(change.lost(item)));
    }
    if standings.contains(&Standing::Busy) {
        return Ok(None);
    }
    let denied = match reservation {
        Some(reservation) => reservation.denied(failed.collect(), change.now)?,
        None => None,
    };
    denied.map(|denied| Some(Outcome::Denied(denied))).ok_or(StoreError::Unavailable)
}

/// Not the same for two writes that have met.
pub(super) fn pause(meeting: u32, write: &[u8; 16]) -> Span {
    let longest = PAUSE_MS << meeting;
    let [chance, ..] = *write;
    Span::millis(longest / 2 + i64::from(chance) * longest / 512)
}

#[cfg(test)]
mod tests;
