//! Running an agent without a host: for its tests, with `zig test`.
//!
//!     var world: greenroom.native.World = .init(std.testing.allocator);
//!     defer world.deinit();
//!     try world.setNumbers("year", &.{ 1994, 2016 });
//!     const answer = try agent.decide(world.call(), world.observe(10));

const std = @import("std");
const Allocator = std.mem.Allocator;
const abi = @import("abi.zig");
const memory = @import("memory.zig");
const Call = @import("call.zig").Call;
const Column = @import("candidates.zig").Column;
const Feedback = @import("feedback.zig").Feedback;
const none = @import("feedback.zig").none;
const Observation = @import("observation.zig").Observation;
const Values = @import("candidates.zig").Values;

/// What the agents of a test see of a host. One at a time. Everything in it is given back by `deinit`; what an agent keeps
/// lies in it too.
pub const World = struct {
    arena: *std.heap.ArenaAllocator,
    calling: *Call,

    pub fn init(gpa: Allocator) World {
        const arena = gpa.create(std.heap.ArenaAllocator) catch @panic("out of memory");
        arena.* = .init(gpa);
        const calling = arena.allocator().create(Call) catch @panic("out of memory");
        calling.* = .{ .arena = arena.allocator(), .kept = arena.allocator() };
        facts = .{ .allocator = arena.allocator() };
        return .{ .arena = arena, .calling = calling };
    }

    pub fn deinit(world: World) void {
        facts = .{};
        const gpa = world.arena.child_allocator;
        world.arena.deinit();
        gpa.destroy(world.arena);
    }

    /// A call, to hand to an agent.
    pub fn call(world: World) *Call {
        world.calling.fault = null;
        world.calling.refusal = null;
        return world.calling;
    }

    /// Sets a field of numbers, one a row from 0 on; NaN where unknown.
    pub fn setNumbers(_: World, field: []const u8, values: []const f32) !void {
        try facts.fields.put(facts.allocator, field, .{ .f32s = values });
        facts.rows = @max(facts.rows, @as(u32, @intCast(values.len)));
    }

    /// Sets a field of labels: their names, and the bits of each row from 0 on.
    pub fn setLabels(_: World, field: []const u8, names: []const []const u8, bits: []const i64) !void {
        try facts.fields.put(facts.allocator, field, .{ .s64s = bits });
        try facts.names.put(facts.allocator, field, names);
        facts.rows = @max(facts.rows, @as(u32, @intCast(bits.len)));
    }

    /// An observation for `limit` rows, at the beginning of time.
    pub fn observe(_: World, limit: u32) Observation {
        return .{ .request_id = "native", .limit = limit };
    }

    /// One who liked a row: for `organic`.
    pub const Like = struct { subject: u32 = none, row: u32, time: i64 };

    /// Organic feedback: likes, whose events are numbered from `first_event`.
    pub fn organic(world: World, first_event: u64, likes: []const Like) !Feedback {
        const arena = world.arena.allocator();
        const ids = try arena.alloc(u64, likes.len);
        const subjects = try arena.alloc(u32, likes.len);
        const rows = try arena.alloc(u32, likes.len);
        const times = try arena.alloc(i64, likes.len);
        for (likes, ids, subjects, rows, times, 0..) |like, *id, *subject, *row, *time, i| {
            id.*, subject.*, row.*, time.* = .{ first_event + i, like.subject, like.row, like.time };
        }
        return .{
            .events = ids,
            .cursors = ids,
            .requests = try filled(u32, arena, likes.len, none),
            .subjects = subjects,
            .rows = rows,
            .kinds = try filled(u8, arena, likes.len, 4),
            .values = try filled(f32, arena, likes.len, 1),
            .event_times = times,
            .receive_times = times,
            .statuses = try filled(u8, arena, likes.len, 1),
            .inner_rewards = try filled(f32, arena, likes.len, 1),
            .outer_rewards = try filled(f32, arena, likes.len, 1),
        };
    }

    fn filled(comptime T: type, arena: Allocator, n: usize, value: T) Allocator.Error![]T {
        const all = try arena.alloc(T, n);
        @memset(all, value);
        return all;
    }
};

const Facts = struct {
    allocator: Allocator = undefined,
    rows: u32 = 0,
    fields: std.array_hash_map.String(Values) = .empty,
    names: std.array_hash_map.String([]const []const u8) = .empty,
};

var facts: Facts = .{};

/// What natively stands where imports are on WebAssembly. There are no namespaces: to open one is refused.
pub const stand_in = struct {
    fn Answer(comptime Ok: type) type {
        return abi.Result(Ok, memory.Refusal);
    }

    pub fn open(_: Allocator, name: []const u8) Answer(u32) {
        return .{ .err = .{ .denied = name } };
    }

    pub fn get(_: Allocator, _: u32, _: []const u8) Answer(?memory.Entry) {
        unreachable;
    }

    pub fn getMany(_: Allocator, _: u32, _: []const []const u8) Answer([]const ?memory.Entry) {
        unreachable;
    }

    pub fn put(_: Allocator, _: u32, _: []const u8, _: []const u8) Answer(u64) {
        unreachable;
    }

    pub fn compareAndSwap(_: Allocator, _: u32, _: []const u8, _: ?u64, _: []const u8) Answer(u64) {
        unreachable;
    }

    pub fn delete(_: Allocator, _: u32, _: []const u8) Answer(bool) {
        unreachable;
    }

    pub fn scan(_: Allocator, _: u32, _: []const u8, _: ?[]const u8, _: u32) Answer(memory.Page) {
        unreachable;
    }

    pub fn close(_: u32) void {
        unreachable;
    }

    pub fn rowCount() u32 {
        return facts.rows;
    }

    pub fn gather(arena: Allocator, rows: []const u32, fields: []const []const u8) Answer([]const Column) {
        const columns = arena.alloc(Column, fields.len) catch abi.outOfMemory();
        for (columns, fields) |*column, field| {
            const known = facts.fields.get(field) orelse return .{ .err = .{ .not_found = field } };
            column.* = .{ .name = field, .values = switch (known) {
                .f32s => |all| .{ .f32s = at(f32, arena, all, rows, std.math.nan(f32)) },
                .s64s => |all| .{ .s64s = at(i64, arena, all, rows, 0) },
                .u32s => unreachable,
            } };
        }
        return .{ .ok = columns };
    }

    fn at(comptime T: type, arena: Allocator, all: []const T, rows: []const u32, unknown: T) []const T {
        const values = arena.alloc(T, rows.len) catch abi.outOfMemory();
        for (values, rows) |*value, row| value.* = if (row < all.len) all[row] else unknown;
        return values;
    }

    pub fn labels(_: Allocator, field: []const u8) Answer([]const []const u8) {
        return if (facts.names.get(field)) |names| .{ .ok = names } else .{ .err = .{ .not_found = field } };
    }

    pub fn log(level: u32, message: []const u8) void {
        const levels = [_][]const u8{ "debug", "info", "warn", "error" };
        std.debug.print("{s}: {s}\n", .{ levels[level], message });
    }

    pub fn count(_: []const u8, _: f64) void {}

    pub fn observe(_: []const u8, _: f64) void {}
};
