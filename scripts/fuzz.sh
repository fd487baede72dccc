#!/usr/bin/env bash
# Fuzzes what reads input, each target of tests/fuzz for some seconds. docs/fuzzing.md says what they are.
#
#     scripts/fuzz.sh [SECONDS]      all targets, 60 s each when it is not said
#     scripts/fuzz.sh TARGET FILE    one input, to see whether it still fails
#
# Nothing is written into the tree: what is built, what was found worth keeping and what failed lie in the target folder.
#
# Environment:
#   CARGO_TARGET_DIR   where cargo builds (default: target); the folder `fuzz` in it is used
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly crate=tests/fuzz
folder=${CARGO_TARGET_DIR:-target}/fuzz
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# A fixed one, so that what was cached with the folder is found.
export PATH=$folder/tool/bin:$PATH

say() { printf 'fuzz: %s\n' "$*"; }
fail() {
    say "$*" >&2
    exit 1
}

compiler() {
    local name
    for name in "${CXX:-}" c++ g++ clang++; do
        if [ -n "$name" ] && command -v "$name" >/dev/null; then return; fi
    done
    local how="install one, such as with 'apt-get install g++'"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing a C++ compiler, which libFuzzer is built with"
        { apt-get update && apt-get install -y --no-install-recommends g++; } >/dev/null 2>&1 && return
    fi
    fail "libFuzzer is built with a C++ compiler and there is none: $how"
}

tool() {
    if cargo fuzz --version >/dev/null 2>&1; then return; fi
    say "installing cargo-fuzz"
    cargo install cargo-fuzz --version '^0.13.2' --locked --quiet --root "$folder/tool" --target-dir "$folder/tool"
}

build() {
    compiler
    tool
    cargo metadata --locked --format-version 1 --manifest-path $crate/Cargo.toml >/dev/null ||
        fail "$crate/Cargo.lock is out of date: run 'cargo metadata --manifest-path $crate/Cargo.toml' and commit it"
    # Without a sanitizer, since those take a nightly compiler. What is fuzzed has no unsafe code: what would be found is
    # a panic, an overflow, an assertion, a hang or too much memory.
    cargo fuzz build --fuzz-dir $crate --sanitizer none --target-dir "$folder"
}

binary() { printf '%s/%s/release/%s' "$folder" "$(rustc -vV | sed -n 's/^host: //p')" "$1"; }

# Runs a target and says how it ended, in one go: several run at once.
run() {
    local target=$1 seconds=$2
    local log=$folder/logs/$target.log corpus=$folder/corpus/$target found=$folder/found/$target
    mkdir -p "${log%/*}" "$corpus" "$found"
    local words=$crate/dictionaries/$target.dict options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048)
    if [ -f "$words" ]; then options+=(-dict="$words"); fi
    # New inputs go to the first folder; of the second it only reads.
    if "$(binary "$target")" "${options[@]}" -max_len=4096 -artifact_prefix="$found/" "$corpus" "$crate/corpus/$target" \
        >"$log" 2>&1; then
        say "$target: $(grep -a '^Done ' "$log" | tail -n 1)"
        return
    fi
    local input
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    say "$target FAILED: $(grep -a -A1 -m1 -e ' panicked at ' -e '^==.*ERROR' "$log" | tr '\n' ' ')
      $target: the log is $log
      $target: reproduce it with 'scripts/fuzz.sh $target ${input:-FILE}'"
    return 1
}

if [ $# = 2 ]; then
    [ -f "$crate/fuzz_targets/$1.rs" ] || fail "there is no target $1: see $crate/fuzz_targets"
    build
    exec "$(binary "$1")" -artifact_prefix="$folder/" "$2"
fi

seconds=${1:-60}
build
targets=("$crate"/fuzz_targets/*.rs)
targets=("${targets[@]##*/}")
targets=("${targets[@]%.rs}")
say "${#targets[@]} targets, $seconds s each"
# One a core.
cores=$(getconf _NPROCESSORS_ONLN)
passed=0 failed=0 running=0
ended() { if wait -n; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }
for target in "${targets[@]}"; do
    if [ $running -ge "$cores" ]; then ended; else running=$((running + 1)); fi
    run "$target" "$seconds" &
done
while [ $((passed + failed)) -lt ${#targets[@]} ]; do ended; done
say "$passed passed, $failed failed"
[ $failed = 0 ]
