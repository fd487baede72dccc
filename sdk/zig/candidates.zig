//! Candidates in columns.

const std = @import("std");
const keys = @import("keys.zig");
const Allocator = std.mem.Allocator;

/// The values of a column, one a row.
pub const Values = union(enum) {
    f32s: []const f32,
    s64s: []const i64,
    u32s: []const u32,

    /// How many there are.
    pub fn len(values: Values) usize {
        return switch (values) {
            inline else => |all| all.len,
        };
    }
};

/// A named, typed column beside rows.
pub const Column = struct {
    name: []const u8,
    values: Values,
};

/// Candidates, best first. All columns have the length of `rows`.
pub const Candidates = struct {
    rows: []const u32 = &.{},
    /// Finite. Higher is better.
    scores: []const f32 = &.{},
    /// Which source nodes proposed each row: bit i stands for the plan's i-th source. Empty when unknown.
    sources: []const u64 = &.{},
    /// Whatever else is known of each row: per-source scores and ranks, features, probabilities.
    columns: []const Column = &.{},

    pub const empty: Candidates = .{};

    /// The `limit` best of `rows` by their scores, which are as many and finite: by descending score, ties by ascending row.
    pub fn best(arena: Allocator, rows: []const u32, scores: []const f32, limit: u32) Allocator.Error!Candidates {
        const all = try arena.alloc(u64, @min(rows.len, scores.len));
        for (all, rows[0..all.len], scores[0..all.len]) |*key, row, score| key.* = descending(score) << 32 | row;
        const n = @min(all.len, limit);
        if (n < all.len) keys.select(all, n);
        try keys.sort(arena, all[0..n]);
        const best_rows = try arena.alloc(u32, n);
        const best_scores = try arena.alloc(f32, n);
        for (all[0..n], best_rows, best_scores) |key, *row, *score| {
            row.* = @truncate(key);
            score.* = scoreOf(key >> 32);
        }
        return .{ .rows = best_rows, .scores = best_scores };
    }

    /// A column of f32 by name; null when there is no such.
    pub fn f32s(all: Candidates, name: []const u8) ?[]const f32 {
        const values = all.column(name) orelse return null;
        return if (values == .f32s) values.f32s else null;
    }

    /// A column of s64 by name; null when there is no such.
    pub fn s64s(all: Candidates, name: []const u8) ?[]const i64 {
        const values = all.column(name) orelse return null;
        return if (values == .s64s) values.s64s else null;
    }

    /// A column of u32 by name; null when there is no such.
    pub fn u32s(all: Candidates, name: []const u8) ?[]const u32 {
        const values = all.column(name) orelse return null;
        return if (values == .u32s) values.u32s else null;
    }

    /// The values of a column by name, whatever their type; null when there is no such.
    pub fn column(all: Candidates, name: []const u8) ?Values {
        for (all.columns) |one| if (std.mem.eql(u8, one.name, name)) return one.values;
        return null;
    }

    /// The first `limit` of these, with their columns. No values are copied.
    pub fn first(all: Candidates, arena: Allocator, limit: u32) Allocator.Error!Candidates {
        if (all.rows.len <= limit) return all;
        const shorter = try arena.dupe(Column, all.columns);
        for (shorter) |*one| switch (one.values) {
            inline else => |*values| values.* = values.*[0..@min(values.len, limit)],
        };
        return .{
            .rows = all.rows[0..limit],
            .scores = all.scores[0..@min(all.scores.len, limit)],
            .sources = all.sources[0..@min(all.sources.len, limit)],
            .columns = shorter,
        };
    }

    /// The candidates at `places`, in that order, with their sources and columns. Every place is below `rows.len`.
    pub fn pick(all: Candidates, arena: Allocator, places: []const u32) Allocator.Error!Candidates {
        const picked = try arena.dupe(Column, all.columns);
        for (picked) |*one| switch (one.values) {
            inline else => |*values| values.* = try at(arena, values.*, places),
        };
        return .{
            .rows = try at(arena, all.rows, places),
            .scores = try at(arena, all.scores, places),
            .sources = try at(arena, all.sources, places),
            .columns = picked,
        };
    }

    fn at(arena: Allocator, from: anytype, places: []const u32) Allocator.Error!@TypeOf(from) {
        if (from.len == 0) return from;
        const values = try arena.alloc(std.meta.Child(@TypeOf(from)), places.len);
        for (values, places) |*value, place| value.* = from[place];
        return values;
    }
};

/// A number that is the smaller the higher a score is, in the total order of IEEE 754.
fn descending(score: f32) u64 {
    const bits: u32 = @bitCast(score);
    return if (bits >> 31 == 0) ~(bits | 1 << 31) else bits;
}

fn scoreOf(key: u64) f32 {
    const bits: u32 = @truncate(key);
    return @bitCast(if (bits >> 31 == 0) ~bits & ~@as(u32, 1 << 31) else bits);
}

test "the best come first and ties go to the smaller row" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const rows = [_]u32{ 9, 4, 7, 2, 5 };
    const scores = [_]f32{ 0.5, -1, 0.5, 3, -0.0 };
    const found = try Candidates.best(arena.allocator(), &rows, &scores, 4);
    try std.testing.expectEqualSlices(u32, &.{ 2, 7, 9, 5 }, found.rows);
    try std.testing.expectEqualSlices(f32, &.{ 3, 0.5, 0.5, -0.0 }, found.scores);
    try std.testing.expectEqual(0, (try Candidates.best(arena.allocator(), &rows, &scores, 0)).rows.len);
    try std.testing.expectEqual(0, (try Candidates.best(arena.allocator(), &.{}, &.{}, 3)).rows.len);
}

test "first and pick keep columns with their rows" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const all: Candidates = .{
        .rows = &.{ 3, 1, 2 },
        .scores = &.{ 0.3, 0.2, 0.1 },
        .columns = &.{.{ .name = "rank", .values = .{ .s64s = &.{ 0, 1, 2 } } }},
    };
    const head = try all.first(arena.allocator(), 2);
    try std.testing.expectEqualSlices(i64, &.{ 0, 1 }, head.s64s("rank").?);
    const picked = try all.pick(arena.allocator(), &.{ 2, 0 });
    try std.testing.expectEqualSlices(u32, &.{ 2, 3 }, picked.rows);
    try std.testing.expectEqualSlices(i64, &.{ 2, 0 }, picked.s64s("rank").?);
    try std.testing.expectEqual(0, picked.sources.len);
    try std.testing.expectEqual(null, picked.f32s("rank"));
}
