//! Feedback: how it turned out, in columns.

const std = @import("std");
const Call = @import("call.zig").Call;
const Error = @import("call.zig").Error;
const Column = @import("candidates.zig").Column;

/// Stands for "none" in the `u32` columns of `Feedback`.
pub const none = std.math.maxInt(u32);

/// Whether an event speaks for its item. A rating does from 4 on; a click, a like and a purchase do; what has no kind does
/// when its value is above 0; a view, a dislike and a dismissal do not.
pub fn isPositive(kind: u8, value: f32) bool {
    return switch (kind) {
        1 => value >= 4,
        3, 4, 6 => true,
        2, 5, 7 => false,
        else => value > 0,
    };
}

/// A batch of feedback, in columns, in the order of the cursor. A column is either as long as `rows` or empty, which says
/// that nothing of the kind is known for the whole batch.
pub const Feedback = struct {
    /// The event's identity; a retraction has the id of the event that it takes back.
    events: []const u64 = &.{},
    /// Where the event stands in the log. Strictly ascending.
    cursors: []const u64 = &.{},
    /// Which decision each event is about: an index into `request_ids`, or `none` when it is organic, that is, when no
    /// decision was recorded for it. Rows of one request stand together.
    requests: []const u32 = &.{},
    request_ids: []const []const u8 = &.{},
    /// Which version of this agent decided: an index into `version_ids`, or `none`.
    versions: []const u32 = &.{},
    version_ids: []const []const u8 = &.{},
    /// The subject's number, or `none` for an anonymous one.
    subjects: []const u32 = &.{},
    rows: []const u32 = &.{},
    /// The final position at which the row was shown, from 0; `none` when it was not.
    positions: []const u32 = &.{},
    /// 0 unknown, 1 not exposed, 2 exposed.
    exposed: []const u8 = &.{},
    /// As in `History`.
    kinds: []const u8 = &.{},
    values: []const f32 = &.{},
    /// Milliseconds since 1970.
    event_times: []const i64 = &.{},
    /// Milliseconds since 1970.
    receive_times: []const i64 = &.{},
    /// 0 provisional, 1 final, 2 retracted.
    statuses: []const u8 = &.{},
    /// The agent's own reward of the row.
    inner_rewards: []const f32 = &.{},
    /// The system's reward of the row: 1 for a positive outcome, 0 for none.
    outer_rewards: []const f32 = &.{},
    /// This agent's share of the outer reward.
    credits: []const f32 = &.{},
    /// The probability with which the row was shown where it was; NaN when unknown.
    propensities: []const f32 = &.{},
    /// What the agent decided then ("decided.score", "decided.rank"; rank from 0, -1 where it left the row out).
    decided: []const Column = &.{},
    /// What the agent saw then: the columns of its inputs, each name prefixed with the port and a dot ("ease.score",
    /// "ranked.popularity"). NaN where a port did not offer the row; rank -1.
    inputs: []const Column = &.{},

    /// That every column of a number a row is as long as `rows` or empty; otherwise a fault that names the first that is
    /// not. After it, an index into `rows` is one into every column that is not empty.
    pub fn check(batch: *const Feedback, call: *Call) Error!void {
        const names = .{
            "events", "cursors",     "requests",      "versions", "subjects",      "positions",     "exposed", "kinds",
            "values", "event_times", "receive_times", "statuses", "inner_rewards", "outer_rewards", "credits", "propensities",
        };
        inline for (names) |name| try batch.checkColumn(call, name, @field(batch, name).len);
        for (batch.decided) |column| try batch.checkColumn(call, column.name, column.values.len());
        for (batch.inputs) |column| try batch.checkColumn(call, column.name, column.values.len());
    }

    fn checkColumn(batch: *const Feedback, call: *Call, name: []const u8, len: usize) Error!void {
        if (len == 0 or len == batch.rows.len) return;
        return call.fail(.invalid_feedback, "the batch has {d} rows, but `{s}` has {d} values", .{
            batch.rows.len, name, len,
        });
    }

    /// Whether an event is organic: no decision was recorded for it.
    pub fn isOrganic(batch: *const Feedback, event: usize) bool {
        return batch.requests.len == 0 or batch.requests[event] == none;
    }

    /// Whether an event was taken back.
    pub fn isRetracted(batch: *const Feedback, event: usize) bool {
        return batch.statuses.len > 0 and batch.statuses[event] == 2;
    }

    /// Whether an event speaks for its item and was not taken back: by its kind and value (`isPositive`) where the batch
    /// knows them, otherwise by its outer reward where it knows that, otherwise it does.
    pub fn isPositiveAt(batch: *const Feedback, event: usize) bool {
        if (batch.isRetracted(event)) return false;
        if (batch.kinds.len > 0 and batch.values.len > 0) return isPositive(batch.kinds[event], batch.values[event]);
        return batch.outer_rewards.len == 0 or batch.outer_rewards[event] > 0;
    }

    /// What the agent saw then in a column of its inputs; null when there is no such.
    pub fn input(batch: *const Feedback, name: []const u8) ?Column {
        for (batch.inputs) |column| if (std.mem.eql(u8, column.name, name)) return column;
        return null;
    }
};

test "a rating speaks for its item from 4 on" {
    try std.testing.expect(isPositive(1, 4) and !isPositive(1, 3.5));
    try std.testing.expect(isPositive(3, 0) and !isPositive(5, 1) and isPositive(0, 1) and !isPositive(9, 0));
}

test "a short column is refused by name" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator(), .kept = arena.allocator() };
    const batch: Feedback = .{ .rows = &.{ 1, 2 }, .subjects = &.{7} };
    try std.testing.expectError(error.Fault, batch.check(&call));
    try std.testing.expectEqualStrings("the batch has 2 rows, but `subjects` has 1 values", call.fault.?.message);
}
