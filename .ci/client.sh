#!/usr/bin/env bash
# `make client`: types from openapi.yaml, checked by tsc, and one whole journey by redirect and with BankID against a stack
# of its own (other ports and state than `make local`). Needs Node 20 besides.
set -euo pipefail
cd "$(dirname "$0")/.."
export FRONT_DOOR_PORT=18080 ISSUER_PORT=18081 BANK_API_PORT=18443 BANK_PAGE_PORT=18444 BANK_CONTROL_PORT=18445 INVOKE_PORT=19000
export LOCAL_STATE=target/client FRESH=1
export API=http://127.0.0.1:$FRONT_DOOR_PORT ISSUER=http://127.0.0.1:$ISSUER_PORT BANK=http://127.0.0.1:$BANK_CONTROL_PORT
log=target/client.log
mkdir -p target

(cd tests/client && npm ci --ignore-scripts --no-audit --no-fund --silent && npm run --silent types && npm run --silent check)
cargo build --workspace --locked --quiet
target/debug/local > "$log" 2>&1 &
stack=$!
trap 'kill -INT "$stack" 2>/dev/null || true; wait "$stack" || true' EXIT
for _ in $(seq 600); do
  grep -q '^Serving' "$log" && break
  kill -0 "$stack" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.5
done
grep -q '^Serving' "$log" || { cat "$log" >&2; exit 1; }
(cd tests/client && npm run --silent walk)
