//! What is counted. The names are stable: alarms hang on them.

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What is counted, in one request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it stands in a line and in `CloudWatch`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

metrics! {
    /// Exchanges with the bank.
    BankCalls = "bank_calls",
    /// Exchanges with the bank that did not bring a usable answer.
    BankFaults = "bank_faults",
    /// Requests that ended because the bank had been failing and was left alone.
    BankRested = "bank_rested",
    /// Something in an answer of the bank that no table knows: a field, a state, a version, a signal.
    Drift = "drift",
    /// A conditional write found that somebody else had won.
    ClaimsLost = "claims_lost",
    /// Access tokens refreshed.
    Refreshes = "refreshes",
    /// Grants that lapsed: their refresh token was refused, not there, or sent twice without knowing what became of it.
    RefreshFailures = "refresh_failures",
    /// Times that a request waited for somebody else's refresh.
    RefreshWaits = "refresh_waits",
    /// Two codes under one state.
    CodeConflict = "code_conflict",
    /// A renewal was signed by somebody whose accounts are others.
    RenewalOtherCustomer = "renewal_other_customer",
    /// Callbacks that did not name the bank as they should.
    IssuerRefused = "issuer_refused",
    /// Polls answered without asking the bank.
    EarlyPolls = "early_polls",
    /// An unattended read that the budget did not allow.
    BudgetExhausted = "budget_exhausted",
    /// A BankID order that could not be cancelled at the bank.
    CancelFailures = "cancel_failures",
    /// BankID orders that a newer start of the same person ended.
    OrdersSuperseded = "orders_superseded",
    /// A consent that could not be deleted at the bank.
    RevocationFailures = "revocation_failures",
    /// Running balances that do not join: the bank left rows out, or shows wrong ones.
    ChainBroken = "chain_broken",
    /// Reads in which the bank cut answers at fewer rows than its known cap.
    CutShort = "cut_short",
    /// Tokens that nobody could be given and were dropped.
    TokensDropped = "tokens_dropped",
    /// Served with keys and certificates that are older than they should be: Secrets Manager is not reachable.
    SecretStale = "secret_stale",
    /// Served with an older version of the secret, because the one in force cannot be used.
    SecretRefused = "secret_refused",
    /// Something sealed did not open: its key was dropped, or somebody has altered or moved it.
    SealsUnopened = "seals_unopened",
    /// The bank refused our client certificate.
    CertificateRefused = "certificate_refused",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_metrics_have_one_name() {
        let names: std::collections::BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
    }
}
