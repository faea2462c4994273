//! Each function from its start to its hundredth request, beside a hello world: time, processor, memory, bytes, exchanges.

use crate::{
    Outcome,
    contest::Times,
    contestants::{Contestant, Standing},
    cost,
    direct::Direct,
    running::Running,
    stage::{Stage, binary},
    table::{keep, machine, mebibytes, megabytes, milliseconds, ratio, spread},
};
use flate2::{Compression, write::DeflateEncoder};
use simulated_bank::{CallKind, Fault, FaultOrder};
use std::{collections::BTreeMap, fmt::Write as _, fs, io::Write as _, time::Duration};

/// Processes of each contestant, and the requests that each serves after its first.
const ROUNDS: usize = 21;
const WARM: usize = 40;
/// Requests of each contestant that takes turns with the direct calls.
const TURNS: usize = 500;
/// What the slow bank takes for each call: nearly what banks took in Great Britain in October 2025.
const SLOW_MS: u64 = 300;

/// What was seen of one contestant.
#[derive(Default)]
struct Seen {
    init: Vec<Duration>,
    first: Vec<Duration>,
    warm: Vec<Duration>,
    cpu: Vec<Duration>,
    peak: Vec<Duration>,
    own: usize,
    exchanges: (usize, usize),
    printed: usize,
}

/// Measures, writes the tables down, and returns them.
///
/// # Errors
/// If a function answers anything but success.
pub(crate) async fn measured() -> Outcome<String> {
    let stage = Stage::set(|_| ()).await?;
    let standing = Standing::made(&stage).await?;
    let (all, slow) =
        (rounds(&stage, &standing, ROUNDS, WARM).await?, rounds_at_slow_bank(&stage, &standing).await?);
    let item = item_bytes(&stage, &standing).await?;
    let mut table = format!("{}: medians of {ROUNDS} processes.\n{HEAD}", machine());
    for contestant in Contestant::ALL {
        let seen = all.get(contestant.request()).ok_or("was not measured")?;
        line(&mut table, contestant, seen)?;
    }
    noise(&mut table, &all)?;
    slow_bank(&mut table, &slow)?;
    writeln!(table, "\nThe consent that is read takes {item} bytes of the table, its account map included.")?;
    let beside = beside(&stage, &standing).await?;
    table.push_str(&beside);
    let read = all.get(Contestant::Accounts.request()).ok_or("was not measured")?;
    let cpu = Times::of(read.cpu.clone()).median();
    keep("functions", &table)?;
    let cost = cost::of(cpu, read.printed, item)?;
    keep("cost", &cost)?;
    Ok(format!("{table}\n{cost}"))
}

async fn rounds(
    stage: &Stage,
    standing: &Standing,
    rounds: usize,
    warm: usize,
) -> Outcome<BTreeMap<&'static str, Seen>> {
    let mut all: BTreeMap<&'static str, Seen> = BTreeMap::new();
    for _ in 0..rounds {
        for contestant in Contestant::ALL {
            life(stage, standing, contestant, warm, all.entry(contestant.request()).or_default()).await?;
        }
        stage.forget();
    }
    Ok(all)
}

/// One process: its start, its first request, some more, its end.
async fn life(
    stage: &Stage,
    standing: &Standing,
    contestant: Contestant,
    warm: usize,
    seen: &mut Seen,
) -> Outcome<()> {
    let mut event = contestant.event(stage, standing).await?;
    let running = Running::start(stage, contestant.function(), &[]).await?;
    seen.init.push(running.init()?);
    seen.first.push(running.serve(&event).await?);
    let (mut cpu, mut printed) = (Duration::ZERO, 0);
    for _ in 0..warm {
        if !matches!(contestant, Contestant::Floor | Contestant::FloorAgain) {
            event = contestant.event(stage, standing).await?;
        }
        let before = (running.cpu()?, running.printed(), stage.exchanges());
        seen.warm.push(running.serve(&event).await?);
        // What it does after its answer belongs to the request.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let after = (running.cpu()?, running.printed(), stage.exchanges());
        cpu += after.0.saturating_sub(before.0);
        printed += after.1 - before.1;
        seen.exchanges = (after.2.0 - before.2.0, after.2.1 - before.2.1);
    }
    let requests = u32::try_from(warm)?.max(1);
    seen.cpu.push(cpu / requests);
    seen.printed = printed / warm.max(1);
    let (peak, own) = running.memory()?;
    seen.peak.push(Duration::from_micros(peak as u64));
    seen.own = own;
    Ok(())
}

