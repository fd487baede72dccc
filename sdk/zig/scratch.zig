//! Where memory comes from: one allocator beneath what is kept, and an arena for the call that runs.

const std = @import("std");
const builtin = @import("builtin");

/// What is kept between calls.
pub const kept: std.mem.Allocator = if (builtin.target.cpu.arch.isWasm()) std.heap.wasm_allocator else std.heap.page_allocator;

/// Memory of the call that runs.
pub var arena: std.heap.ArenaAllocator = .init(kept);
pub const allocator: std.mem.Allocator = if (builtin.target.cpu.arch.isWasm()) arena.allocator() else kept;

/// How much memory a call leaves for the next one to reuse. What one large call took beyond it is given back.
const reused_max = 8 << 20;

/// Gives back what the call took.
pub fn reset() void {
    _ = arena.reset(.{ .retain_with_limit = reused_max });
}
