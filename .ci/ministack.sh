#!/usr/bin/env bash
# `make ministack`: the journeys once more, with ministack as table and secret store in place of our own stand-ins. Each
# world has an account of its own there. The proxy that makes faults stays in front.
set -euo pipefail
cd "$(dirname "$0")/.."
log=target/ministack.log
mkdir -p target/ministack
# The tests of licences read what the lock file names for other platforms, too.
cargo fetch --locked --quiet
cargo build --workspace --locked --quiet
port=$(.tools/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
BIND_HOST=127.0.0.1 GATEWAY_PORT=$port SERVICES=dynamodb,secretsmanager,kms \
    IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 LOG_LEVEL=WARNING TMPDIR=$PWD/target/ministack \
    .tools-ministack/bin/ministack > "$log" 2>&1 &
ministack=$!
trap 'kill "$ministack" 2>/dev/null || true; wait "$ministack" 2>/dev/null || true' EXIT
export MINISTACK=http://127.0.0.1:$port
for _ in $(seq 100); do
    curl --silent --fail --output /dev/null "$MINISTACK/_ministack/health" && break
    kill -0 "$ministack" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.2
done
# One ministack for all worlds: more of them at once would wait for it longer than a function waits for its table.
RUST_TEST_THREADS=2 cargo test --workspace --locked --quiet --test journeys -- "$@" 2>&1 | tee target/ministack/tests.log
# Of all of them a figure is made.
if [ $# = 0 ]; then
    passed=$(sed -nE 's/^test result: ok\. ([1-9][0-9]*) passed.*/\1/p' target/ministack/tests.log | tail -1)
    echo "measure | journeys on a second implementation of table and secret store | $passed | all | -"
fi
