//! What was seen, as one number: FNV-1a over the values of the contract, field by field. A number is its little-endian bytes,
//! and every NaN the same one; a list its length and its elements; an option a byte and the value; a variant or an enum the
//! index of its case and its payload.

const std = @import("std");

pub const Fnv = struct {
    state: u64 = 0xcbf29ce484222325,

    pub fn add(hash: *Fnv, value: anytype) void {
        const T = @TypeOf(value);
        switch (@typeInfo(T)) {
            .void => {},
            .bool => hash.bytes(&.{@intFromBool(value)}),
            .@"enum" => hash.bytes(&.{@backingInt(value)}),
            .int => hash.bytes(std.mem.asBytes(&std.mem.nativeToLittle(T, value))),
            .float => {
                const Bits = @Int(.unsigned, @bitSizeOf(T));
                const quiet: Bits = if (T == f32) 0x7fc00000 else 0x7ff8000000000000;
                hash.add(if (std.math.isNan(value)) quiet else @as(Bits, @bitCast(value)));
            },
            .optional => if (value) |payload| {
                hash.add(@as(u8, 1));
                hash.add(payload);
            } else hash.add(@as(u8, 0)),
            .pointer => |pointer| {
                hash.add(@as(u32, @intCast(value.len)));
                if (pointer.child == u8) return hash.bytes(value);
                for (value) |element| hash.add(element);
            },
            .@"struct" => |of| inline for (of.field_names) |name| hash.add(@field(value, name)),
            .@"union" => {
                hash.add(std.meta.activeTag(value));
                switch (value) {
                    inline else => |payload| hash.add(payload),
                }
            },
            else => comptime unreachable,
        }
    }

    fn bytes(hash: *Fnv, all: []const u8) void {
        for (all) |byte| hash.state = (hash.state ^ byte) *% 0x100000001b3;
    }

    /// Sixteen lower-case digits.
    pub fn hex(hash: Fnv) [16]u8 {
        return std.fmt.hex(@byteSwap(hash.state));
    }
};

test "a string is its length and its bytes" {
    var hash: Fnv = .{};
    hash.bytes("a");
    try std.testing.expectEqualStrings("af63dc4c8601ec8c", &hash.hex());
    var list: Fnv = .{};
    list.add(@as([]const u8, "a"));
    var parts: Fnv = .{};
    parts.bytes(&.{ 1, 0, 0, 0, 'a' });
    try std.testing.expectEqual(parts.state, list.state);
}
