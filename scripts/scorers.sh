#!/usr/bin/env bash
# Builds the scorers that `make figures-languages` compares, to target/scorers/: one in each language (tests/scorers/* with a
# greenroom.toml), and those of Extism with the program that measures them (tests/scorers/extism).
#
#     scripts/scorers.sh
#
# Environment:
#   CARGO_TARGET_DIR     where cargo builds (default: target)
#   GREENROOM            the host's command
#   GREENROOM_LANGUAGES  where scripts/languages.sh put the compilers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
readonly scorers=$built/scorers
readonly extism=$scorers/extism
readonly tools=${GREENROOM_LANGUAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/greenroom/languages}
readonly greenroom=$(realpath "${GREENROOM:-$built/release/greenroom}")
readonly target=wasm32-unknown-unknown
# Extism's development kit for AssemblyScript. That for JavaScript needs a compiler that is on no registry.
readonly as_pdk=@extism/as-pdk@1.0.0

say() { printf 'scorers: %s\n' "$*"; }

mkdir -p "$scorers"

# With the toolchain that builds the host, whichever one the guests get below. Its wasmtime is compiled once, apart from ours.
say "building what runs Extism (ten minutes of processor time, once)"
cargo build --quiet --locked --release --manifest-path tests/scorers/extism/Cargo.toml --target-dir "$extism"
cp "$extism/release/extism-scorer" "$scorers/"

exports=$(scripts/setup-wasm.sh)
eval "$exports"
export PATH="$tools/venv/bin:$tools/npm/node_modules/.bin:$PATH"

for manifest in tests/scorers/*/greenroom.toml; do
    folder=${manifest%/greenroom.toml}
    # The folder of what can be made again outlives a clone.
    kept=$built/languages/scorer-${folder##*/}
    mkdir -p "$kept"
    if [ ! -e "$folder/build" ]; then ln -s "$kept" "$folder/build"; fi
    said=$("$greenroom" build "$folder" --out "$scorers/${folder##*/}.wasm") || exit 1
    printf '%s\n' "$said" | sed -n 1p
done

say "building the plugins of Extism"
for encoding in json msgpack columns; do
    # From its folder, where cargo finds the flags of guests.
    (cd tests/scorers/extism/rust && cargo build --quiet --locked --release --target "$target" --target-dir "$extism" \
        --features "$encoding")
    cp "$extism/$target/release/extism_plugin.wasm" "$scorers/extism-rust-$encoding.wasm"
done
mkdir -p "$extism/npm"
printf '{ "private": true }\n' >"$extism/npm/package.json"
npm install --prefix "$extism/npm" --silent --no-audit --no-fund --no-package-lock "$as_pdk"
(cd tests/scorers/extism/assemblyscript && asc plugin.ts --path "$extism/npm/node_modules" -O3 --use abort=plugin/aborted \
    --outFile "$scorers/extism-assemblyscript-columns.wasm")
