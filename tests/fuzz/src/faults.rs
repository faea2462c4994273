//! Answers of any status to any call. The first two bytes are the status.

use shared::bank::{Fault, answer};

pub(crate) fn faults(input: &[u8]) {
    let Some((head, body)) = input.split_first_chunk::<2>() else { return };
    let status = u16::from_be_bytes(*head) % 600;
    for (kind, fault) in answer::faults(status, body) {
        match fault {
            None => assert!((200..300).contains(&status), "{kind} takes {status} for success"),
            Some(fault) => {
                assert!(!fault.provably_not_sent(), "an answer came: {kind} {fault:?}");
                // Whatever the bank says, an end of the grant must be said by a status of refusal.
                let ends = matches!(fault, Fault::RefreshRefused { .. });
                assert!(!ends || (400..500).contains(&status), "{kind} {status} {fault:?}");
            }
        }
    }
}
