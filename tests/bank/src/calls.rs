//! The names of the calls, as ledger, faults and control surface use them.

use serde::{Deserialize, Serialize};

macro_rules! call_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A kind of call at the bank.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum CallKind {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl CallKind {
            /// Every kind, in the order of the flows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the ledger and on the control surface.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

call_kinds! {
    /// Any call on the API or page port: only for faults, never in the ledger.
    Any = "any",
    /// Token endpoint, `grant_type=client_credentials`.
    TokenClientCredentials = "token.client_credentials",
    /// Token endpoint, `grant_type=authorization_code`.
    TokenAuthorizationCode = "token.authorization_code",
    /// Token endpoint, `grant_type=refresh_token`.
    TokenRefreshToken = "token.refresh_token",
    /// Token endpoint, any other or no grant type.
    TokenOther = "token.other",
    /// Token endpoint, client credentials of scope `PSD2-ADMIN`: for enrolment.
    TokenAdmin = "token.admin",
    /// `POST /third-parties`: a TPP makes itself known.
    ThirdPartiesCreate = "third_parties.create",
    /// `PUT /third-parties`: a TPP shows another certificate.
    ThirdPartiesReplace = "third_parties.replace",
    /// `POST /subscriptions`: an app, or a further product of one.
    Subscribe = "subscriptions.create",
    /// `POST /consents`.
    ConsentsCreate = "consents.create",
    /// `GET /consents/{id}` (unknown, off by default).
    ConsentsOne = "consents.one",
    /// `DELETE /consents/{id}` (unknown, off by default).
    ConsentsDelete = "consents.delete",
    /// The sign page is shown (sandbox: the customer is taken from `X-Sandbox-User`).
    AuthorizePage = "authorize.page",
    /// The PSU pressed a button on the sign page.
    AuthorizeDecision = "authorize.decision",
    /// A BankID order is started.
    DecoupledInit = "decoupled.init",
    /// A BankID order is polled.
    DecoupledPoll = "decoupled.poll",
    /// A BankID order is cancelled by the TPP.
    DecoupledCancel = "decoupled.cancel",
    /// `GET /accounts`.
    AccountsList = "accounts.list",
    /// `GET /accounts/{id}`.
    AccountsOne = "accounts.one",
    /// `GET /accounts/{id}/transactions`.
    AccountsTransactions = "accounts.transactions",
    /// `GET /card-accounts`.
    CardsList = "cards.list",
    /// `GET /card-accounts/{id}`.
    CardsOne = "cards.one",
    /// `GET /card-accounts/{id}/transactions`.
    CardsTransactions = "cards.transactions",
    /// A path or method that the bank does not have.
    Unknown = "unknown",
}

impl AsRef<str> for CallKind {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl std::fmt::Display for CallKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
