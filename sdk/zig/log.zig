//! Lines for the operator, bounded by the host: what exceeds the quota is dropped and counted.
//!
//! `std.log` writes here too.

const std = @import("std");
const host = @import("host.zig").host;
const scratch = @import("scratch.zig");

pub const Level = enum { debug, info, warn, @"error" };

/// For an author.
pub fn debug(comptime format: []const u8, args: anytype) void {
    print(.debug, format, args);
}

/// For the record.
pub fn info(comptime format: []const u8, args: anytype) void {
    print(.info, format, args);
}

/// Something to look at.
pub fn warn(comptime format: []const u8, args: anytype) void {
    print(.warn, format, args);
}

/// Something is wrong.
pub fn err(comptime format: []const u8, args: anytype) void {
    print(.@"error", format, args);
}

/// Writes a line as it is. UTF-8.
pub fn write(level: Level, message: []const u8) void {
    host.log(@backingInt(level), message);
}

fn print(level: Level, comptime format: []const u8, args: anytype) void {
    const line = std.fmt.allocPrint(scratch.allocator, format, args) catch return write(level, format);
    defer scratch.allocator.free(line);
    write(level, line);
}

/// What `std.log` calls, for `std.Options`.
pub fn fromStd(
    comptime level: std.log.Level,
    comptime scope: @EnumLiteral(),
    comptime format: []const u8,
    args: anytype,
) void {
    const prefix = if (scope == .default) "" else @tagName(scope) ++ ": ";
    print(switch (level) {
        .err => .@"error",
        .warn => .warn,
        .info => .info,
        .debug => .debug,
    }, prefix ++ format, args);
}
