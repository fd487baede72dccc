#!/usr/bin/env bash
# Makes `cargo build --target wasm32-unknown-unknown` work, and prints the exports that a shell needs for it:
#
#     eval "$(scripts/setup-wasm.sh)"
#
# Running it again is cheap and changes nothing. Ways, in order:
#   1. the toolchain in use has the target already;
#   2. rustup adds it;
#   3. Debian's packages bring a compiler, the sources of its standard library and a linker; the standard library is
#      built once into a sysroot of its own, which leaves the system's and rustup's toolchains as they were.
#
# Environment:
#   WASM_RUST=debian     go straight to way 3
#   WASM_RUST_PREFIX     where way 3 puts its sysroot (default: the user's data folder)
#   WASM_RUST_WAIT       seconds that rustup may take (default 60)
set -euo pipefail

readonly target=wasm32-unknown-unknown
readonly prefix=${WASM_RUST_PREFIX:-${XDG_DATA_HOME:-$HOME/.local/share}/greenroom/wasm-rust}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# What Debian's packages install, whatever else is on the path.
readonly rustc=/usr/bin/rustc
readonly cargo=/usr/bin/cargo
readonly packages=(rustc-web cargo-web rust-web-src)

# stdout is for exports alone.
say() { printf 'setup-wasm: %s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

# Whether the compiler given as a command holds a standard library for the target.
has_target() {
    local libraries
    libraries=$("$@" --print target-libdir --target "$target" 2>/dev/null) && compgen -G "$libraries/libstd-*.rlib" >/dev/null
}

# Runs a command for at most so many seconds, where the machine can tell.
within() {
    local seconds=$1
    shift
    if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "packages have to be installed and neither root nor sudo is at hand; as root: $*"
    fi
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed)" = $# ]; }

install_packages() {
    if installed "$@"; then return; fi
    say "installing $*"
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 \
        --no-install-recommends "$@" >&2
}

# The oldest compiler that the workspace takes.
version_min() { sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml"; }

# One line that changes whenever the sysroot has to be built anew.
stamp() { printf '%s, layout 1\n' "$("$rustc" -V)"; }

sysroot_ready() {
    [ -x "$prefix/bin/rustc" ] && [ -x "$rustc" ] && [ "$(cat "$prefix/stamp" 2>/dev/null)" = "$(stamp)" ] &&
        has_target "$prefix/bin/rustc"
}

# Compiles the standard library for the target and copies it to the folder given.
build_std() {
    local work=$1 libraries=$2
    mkdir -p "$work/src"
    : >"$work/src/lib.rs"
    cat >"$work/Cargo.toml" <<'MANIFEST'
[package]
name = "only-std"
version = "0.0.0"
edition = "2024"

[profile.release]
panic = "abort"

[workspace]
MANIFEST
    # Building std is unstable, hence the bootstrap switch; bitcode is what lets a guest be optimised across crates.
    (
        cd "$work"
        unset RUSTUP_TOOLCHAIN CARGO_BUILD_TARGET CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER
        RUSTC_BOOTSTRAP=1 RUSTC=$rustc RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR=$work/target \
            "$cargo" build --quiet --release -Zbuild-std=std,panic_abort --target "$target" >&2
    )
    cp "$work/target/$target/release/deps"/lib*.rlib "$libraries/"
    rm -f "$libraries"/libonly_std-*.rlib
}

# Lays out a sysroot: the target's libraries are its own, everything else is a link to what the packages installed.
lay_out_sysroot() {
    local sysroot=$1 work=$2 llvm=$3 host rustlib
    host=$("$rustc" -vV | sed -n 's/^host: //p')
    rustlib=$sysroot/lib/rustlib
    mkdir -p "$sysroot/bin" "$rustlib/$host/bin" "$rustlib/$target/lib"
    ln -s "/usr/lib/rustlib/$host/lib" "$rustlib/$host/lib"
    ln -s "/usr/lib/llvm-$llvm/bin/lld" "$rustlib/$host/bin/rust-lld"
    ln -s /usr/lib/rustlib/etc /usr/lib/rustlib/src "$rustlib/"
    build_std "$work" "$rustlib/$target/lib"
    cat >"$sysroot/bin/rustc" <<WRAPPER
#!/bin/sh
exec $rustc --sysroot "\$(dirname "\$(dirname "\$(readlink -f "\$0")")")" "\$@"
WRAPPER
    cat >"$sysroot/bin/cargo" <<WRAPPER
#!/bin/sh
RUSTC="\$(dirname "\$(readlink -f "\$0")")/rustc" exec $cargo "\$@"
WRAPPER
    chmod +x "$sysroot/bin/rustc" "$sysroot/bin/cargo"
    stamp >"$sysroot/stamp"
}

from_debian() {
    local version llvm oldest work
    command -v apt-get >/dev/null ||
        fail "the toolchain in use has no $target, rustup could not add it, and this is no Debian;" \
            "install the target's standard library for your Rust toolchain and run this again"
    install_packages "${packages[@]}"

    version=$("$rustc" -V | cut -d' ' -f2)
    oldest=$(printf '%s\n' "$(version_min)" "$version" | sort -V | sed -n 1p)
    [ "$oldest" = "$(version_min)" ] ||
        fail "rustc-web is $version and the workspace needs $(version_min) or newer; enable the distribution's security or" \
            "testing packages, or install Rust through rustup"

    # The linker has to be of the compiler's own LLVM, or it can't read its bitcode.
    llvm=$("$rustc" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    install_packages "lld-$llvm"

    # Two runs at once: the second finds the first one's work done.
    mkdir -p "$(dirname "$prefix")"
    exec 9>"$prefix.lock"
    flock 9
    if sysroot_ready; then return; fi

    say "building the standard library for $target (about a CPU minute, once)"
    work=$(mktemp -d "$prefix.XXXXXX")
    # shellcheck disable=SC2064 # the folder of this run, not of whenever it ends
    trap "rm -rf '$work'" EXIT
    lay_out_sysroot "$work/sysroot" "$work/std" "$llvm"
    rm -rf "$prefix"
    mv "$work/sysroot" "$prefix"
    sysroot_ready || fail "the sysroot in $prefix was built and still has no $target; remove it and run this again"
}

if [ "${WASM_RUST:-}" != debian ]; then
    if command -v rustc >/dev/null && has_target rustc; then
        say "the toolchain has $target"
        exit 0
    fi
    if command -v rustup >/dev/null; then
        say "adding $target through rustup"
        if within "${WASM_RUST_WAIT:-60}" rustup target add "$target" >&2 && has_target rustc; then exit 0; fi
        say "rustup could not add it; trying Debian's packages"
    fi
fi

if ! sysroot_ready; then from_debian; fi
say "using the sysroot in $prefix"
# shellcheck disable=SC2016 # the caller's PATH, when it evaluates the line
printf 'export PATH=%q:"$PATH"\n' "$prefix/bin"
