#!/usr/bin/env bash
# `make assure`: the long tier of what the suite is held to. Takes an hour on two cores; each part leaves its log under
# target/assure, and docs/assurance.md gets the table. SEED repeats what chance chose; PARTS="load teeth" runs these again and
# leaves the figures of the others.
set -euo pipefail
cd "$(dirname "$0")/.."
logs=target/assure
mkdir -p "$logs"
status=0
said=()

part() {
    local name=$1
    shift
    said+=("$logs/$name.log")
    [[ " ${PARTS:-$name} " == *" $name "* ]] || return 0
    printf '\n== %s\n' "$name"
    "$@" > "$logs/$name.log" 2>&1 || { status=1; tail -40 "$logs/$name.log"; }
    grep -aoE '^\.*measure \|.*|^test result: FAILED.*|^[0-9]+ bugs.*|^SURVIVED.*' "$logs/$name.log" || true
}

journeys() { cargo test --workspace --locked --quiet --test journeys -- "$@"; }

# What it measured of itself stands in its own log only.
part test bash -c 'make --no-print-directory test && cat target/test.log'
part ministack make --no-print-directory ministack
# What is said twice counts as it was said last: the longer run.
PAIRS=${PAIRS:-2000} part pairs journeys two_things_that_go_wrong
FREEZES=${FREEZES:-1000} part freezes journeys freezes::however
part budget make --no-print-directory budget
part ledger make --no-print-directory ledger
part load make --no-print-directory load
part fuzz make --no-print-directory fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-30}"
part teeth make --no-print-directory teeth
printf '\n== the table\n'
python3 tests/assure/table.py --page docs/assurance.md "${said[@]}" || status=1
exit "$status"
