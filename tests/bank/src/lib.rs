//! A simulated Handelsbanken: the bank's PSD2 account-information interface on localhost, strict, with a clock that can
//! be moved, a sign page, faults on order and a ledger of every call. It is built from the reconstructed contract of
//! the interface and imports nothing of the system that it tests: a misspelt field would otherwise be misspelt twice.
//!
//! Sources are named in the comments as *bank guide*, *recorded answer*, *RFC 6749 section x*; what is *inferred* or
//! *unknown* is marked so and can be switched ([`Switches`]).
//!
//! The map, in reading order (pure rules first, I/O last):
//!
//! | module | what |
//! |---|---|
//! | `options`, `switches` | how the bank is set up; every behaviour that is not documented |
//! | `enrolment` | third parties, their apps, and what these are subscribed to |
//! | `customers`, `history`, `texts` | fictional people, their accounts, and their transactions as a function of the day |
//! | `clock`, `random`, `json`, `codec` | the bank's time, seeded chance, ordered JSON, forms and escapes |
//! | `world`, `grant`, `order` | what the bank remembers |
//! | `gateway`, `oauth`, `consents`, `authorize`, `decoupled`, `accounts`, `cards` | the rules: request and world in, answer out |
//! | `routes`, `service` | path to rule; strictness, ledger and faults around it |
//! | `ledger`, `faults`, `truth` | what was seen, what is to go wrong, what an answer may leave out |
//! | `pki`, `entrance`, `server`, `wire`, `state`, `control`, `page`, `bank` | certificates, sockets, disk, the control surface, the sign page, the handle |

mod accounts;
mod answer;
mod authorize;
mod bank;
mod calls;
mod cards;
mod clock;
mod codec;
mod consents;
mod control;
mod customers;
mod decoupled;
mod enrolment;
mod entrance;
mod faults;
mod gateway;
mod grant;
mod history;
mod json;
mod ledger;
mod oauth;
mod open;
mod options;
mod order;
mod page;
mod pkce;
mod pki;
mod random;
mod routes;
mod server;
mod service;
mod state;
mod switches;
mod texts;
mod truth;
mod wire;
mod world;

pub use bank::Bank;
pub use calls::CallKind;
pub use clock::Clock;
pub use customers::CustomerSummary;
pub use enrolment::{Again, Enrolled};
pub use entrance::Away;
pub use faults::{Fault, FaultOrder};
pub use ledger::{Call, Ledger};
pub use options::{LinkFamily, Mode, Options, Ports, RegisteredApp};
pub use order::{BankIdAction, OrderView, PollOutcome};
pub use pki::{ClientIdentity, ClientSpec, KeyKind, Pki, Role, ServerSpec, Validity};
pub use switches::{DecoupledTwo, EarlyPoll, FutureDates, OverCap, Pkce, Rotation, Switches};
pub use truth::TrueRow;
pub use wire::HangUp;
