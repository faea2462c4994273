//! What the stand-ins promise, seen from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod caller;
mod front_door;
mod front_door_errors;
mod issuer;
mod local;
mod proxy;
mod runtime_api;
mod secrets;
mod table;
mod template;
