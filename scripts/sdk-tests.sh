#!/usr/bin/env bash
# Runs the tests of the SDKs themselves, which need no host, with the compilers that scripts/languages.sh installs. The SDK for
# Rust is a crate of the workspace, whose tests are run with all others; that for AssemblyScript is tested by the agents in it.
# They run on a copy: what they leave is not in the sources, which the host carries.
#
#     scripts/sdk-tests.sh
#
# Environment:
#   CARGO_TARGET_DIR     where the copy is (default: target)
#   GREENROOM_LANGUAGES  where the toolchains are (default: greenroom/languages in the user's cache folder)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly scratch=$(realpath -m "${CARGO_TARGET_DIR:-target}/sdk-tests")
readonly tools=${GREENROOM_LANGUAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/greenroom/languages}
export PATH="$tools/venv/bin:$tools/npm/node_modules/.bin:$PATH"
export ZIG_LOCAL_CACHE_DIR=$scratch/zig

passed=0
failed=()

# Runs one suite in a folder of the SDKs; what it says is shown when it fails.
suite() {
    local name=$1 folder=$2 said
    shift 2
    if said=$(cd "$scratch/sdk/$folder" && "$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed+=("$name")
        printf '\n-- %s: %s\n%s\n' "$name" "$*" "$said" >&2
    fi
}

mkdir -p "$scratch"
rm -rf "$scratch/sdk"
cp -R sdk "$scratch/sdk"

suite c . bash c/native/run.sh c/native
suite zig zig python -m ziglang test greenroom.zig
suite go go env GOWORK=off GOTOOLCHAIN=local GOFLAGS= go test ./...
suite javascript javascript node --import ./native/register.mjs --test test/sdk.test.mjs
suite scripts scripts/javascript bash -c 'node --import ../../javascript/native/register.mjs --test test/*.mjs'
suite python python env PYTHONPATH=. python -m unittest discover -s tests

if [ ${#failed[@]} != 0 ]; then
    printf 'sdk-tests: %s of %s suites failed: %s\n' "${#failed[@]}" "$((passed + ${#failed[@]}))" "${failed[*]}" >&2
    exit 1
fi
printf 'sdk-tests: %s suites passed\n' "$passed"
