//! Why attempts end, each with a stable code.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Why an attempt is over; the code is stable and shown as `status_reason`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// All of them. A row holds the place in this list: new ones go to the end, none is ever removed.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

reasons! {
    /// Nobody knows whether the bank registered the consent or started the order.
    StartUnknown = "start_unknown",
    /// The bank did not take the start, or what it answered gave nobody anything to sign; the same key may try again.
    StartNotTaken = "start_not_taken",
    /// Not signed within 15 minutes.
    TooLate = "too_late",
    /// The code was spent and its answer was lost.
    ExchangeUnknown = "exchange_unknown",
    /// The bank did not take the code.
    CodeRefused = "code_refused",
    /// Two different codes came under one state.
    CodeConflict = "code_conflict",
    /// Begun without a code challenge (PKCE), which is required by now: its code is not spent.
    PkceMissing = "pkce_missing",
    /// Signed, but not claimed within five minutes.
    NotClaimed = "not_claimed",
    /// The caller cancelled.
    Cancelled = "cancelled",
    /// The PSU cancelled in the BankID app.
    BankIdCancelled = "bankid_cancelled",
    /// BankID failed or was not started in time.
    BankIdFailed = "bankid_failed",
    /// The BankID of another bank is not activated at Handelsbanken.
    BankIdNotActivated = "bankid_not_activated",
    /// Not a customer, or a private person in a corporate consent.
    NotCustomer = "not_a_customer",
    /// The bank takes no more polls for this order.
    PolledTooOften = "polled_too_often",
    /// A renewal was signed by somebody else: the new grant shares no account with the old.
    RenewalOtherCustomer = "renewal_other_customer",
    /// The bank did not accept the personal number.
    PersonalNumberRefused = "personal_number_refused",
    /// What was sealed for it does not open: its key was dropped, or it was altered or moved.
    Unreadable = "attempt_unreadable",
}

impl Reason {
    /// From its code in a row.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}