async fn rounds_at_slow_bank(stage: &Stage, standing: &Standing) -> Outcome<BTreeMap<&'static str, Seen>> {
    let order =
        FaultOrder { times: u32::MAX, ..FaultOrder::next(CallKind::Any, Fault::Delay { ms: SLOW_MS }) };
    stage.bank.fault(order);
    let seen = rounds(stage, standing, 5, 4).await;
    stage.bank.clear_faults();
    seen
}

const HEAD: &str = "\
*init*: from its start to its asking for an event. *first*, *warm*: from handing out an event to having its answer, bank and
table on the same machine. Milliseconds; in brackets all but the fastest and slowest tenth. *CPU*: what a warm request takes of a
processor. *Peak*: most resident memory, MiB, of it not shared with the file in brackets. *Zip*: the executable, deflated.

| function | request | bank · table | init | first | warm | warm p99 | first ÷ warm | CPU, ms | peak | log, bytes | binary, MB | zip, MB |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
";

fn line(table: &mut String, contestant: Contestant, seen: &Seen) -> Outcome<()> {
    let [init, first, warm, cpu, peak] =
        [&seen.init, &seen.first, &seen.warm, &seen.cpu, &seen.peak].map(|times| Times::of(times.clone()));
    let (binary, zip) = sizes(contestant.function())?;
    writeln!(
        table,
        "| `{}` | {} | {} · {} | {} | {} | {} | {} | {} | {} | {} ({}) | {} | {} | {} |",
        contestant.function(),
        contestant.request(),
        seen.exchanges.0,
        seen.exchanges.1,
        spread(&init),
        spread(&first),
        spread(&warm),
        milliseconds(warm.percentile(99)),
        ratio(first.median(), warm.median()),
        spread(&cpu),
        mebibytes(usize::try_from(peak.median().as_micros())?),
        mebibytes(seen.own),
        seen.printed,
        megabytes(binary),
        megabytes(zip),
    )?;
    Ok(())
}

fn noise(table: &mut String, all: &BTreeMap<&'static str, Seen>) -> Outcome<()> {
    let [one, other] = [Contestant::Floor, Contestant::FloorAgain].map(|floor| all.get(floor.request()));
    let (one, other) = (one.ok_or("no floor")?, other.ok_or("no floor")?);
    let pair = |times: fn(&Seen) -> &Vec<Duration>| {
        ratio(Times::of(times(one).clone()).median(), Times::of(times(other).clone()).median())
    };
    let (init, warm, cpu) = (pair(|seen| &seen.init), pair(|seen| &seen.warm), pair(|seen| &seen.cpu));
    writeln!(
        table,
        "\nNoise: the same hello world twice, one through the other: init {init}, warm {warm}, CPU {cpu}."
    )?;
    let floor = Times::of(one.init.clone()).median();
    for contestant in Contestant::ALL.into_iter().skip(2) {
        let own = all.get(contestant.request()).ok_or("was not measured")?;
        let init = ratio(Times::of(own.init.clone()).median(), floor);
        writeln!(table, "Init of `{}` ÷ init of the floor: {init}.", contestant.function())?;
    }
    Ok(())
}

