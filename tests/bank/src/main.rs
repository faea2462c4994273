//! Runs the simulated bank alone: `simulated-bank [--state FOLDER] [--sandbox] [--api PORT] [--page PORT]
//! [--control PORT] [--client-id ID --redirect-uri URI]`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::process::ExitCode;

use simulated_bank::{Bank, Mode, Options, Ports};

const USAGE: &str = "usage: simulated-bank [--state FOLDER] [--sandbox] [--api PORT] [--page PORT] [--control PORT] \
[--client-id ID] [--redirect-uri URI] [--start-ms UNIX_MS] [--seed N]";

fn options(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { ports: Ports { api: 9443, page: 9080, control: 9081 }, ..Options::default() };
    while let Some(word) = words.next() {
        if word == "--sandbox" {
            options.mode = Mode::Sandbox;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
        let port = || value.parse().map_err(|_| format!("{value} is no port"));
        match word.as_str() {
            "--state" => options.state_dir = Some(value.into()),
            "--api" => options.ports.api = port()?,
            "--page" => options.ports.page = port()?,
            "--control" => options.ports.control = port()?,
            "--start-ms" => {
                options.starts_at_ms = value.parse().map_err(|_| format!("{value} is no time"))?
            }
            "--seed" => options.seed = value.parse().map_err(|_| format!("{value} is no number"))?,
            "--client-id" => options.apps.iter_mut().for_each(|app| app.client_id.clone_from(&value)),
            "--redirect-uri" => options.apps.iter_mut().for_each(|app| app.redirect_uri.clone_from(&value)),
            _ => return Err(format!("{word} is unknown")),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let (seed, state) = (options.seed, options.state_dir.clone());
    let bank = match Bank::start(options).await {
        Ok(bank) => bank,
        Err(error) => {
            eprintln!("the bank cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("api      {}", bank.api_url());
    println!("page     {}", bank.page_url());
    println!("control  {}", bank.control_url());
    for app in bank.apps() {
        println!("app      {}  {}", app.client_id, app.redirect_uri);
    }
    println!("seed     {seed}");
    match state {
        Some(folder) => println!("state    {} (certificates in pki/)", folder.display()),
        None => println!("state    none: give --state FOLDER to find certificates and consents there"),
    }
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("no signal to wait for: {error}");
    }
    bank.stop().await;
    ExitCode::SUCCESS
}
