#!/usr/bin/env bash
# `make test`: formatting, lints, template, unit tests, journeys in process (among them calls by chance from openapi.yaml) and
# under cargo lambda watch, the page in a browser. Needs Rust, its C compiler, Python 3 with venv, and make; the pinned tools
# come into .tools/.
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
# All of it, before the page starts functions of its own: who builds keeps the others waiting.
cargo test --workspace --locked --no-run --quiet
say "tests, and beside them the page in a browser"
# Debian as root: there is one to be had. Elsewhere the tests say how to get one.
if ! command -v chromium-headless-shell > /dev/null && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell; } > target/chromium.log 2>&1 || true
fi
.ci/need.sh strace strace
built=$SECONDS
# What every test leaves for the search at the end.
export KEPT=$PWD/target/kept
rm -rf "$KEPT" && mkdir "$KEPT"
# A browser waits for more than it computes, and so do the journeys.
.tools/bin/python tests/page/page_test.py > target/page.log 2>&1 &
page=$!
status=0
cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log" | grep --line-buffered -vE '^test .* ok$|^$|Doc-tests|^running 0 tests' || status=${PIPESTATUS[0]}

say "the page, in a browser"
wait "$page" || true
grep -vE ' ok$' target/page.log || true
# A run that did not come to its last line is a failure.
{ grep '^test result: page' target/page.log || echo "test result: page. 0 passed; 1 failed; 0 ignored"; } >> "$log"

say "secrets, in all that the suite has left"
PRINTED=$PWD/$log:$PWD/target/page.log cargo test --workspace --locked --quiet --test journeys -- --ignored nothing_that_the_whole_suite 2>&1 \
    | tee target/searched.log | grep -vE '^$|^running' || status=${PIPESTATUS[0]}
cat target/searched.log >> "$log"

say "what the suite is held to"
{
    printf 'measure | a secret printed, serialised, compared or cloned does not compile | %s | 8 | -\n' "$(grep -c 'compile fail ... ok$' "$log")"
    printf 'measure | seconds of `make test`, less those of lints and building | %s, and %s for these | ≤ 300 | -\n' "$((SECONDS - built))" "$built"
} >> "$log"
python3 tests/assure/table.py "$log" || status=1

# One line for all test binaries together.
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     / journeys passed under cargo lambda watch/ { watched += $1 }
     END { printf "\n%d of the tests are journeys that also passed under cargo lambda watch\n", watched
           printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored
           exit (failed > 0 || passed == 0) }' "$log" || status=1
exit "$status"
