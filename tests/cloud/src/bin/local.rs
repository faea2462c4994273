//! `local`: the whole system on this machine. `local token <sub>`: a token of the local issuer.

use std::io::{self, Write};
use std::process::ExitCode;

use cloud::local::{self, Settings};

const USAGE: &str = "usage: local [--pretty] | local token <sub>";

#[tokio::main]
async fn main() -> ExitCode {
    match command().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn command() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let settings = Settings::from_env()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] | ["--pretty"] => local::run(settings).await,
        ["token", sub] => writeln!(io::stdout(), "{}", local::token(&settings, sub)?),
        _ => Err(io::Error::other(USAGE)),
    }
}
