//! Events by ascending id, packed: each as how far it is from the one before, an id, a subject, a time and a row, in numbers of
//! seven bits a byte (LEB128). About ten bytes an event.

const std = @import("std");
const Allocator = std.mem.Allocator;

/// Who liked what, and when.
pub const Liked = struct {
    id: u64,
    subject: u32,
    /// Milliseconds since 1970.
    time: i64,
    row: u32,
};

/// The bytes of events whose ids ascend.
pub fn write(gpa: Allocator, all: []const Liked) Allocator.Error![]u8 {
    var bytes: std.ArrayList(u8) = try .initCapacity(gpa, all.len * 10);
    errdefer bytes.deinit(gpa);
    var id: u64 = 0;
    var time: i64 = 0;
    for (all) |liked| {
        try put(gpa, &bytes, liked.id - id);
        // Strangers have the largest number: after it comes 0.
        try put(gpa, &bytes, liked.subject +% 1);
        const later = liked.time -% time;
        try put(gpa, &bytes, @bitCast(later << 1 ^ later >> 63));
        try put(gpa, &bytes, liked.row);
        id, time = .{ liked.id, liked.time };
    }
    return bytes.toOwnedSlice(gpa);
}

fn put(gpa: Allocator, bytes: *std.ArrayList(u8), number: u64) Allocator.Error!void {
    var rest = number;
    while (rest >= 0x80) : (rest >>= 7) try bytes.append(gpa, @as(u8, @truncate(rest)) | 0x80);
    try bytes.append(gpa, @intCast(rest));
}

/// Reads the events of bytes one after the other.
pub const Reader = struct {
    rest: []const u8,
    last: ?Liked = null,

    /// The next event; null at the end. `Broken` for what `write` would not have written.
    pub fn next(reader: *Reader) error{Broken}!?Liked {
        if (reader.rest.len == 0) return null;
        const last: Liked = reader.last orelse .{ .id = 0, .subject = 0, .time = 0, .row = 0 };
        const id = std.math.add(u64, last.id, try reader.take()) catch return error.Broken;
        if (reader.last != null and id == last.id) return error.Broken;
        const subject = std.math.cast(u32, try reader.take()) orelse return error.Broken;
        const zigzag = try reader.take();
        const later = @as(i64, @bitCast(zigzag >> 1)) ^ -%@as(i64, @bitCast(zigzag & 1));
        const row = std.math.cast(u32, try reader.take()) orelse return error.Broken;
        reader.last = .{ .id = id, .subject = subject -% 1, .time = last.time +% later, .row = row };
        return reader.last;
    }

    /// A number; broken when it does not end, or is longer than 64 bits, or than it has to be.
    fn take(reader: *Reader) error{Broken}!u64 {
        var number: u64 = 0;
        for (0..10) |place| {
            if (place == reader.rest.len) return error.Broken;
            const byte = reader.rest[place];
            if (place == 9 and byte > 1) return error.Broken;
            number |= @as(u64, byte & 0x7f) << @intCast(7 * place);
            if (byte < 0x80) {
                if (byte == 0 and place > 0) return error.Broken;
                reader.rest = reader.rest[place + 1 ..];
                return number;
            }
        }
        return error.Broken;
    }
};

test "events of any size come back as they went, and every truncation is broken or fewer" {
    const gpa = std.testing.allocator;
    const least, const most = .{ std.math.minInt(i64), std.math.maxInt(i64) };
    const none = std.math.maxInt(u32);
    const all = [_]Liked{
        .{ .id = 0, .subject = 0, .time = 0, .row = none },
        .{ .id = 1, .subject = 1, .time = -1, .row = 0 },
        .{ .id = 128, .subject = none, .time = least, .row = 127 },
        .{ .id = 1 << 40, .subject = none - 1, .time = most, .row = 128 },
        .{ .id = std.math.maxInt(u64), .subject = 7, .time = 1_700_000_000_000, .row = 3 },
    };
    const bytes = try write(gpa, &all);
    defer gpa.free(bytes);
    for (0..bytes.len + 1) |cut| {
        var reader: Reader = .{ .rest = bytes[0..cut] };
        var n: usize = 0;
        while (reader.next() catch null) |one| : (n += 1) try std.testing.expectEqual(all[n], one);
        try std.testing.expect(n < all.len or cut == bytes.len);
    }
}

test "what would not have been written is broken" {
    for ([_][]const u8{
        &.{ 3, 1, 10, 10, 0, 1, 10, 10 },
        &.{ 3, 1, 10 },
        &.{ 0x80, 0, 1, 10, 10 },
        &.{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 1, 10, 10 },
        &.{ 3, 1, 10, 0xff, 0xff, 0xff, 0xff, 0x10 },
    }) |wrong| {
        var reader: Reader = .{ .rest = wrong };
        while (reader.next()) |one| try std.testing.expect(one != null) else |e| try std.testing.expectEqual(error.Broken, e);
    }
}
