//! Figures as people read them. No floats here either.

use std::time::Duration;

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
