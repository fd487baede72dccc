#!/usr/bin/env bash
# Compiles an agent for this machine with its tests, and runs them: `run.sh plugins/cosine`. What the compiler can watch
# for (a sum that overflows, a place past an array) ends the run. The SDK's own tests: `run.sh sdk/c/native`.
set -euo pipefail
sdk=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$1"
zig=(zig)
command -v zig >/dev/null || zig=(python3 -m ziglang)
mkdir -p build
sources=("$sdk"/src/*.c "$sdk"/native/*.c tests/*.c)
[ ! -d src ] || sources+=(src/*.c)
warnings=(-Wall -Wextra -Wno-missing-field-initializers)
ZIG_LOCAL_CACHE_DIR=build/cache "${zig[@]}" cc -std=c23 -O1 -g -UNDEBUG "${warnings[@]}" -fsanitize=undefined \
    -I "$sdk" -I "$sdk/native" -I src "${sources[@]}" -lm -o build/tests
build/tests
