//! What an agent has at hand during one call of the host.

const std = @import("std");
const Fault = @import("fault.zig").Fault;
const Refusal = @import("memory.zig").Refusal;

/// What the functions of an agent fail with. Any other error of its own becomes a fault of kind `internal` that names it.
pub const Error = error{ Fault, OutOfMemory };

/// One call: memory for as long as it lasts, memory for what is kept, and the words of what went wrong.
pub const Call = struct {
    /// What is taken here is given back when the call ends. What the host handed over lies here too.
    arena: std.mem.Allocator,
    /// For what the agent keeps between calls; it frees itself what it no longer needs.
    kept: std.mem.Allocator,
    /// Why the call fails, when it fails with `error.Fault`.
    fault: ?Fault = null,
    /// What the host said when an operation of `memory` failed last: the details that an error has no room for.
    refusal: ?Refusal = null,

    /// Fails the call in words: `return call.fail(.unavailable, "no model for {s}", .{name})`. Retryable when it is
    /// `unavailable`.
    pub fn fail(call: *Call, kind: Fault.Kind, comptime format: []const u8, args: anytype) Error {
        const message = try std.fmt.allocPrint(call.arena, format, args);
        return call.failWith(.{ .kind = kind, .message = message, .retryable = kind == .unavailable });
    }

    /// Fails the call with a fault as it is. Its message has to last until the call ends.
    pub fn failWith(call: *Call, fault: Fault) Error {
        call.fault = fault;
        return error.Fault;
    }
};
