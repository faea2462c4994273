//! What an operator does to the table and the secret by hand, and what no request may do. `src/bin/operator.rs` is the
//! command; it is in no function's zip and has policies of its own (`template.yaml`, `ExplainPolicy`, `OperatorPolicy`).
//!
//! | verb | what | when |
//! |---|---|---|
//! | `reseal` | every consent under an older sealing key is sealed with the newest | before an older key is dropped |
//! | `explain <consent id>` | state, clocks, attempt and timeline of one consent, nothing secret | a caller asks why |
//! | `after-restore` | every active grant lapses | after the table was put back to an earlier state |
//! | `enrol [certificate] [apply]` | third party, application and products at the bank; or another certificate | once, and when a certificate is replaced |
//! | `try-pending` | a handshake with each certificate of the version that is not in force yet | before it is promoted |
//!
//! All of them can be interrupted and repeated: what is done already is found done.

mod enrol;
mod explain;
mod restore;
mod seals;
mod trial;

pub use enrol::What;

use crate::{
    app::App,
    bank::Call,
    config::{Config, ConfigErrors},
    secrets::{Material, SecretsError},
    store::{StoreError, UpdateError, Writer},
    telemetry::Output,
    types::{ClaimId, ConsentId, Timestamp, TraceId},
};
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use enrol::Settings;

/// One call to the bank may take this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// See the module.
    Reseal,
    /// See the module.
    Explain(ConsentId),
    /// See the module.
    AfterRestore,
    /// See the module.
    TryPending,
    /// See [`What`]; with `apply` it is sent.
    Enrol {
        /// What.
        what: What,
        /// Whether it is sent.
        apply: bool,
    },
}

/// What came of it.
#[derive(Debug)]
pub struct Report {
    /// JSON for people, without anything secret.
    pub text: String,
    /// Whether nothing is left to be done.
    pub fine: bool,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The environment is incomplete.
    #[error(transparent)]
    Configuration(#[from] ConfigErrors),
    /// No keys.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The table was of no use.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The id is not one of a consent that is there.
    #[error("there is no such consent")]
    NoSuchConsent,
    /// What enrolment needs to be told is missing or wrong.
    #[error("{0}")]
    Enrolment(&'static str),
    /// Something of this machine.
    #[error("{0}")]
    Machine(&'static str),
}

/// Somebody at a terminal: a configuration, the present, and an id that marks what they write.
#[derive(Debug)]
pub struct Operator {
    app: App,
    now: Timestamp,
    trace: TraceId,
    enrolment: Settings,
}

impl Verb {
    /// From the command line.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match *words.as_slice() {
            ["reseal"] => Some(Self::Reseal),
            ["explain", id] => ConsentId::parse(id).ok().map(Self::Explain),
            ["after-restore"] => Some(Self::AfterRestore),
            ["try-pending"] => Some(Self::TryPending),
            ["enrol"] => Some(Self::Enrol { what: What::Application, apply: false }),
            ["enrol", "apply"] => Some(Self::Enrol { what: What::Application, apply: true }),
            ["enrol", "certificate"] => Some(Self::Enrol { what: What::Certificate, apply: false }),
            ["enrol", "certificate", "apply"] => Some(Self::Enrol { what: What::Certificate, apply: true }),
            _ => None,
        }
    }
}

impl Operator {
    /// From environment variables, of which only those of table, secret and bank are needed.
    pub fn new(lookup: &dyn Fn(&str) -> Option<String>, now: Timestamp) -> Result<Self, Trouble> {
        let config = Config::for_operator(lookup)?;
        let app = App::new(config, Output::Stdout)
            .map_err(|_| Trouble::Machine("the clients could not be built"))?;
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| Trouble::Machine("no randomness"))?;
        let trace = TraceId::parse(&ClaimId(id).trace_id()).map_err(|_| Trouble::Machine("no id"))?;
        Ok(Self { app, now, trace, enrolment: Settings::read(lookup) })
    }

    /// Does it.
    pub async fn run(&self, verb: Verb) -> Result<Report, Trouble> {
        match verb {
            Verb::Reseal => seals::reseal(self).await,
            Verb::Explain(id) => explain::explain(self, &id).await,
            Verb::AfterRestore => restore::after_restore(self).await,
            Verb::TryPending => trial::try_pending(self).await,
            Verb::Enrol { what, apply } => enrol::enrol(self, what, apply).await,
        }
    }

    /// The keys in force.
    async fn material(&self) -> Result<Arc<Material>, Trouble> {
        Ok(self.app.secrets.standing(self.now).await?.material)
    }

    fn writer<'a>(&'a self, material: &'a Material) -> Writer<'a> {
        Writer { ring: &material.ring, trace: &self.trace, now: self.now, reserves: None }
    }

    fn call(&self) -> Call<'_> {
        Call { trace: &self.trace, now: self.now, deadline: Instant::now() + PATIENCE, standby: None }
    }
}

impl Report {
    fn of(told: &impl Serialize, fine: bool) -> Result<Self, Trouble> {
        let text = serde_json::to_string_pretty(told)
            .map_err(|_| Trouble::Machine("the report could not be written"))?;
        Ok(Self { text, fine })
    }
}

/// A refusal of a transition is an answer, anything else of the table is not.
fn refused(error: UpdateError) -> Result<(), Trouble> {
    match error {
        UpdateError::Refused(_) | UpdateError::Absent | UpdateError::Denied(_) => Ok(()),
        UpdateError::Store(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_spelt_as_it_is_documented_and_takes_what_it_takes() {
        let parse = |text: &str| Verb::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parse("reseal"), Some(Verb::Reseal));
        assert_eq!(parse("after-restore"), Some(Verb::AfterRestore));
        assert_eq!(parse("try-pending"), Some(Verb::TryPending));
        let id = ConsentId([7; 16]);
        assert_eq!(parse(&format!("explain {id}")), Some(Verb::Explain(id)));
        assert_eq!(parse("enrol"), Some(Verb::Enrol { what: What::Application, apply: false }));
        assert_eq!(
            parse("enrol certificate apply"),
            Some(Verb::Enrol { what: What::Certificate, apply: true })
        );
        for wrong in ["enrol now", "", "explain", "explain me", "reseal now", "Reseal", "drop-table"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