fn slow_bank(table: &mut String, slow: &BTreeMap<&'static str, Seen>) -> Outcome<()> {
    writeln!(
        table,
        "\nWith {SLOW_MS} ms added to each call of the bank:\n\n| request | init | first | warm | first ÷ warm | CPU, ms |\n|---|---:|---:|---:|---:|---:|"
    )?;
    for contestant in Contestant::ALL.into_iter().skip(2) {
        let seen = slow.get(contestant.request()).ok_or("was not measured")?;
        let [init, first, warm, cpu] =
            [&seen.init, &seen.first, &seen.warm, &seen.cpu].map(|times| Times::of(times.clone()));
        let through = ratio(first.median(), warm.median());
        let (init, first, warm, cpu) = (spread(&init), spread(&first), spread(&warm), spread(&cpu));
        writeln!(table, "| {} | {init} | {first} | {warm} | {through} | {cpu} |", contestant.request())?;
    }
    Ok(())
}

/// Ours, the floor, and what they stand on take turns, one request each.
async fn beside(stage: &Stage, standing: &Standing) -> Outcome<String> {
    let direct = Direct::new(stage, standing.consent()).await?;
    let event = Contestant::Accounts.event(stage, standing).await?;
    let ours = Running::start(stage, Contestant::Accounts.function(), &[]).await?;
    let floor = Running::start(stage, "floor", &[]).await?;
    let mut times = [(); 5].map(|()| Vec::with_capacity(TURNS));
    for turn in 0..=TURNS {
        let [a, b, c, d, e] = &mut times;
        let took = (
            ours.serve(&event).await?,
            direct.accounts().await?,
            direct.table().await?,
            floor.serve(&event).await?,
        );
        if turn > 0 {
            a.push(took.0);
            b.push(took.1);
            c.push(took.2);
            d.push(took.3);
        }
        if turn % 10 == 0 {
            e.push(direct.handshake().await?);
            stage.forget();
        }
    }
    let [ours, bank, table, floor, handshake] = times.map(Times::of);
    let over = ours.median().saturating_sub(bank.median());
    let net = over.saturating_sub(table.median());
    let mut text = String::from(
        "\nTaking turns, one request each, milliseconds:\n\n| | median | p99 |\n|---|---:|---:|\n",
    );
    for (what, times) in [
        ("accounts with balances, ours", &ours),
        ("the same GET, straight to the bank", &bank),
        ("the same read, straight to the table", &table),
        ("hello world", &floor),
        ("a new connection to the bank with our certificate, and `HEAD /`", &handshake),
    ] {
        writeln!(text, "| {what} | {} | {} |", spread(times), milliseconds(times.percentile(99)))?;
    }
    let (over, net, ours_alone) =
        (milliseconds(over), milliseconds(net), milliseconds(net.saturating_sub(floor.median())));
    writeln!(
        text,
        "\nOurs over the direct GET: {over} ms; less the table's read: {net} ms; less the hello world, which is the runtime's own exchange: {ours_alone} ms."
    )?;
    Ok(text)
}

/// Bytes of an executable, and of the same deflated, which is nearly all of a zip.
pub(crate) fn sizes(name: &str) -> Outcome<(u64, u64)> {
    let bytes = fs::read(binary(name)?)?;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&bytes)?;
    Ok((bytes.len() as u64, packed.finish()?.len() as u64))
}

/// What the consent's partition takes, by DynamoDB's rule for sizes: names and values, as text or bytes.
async fn item_bytes(stage: &Stage, standing: &Standing) -> Outcome<usize> {
    let items = stage.table.dump(crate::stage::TABLE).await?;
    let own = items.as_array().into_iter().flatten().filter(|item| item["pk"]["S"] == standing.consent());
    Ok(own.filter_map(|item| item.as_object()).flatten().map(|(name, value)| name.len() + size(value)).sum())
}

fn size(value: &serde_json::Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    match (kind.as_str(), value.as_str()) {
        ("B", Some(text)) => text.len() / 4 * 3,
        ("N", Some(text)) => text.len().div_ceil(2) + 1,
        (_, Some(text)) => text.len(),
        _ => value.to_string().len(),
    }
}
