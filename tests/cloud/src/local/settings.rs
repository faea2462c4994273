//! Where `make local` keeps its state and listens; every figure can be set by an environment variable.

use std::io;
use std::path::PathBuf;

/// TCP ports on 127.0.0.1. Fixed, so that a pasted line still works after the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// `FRONT_DOOR_PORT`: our API (8080).
    pub front_door: u16,
    /// `ISSUER_PORT`: tokens (8081).
    pub issuer: u16,
    /// `BANK_API_PORT`: the simulated bank's API, mutual TLS (8443).
    pub bank_api: u16,
    /// `BANK_PAGE_PORT`: its sign page (8444).
    pub bank_page: u16,
    /// `BANK_CONTROL_PORT`: its control surface (8445).
    pub bank_control: u16,
    /// `PAGE_PORT`: a customer's app, for a browser (3000).
    pub page: u16,
    /// `INVOKE_PORT`: the invoke endpoint of `cargo lambda watch` (9000).
    pub invoke: u16,
}

/// What `make local` runs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `LOCAL_STATE`: table, secret, keys, simulated bank (`target/local`).
    pub state: PathBuf,
    /// `FRESH=1`: the state is thrown away first.
    pub fresh: bool,
    /// `ONCE=1`: end after the walk, with its outcome.
    pub once: bool,
    /// `DEMO=0`: neither the walk nor the demo consents.
    pub demo: bool,
    /// `PREBUILT`: folder of the functions' executables, which then run as processes of the runtime stand-in; none: under
    /// `cargo lambda watch`, which compiles them.
    pub prebuilt: Option<PathBuf>,
    /// `--pretty`: what the functions say is shown, readable for a person.
    pub pretty: bool,
    /// `CARGO_LAMBDA`: the executable (`.tools/bin/cargo-lambda`).
    pub cargo_lambda: PathBuf,
    /// `TEMPLATE`: the SAM template (`template.yaml`).
    pub template: PathBuf,
    /// Where to listen.
    pub ports: Ports,
}

impl Settings {
    /// From the process environment; relative paths are relative to the working directory, the checkout.
    pub fn from_env() -> io::Result<Self> {
        let text = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        let flag = |name: &str| std::env::var(name).is_ok_and(|value| value == "1");
        Ok(Self {
            state: std::path::absolute(text("LOCAL_STATE", "target/local"))?,
            fresh: flag("FRESH"),
            once: flag("ONCE"),
            demo: std::env::var("DEMO").map_or(true, |value| value != "0"),
            prebuilt: std::env::var_os("PREBUILT").map(std::path::absolute).transpose()?,
            pretty: std::env::args().any(|argument| argument == "--pretty"),
            cargo_lambda: std::path::absolute(text("CARGO_LAMBDA", ".tools/bin/cargo-lambda"))?,
            template: std::path::absolute(text("TEMPLATE", "template.yaml"))?,
            ports: Ports {
                front_door: port("FRONT_DOOR_PORT", 8080)?,
                issuer: port("ISSUER_PORT", 8081)?,
                bank_api: port("BANK_API_PORT", 8443)?,
                bank_page: port("BANK_PAGE_PORT", 8444)?,
                bank_control: port("BANK_CONTROL_PORT", 8445)?,
                page: port("PAGE_PORT", 3000)?,
                invoke: port("INVOKE_PORT", 9000)?,
            },
        })
    }

    pub(super) fn issuer_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.issuer)
    }

    pub(super) fn front_door_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.front_door)
    }

    pub(super) fn invoke_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.invoke)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    pub(super) fn where_to_look(&self) -> String {
        format!("What the functions say: {}", self.file("functions.log").display())
    }

    /// Nothing is touched while somebody else serves from it: the ports come first.
    pub(super) fn prepare_state(&self) -> io::Result<()> {
        self.ports.must_be_free()?;
        if self.fresh && self.state.exists() {
            std::fs::remove_dir_all(&self.state)?;
        }
        std::fs::create_dir_all(&self.state)
    }
}

impl Ports {
    fn must_be_free(&self) -> io::Result<()> {
        for (port, name) in [
            (self.front_door, "FRONT_DOOR_PORT"),
            (self.issuer, "ISSUER_PORT"),
            (self.bank_api, "BANK_API_PORT"),
            (self.bank_page, "BANK_PAGE_PORT"),
            (self.bank_control, "BANK_CONTROL_PORT"),
            (self.page, "PAGE_PORT"),
            (self.invoke, "INVOKE_PORT"),
        ] {
            // Bound and let go: whoever takes it next is meant to.
            if let Err(error) = std::net::TcpListener::bind(("127.0.0.1", port)) {
                let said = format!("127.0.0.1:{port}: {error} ({name} names another port)");
                return Err(io::Error::new(error.kind(), said));
            }
        }
        Ok(())
    }
}

fn port(name: &str, default: u16) -> io::Result<u16> {
    match std::env::var(name) {
        Err(_) => Ok(default),
        Ok(text) => text.parse().map_err(|_| io::Error::other(format!("{name} is not a port: {text}"))),
    }
}
