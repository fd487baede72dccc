#!/usr/bin/env bash
# Builds every guest (plugins/* and tests/guests/*) for WebAssembly in one cargo run and packages each core module to a
# component in target/components/.
#
#     scripts/guests.sh
#
# Environment:
#   CARGO_TARGET_DIR   where cargo builds (default: target)
#   GREENROOM          the host's command that packages; built when not given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly target=wasm32-unknown-unknown
readonly built=${CARGO_TARGET_DIR:-target}
readonly components=$built/components

say() { printf 'guests: %s\n' "$*"; }

guests=()
for manifest in plugins/*/Cargo.toml tests/guests/*/Cargo.toml; do
    [ -f "$manifest" ] || continue
    guests+=("$(sed -n 's/^name = "\(.*\)"$/\1/p' "$manifest" | sed -n 1p)")
done

# The host's command first: with the toolchain that builds the host, whichever one the guests get below.
if [ -z "${GREENROOM:-}" ]; then
    cargo build --quiet --release --workspace --bins
    GREENROOM=$built/release/greenroom
fi

say "building ${#guests[@]} guests"
(
    exports=$(scripts/setup-wasm.sh)
    eval "$exports"
    cargo build --quiet --profile guest --target "$target" "${guests[@]/#/--package=}"
)

modules=()
wanted=" "
for guest in "${guests[@]}"; do
    modules+=("$built/$target/guest/${guest//-/_}.wasm")
    wanted+="${guest#greenroom-}.wasm "
done

# A guest that is gone leaves no component behind for a graph to find.
for component in "$components"/*.wasm; do
    case $wanted in
    *" ${component##*/} "*) ;;
    *) rm -f "$component" ;;
    esac
done

say "packaging them into $components"
"$GREENROOM" package "${modules[@]}" --out "$components"

# The example's graph names its components beside itself.
ln -sfn "$(cd "$components" && pwd)" examples/movielens/components
