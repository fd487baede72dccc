//! MessagePack (<https://github.com/msgpack/msgpack/blob/master/spec.md>), as parameters, contexts, documents and settings
//! are written: a reader that goes from value to value where the bytes lie, and a writer.

const std = @import("std");
const Allocator = std.mem.Allocator;

/// What stands at a place. After a list come so many values, after a map so many pairs of them.
pub const Value = union(enum) {
    nothing,
    boolean: bool,
    integer: i64,
    /// A whole number above the largest i64.
    large: u64,
    float: f64,
    text: []const u8,
    bytes: []const u8,
    list: u32,
    map: u32,
    extension,

    /// The value as a person reads it in a message.
    pub fn format(value: Value, writer: *std.Io.Writer) std.Io.Writer.Error!void {
        switch (value) {
            .nothing => try writer.writeAll("nothing"),
            .boolean => |x| try writer.writeAll(if (x) "true" else "false"),
            .integer => |x| try writer.print("{d}", .{x}),
            .large => |x| try writer.print("{d}", .{x}),
            .float => |x| try writer.print("{d}", .{x}),
            .text => |x| try writer.print("\"{s}\"", .{x}),
            .bytes => try writer.writeAll("bytes"),
            .list => |n| try writer.print("a list of {d}", .{n}),
            .map => |n| try writer.print("a map of {d}", .{n}),
            .extension => try writer.writeAll("an extension"),
        }
    }
};

/// Reads values one after the other.
pub const Reader = struct {
    rest: []const u8,

    /// `Broken`: the bytes end too early, or are not MessagePack.
    pub const Error = error{Broken};

    pub fn init(document: []const u8) Reader {
        return .{ .rest = document };
    }

    /// Whether all is read.
    pub fn isAtEnd(reader: Reader) bool {
        return reader.rest.len == 0;
    }

    /// The next value. Of a list or a map it is the head: what it holds comes next.
    pub fn next(reader: *Reader) Error!Value {
        const head = try reader.int(u8);
        return switch (head) {
            0x00...0x7f => .{ .integer = head },
            0x80...0x8f => .{ .map = head & 0x0f },
            0x90...0x9f => .{ .list = head & 0x0f },
            0xa0...0xbf => .{ .text = try reader.take(head & 0x1f) },
            0xc0 => .nothing,
            0xc1 => error.Broken,
            0xc2, 0xc3 => .{ .boolean = head == 0xc3 },
            0xc4 => .{ .bytes = try reader.take(try reader.int(u8)) },
            0xc5 => .{ .bytes = try reader.take(try reader.int(u16)) },
            0xc6 => .{ .bytes = try reader.take(try reader.int(u32)) },
            0xc7 => reader.extension(try reader.int(u8)),
            0xc8 => reader.extension(try reader.int(u16)),
            0xc9 => reader.extension(try reader.int(u32)),
            0xca => .{ .float = @as(f32, @bitCast(try reader.int(u32))) },
            0xcb => .{ .float = @bitCast(try reader.int(u64)) },
            0xcc => .{ .integer = try reader.int(u8) },
            0xcd => .{ .integer = try reader.int(u16) },
            0xce => .{ .integer = try reader.int(u32) },
            0xcf => whole(try reader.int(u64)),
            0xd0 => .{ .integer = try reader.int(i8) },
            0xd1 => .{ .integer = try reader.int(i16) },
            0xd2 => .{ .integer = try reader.int(i32) },
            0xd3 => .{ .integer = try reader.int(i64) },
            0xd4...0xd8 => reader.extension(@as(u32, 1) << @intCast(head - 0xd4)),
            0xd9 => .{ .text = try reader.take(try reader.int(u8)) },
            0xda => .{ .text = try reader.take(try reader.int(u16)) },
            0xdb => .{ .text = try reader.take(try reader.int(u32)) },
            0xdc => .{ .list = try reader.int(u16) },
            0xdd => .{ .list = try reader.int(u32) },
            0xde => .{ .map = try reader.int(u16) },
            0xdf => .{ .map = try reader.int(u32) },
            0xe0...0xff => .{ .integer = @as(i8, @bitCast(head)) },
        };
    }

    /// Goes past one value with all that it holds.
    pub fn skip(reader: *Reader) Error!void {
        var left: u64 = 1;
        while (left > 0) : (left -= 1) switch (try reader.next()) {
            .list => |n| left += n,
            .map => |n| left += 2 * @as(u64, n),
            else => {},
        };
    }

    fn whole(number: u64) Value {
        return if (std.math.cast(i64, number)) |small| .{ .integer = small } else .{ .large = number };
    }

    fn extension(reader: *Reader, len: u32) Error!Value {
        _ = try reader.take(@as(usize, len) + 1);
        return .extension;
    }

    fn int(reader: *Reader, comptime T: type) Error!T {
        return std.mem.readInt(T, (try reader.take(@sizeOf(T)))[0..@sizeOf(T)], .big);
    }

    fn take(reader: *Reader, len: usize) Error![]const u8 {
        if (len > reader.rest.len) return error.Broken;
        defer reader.rest = reader.rest[len..];
        return reader.rest[0..len];
    }
};

