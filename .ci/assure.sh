#!/usr/bin/env bash
# `make assure`: the long tier of what the suite is held to. Takes an hour on two cores; each part leaves its log under
# target/assure, and docs/assurance.md gets the table. SEED repeats what chance chose.
set -euo pipefail
cd "$(dirname "$0")/.."
logs=target/assure
mkdir -p "$logs"
status=0

part() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" > "$logs/$name.log" 2>&1 || { status=1; tail -40 "$logs/$name.log"; }
    grep -E '^(measure |test result|[0-9]+ bugs)' "$logs/$name.log" || true
}

cargo build --workspace --locked --quiet
part tests env PAIRS="${PAIRS:-2000}" FREEZES="${FREEZES:-1000}" cargo test --workspace --locked --no-fail-fast
part load make --no-print-directory load
part ledger make --no-print-directory ledger
part budget make --no-print-directory budget
part teeth make --no-print-directory teeth
printf '\n== the table\n'
python3 tests/assure/table.py --page docs/assurance.md "$logs"/*.log || status=1
exit "$status"
