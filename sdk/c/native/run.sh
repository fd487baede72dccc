#!/usr/bin/env bash
# Compiles an agent for this machine with its tests, and runs them: `run.sh plugins/cosine`. What the compiler can watch
# for (a sum that overflows, a place past an array) ends the run. The SDK's own tests: `run.sh sdk/c/native`. What follows
# the folder is how zig is called, where it is not found by its name.
set -euo pipefail
sdk=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$1"
zig=("${@:2}")
if [ ${#zig[@]} = 0 ]; then
    if command -v zig >/dev/null; then zig=(zig); else zig=(python3 -m ziglang); fi
fi
mkdir -p build
sources=("$sdk"/src/*.c "$sdk"/native/*.c tests/*.c)
[ ! -d src ] || sources+=(src/*.c)
warnings=(-Wall -Wextra -Wno-missing-field-initializers)
ZIG_LOCAL_CACHE_DIR=build/cache "${zig[@]}" cc -std=c23 -O1 -g -UNDEBUG "${warnings[@]}" -fsanitize=undefined \
    -I "$sdk" -I "$sdk/native" -I src "${sources[@]}" -lm -o build/tests
build/tests
