//! The simulated bank from outside, over real sockets and real TLS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod client;
mod control;
mod data;
mod decoupled;
mod enrolment;
mod faults;
mod redirect;
mod sandbox;
mod state;
mod strict;
mod transport;
