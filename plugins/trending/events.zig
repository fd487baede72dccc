//! What the agent was told of who liked what, as it goes on from there. The latest word on an event holds: what was taken back,
//! or turned out to be no positive, is left out.

const std = @import("std");
const greenroom = @import("greenroom");
const packed_events = @import("packed.zig");
const Allocator = std.mem.Allocator;
const Liked = packed_events.Liked;

pub const Events = struct {
    /// The last words up to some point. They stay packed: who only decides does not need them.
    settled: []const u8 = "",
    /// What was told since.
    told: std.ArrayList(Word) = .empty,
    /// How many events had no id.
    unnamed: u64 = 0,

    const Word = struct { liked: Liked, positive: bool };

    /// Takes a batch whose columns fit each other.
    pub fn learn(events: *Events, gpa: Allocator, batch: *const greenroom.Feedback) Allocator.Error!void {
        try events.told.ensureUnusedCapacity(gpa, batch.rows.len);
        for (batch.rows, 0..) |row, i| events.told.appendAssumeCapacity(.{
            .liked = .{
                .id = if (batch.events.len > 0) batch.events[i] else events.newId(),
                .subject = if (batch.subjects.len > 0) batch.subjects[i] else greenroom.none,
                .time = if (batch.event_times.len > 0) batch.event_times[i] else 0,
                .row = row,
            },
            .positive = batch.isPositiveAt(i),
        });
    }

    /// Without ids every event stands for itself; these lie above those that a log counts up to.
    fn newId(events: *Events) u64 {
        events.unnamed += 1;
        return std.math.maxInt(u64) - events.unnamed;
    }

    /// The last word on each event that is a positive, by ascending id, in memory of `arena`. What came before is forgotten:
    /// when more is learned it does not count.
    pub fn settle(events: *Events, gpa: Allocator, arena: Allocator) Allocator.Error![]Liked {
        var words: std.ArrayList(Word) = .empty;
        var reader: packed_events.Reader = .{ .rest = events.settled };
        while (reader.next() catch unreachable) |liked| try words.append(arena, .{ .liked = liked, .positive = true });
        const all = try arena.alloc(Liked, words.items.len + events.told.items.len);
        if (events.told.items.len == 0) {
            for (all, words.items) |*liked, word| liked.* = word.liked;
            return all;
        }
        try words.appendSlice(arena, events.told.items);
        // Stable: of one event the later word comes later.
        std.mem.sort(Word, words.items, {}, isBefore);
        var n: usize = 0;
        for (words.items, 1..) |word, after| {
            const is_last = after == words.items.len or words.items[after].liked.id != word.liked.id;
            if (!is_last or !word.positive) continue;
            all[n] = word.liked;
            n += 1;
        }
        const settled = try packed_events.write(gpa, all[0..n]);
        gpa.free(events.settled);
        events.settled = settled;
        events.told.clearAndFree(gpa);
        return all[0..n];
    }

    fn isBefore(_: void, a: Word, b: Word) bool {
        return a.liked.id < b.liked.id;
    }

    /// Writes all that counts when more is learned, after `settle`.
    pub fn write(events: *const Events, writer: *greenroom.StateWriter) Allocator.Error!void {
        std.debug.assert(events.told.items.len == 0);
        try writer.column(u64, &.{events.unnamed});
        try writer.column(u8, events.settled);
    }

    /// Reads what was written. A fault when the bytes are not that.
    pub fn read(reader: *greenroom.StateReader) greenroom.Error!Events {
        const unnamed = try reader.column(u64, reader.call.arena);
        const settled = try reader.column(u8, reader.call.kept);
        errdefer reader.call.kept.free(settled);
        if (unnamed.len != 1 or !areWhole(settled)) return reader.broken("events that are not in order");
        return .{ .settled = settled, .unnamed = unnamed[0] };
    }

    fn areWhole(settled: []const u8) bool {
        var reader: packed_events.Reader = .{ .rest = settled };
        while (reader.next() catch return false) |_| {}
        return true;
    }

    pub fn deinit(events: *Events, gpa: Allocator) void {
        gpa.free(events.settled);
        events.told.deinit(gpa);
        events.* = .{};
    }
};
