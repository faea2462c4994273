//! The unattended budget: how often a customer's data may be read while the customer is not there.
//!
//! RTS on SCA (Regulation (EU) 2018/389) article 36(5)(b): without the payment service user actively requesting it, an
//! account-information provider reads at most four times in 24 hours. Here that is counted per owner, account and kind of
//! resource, over all consents and renewals, in a rolling window; one read is one request of a caller, whatever windows
//! and retries it takes at the bank. Nothing is known about this bank's own counting.

use crate::types::{AccountId, IdentityKey, OwnerId, Span, Timestamp};
use data_encoding::BASE64URL_NOPAD;

/// The rolling window (RTS on SCA article 36(5)(b)).
pub const WINDOW: Span = Span::days(1);
/// The legal limit (RTS on SCA article 36(5)(b)); configuration may set another one up to [`MOST_READS`].
pub const LEGAL_READS: u8 = 4;
/// As many reads as a row can remember.
pub const MOST_READS: u8 = 8;

/// What is counted by itself: a kind of resource, of one account where it is about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// As the audit line names it.
    pub resource: &'static str,
    /// Our id of the account; absent for lists.
    pub account: Option<AccountId>,
}

impl Subject {
    /// Seven characters for a row: a keyed hash, since an account id is nobody's business there.
    pub fn key(&self, key: &IdentityKey, owner: &OwnerId) -> String {
        let account = self.account.as_ref().map_or("", AccountId::as_str);
        let digest = key.digest("budget", &[owner.as_bytes(), self.resource.as_bytes(), account.as_bytes()]);
        let mut text = BASE64URL_NOPAD.encode(digest.as_bytes());
        text.truncate(7);
        text
    }
}

/// How much of a budget is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Reads in the last 24 hours.
    pub used: u8,
    /// Reads that are left now.
    pub left: u8,
    /// When the next one is free again; absent if nothing was used.
    pub next_at: Option<Timestamp>,
}

impl Standing {
    /// From the instants of the newest reads, in any order.
    pub fn of(reads: &[Timestamp], limit: u8, now: Timestamp) -> Self {
        let within = |at: &&Timestamp| **at + WINDOW > now;
        let counted = reads.iter().filter(within).count();
        let used = u8::try_from(counted).unwrap_or(u8::MAX);
        let oldest = reads.iter().filter(within).min();
        Self { used, left: limit.saturating_sub(used), next_at: oldest.map(|at| *at + WINDOW) }
    }
}

/// Whether one more read may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It may, and is counted already.
    Granted(Standing),
    /// It may: this very request has counted it before, or the answer to that was lost.
    Again(Standing),
    /// It may not; nothing was counted.
    Exhausted(Standing),
}

#[cfg(test)]
mod tests {
    use super::*;

    const T0: Timestamp = Timestamp::from_millis(1_768_464_000_000);

    #[test]
    fn a_read_counts_for_24_hours_to_the_millisecond() {
        let reads = [T0, T0 + Span::seconds(60)];
        let just_before = T0 + WINDOW - Span::millis(1);
        let standing = Standing::of(&reads, 4, just_before);
        assert_eq!((standing.used, standing.left, standing.next_at), (2, 2, Some(T0 + WINDOW)));
        let standing = Standing::of(&reads, 4, T0 + WINDOW);
        assert_eq!((standing.used, standing.next_at), (1, Some(T0 + Span::seconds(60) + WINDOW)));
        assert_eq!(Standing::of(&[], 4, T0), Standing { used: 0, left: 4, next_at: None });
        assert_eq!(Standing::of(&[T0; 6], 4, T0).left, 0);
    }

    #[test]
    fn resources_accounts_and_owners_are_counted_apart() {
        let key = IdentityKey::new(&[5; 32]).unwrap();
        let (anna, bob) = (OwnerId([1; 16]), OwnerId([2; 16]));
        let subject = |resource, account: Option<u8>| Subject {
            resource,
            account: account.map(|byte| AccountId::account(&[byte; 16])),
        };
        let all = [
            subject("accounts", None).key(&key, &anna),
            subject("account", Some(1)).key(&key, &anna),
            subject("transactions", Some(1)).key(&key, &anna),
            subject("transactions", Some(2)).key(&key, &anna),
            subject("transactions", Some(1)).key(&key, &bob),
        ];
        let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert!(all.iter().all(|name| name.len() == 7));
    }
}
