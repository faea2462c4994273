//! Every behaviour that no document settles, with its evidence, so that a test can try the other reading.

use serde::{Deserialize, Serialize};

use crate::{Again, Away};

/// What happens to an answer that would hold more rows than the cap. Unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverCap {
    /// The newest rows up to the cap, silently.
    Truncate,
    /// 400 in the gateway's shape.
    Refuse,
}

/// What a poll before `sleep_time` has passed gets. Inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlyPoll {
    /// 400 `invalid_request`, and counted.
    Refuse,
    /// Answered as usual, and counted.
    Tolerate,
}

/// What happens when `dateTo` lies in the future. Unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FutureDates {
    /// Read as today.
    Tolerate,
    /// 400 `Invalid time interval`.
    Refuse,
}

/// Whether a refresh brings a new refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// No: the old one stays valid (seen in production use of this bank).
    None,
    /// Yes, and the old one is dead (other banks; not this one).
    Rotate,
    /// Yes, and spending a dead one ends the whole grant (RFC 9700 section 4.14.2; not this bank).
    RotateRevokeFamily,
}

/// What the bank makes of PKCE (RFC 7636). Unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    /// Does not know the parameters, and refuses what it does not know.
    Refuse,
    /// Takes the parameters and ignores them.
    Tolerate,
    /// Checks: a challenge must be `S256`, and its code needs the verifier; a verifier without a challenge is refused
    /// too (RFC 9700 section 2.1.1). Whoever sends neither is served.
    Enforce,
}

/// Field names of the decoupled 2.0 init answer. Unknown: the default is the recorded 1.0 body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecoupledTwo {
    /// Name of the auto-start token.
    pub auto_start_token: String,
    /// Leave the auto-start token out when `bisa_same_device` is `"false"` (the guide says "or a QR code").
    pub token_only_on_same_device: bool,
    /// Name of a field with QR data, sent when `bisa_same_device` is `"false"`; None: no such field.
    pub qr: Option<String>,
    /// Send that field anew, changed, with each poll that answers `IN_PROGRESS` (animated QR; inferred).
    pub qr_in_polls: bool,
}

impl Default for DecoupledTwo {
    fn default() -> Self {
        Self {
            auto_start_token: "auto_start_token".to_owned(),
            token_only_on_same_device: false,
            qr: None,
            qr_in_polls: false,
        }
    }
}

