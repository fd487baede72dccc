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

# cargo-deny reads every crate of the lock file, also those of other platforms.
cargo fetch --quiet --locked 2>/dev/null || say "some crates of other platforms could not be fetched; checking with those at hand"
cargo deny --locked --offline --log-level error check bans licenses sources

if within "${DENY_WAIT:-60}" cargo deny --locked fetch db >/dev/null 2>&1; then
    cargo deny --locked --log-level error check advisories
else
    say "advisories NOT CHECKED: their database could not be fetched"
fi
