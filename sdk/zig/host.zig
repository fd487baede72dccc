//! The host: what is imported on WebAssembly, and a stand-in natively.

pub const host = if (@import("builtin").target.cpu.arch.isWasm()) @import("imports.zig") else @import("native.zig").stand_in;
