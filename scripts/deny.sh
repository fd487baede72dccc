#!/usr/bin/env bash
# Checks the dependencies' licences, sources and versions, and known advisories where their database can be reached.
# What could not be checked is said, never passed over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf 'deny: %s\n' "$*"; }

within() {
    local seconds=$1
    shift
    if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

if ! cargo deny --version >/dev/null 2>&1; then
    say "NOT RUN: cargo-deny is not installed (cargo install cargo-deny --locked)"
    exit 0
fi

# cargo-deny reads the crates of every platform that the project is for. Building brings those of this one alone.
here=
if ! cargo fetch --quiet --locked 2>/dev/null; then
    here=$(rustc -vV | sed -n 's/^host: //p')
    say "other platforms NOT CHECKED: their crates could not be fetched; checking $here"
fi
cargo deny --locked --offline ${here:+--target "$here"} --log-level error check bans licenses sources

if within "${DENY_WAIT:-60}" cargo deny --locked fetch db >/dev/null 2>&1; then
    cargo deny --locked ${here:+--target "$here"} --log-level error check advisories
else
    say "advisories and yanked versions NOT CHECKED: the database of advisories could not be fetched"
fi
