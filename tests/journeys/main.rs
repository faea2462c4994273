//! Journeys: what a customer's back end, a browser and a phone see of the whole system. Each is a sentence about the
//! outside and speaks HTTP to the front door; behind it the same functions run in this process (one world per journey),
//! under `cargo lambda watch` (one world for all), or as processes of their own.
//!
//! Files mirror the functions; beside them stand the measures that cut across: exchanges, input, secrets, structure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that meets something unexpected is to stop there and say so"
)]

mod world;

mod account_fetch;
mod consent_manage;
mod consent_start;
mod decoupled_poll;
mod redirect_callback;
mod refresh;
mod renewal;
mod threats;
mod timeline;
mod whole_life;

mod attacks;
mod authorizer;
mod bank_down;
mod bank_revocation;
mod bank_variants;
mod browser_headers;
mod budget;
mod budget_days;
mod canaries;
mod clocks;
mod completeness;
mod crash;
mod data_map;
mod decoupled_fields;
mod dice;
mod documents;
mod enrolment;
mod erasure;
mod events;
mod exchanges;
mod following;
mod freezes;
mod health;
mod hostile;
mod input;
mod issuer_identification;
mod large_answers;
mod last_moment;
mod least_privilege;
mod load;
mod matrix;
mod mortal;
mod moved_clocks;
mod mutual_tls;
mod negatives;
mod openapi;
mod operator;
mod owners;
mod paths;
mod pkce;
mod processes;
mod races;
mod rotation;
mod said;
mod same_funds;
mod sealing;
mod signals;
mod size;
mod slow_polls;
mod source;
mod start_limits;
mod starting;
mod starts_at_once;
mod store_faults;
mod structure;
mod template;
mod token_endpoint;
mod under_watch;
mod waves;
mod workflow;
