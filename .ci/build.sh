#!/usr/bin/env bash
# `make build ARCH=x86_64|arm64`: release zips, built as one set of packages so that the features of test crates do not
# leak into them. A missing target is said, never fetched.
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
export PATH="$PWD/.tools/bin:$PATH"
libraries=$(rustc --print target-libdir --target "$target")
if [ ! -d "$libraries" ]; then
    echo "This toolchain has no standard library for $target. Where it may be fetched: rustup target add $target" >&2
    exit 1
fi
packages=()
for function in "$@"; do packages+=(--package "$function"); done
.tools/bin/cargo-lambda lambda build --release --skip-target-check --target "$target" --output-format zip "${packages[@]}"
echo
for function in "$@"; do
    printf '%10d bytes  %s\n' "$(stat -c %s "target/lambda/$function/bootstrap.zip")" "$function"
done
# What is deployed later can be told from what was built here.
(cd target/lambda && for function in "$@"; do sha256sum "$function/bootstrap.zip"; done > "SHA256SUMS.$arch" && cat "SHA256SUMS.$arch")
