//! An owner's unattended budget: one row, partition `budget#` and the owner's id, part `budget`.
//!
//! Each subject has its newest reads in attributes of its own, `<subject>0` (N, ms, the newest) to `<subject>7`. One
//! conditional `UpdateItem` counts a read: the limit-th newest must be older than the window, and the others move on by one
//! place (an update reads the values from before it). So the window rolls exactly, without a read and without a lock.
//!
//! `<subject>w` (B) is the claim that counted last: an update that was executed and whose answer was lost is sent again by
//! the SDK, finds its own claim and counts nothing more.

use super::{Store, StoreError, field::Item};
use crate::{
    budget::{MOST_READS, Reserved, Standing, WINDOW},
    types::{ClaimId, OwnerId, Span, Timestamp},
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    primitives::Blob,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};

const BUDGET: &str = "budget";

/// An owner's budget as it stood in the table.
#[derive(Clone, Debug, Default)]
pub struct Budget(Item);

impl Budget {
    pub(super) const fn of(item: Item) -> Self {
        Self(item)
    }

    /// How much of a subject's budget is used now.
    pub fn standing(&self, subject: &str, limit: u8, now: Timestamp) -> Standing {
        Standing::of(&reads(&self.0, subject), limit, now)
    }
}

impl Store {
    /// Counts one read of a subject before it is made, if it may be made, once for a claim. One exchange.
    pub async fn reserve(
        &self,
        owner: &OwnerId,
        subject: &str,
        by: ClaimId,
        (limit, now): (u8, Timestamp),
    ) -> Result<Reserved, StoreError> {
        let oldest = limit.clamp(1, MOST_READS) - 1;
        let request = self
            .update_budget(owner, subject)
            .update_expression(format!("SET {}, #w = :by, #ttl = :ttl", shifted()))
            .condition_expression(format!(
                "(attribute_not_exists(#w) OR #w <> :by) AND (attribute_not_exists(#s{oldest}) OR #s{oldest} <= :ago)"
            ))
            .expression_attribute_values(":by", claim(by))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":never", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":ago", number(now - WINDOW))
            .expression_attribute_values(
                ":ttl",
                AttributeValue::N((now + WINDOW + Span::days(1)).ttl_seconds().to_string()),
            )
            .return_values(ReturnValue::AllNew);
        match request.send().await {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                Ok(Reserved::Granted(Standing::of(&reads(&item, subject), limit, now)))
            }
            Err(SdkError::ServiceError(answer)) if answer.err().is_conditional_check_failed_exception() => {
                let UpdateItemError::ConditionalCheckFailedException(failed) = answer.into_err() else {
                    return Err(StoreError::Unavailable);
                };
                let item = failed.item.unwrap_or_default();
                let standing = Standing::of(&reads(&item, subject), limit, now);
                let ours = item.get(&format!("{subject}w")) == Some(&claim(by));
                Ok(if ours { Reserved::Again(standing) } else { Reserved::Exhausted(standing) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives back a read that provably never left. If another one was counted meanwhile, it stays counted; so nobody ever
    /// gives back what somebody else counted in the same millisecond.
    pub async fn unreserve(
        &self,
        owner: &OwnerId,
        subject: &str,
        by: ClaimId,
        reserved: Timestamp,
    ) -> Result<(), StoreError> {
        let back: Vec<String> = (1..MOST_READS).map(|at| format!("#s{} = #s{at}", at - 1)).collect();
        let last = MOST_READS - 1;
        let request = self
            .update_budget(owner, subject)
            .update_expression(format!("SET {} REMOVE #s{last}, #w", back.join(", ")))
            .condition_expression("#s0 = :reserved AND #w = :by")
            .expression_attribute_values(":by", claim(by))
            .expression_attribute_values(":reserved", number(reserved));
        match request.send().await {
            Err(SdkError::ServiceError(answer)) if answer.err().is_conditional_check_failed_exception() => {
                Ok(())
            }
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        }
    }

    fn update_budget(&self, owner: &OwnerId, subject: &str) -> UpdateItemFluentBuilder {
        let [pk, sk] = key(owner);
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", pk)
            .key("sk", sk)
            .expression_attribute_names("#w", format!("{subject}w"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for at in 0..MOST_READS {
            request = request.expression_attribute_names(format!("#s{at}"), format!("{subject}{at}"));
        }
        request
    }
}

/// Partition and part of an owner's budget.
pub(super) fn key(owner: &OwnerId) -> [AttributeValue; 2] {
    [AttributeValue::S(format!("budget#{owner}")), AttributeValue::S(BUDGET.to_owned())]
}

/// Each read one place on, the new one in front; what was never read is in the year 1970.
fn shifted() -> String {
    let mut places = vec!["#s0 = :now".to_owned()];
    places.extend((1..MOST_READS).map(|at| format!("#s{at} = if_not_exists(#s{}, :never)", at - 1)));
    places.join(", ")
}

fn reads(item: &Item, subject: &str) -> Vec<Timestamp> {
    let read = |at: u8| item.get(&format!("{subject}{at}"))?.as_n().ok()?.parse::<i64>().ok();
    (0..MOST_READS).filter_map(read).filter(|millis| *millis > 0).map(Timestamp::from_millis).collect()
}

fn claim(by: ClaimId) -> AttributeValue {
    AttributeValue::B(Blob::new(by.0))
}

fn number(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.millis().to_string())
}
