//! What the demo consents are made of. Ids of consents and accounts are keyed hashes, so with a fixed identity key,
//! user and `Idempotency-Key` they are constants, and files can name them (`events/` does). They also hang on the
//! issuer's URL, `http://127.0.0.1:8081` on the default ports.

use serde_json::{Value, json};

/// 2026-01-15T08:00:00Z: where the demo bank's clock begins, in Unix milliseconds.
pub const FIRST_INSTANT_MS: i64 = 1_768_464_000_000;
/// The identity key of the demo: known to everybody, 32 bytes.
pub const IDENTITY_KEY: &[u8; 32] = b"demo identity key, 32 bytes long";
/// The client of the demo tokens (claim `client_id`); the configured apps may be named by it.
pub const CLIENT: &str = "demo-app";
/// The end user (claim `sub`) who owns the demo consents.
pub const USER: &str = "demo-user";
/// Who signs, by the simulated bank's key: an individual with several accounts and an Allkort.
pub const CUSTOMER: &str = "se-anna";
/// The personal number of that customer, twelve digits.
pub const PERSONAL_NUMBER: &str = "190102039815";
/// A documentation address (RFC 5737): the API demands the PSU's public address, and these pass.
pub const PSU_ADDRESS: &str = "198.51.100.7";

/// `Idempotency-Key` of the consent that is signed in the browser, and then active.
pub const REDIRECT_KEY: &str = "demo-redirect";
/// `Idempotency-Key` of the consent that is signed in the BankID app, and then active.
pub const DECOUPLED_KEY: &str = "demo-decoupled";
/// `Idempotency-Key` of the consent that is registered at the bank and for which nobody has chosen a method; 15 minutes
/// later it is too late for that.
pub const REGISTERED_KEY: &str = "demo-registered";

/// Body of the start with [`REDIRECT_KEY`].
#[must_use]
pub fn redirect_body() -> Value {
    json!({
        "country": "SE", "psu_type": "individual", "reference": "demo",
        "authorization": { "method": "redirect", "app": "android" },
    })
}

/// Body of the start with [`DECOUPLED_KEY`].
#[must_use]
pub fn decoupled_body() -> Value {
    let authorization = json!({
        "method": "decoupled", "app": "android", "same_device": true, "personal_number": PERSONAL_NUMBER,
    });
    json!({
        "country": "SE", "psu_type": "individual", "reference": "demo", "authorization": authorization,
    })
}

/// Body of the start with [`REGISTERED_KEY`].
#[must_use]
pub fn registered_body() -> Value {
    json!({ "country": "SE", "psu_type": "individual", "reference": "demo" })
}
