//! The operator's command: `operator [--at <instant>] <verb>`. What each verb does stands in `shared::operator`; when to use
//! which, in `docs/runbook.md`. It reads the functions' environment variables (those of table, secret and bank) and AWS
//! credentials from the environment. Reports go to standard output; 0 means that nothing is left to be done, 1 that
//! something is, 2 that the command was not understood.

use shared::{
    operator::{Operator, Report, Trouble, Verb},
    types::Timestamp,
};
use std::{io::Write as _, process::ExitCode};

const USAGE: &str = "usage: operator [--at 2026-01-15T08:00:00Z] reseal | explain <consent id> | after-restore | try-pending | enrol [certificate] [apply]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(now), Some(verb)) = (instant(&mut arguments), Verb::parse(&arguments)) else {
        return said(USAGE, 2);
    };
    match run(verb, now).await {
        Ok(report) => {
            let told = writeln!(std::io::stdout(), "{}", report.text);
            ExitCode::from(u8::from(told.is_err() || !report.fine))
        }
        Err(trouble) => said(&trouble.to_string(), 1),
    }
}

async fn run(verb: Verb, now: Timestamp) -> Result<Report, Trouble> {
    Operator::new(&|name| std::env::var(name).ok(), now)?.run(verb).await
}

/// The present: this machine's, or another one for a world whose clock is somewhere else (`make local`).
#[allow(clippy::disallowed_types, reason = "at a terminal there is no event to tell the time")]
fn instant(arguments: &mut Vec<String>) -> Option<Timestamp> {
    if arguments.first().is_some_and(|first| first == "--at") {
        let text = arguments.drain(..arguments.len().min(2)).nth(1)?;
        return Timestamp::parse(&text).ok();
    }
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(i64::try_from(since.as_millis()).ok()?))
}

fn said(text: &str, code: u8) -> ExitCode {
    // Nobody may be listening; the exit code says it too.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}
