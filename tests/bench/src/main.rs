//! What the code costs, as ratios: contestants take turns within one run, because machines are noisy and figures of two
//! runs are not for comparing. Built like the functions (release), and in none of them.
//!
//! `bench transactions` writes `target/bench/transactions.md` and prints it.

mod contest;
mod peak;
mod rows;
mod table;
mod transactions;

use std::{env, error::Error, io::Write as _};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["transactions"] => transactions::measured()?,
        ["transactions", "peak", contestant, rows] => {
            transactions::peak(contestant, rows.parse()?)?.to_string()
        }
        _ => return Err("usage: bench transactions".into()),
    };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}
