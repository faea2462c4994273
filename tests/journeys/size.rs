//! How large the functions are, where they have been built for release: a zip is fetched and unpacked before each cold start.

use crate::{processes::FUNCTIONS, world::report};
use std::path::{Path, PathBuf};

/// The most that a zip may have, in bytes. What it has, and why not less, stands in docs/performance.md.
const ZIP: u64 = 5_600_000;
/// The same for an executable, stripped.
const BINARY: u64 = 13_000_000;

/// What there is of a function: built by `make bench`, and by `make build`.
fn built(function: &str) -> Vec<(PathBuf, u64)> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let zip = target.join("lambda").join(function).join("bootstrap.zip");
    let binary = target.join("release").join(function);
    [(binary, BINARY), (zip, ZIP)].into_iter().filter(|(path, _)| path.exists()).collect()
}

#[test]
fn no_function_is_larger_than_its_budget() {
    let all: Vec<_> = FUNCTIONS.into_iter().flat_map(built).collect();
    for (path, budget) in &all {
        let bytes = path.metadata().unwrap().len();
        assert!(bytes <= *budget, "{}: {bytes} bytes, {budget} are allowed", path.display());
    }
    if all.is_empty() {
        report("test result: unbuilt. 0 passed; 0 failed; 1 ignored (make build)");
    }
}
