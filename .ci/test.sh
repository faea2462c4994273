#!/usr/bin/env bash
# `make test`: formatting, lints, template, unit tests, journeys in process (among them calls by
# chance from openapi.yaml), journeys under cargo lambda watch. Needs Rust,
# its C compiler, Python 3 with venv, and make; the pinned tools come into .tools/.
set -euo pipefail
cd "$(dirname "$0")/.."
log=target/test.log
mkdir -p target

say() { printf '\n== %s\n' "$*"; }

make --no-print-directory tools
say "formatting"
cargo fmt --all --check
say "lints"
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
say "template"
.tools/bin/cfn-lint template.yaml
say "build"
# Everything that the lock file names, other platforms' crates too: the tests of licences read them without a network.
cargo fetch --locked --quiet
cargo build --workspace --locked --quiet
say "tests"
status=0
cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log" | grep --line-buffered -vE '^test .* ok$|^$|Doc-tests|^running 0 tests' || status=${PIPESTATUS[0]}

# One line for all test binaries together.
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     / journeys passed under cargo lambda watch/ { watched += $1 }
     END { printf "\n%d of the tests are journeys that also passed under cargo lambda watch\n", watched
           printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored
           exit (failed > 0 || passed == 0) }' "$log" || status=1
exit "$status"
