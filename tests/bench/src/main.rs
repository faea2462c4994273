//! What the code costs, as ratios and counts: contestants take turns within one run, because machines are noisy and figures of
//! two runs are not for comparing. Built like the functions (release), and in none of them.
//!
//! `bench functions`, `instructions`, `scale`, `transactions` each write a table to `target/bench/` and print it;
//! `bench page` puts the tables that are there into `docs/performance.md`.

#![allow(
    clippy::indexing_slicing,
    reason = "of JSON only: a field that is not there is null, and ends a measurement"
)]

mod contest;
mod contestants;
mod cost;
mod direct;
mod functions;
mod instructions;
mod page;
mod peak;
mod rows;
mod running;
mod scale;
mod stage;
mod table;
mod transactions;

use std::{env, error::Error, io::Write as _};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["functions"] => functions::measured().await?,
        ["instructions"] => instructions::measured(None).await?,
        ["instructions", function] => instructions::measured(Some(function)).await?,
        ["scale"] => scale::measured(100_000).await?,
        ["scale", "million"] => scale::measured(1_000_000).await?,
        ["page"] => page::written()?,
        ["transactions"] => transactions::measured()?,
        ["transactions", "peak", contestant, rows] => {
            transactions::peak(contestant, rows.parse()?)?.to_string()
        }
        _ => {
            return Err(
                "usage: bench functions | instructions [function] | scale [million] | transactions | page"
                    .into(),
            );
        }
    };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}
