#!/usr/bin/env bash
# Compiles an agent for this machine with its tests, and runs them: `run.sh plugins/cosine`. What the compiler can
# watch for (a sum that overflows, a place past an array) ends the run. The tests of the SDK itself: `run.sh sdk/c/native`.
set -euo pipefail
sdk=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$1"
zig=(zig)
command -v zig >/dev/null || zig=(python3 -m ziglang)
mkdir -p build
ZIG_LOCAL_CACHE_DIR=build/cache "${zig[@]}" cc -std=c23 -O1 -g -UNDEBUG -Wall -Wextra -fsanitize=undefined \
    -I "$sdk" -I "$sdk/native" -I src "$sdk"/src/*.c "$sdk"/native/*.c $(compgen -G 'src/*.c' || true) tests/*.c -lm -o build/tests
build/tests
