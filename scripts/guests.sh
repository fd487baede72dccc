#!/usr/bin/env bash
# Builds every guest (plugins/* and tests/guests/*) for WebAssembly in one cargo run, and the agent that README.md shows in
# another, and packages each core module to a component in target/components/. The interpreters of scripts (sdk/scripts/*) go where
# the host's binary looks for them: to target/release/interpreters/.
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
readonly interpreters=$built/release/interpreters

say() { printf 'guests: %s\n' "$*"; }

# The first block of a language in the part of README.md about an agent.
shown() {
    awk -v language="$1" '
        /^## / { part = /An agent/ }
        on && /^```$/ { exit }
        on
        part && $0 == "```" language { on = 1 }
        END { if (!on) { print "guests: README.md shows no " language " of an agent" >"/dev/stderr"; exit 1 } }
    ' README.md
}

# Writes what has changed: a file that is written anew is compiled anew.
put() {
    local text
    text=$(cat)
    [ "$(cat "$1" 2>/dev/null)" = "$text" ] || printf '%s\n' "$text" >"$1"
}

# Lays out what a reader of README.md has, a crate beside a clone, and what it takes to share what guests have compiled: the
# profiles and the versions of the workspace.
readme_crate() {
    local crate=$1
    mkdir -p "$crate/src"
    ln -sfn "$PWD" "$crate/../greenroom"
    shown rust | put "$crate/src/lib.rs"
    {
        printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2024"\n\n' "${crate##*/}"
        shown toml
        printf '\n[workspace]\n\n'
        sed -n '/^\[profile\.\(release\|guest\)\]/,/^$/p' Cargo.toml
    } | put "$crate/Cargo.toml"
    cp Cargo.lock "$crate/"
}

# The names of the packages with these manifests.
named() {
    local manifest
    for manifest in "$@"; do
        [ -f "$manifest" ] || continue
        sed -n 's/^name = "\(.*\)"$/\1/p' "$manifest" | sed -n 1p
    done
}

mapfile -t guests < <(named plugins/*/Cargo.toml tests/guests/*/Cargo.toml)
mapfile -t scripts < <(named sdk/scripts/*/Cargo.toml)

# The host's command first: with the toolchain that builds the host, whichever one the guests get below.
if [ -z "${GREENROOM:-}" ]; then
    cargo build --quiet --release --workspace --bins
    GREENROOM=$built/release/greenroom
fi

say "building ${#guests[@]} guests, the agent of README.md and ${#scripts[@]} interpreter"
(
    exports=$(scripts/setup-wasm.sh)
    eval "$exports"
    cargo build --quiet --profile guest --target "$target" "${guests[@]/#/--package=}" "${scripts[@]/#/--package=}"
    readme_crate "$built/readme/newest"
    # What was built before stands for nothing that is shown now.
    rm -f "$built/$target/guest/newest.wasm"
    cargo build --quiet --profile guest --target "$target" --target-dir "$built" --manifest-path "$built/readme/newest/Cargo.toml"
)

modules=("$built/$target/guest/newest.wasm")
wanted=" newest.wasm "
for guest in "${guests[@]}"; do
    modules+=("$built/$target/guest/${guest//-/_}.wasm")
    wanted+="${guest#greenroom-}.wasm "
done

# Those in other languages are built by scripts/languages.sh.
for manifest in plugins/*/greenroom.toml tests/guests/*/greenroom.toml; do
    wanted+="$(sed -n 's/^name = "\(.*\)"$/\1/p' "$manifest" | sed -n 1p).wasm "
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

# greenroom-script-rhai runs files that end in .rhai.
for script in "${scripts[@]}"; do
    runs=${script#greenroom-script-}
    "$GREENROOM" package "$built/$target/guest/${script//-/_}.wasm" --out "$built/interpreters"
    mkdir -p "$interpreters"
    cp -u "$built/interpreters/script-$runs.wasm" "$interpreters/$runs.wasm"
done
