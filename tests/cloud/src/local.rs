//! Everything on one laptop: the simulated bank, table, secret, issuer and front door, with the functions under
//! `cargo lambda watch`. `make local` runs it. Its state rests in one folder, so a second start finds its data again.
//!
//! Order: state → stand-ins → functions → the demo consents, made as a customer's back end, browser and phone would →
//! serve until Ctrl-C → stop everything, functions first.

mod caller;
pub mod demo;
mod form;
mod functions;
mod pretty;
mod seed;
mod settings;
mod shown;
mod stand_ins;
mod walk;

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::signal::unix::{SignalKind, signal};

use crate::issuer::{Signer, TokenSpec};
use functions::Functions;
use stand_ins::StandIns;

pub use settings::{Ports, Settings};

/// Starts everything, makes the demo consents, serves until SIGINT or SIGTERM, stops everything.
pub async fn run(settings: Settings) -> io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let ended: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    settings.prepare_state()?;
    let stand_ins = StandIns::start(&settings).await?;
    let outcome = with_functions(&settings, &stand_ins, ended).await;
    stand_ins.stop().await;
    outcome
}

async fn with_functions(
    settings: &Settings,
    stand_ins: &StandIns,
    mut ended: Pin<Box<dyn Future<Output = ()> + Send>>,
) -> io::Result<()> {
    let mut functions = Functions::start(settings, stand_ins)?;
    let reading = settings.pretty.then(|| tokio::spawn(pretty::follow(settings.file("functions.log"))));
    let outcome = tokio::select! {
        outcome = until_walked(settings, stand_ins, &mut functions) => Some(outcome),
        () = &mut ended => None,
    };
    let outcome = match outcome {
        Some(outcome) if settings.once => outcome,
        Some(outcome) => {
            if let Err(error) = outcome {
                shown::line(&format!("\nThe walk stopped: {error}\n{}", settings.where_to_look()))?;
            }
            shown::line("\nServing. Ctrl-C ends everything.")?;
            tokio::select! {
                () = &mut ended => Ok(()),
                ended = functions.exited() => ended,
            }
        }
        None => Ok(()),
    };
    functions.stop(settings).await?;
    if let Some(reading) = reading {
        reading.abort();
    }
    outcome
}

async fn until_walked(
    settings: &Settings,
    stand_ins: &StandIns,
    functions: &mut Functions,
) -> io::Result<()> {
    shown::addresses(settings, stand_ins)?;
    functions.until_ready(stand_ins).await?;
    if !settings.demo {
        return Ok(());
    }
    // At once: the pause before the first poll of the BankID order is longer than the whole walk.
    let (walked, others) = tokio::join!(walk::redirect(stand_ins), seed::others(stand_ins));
    let walked = walked?;
    shown::walked(&walked)?;
    shown::others(&others?)?;
    shown::next_call(stand_ins, &walked)
}

/// A token of `sub` by the stored issuer key, good whether or not the rest runs: from the demo's first instant on for
/// ten years by the simulated bank's clock.
pub fn token(settings: &Settings, sub: &str) -> io::Result<String> {
    let signer = Signer::load(
        std::sync::Arc::new(|| demo::FIRST_INSTANT_MS),
        Some(&settings.state),
        settings.issuer_url(),
    )?;
    Ok(signer.token(&TokenSpec {
        lifetime_s: 3650 * 86_400,
        client_id: demo::CLIENT.to_owned(),
        ..TokenSpec::of(sub)
    }))
}
