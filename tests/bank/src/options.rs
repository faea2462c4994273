//! How a simulated bank is set up at start.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ServerSpec, Switches};

/// Which of the bank's two environments is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Client certificate demanded on the API port, UUIDs in the TPP headers, the sign page (bank guide).
    Live,
    /// TLS without client certificate, the customer chosen by `X-Sandbox-User` on authorize, other paths (bank guide).
    Sandbox,
}

/// Which set of links the consent answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkFamily {
    /// Live: decoupled `/mlurd/…/2.0` under the name `decpld_mbid_1.0`, authorize on `/bb/gls5/`.
    /// Sandbox: `/openbanking/redirect/oauth2/authorize/1.0` and `/openbanking/decoupled/…/1.0`. Both: bank guide.
    Guide,
    /// Everything on `/bb/gls5/`, decoupled 1.0 (recorded answer). Sandbox: as `Guide`.
    Gls5,
    /// Everything on `/mlurd/`, decoupled 2.0 under the inferred name `decpld_mbid_2.0` (authorize there: unknown).
    /// Sandbox: the newer set, `/openbanking/oauth2/authorize/1.0`.
    Mlurd,
}

/// TCP ports on 127.0.0.1; 0 takes any free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// Stands for `api.handelsbanken.com`: TLS.
    pub api: u16,
    /// Stands for `secure.handelsbanken.com`: plain HTTP, opened by the PSU's browser.
    pub page: u16,
    /// The control surface: plain HTTP, no part of the bank.
    pub control: u16,
}

/// An application that the bank knows. It has exactly one redirect URI, which cannot be changed (bank guide).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredApp {
    /// Live: a UUID with dashes; sandbox: 32 hexadecimal digits (recorded answer).
    pub client_id: String,
    /// Compared as a string, character by character (RFC 6749 section 3.1.2.3).
    pub redirect_uri: String,
}

impl RegisteredApp {
    /// The app that [`Options::default`] registers.
    #[must_use]
    pub fn example() -> Self {
        Self {
            client_id: "0b8c3d52-6a41-4c1e-9f27-5d0e7a31c9b4".to_owned(),
            redirect_uri: "http://127.0.0.1:8080/v1/callback".to_owned(),
        }
    }
}

/// Everything that is decided before the bank starts. `Default` is the live mode as the bank guide tells it.
#[derive(Debug, Clone)]
pub struct Options {
    /// Live or sandbox.
    pub mode: Mode,
    /// Which links the consent answer carries.
    pub links: LinkFamily,
    /// 200 (bank guide, default) or 201 (recorded answer).
    pub consent_status: u16,
    /// Order of `scaMethods`, ids and tokens: the same seed and the same calls give the same answers.
    pub seed: u64,
    /// The bank's clock at start in Unix milliseconds; a clock found in `state_dir` wins.
    pub starts_at_ms: i64,
    /// True: the clock runs at real speed. False: it stands still until moved.
    pub ticking: bool,
    /// Where to listen.
    pub ports: Ports,
    /// The apps that may call.
    pub apps: Vec<RegisteredApp>,
    /// Where CA, certificates, consents, tokens and the clock rest. None: everything is forgotten at the end.
    pub state_dir: Option<PathBuf>,
    /// The certificate that the bank shows; one found in `state_dir` wins.
    pub server: ServerSpec,
    /// Behaviour that no document settles.
    pub switches: Switches,
}

impl Options {
    /// 2026-03-02T08:00:00Z, a Monday: the default start of the bank's clock.
    pub const DEFAULT_START_MS: i64 = 1_772_438_400_000;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::Live,
            links: LinkFamily::Guide,
            consent_status: 200,
            seed: 1,
            starts_at_ms: Self::DEFAULT_START_MS,
            ticking: true,
            ports: Ports::default(),
            apps: vec![RegisteredApp::example()],
            state_dir: None,
            server: ServerSpec::default(),
            switches: Switches::default(),
        }
    }
}
