//! Whether a read stays what it is as the table, the consent and the crowd grow.

use crate::{
    Outcome,
    contest::Times,
    contestants::{Contestant, Standing},
    running::Running,
    stage::{Stage, TABLE},
    table::{keep, machine, mebibytes, milliseconds, spread},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Instant};

const READS: usize = 50;

/// Measures, writes the table down, and returns it. `most` consents, at last.
///
/// # Errors
/// If a function answers anything but success.
pub(crate) async fn measured(most: usize) -> Outcome<String> {
    let mut table = format!("{}.\n", machine());
    consents(&mut table, most).await?;
    accounts(&mut table).await?;
    callers(&mut table).await?;
    keep("scale", &table)?;
    Ok(table)
}

async fn consents(table: &mut String, most: usize) -> Outcome<()> {
    let stage = Stage::set(|_| ()).await?;
    let standing = Standing::made(&stage).await?;
    let rows = stage.table.dump(TABLE).await?;
    let own: Vec<Value> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["pk"]["S"] == standing.consent())
        .cloned()
        .collect();
    let reads = Running::start(&stage, Contestant::Accounts.function(), &[]).await?;
    let event = Contestant::Accounts.event(&stage, &standing).await?;
    table.push_str(
        "\n| consents in the table | bank · table | bytes to and from the table | CPU of a read, ms | read, ms |\n|---:|---:|---:|---:|---:|\n",
    );
    let mut there = 0;
    for consents in [100, 10_000, 100_000, 1_000_000].into_iter().filter(|consents| *consents <= most) {
        while there < consents {
            let some: Vec<Value> =
                (there..consents.min(there + 500)).flat_map(|number| copies(&own, number)).collect();
            there = consents.min(there + 500);
            stage.table.put_many(TABLE, &some).await?;
        }
        let (mut times, mut seen) = (Vec::new(), None);
        reads.serve(&event).await?;
        let cpu = reads.cpu()?;
        for _ in 0..READS {
            let before = (stage.exchanges(), stage.table_proxy.exchanges().len());
            times.push(reads.serve(&event).await?);
            let (calls, rows) = stage.exchanges();
            let exchanges = stage.table_proxy.exchanges();
            let bytes = exchanges
                .iter()
                .skip(before.1)
                .fold((0, 0), |sum, one| (sum.0 + one.bytes.0, sum.1 + one.bytes.1));
            seen = Some((calls - before.0.0, rows - before.0.1, bytes));
        }
        let cpu = reads.cpu()?.saturating_sub(cpu) / u32::try_from(READS)?;
        let (calls, rows, bytes) = seen.ok_or("nothing was read")?;
        writeln!(
            table,
            "| {consents} | {calls} · {rows} | {} + {} | {} | {} |",
            bytes.0,
            bytes.1,
            milliseconds(cpu),
            spread(&Times::of(times))
        )?;
    }
    Ok(())
}

/// The rows of a consent once more, under another id and for another owner.
fn copies(own: &[Value], number: usize) -> Vec<Value> {
    let id = BASE64URL_NOPAD.encode(&(number as u128 + 1).to_be_bytes());
    let copy = |row: &Value| {
        let mut row = row.clone();
        row["pk"] = json!({ "S": id });
        match row.get("o").and_then(Value::as_object).and_then(|owner| owner.keys().next().cloned()) {
            Some(kind) if kind == "B" => {
                row["o"] = json!({ "B": BASE64.encode(&(number as u128 + 1).to_be_bytes()) })
            }
            Some(_) => row["o"] = json!({ "S": id }),
            None => {}
        }
        row
    };
    own.iter().map(copy).collect()
}

async fn accounts(table: &mut String) -> Outcome<()> {
    table.push_str(
        "\nBalances that the list does not hold, asked for one by one. *Connections*: those that the read opened at the bank.\n\n\
         | accounts | calls over HTTP/2 | connections | ms | calls over HTTP/1.1 | connections | ms | bytes from the table |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for accounts in [1, 10, 100, 1_000] {
        let (two, one) = (wave(accounts, true).await?, wave(accounts, false).await?);
        writeln!(
            table,
            "| {accounts} | {} | {} | {} | {} | {} | {} | {} |",
            two.0, two.1, two.2, one.0, one.1, one.2, two.3
        )?;
    }
    Ok(())
}

/// Calls, new connections and milliseconds of one read of so many accounts.
async fn wave(accounts: usize, http2: bool) -> Outcome<(usize, u64, String, usize)> {
    let stage = Stage::set(|switches| {
        (switches.http2, switches.list_has_balances, switches.further_accounts) =
            (http2, false, accounts - 1);
    });
    let stage = stage.await?;
    let standing = Standing::made(&stage).await?;
    let event = Contestant::Accounts.event(&stage, &standing).await?;
    let reads = Running::start(&stage, Contestant::Accounts.function(), &[]).await?;
    let before = (stage.exchanges().0, stage.bank.ledger().connections, stage.table_proxy.exchanges().len());
    let took = reads.serve(&event).await?;
    let read = stage.table_proxy.exchanges().iter().skip(before.2).map(|one| one.bytes.1).sum();
    let connections = stage.bank.ledger().connections - before.1;
    Ok((stage.exchanges().0 - before.0, connections, milliseconds(took), read))
}

async fn callers(table: &mut String) -> Outcome<()> {
    let stage = Stage::set(|_| ()).await?;
    let standing = Standing::made(&stage).await?;
    let event = Contestant::Accounts.event(&stage, &standing).await?;
    table.push_str(
        "\nCallers at once, each with a process of its own, as Lambda gives them one; the machine is the same.\n\n\
         | callers | reads | failed | bank · table per read | CPU of a read, ms | a read, ms | reads per second | own memory of a process, MiB |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for callers in [1, 4, 16, 64] {
        let reads = Running::many(&stage, Contestant::Accounts.function(), callers, &[]).await?;
        stage.forget();
        let (began, cpu) = (Instant::now(), reads.cpu()?);
        let one = async || {
            let (mut times, mut failed) = (Vec::new(), 0);
            for _ in 0..READS {
                match reads.serve(&event).await {
                    Ok(took) => times.push(took),
                    Err(_) => failed += 1,
                }
            }
            (times, failed)
        };
        let all = join_all((0..callers).map(|_| one())).await;
        let took = began.elapsed();
        let cpu = reads.cpu()?.saturating_sub(cpu) / u32::try_from(READS)?;
        let failed: usize = all.iter().map(|(_, failed)| failed).sum();
        let times: Vec<_> = all.into_iter().flat_map(|(times, _)| times).collect();
        let (done, (calls, rows)) = (times.len(), stage.exchanges());
        let per = |count: usize| format!("{}.{:02}", count / done.max(1), count * 100 / done.max(1) % 100);
        let second = done as u128 * 1_000_000 / took.as_micros().max(1);
        let memory = mebibytes(reads.memory()?.1);
        writeln!(
            table,
            "| {callers} | {} | {failed} | {} · {} | {} | {} | {second} | {memory} |",
            callers * READS,
            per(calls),
            per(rows),
            milliseconds(cpu),
            spread(&Times::of(times))
        )?;
    }
    Ok(())
}
