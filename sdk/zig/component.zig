//! The root of an agent's component: what Zig looks for in a root file, so that an author's file needs none of it.

const std = @import("std");
const greenroom = @import("greenroom");

/// A panic, also one of Zig's safety checks, is logged before the trap, which by itself says nothing.
pub const panic = std.debug.FullPanic(panicked);

fn panicked(message: []const u8, _: ?usize) noreturn {
    greenroom.log.write(.@"error", message);
    @trap();
}

pub const std_options: std.Options = .{
    .logFn = greenroom.log.fromStd,
    .log_level = .debug,
};

comptime {
    _ = @import("agent");
}