/// The switches. The tag at the end of each line is the evidence for its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// The account list carries `balances`: absent in 2020, present in 2021 (recorded answers, both).
    pub list_has_balances: bool,
    /// SE rows carry a running balance for this many days back, 90 (recorded; the cut-off itself is inferred).
    pub running_balance_days: i64,
    /// Rows per transactions answer for individuals, 600 (third-party documentation).
    pub row_cap: usize,
    /// Rows per transactions answer for corporates, 2900 (third-party documentation, "for a period of one day").
    pub row_cap_corporate: usize,
    /// More rows than the cap. Unknown.
    pub over_cap: OverCap,
    /// Every transactions answer is cut at so many rows, whatever the cap, and nothing says so. Unknown; off.
    pub silent_cut: Option<usize>,
    /// Days back when no `dateFrom` is given. Unknown.
    pub default_window_days: i64,
    /// `dateTo` in the future. Unknown.
    pub future_dates: FutureDates,
    /// Milliseconds between polls, `sleep_time`, 2000 (recorded).
    pub sleep_time_ms: i64,
    /// A poll before `sleep_time` is over. Inferred.
    pub early_poll: EarlyPoll,
    /// Polls before `mbid_max_polling`, 150. Unknown.
    pub max_polls: u32,
    /// Milliseconds within which the PSU has to open the BankID app, 30 000 (third-party documentation).
    pub start_window_ms: i64,
    /// Milliseconds that an authorization code lives, 300 000. Unknown.
    pub code_lifetime_ms: i64,
    /// A code spent twice also ends the grant it gave (RFC 6749 section 4.1.2, "should"; unknown for this bank).
    pub code_reuse_ends_grant: bool,
    /// Milliseconds from consent to authorization, 900 000 (bank FAQ).
    pub intent_ms: i64,
    /// Seconds of an access token, 86 400 (recorded).
    pub access_token_s: i64,
    /// Days of a refresh token, 90 (bank FAQ).
    pub refresh_token_days: i64,
    /// Name of a field in which token answers say how many seconds the refresh token lives from then on. Unknown; None: no
    /// such field.
    pub refresh_token_field: Option<String>,
    /// Days of a consent, 180 (bank FAQ).
    pub consent_days: i64,
    /// Days of a GB consent, 90 (bank FAQ).
    pub consent_days_gb: i64,
    /// `GET` and `DELETE /consents/{id}` exist. Unknown; off: 404.
    pub consent_delete: bool,
    /// Refresh tokens rotate. None for this bank (production use).
    pub rotation: Rotation,
    /// The decoupled 2.0 answer. Unknown.
    pub decoupled_two: DecoupledTwo,
    /// ALPN offers HTTP/2; read at start only. Unknown (recordings are HTTP/1.1).
    pub http2: bool,
    /// The `Date` header is sent twice (recorded).
    pub doubled_date: bool,
    /// `PSU-IP-Address` is demanded on the consent POST (sources contradict each other; off).
    pub psu_address_on_consent: bool,
    /// `PSU-IP-Address` is demanded on reads (third-party documentation; off, as the unattended case is unknown).
    pub psu_address_on_reads: bool,
    /// A `TPP-Request-ID` may come twice. Inferred; off: refused with 400 and counted.
    pub repeated_request_ids: bool,
    /// PKCE parameters on authorize and on the code grant. Unknown.
    pub pkce: Pkce,
    /// The callback also carries `iss` (RFC 9207; unknown, off).
    pub callback_iss: bool,
    /// GB and LU are also served on their own path bases, `/psd2/gb/v1`, `/psd2/lu/individual/v1`. Unknown; off.
    pub country_paths: bool,
    /// So many accounts beside those that a customer has, copies of the first under numbers of their own; 0.
    pub further_accounts: usize,
    /// The app is subscribed to `card-accounts`; off: 401 `Not registered to plan` (status unknown).
    pub cards_subscribed: bool,
    /// The status of `Not registered to plan`: unknown; 401.
    pub not_registered_status: u16,
    /// A TPP that is known already makes itself known once more. Unknown.
    pub third_party_again: Again,
    /// An app subscribes to a product that it has. Unknown.
    pub subscription_again: Again,
    /// The certificate that another one has replaced is still taken for the TPP's apps. Unknown; off.
    pub replaced_certificates: bool,
    /// Countries whose products are named with a suffix (`accounts-gb`): GB (bank's live page); LU is unknown.
    pub suffixed_countries: Vec<String>,
    /// Seconds of a token of scope `PSD2-ADMIN`, 7 776 000 (an example of the bank's live page).
    pub admin_token_s: i64,
    /// Nobody gets in by a new connection to the API port, and why; None.
    pub away: Option<Away>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            list_has_balances: true,
            running_balance_days: 90,
            row_cap: 600,
            row_cap_corporate: 2900,
            over_cap: OverCap::Truncate,
            silent_cut: None,
            default_window_days: 90,
            future_dates: FutureDates::Tolerate,
            sleep_time_ms: 2_000,
            early_poll: EarlyPoll::Refuse,
            max_polls: 150,
            start_window_ms: 30_000,
            code_lifetime_ms: 300_000,
            code_reuse_ends_grant: false,
            intent_ms: 900_000,
            access_token_s: 86_400,
            refresh_token_days: 90,
            refresh_token_field: None,
            consent_days: 180,
            consent_days_gb: 90,
            consent_delete: false,
            rotation: Rotation::None,
            decoupled_two: DecoupledTwo::default(),
            http2: false,
            doubled_date: true,
            psu_address_on_consent: false,
            psu_address_on_reads: false,
            repeated_request_ids: false,
            pkce: Pkce::Refuse,
            callback_iss: false,
            country_paths: false,
            further_accounts: 0,
            cards_subscribed: true,
            not_registered_status: 401,
            third_party_again: Again::Same,
            subscription_again: Again::Same,
            replaced_certificates: false,
            suffixed_countries: vec!["GB".to_owned()],
            admin_token_s: 7_776_000,
            away: None,
        }
    }
}
