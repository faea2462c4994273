//! AWS on localhost: what stands around the functions when they run on a laptop or in a test.
//!
//! | module | stands for |
//! |---|---|
//! | [`front_door`] | the API Gateway HTTP API: routes, JWT authorizer, payload-2.0 events, the gateway's own errors |
//! | [`watch`], [`cargo_lambda`], [`runtime_api`] | the two ways to call a function: through `cargo lambda watch`, or as processes |
//! | [`table`] | the DynamoDB table, made from the template's own definition |
//! | [`secrets`] | Secrets Manager, with version stages |
//! | [`proxy`] | the network before either: counts exchanges, injects faults |
//! | [`account`] | an account of ministack, which can take the place of table and secret |
//! | [`issuer`] | the authorization server whose access tokens callers present |
//! | [`page`] | a customer's app: a page for a person, and its back end |
//! | [`template`] | `template.yaml`, which says what of the above is served |
//! | [`rights`] | IAM: holds what is asked of table and secret against what the template's roles grant |
//! | [`local`] | all of it together with the simulated bank: the program behind `make local` |
//!
//! Nothing here imports the production crates, so a field misspelt there cannot be misspelt here too.

pub mod account;
pub mod cargo_lambda;
pub mod front_door;
pub mod invoke;
pub mod issuer;
pub mod local;
pub mod page;
pub mod proxy;
pub mod rights;
pub mod runtime_api;
pub mod secrets;
pub mod table;
pub mod template;
mod token_check;
pub mod watch;
mod wire;

pub use account::Account;
pub use cargo_lambda::CargoLambda;
pub use front_door::{FrontDoor, FrontDoorOptions};
pub use invoke::{Invoke, InvokeFailure};
pub use issuer::{Issuer, TokenSpec};
pub use proxy::{Exchange, FaultKind, Proxy, ProxyFault};
pub use rights::{Right, Rights};
pub use runtime_api::{FunctionProcess, RuntimeApi};
pub use secrets::Secrets;
pub use simulated_bank::HangUp;
pub use table::Table;
pub use template::{Route, TableDefinition, Template};
pub use watch::{Watch, WatchOptions};

/// The time that a stand-in lives by, in Unix milliseconds. Tests and `make local` pass the simulated bank's clock.
pub type Clock = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;

/// The wall clock, in Unix milliseconds: what a Lambda deadline is measured against, whatever the bank's clock says.
#[must_use]
pub fn wall_clock_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
