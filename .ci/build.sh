#!/usr/bin/env bash
# `make build ARCH=x86_64|arm64`: release zips, built as one set of packages so that the features of test crates do not
# leak into them. A missing target is said, never fetched. Each architecture keeps its zips and their checksums in
# target/lambda/<arch>/; `make deploy` puts those where the template looks, target/lambda/<function>/.
set -euo pipefail
cd "$(dirname "$0")/.."
arch=$1
shift
case "$arch" in
    x86_64) target=x86_64-unknown-linux-gnu ;;
    arm64) target=aarch64-unknown-linux-gnu ;;
    *) echo "ARCH must be x86_64 or arm64" >&2; exit 2 ;;
esac
# cargo-lambda finds its cross compiler (for the glibc of Amazon Linux) beside itself.
export PATH="$PWD/.tools/bin:$PATH" CARGO_TARGET_DIR=target
libraries=$(rustc --print target-libdir --target "$target")
if [ ! -d "$libraries" ]; then
    echo "This toolchain has no standard library for $target. Where it may be fetched: rustup target add $target" >&2
    exit 1
fi
packages=()
for function in "$@"; do packages+=(--package "$function"); done
.tools/bin/cargo-lambda lambda build --release --locked --skip-target-check --target "$target" --output-format zip "${packages[@]}"
kept=target/lambda/$arch
rm -rf "$kept"
mkdir -p "$kept"
for function in "$@"; do cp "target/lambda/$function/bootstrap.zip" "$kept/$function.zip"; done
# What is deployed later can be told from what was built here.
(cd "$kept" && sha256sum -- *.zip > SHA256SUMS)
echo
for zip in "$kept"/*.zip; do printf '%10d bytes  %s\n' "$(stat -c %s "$zip")" "$zip"; done
cat "$kept/SHA256SUMS"
