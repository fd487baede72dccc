//! What an agent perceives.

const std = @import("std");
const Call = @import("call.zig").Call;
const Error = @import("call.zig").Error;
const Candidates = @import("candidates.zig").Candidates;
const Payload = @import("decision.zig").Payload;

/// Whom a decision is for.
pub const Subject = struct {
    /// The external id.
    key: []const u8,
    /// The dense number that the host assigned to it, once.
    number: u32,
};

/// What a subject did, oldest first, as columns of one length: as much of it as `describe` asked for, and nothing from
/// after `now`.
pub const History = struct {
    rows: []const u32 = &.{},
    /// Milliseconds since 1970.
    times: []const i64 = &.{},
    /// 0 other, 1 rating, 2 view, 3 click, 4 like, 5 dislike, 6 purchase, 7 dismissal. See `greenroom.isPositive`.
    kinds: []const u8 = &.{},
    values: []const f32 = &.{},
};

/// What arrives at a port.
pub const Input = struct {
    port: []const u8,
    /// The node that it comes from.
    node: []const u8,
    payload: Payload,

    /// What arrived, which has to be candidates.
    pub fn candidates(input: Input, call: *Call) Error!Candidates {
        return switch (input.payload) {
            .candidates => |all| all,
            else => call.fail(.invalid_observation, "port \"{s}\" takes candidates, and \"{s}\" sent {s}", .{
                input.port, input.node, @tagName(input.payload),
            }),
        };
    }
};

/// What an agent perceives. Nothing in it says whether this is serving or replay. It lasts as long as the call.
pub const Observation = struct {
    request_id: []const u8 = "",
    /// Null for an anonymous request. A subject without history is normal.
    subject: ?Subject = null,
    /// Milliseconds since 1970.
    now: i64 = 0,
    /// Where randomness comes from: the same seed, the same decision.
    seed: u64 = 0,
    /// At most so many rows are wanted.
    limit: u32,
    /// Where the answer will be shown, for instance "home"; empty when unsaid.
    surface: []const u8 = "",
    session_id: ?[]const u8 = null,
    /// What kind of subject this is, for instance "cold", "light", "heavy".
    segments: []const []const u8 = &.{},
    /// Rows that must not be in the answer, ascending.
    excluded: []const u32 = &.{},
    /// When there, only these rows may be in the answer, ascending.
    allowed: ?[]const u32 = null,
    /// What the caller said beside, a MessagePack map (`greenroom.msgpack`); empty when nothing.
    context: []const u8 = "",
    history: History = .{},
    inputs: []const Input = &.{},

    /// The candidates that arrived at a port; null when nothing did. A fault when something else arrived.
    pub fn takeCandidates(seen: Observation, call: *Call, port: []const u8) Error!?Candidates {
        const found = seen.input(port) orelse return null;
        return try found.candidates(call);
    }

    /// What arrived at a port; null when nothing did.
    pub fn input(seen: Observation, port: []const u8) ?Input {
        for (seen.inputs) |one| if (std.mem.eql(u8, one.port, port)) return one;
        return null;
    }

    /// Whether a row may be in the answer: it is not excluded, and allowed where only some are.
    pub fn admits(seen: *const Observation, row: u32) bool {
        if (contains(seen.excluded, row)) return false;
        return if (seen.allowed) |allowed| contains(allowed, row) else true;
    }

    /// The same for one who asks of rows in ascending order, at a tenth of the cost: it goes along the lists with them.
    pub fn ascending(seen: *const Observation) Ascending {
        return .{ .excluded = seen.excluded, .allowed = seen.allowed };
    }

    pub const Ascending = struct {
        excluded: []const u32,
        allowed: ?[]const u32,

        /// Whether a row, which is not below the one before, may be in the answer.
        pub fn admits(lists: *Ascending, row: u32) bool {
            if (comesNext(&lists.excluded, row)) return false;
            return if (lists.allowed) |*allowed| comesNext(allowed, row) else true;
        }

        fn comesNext(list: *[]const u32, row: u32) bool {
            var rest = list.*;
            while (rest.len > 0 and rest[0] < row) rest = rest[1..];
            list.* = rest;
            return rest.len > 0 and rest[0] == row;
        }
    };
};

/// A search by halves without a branch in it: recall agents ask of every row that they know.
fn contains(ascending: []const u32, row: u32) bool {
    if (ascending.len == 0) return false;
    var first: usize = 0;
    var n = ascending.len;
    while (n > 1) {
        const half = n / 2;
        first = if (ascending[first + half] <= row) first + half else first;
        n -= half;
    }
    return ascending[first] == row;
}

test "what a list contains is found at any place" {
    var list: [40]u32 = undefined;
    for (&list, 0..) |*row, i| row.* = @intCast(2 * i + 1);
    for (0..list.len + 1) |n| for (0..2 * list.len + 2) |row| {
        try std.testing.expectEqual(row % 2 == 1 and row < 2 * n, contains(list[0..n], @intCast(row)));
    };
}

test "only what is allowed and not excluded is admitted" {
    const seen: Observation = .{ .limit = 1, .excluded = &.{2}, .allowed = &.{ 1, 2 } };
    try std.testing.expect(seen.admits(1));
    try std.testing.expect(!seen.admits(2));
    try std.testing.expect(!seen.admits(3));
}

test "rows that ascend are admitted as any are" {
    const all: Observation = .{ .limit = 1, .excluded = &.{ 0, 2, 7 }, .allowed = &.{ 1, 2, 3, 9 } };
    for ([_]?[]const u32{ all.allowed, null }) |allowed| {
        var seen = all;
        seen.allowed = allowed;
        var lists = seen.ascending();
        for (0..12) |row| try std.testing.expectEqual(seen.admits(@intCast(row)), lists.admits(@intCast(row)));
    }
}

test "what is no candidates is a fault that names the port" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator(), .kept = arena.allocator() };
    const seen: Observation = .{
        .limit = 1,
        .inputs = &.{.{ .port = "ranked", .node = "router", .payload = .{ .document = "" } }},
    };
    try std.testing.expectError(error.Fault, seen.takeCandidates(&call, "ranked"));
    try std.testing.expectEqualStrings("port \"ranked\" takes candidates, and \"router\" sent document", call.fault.?.message);
    try std.testing.expectEqual(null, try seen.takeCandidates(&call, "other"));
}
