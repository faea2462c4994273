//! What the five functions have in common. Pure modules (the first five) know only each other. The last column is what is
//! imported, neither more nor less: `tests/journeys/structure.rs` reads it.
//!
//! | module | what it is | may import |
//! |---|---|---|
//! | [`types`] | ids, secrets, keys, instants, countries: parsed once, at the edge | nothing of ours |
//! | [`consent`] | grant and attempt, and every transition between their states: **read this first** | `types` |
//! | [`account`] | accounts, balances, transactions, exact money | `types` |
//! | [`budget`] | how often data may be read without its owner | `types` |
//! | [`ledger`] | rows of an account: which is which, whether all are there, what to ask next | `types`, `account` |
//! | [`bank`] | the Handelsbanken client | `types`, `account`, `telemetry` |
//! | [`store`] | the DynamoDB table: insert, get, update by a pure transition | `types`, `consent`, `account`, `budget` |
//! | [`secrets`] | Secrets Manager: certificate sets, sealing ring, identity key | `types` |
//! | [`http`] | requests in, answers and problem documents out; the one status table | `types`, `consent`, `budget`, `config`, `telemetry`; error types of `bank`, `store`, `secrets` |
//! | [`config`] | every environment variable, typed | `types`, `budget`, `ledger` |
//! | [`operator`] | what an operator does by hand; in no function | everything |
//! | [`app`] | the wiring of all of it | everything but `operator` |
//! | [`telemetry`] | one JSON line per request, metrics, the audit line | `types` |

#![deny(missing_docs)]

pub mod account;
pub mod app;
pub mod bank;
pub mod budget;
pub mod config;
pub mod consent;
pub mod http;
pub mod ledger;
pub mod operator;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod types;
