//! Learned state as raw columns: for states that are mostly long lists of numbers, and are read at every start.
//!
//! Each column is its length as a little-endian u64 and then its values in little-endian order, as in the SDK for Rust.

const std = @import("std");
const Allocator = std.mem.Allocator;
const Call = @import("call.zig").Call;
const Error = @import("call.zig").Error;
const State = @import("lifecycle.zig").State;

comptime {
    // Columns are copied as they lie in memory; WebAssembly is little-endian.
    std.debug.assert(@import("builtin").target.cpu.arch.endian() == .little);
}

/// Writes columns one after the other.
pub const StateWriter = struct {
    bytes: std.ArrayList(u8) = .empty,
    arena: Allocator,

    pub fn init(arena: Allocator) StateWriter {
        return .{ .arena = arena };
    }

    /// Appends a column of numbers.
    pub fn column(writer: *StateWriter, comptime T: type, values: []const T) Allocator.Error!void {
        var len: [8]u8 = undefined;
        std.mem.writeInt(u64, &len, values.len, .little);
        try writer.bytes.ensureUnusedCapacity(writer.arena, len.len + values.len * @sizeOf(T));
        writer.bytes.appendSliceAssumeCapacity(&len);
        writer.bytes.appendSliceAssumeCapacity(std.mem.sliceAsBytes(values));
    }

    /// What was written, as a state.
    pub fn finish(writer: *StateWriter, schema: []const u8) State {
        return .{ .schema = schema, .bytes = writer.bytes.items };
    }
};

/// Reads columns in the order in which they were written. What does not fit is a fault of kind `invalid_state`.
pub const StateReader = struct {
    call: *Call,
    state: State,
    rest: []const u8,

    pub fn init(call: *Call, state: State) StateReader {
        return .{ .call = call, .state = state, .rest = state.bytes };
    }

    /// The next column, copied to memory of `allocator`: `call.kept` for what is kept.
    pub fn column(reader: *StateReader, comptime T: type, allocator: Allocator) Error![]T {
        if (reader.rest.len < 8) return reader.broken("no further column");
        const len = std.math.cast(usize, std.mem.readInt(u64, reader.rest[0..8], .little)) orelse std.math.maxInt(usize);
        const from = reader.rest[8..];
        if (len > from.len / @sizeOf(T)) return reader.broken("a column longer than what is left");
        const values = try allocator.alloc(T, len);
        @memcpy(std.mem.sliceAsBytes(values), from[0 .. len * @sizeOf(T)]);
        reader.rest = from[len * @sizeOf(T) ..];
        return values;
    }

    /// Ends reading: a fault when something is left, or when the columns do not fit each other.
    pub fn finish(reader: *StateReader, fits: bool) Error!void {
        if (!fits) return reader.broken("columns that do not fit each other");
        if (reader.rest.len > 0) return reader.broken("something after the last column");
    }

    /// The fault of a state that is broken.
    pub fn broken(reader: *StateReader, what: []const u8) Error {
        return reader.call.fail(
            .invalid_state,
            "the state of schema \"{s}\" is broken: {s} at byte {d} of {d}; train again, or bring the whole file",
            .{ reader.state.schema, what, reader.state.bytes.len - reader.rest.len, reader.state.bytes.len },
        );
    }
};

test "columns come back as they went, and every truncation is a fault" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator(), .kept = arena.allocator() };
    var writer: StateWriter = .init(arena.allocator());
    try writer.column(u32, &.{ 1, std.math.maxInt(u32) });
    try writer.column(f32, &.{0.5});
    try writer.column(i64, &.{-7});
    const state = writer.finish("columns/1");
    for (0..state.bytes.len + 1) |cut| {
        var reader: StateReader = .init(&call, .{ .schema = state.schema, .bytes = state.bytes[0..cut] });
        const all = columns(&reader);
        if (cut < state.bytes.len) try std.testing.expectError(error.Fault, all) else try all;
    }
}

fn columns(reader: *StateReader) !void {
    try std.testing.expectEqualSlices(u32, &.{ 1, std.math.maxInt(u32) }, try reader.column(u32, reader.call.arena));
    try std.testing.expectEqualSlices(f32, &.{0.5}, try reader.column(f32, reader.call.arena));
    try std.testing.expectEqualSlices(i64, &.{-7}, try reader.column(i64, reader.call.arena));
    try reader.finish(true);
}
