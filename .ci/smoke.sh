#!/usr/bin/env bash
# `make smoke ARCH=x86_64|arm64`: the bootstraps out of the zips that `make build` left run here, behind the stand-in for
# Lambda's runtime API, before the simulated bank; each answers every event of events/ that is meant for it.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=$1
zips=target/lambda/$arch
here=$(uname -m)
[ "${here/aarch64/arm64}" = "$arch" ] || { echo "This machine is $here: $arch does not run here" >&2; exit 2; }
[ -f "$zips/SHA256SUMS" ] || { echo "There are no zips for $arch: make build ARCH=$arch" >&2; exit 2; }
(cd "$zips" && sha256sum --check --quiet SHA256SUMS)
rm -rf target/smoke
.tools/bin/python - "$zips" target/smoke <<'PYTHON'
import sys, zipfile
from pathlib import Path

zips, unpacked = Path(sys.argv[1]), Path(sys.argv[2])
for path in sorted(zips.glob("*.zip")):
    with zipfile.ZipFile(path) as zipped:
        entries = zipped.infolist()
        # Lambda starts the one file of this name, if it may be executed.
        if [entry.filename for entry in entries] != ["bootstrap"] or not entries[0].external_attr >> 16 & 0o111:
            sys.exit(f"{path} does not hold one executable bootstrap alone")
        target = Path(zipped.extract(entries[0], unpacked / path.stem))
        target.chmod(0o755)
PYTHON
cargo build --workspace --locked --quiet
BOOTSTRAPS=$PWD/target/smoke cargo test --workspace --locked --quiet --test journeys -- --ignored --exact \
    events::smoke::the_bootstraps_of_the_zips_answer_every_event
