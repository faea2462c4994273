//! Figures as people read them. No floats here either.

use crate::{Outcome, contest::Times};
use std::{fs, path::Path, process::Command, time::Duration};

/// Thousandths of a millisecond count.
pub(crate) fn milliseconds(time: Duration) -> String {
    let micros = time.as_micros();
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// One through the other, to the hundredth.
pub(crate) fn ratio(one: Duration, other: Duration) -> String {
    let hundredths = one.as_nanos() * 100 / other.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// KiB as MiB, to the tenth.
pub(crate) fn mebibytes(kibibytes: usize) -> String {
    let tenths = kibibytes * 10 / 1024;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The median, and in brackets what all but the fastest and the slowest tenth took.
pub(crate) fn spread(times: &Times) -> String {
    let (low, high) = times.spread();
    format!("{} ({}–{})", milliseconds(times.median()), milliseconds(low), milliseconds(high))
}

/// Megabytes, to the hundredth.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{}.{:02}", bytes / 1_000_000, bytes / 10_000 % 100)
}

/// What a run was made on, as far as it says anything about its figures.
pub(crate) fn machine() -> String {
    let said = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = said("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count();
    let load = said("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let day = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    let day = day.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default();
    format!("{day}, {processors} processors, load {load}")
}

/// Keeps a table in `target/bench/`.
pub(crate) fn keep(name: &str, table: &str) -> Outcome<()> {
    let folder = Path::new("target/bench");
    fs::create_dir_all(folder)?;
    Ok(fs::write(folder.join(name).with_extension("md"), table)?)
}
