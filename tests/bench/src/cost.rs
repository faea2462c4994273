//! What a million reads cost: measured figures times the prices in `prices.json`.

use crate::{Outcome, table::milliseconds};
use serde::Deserialize;
use std::{fmt::Write as _, time::Duration};

/// List prices in US dollars. Change the file and measure again.
#[derive(Deserialize)]
struct Prices {
    /// What they are, and as of when.
    of: String,
    /// A gigabyte-second of Lambda on arm64, in 10⁻¹² dollars.
    gigabyte_second_e12: u128,
    /// A million of each, in cents.
    lambda_requests: u128,
    http_api_calls: u128,
    read_units: u128,
    /// A gigabyte of logs taken in, in cents.
    log_gigabyte: u128,
    /// What a call to the bank takes, in milliseconds.
    bank_ms: u64,
    /// What a read of the table takes within a region, in milliseconds.
    table_ms: u64,
}

/// Memory sizes; a function has a core's share of its megabytes in 1769.
const MEMORIES: [u128; 3] = [128, 256, 512];

/// `cpu` and `log` of one read; `item` is what the table reads for it.
pub(crate) fn of(cpu: Duration, log: usize, item: usize) -> Outcome<String> {
    let prices: Prices = serde_json::from_str(include_str!("../prices.json"))?;
    let units = item.div_ceil(4096) as u128;
    let fixed = prices.lambda_requests + prices.http_api_calls + prices.read_units * units;
    let logs = prices.log_gigabyte * log as u128 / 1000;
    let mut table = format!(
        "A million reads of accounts, warm, attended, each with {} ms of processor, {log} bytes of log and {units} read \
         unit(s); the bank is waited for {} ms, the table {} ms. {}\n\n\
         | memory, MB | billed per read, ms | Lambda, time | requests | HTTP API | table | logs | together |\n\
         |---:|---:|---:|---:|---:|---:|---:|---:|\n",
        milliseconds(cpu),
        prices.bank_ms,
        prices.table_ms,
        prices.of,
    );
    for memory in MEMORIES {
        let own = cpu.as_micros() * 1769 / memory;
        let waited = u128::from(prices.bank_ms + prices.table_ms) * 1000;
        let billed = (own + waited).div_ceil(1000);
        // MB × ms × 10⁶ reads = GB-s × 1024; cents.
        let time = memory * billed * 1000 * prices.gigabyte_second_e12 / 1024 / 10_000_000_000;
        writeln!(
            table,
            "| {memory} | {billed} | {} | {} | {} | {} | {} | {} |",
            dollars(time),
            dollars(prices.lambda_requests),
            dollars(prices.http_api_calls),
            dollars(prices.read_units * units),
            dollars(logs),
            dollars(fixed + logs + time)
        )?;
    }
    Ok(table)
}

fn dollars(cents: u128) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}
