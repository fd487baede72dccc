//! What a library needs beside its own functions, which it exports by their names in the canonical ABI.

const builtin = @import("builtin");
const exports = @import("exports.zig");
const scratch = @import("scratch.zig");

/// Memory of the call that runs: what was handed over lies here, and what is answered may.
pub const allocator = scratch.allocator;

/// Gives back what the call took: where a function ends that returns a number, otherwise in its `cabi_post_` twin.
pub const reset = scratch.reset;

/// Exports where lists and strings are put that are handed over. Called once, in a `comptime` block.
pub fn exportMemory() void {
    comptime if (builtin.target.cpu.arch.isWasm()) @export(&exports.reallocate, .{ .name = "cabi_realloc" });
}
