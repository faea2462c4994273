//! Peak memory of a piece of work, as Linux counts it: by page, for the whole process. One process measures one piece.

use crate::Outcome;
use std::fs;

/// Runs `work` and says by how many KiB the resident set grew beyond what it was before.
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn growth(work: impl FnOnce()) -> Outcome<usize> {
    let before = resident("VmRSS:")?;
    // The highest mark falls back to what is resident now (proc(5), clear_refs).
    fs::write("/proc/self/clear_refs", "5")?;
    work();
    Ok(resident("VmHWM:")?.saturating_sub(before))
}

fn resident(field: &str) -> Outcome<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