/// Writes values one after the other.
pub const Writer = struct {
    bytes: std.ArrayList(u8) = .empty,
    arena: Allocator,

    pub fn init(arena: Allocator) Writer {
        return .{ .arena = arena };
    }

    /// The head of a map: so many pairs come next.
    pub fn map(writer: *Writer, pairs: u32) Allocator.Error!void {
        try writer.head(0xdf, u32, pairs);
    }

    /// The head of a list: so many values come next.
    pub fn list(writer: *Writer, values: u32) Allocator.Error!void {
        try writer.head(0xdd, u32, values);
    }

    pub fn text(writer: *Writer, value: []const u8) Allocator.Error!void {
        try writer.head(0xdb, u32, @intCast(value.len));
        try writer.bytes.appendSlice(writer.arena, value);
    }

    pub fn boolean(writer: *Writer, value: bool) Allocator.Error!void {
        try writer.bytes.append(writer.arena, if (value) 0xc3 else 0xc2);
    }

    pub fn integer(writer: *Writer, value: i64) Allocator.Error!void {
        try writer.head(0xd3, i64, value);
    }

    pub fn float(writer: *Writer, value: f64) Allocator.Error!void {
        try writer.head(0xcb, u64, @bitCast(value));
    }

    fn head(writer: *Writer, kind: u8, comptime T: type, value: T) Allocator.Error!void {
        try writer.bytes.append(writer.arena, kind);
        var big: [@sizeOf(T)]u8 = undefined;
        std.mem.writeInt(T, &big, value, .big);
        try writer.bytes.appendSlice(writer.arena, &big);
    }
};

test "what is written is read" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var writer: Writer = .init(arena.allocator());
    try writer.map(2);
    try writer.text("ü");
    try writer.integer(std.math.minInt(i64));
    try writer.text("");
    try writer.list(2);
    try writer.boolean(true);
    try writer.float(0.5);
    var reader: Reader = .init(writer.bytes.items);
    try std.testing.expectEqual(2, (try reader.next()).map);
    try std.testing.expectEqualStrings("ü", (try reader.next()).text);
    try std.testing.expectEqual(std.math.minInt(i64), (try reader.next()).integer);
    try std.testing.expectEqualStrings("", (try reader.next()).text);
    try std.testing.expectEqual(2, (try reader.next()).list);
    try std.testing.expectEqual(true, (try reader.next()).boolean);
    try std.testing.expectEqual(0.5, (try reader.next()).float);
    try std.testing.expect(reader.isAtEnd());
    reader = .init(writer.bytes.items);
    try reader.skip();
    try std.testing.expect(reader.isAtEnd());
}

test "numbers of every width" {
    const cases = [_]struct { []const u8, Value }{
        .{ &.{0x7f}, .{ .integer = 127 } },
        .{ &.{0xff}, .{ .integer = -1 } },
        .{ &.{ 0xcc, 0xff }, .{ .integer = 255 } },
        .{ &.{ 0xd1, 0x80, 0x00 }, .{ .integer = -32768 } },
        .{ &.{ 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, .{ .large = std.math.maxInt(u64) } },
        .{ &.{ 0xca, 0x3f, 0, 0, 0 }, .{ .float = 0.5 } },
    };
    for (cases) |case| {
        var reader: Reader = .init(case[0]);
        try std.testing.expectEqual(case[1], try reader.next());
    }
}

test "every truncation and any bytes are read or broken" {
    var random: std.Random.DefaultPrng = .init(3);
    for (0..20_000) |_| {
        var bytes: [12]u8 = undefined;
        random.random().bytes(&bytes);
        var reader: Reader = .init(bytes[0..random.random().uintAtMost(usize, 12)]);
        reader.skip() catch {};
    }
    var reader: Reader = .init(&.{ 0xdd, 0xff, 0xff, 0xff, 0xff });
    try std.testing.expectError(error.Broken, reader.skip());
}
