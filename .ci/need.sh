#!/usr/bin/env bash
# `need.sh TOOL PACKAGE`: installs a tool that a test looks for, on Debian as root. Elsewhere the test says how to get it.
set -uo pipefail
command -v "$1" > /dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || exit 0
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"; } > /dev/null 2>&1
exit 0
