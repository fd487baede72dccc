//! How often each item was liked, as of any time: sums that fade by half in a half-life.
//!
//! Right after an event such a sum is 1 and the sum before, faded by the time between. Both sums of each event are worked out
//! once, so that a request looks for the last event of an item before it and lets its sums fade from there.

const std = @import("std");
const greenroom = @import("greenroom");
const Allocator = std.mem.Allocator;
const Liked = @import("packed.zig").Liked;

const seconds_a_day = 86_400;

pub const Rates = struct {
    /// Ascending.
    rows: []u32 = &.{},
    /// Where the events of each row begin, and their end.
    starts: []u32 = &.{},
    /// When each event was, ascending within a row: seconds since 1970, rounded up, so that no request sees one before it was.
    seconds: []u32 = &.{},
    /// The logarithm to base 2 of the sum that fades fast, right after each event.
    shorts: []f32 = &.{},
    /// The sum that fades slowly, right after each event.
    longs: []f32 = &.{},
    /// The score of each row as of the last event of all, which is what most requests ask for.
    scores: []f32 = &.{},
    latest: u32 = 0,

    pub const Fading = struct {
        short_days: f64,
        long_days: f64,
        /// 0 for volume, 1 for rise.
        lift: f64,
        /// Events a day.
        prior: f64,
    };

    /// Counts anew. `liked` is put into another order.
    pub fn count(rates: *Rates, gpa: Allocator, liked: []Liked, fading: Fading) Allocator.Error!void {
        rates.deinit(gpa);
        std.mem.sortUnstable(Liked, liked, {}, isBefore);
        const first = firsts(liked);
        var rows: std.ArrayList(u32) = .empty;
        var starts: std.ArrayList(u32) = .empty;
        const seconds = try gpa.alloc(u32, first.len);
        for (first, seconds, 0..) |one, *second, i| {
            second.* = roundedUp(one.time);
            if (i > 0 and first[i - 1].row == one.row) continue;
            try rows.append(gpa, one.row);
            try starts.append(gpa, @intCast(i));
        }
        try starts.append(gpa, @intCast(first.len));
        rates.* = .{
            .rows = try rows.toOwnedSlice(gpa),
            .starts = try starts.toOwnedSlice(gpa),
            .seconds = seconds,
        };
        for (0..rates.rows.len) |place| std.mem.sortUnstable(u32, rates.of(place), {}, std.sort.asc(u32));
        try rates.fade(gpa, fading);
    }

    fn isBefore(_: void, a: Liked, b: Liked) bool {
        if (a.row != b.row) return a.row < b.row;
        return if (a.subject != b.subject) a.subject < b.subject else a.time < b.time;
    }

    /// The first time that each subject liked each row, and all of strangers.
    fn firsts(ordered: []Liked) []Liked {
        var n: usize = 0;
        for (ordered) |one| {
            const again = n > 0 and one.subject != greenroom.none and
                ordered[n - 1].row == one.row and ordered[n - 1].subject == one.subject;
            if (again) continue;
            ordered[n] = one;
            n += 1;
        }
        return ordered[0..n];
    }

    fn of(rates: *const Rates, place: usize) []u32 {
        return rates.seconds[rates.starts[place]..rates.starts[place + 1]];
    }

    /// Works out the sums, which depend on the half-lives: after `read`, or when those have changed.
    pub fn fade(rates: *Rates, gpa: Allocator, fading: Fading) Allocator.Error!void {
        gpa.free(rates.shorts);
        gpa.free(rates.longs);
        gpa.free(rates.scores);
        rates.shorts, rates.longs, rates.scores = .{ &.{}, &.{}, &.{} };
        rates.shorts = try gpa.alloc(f32, rates.seconds.len);
        rates.longs = try gpa.alloc(f32, rates.seconds.len);
        rates.scores = try gpa.alloc(f32, rates.rows.len);
        for (0..rates.rows.len) |place| {
            var short: f32, var long: f32, var before: u32 = .{ 0, 0, 0 };
            for (rates.of(place), rates.starts[place]..) |second, i| {
                const days = daysBetween(before, second);
                short = 1 + short * @exp2(-days / @as(f32, @floatCast(fading.short_days)));
                long = 1 + long * @exp2(-days / @as(f32, @floatCast(fading.long_days)));
                rates.shorts[i], rates.longs[i] = .{ @log2(short), long };
                before = second;
            }
        }
        rates.latest = if (rates.seconds.len > 0) std.mem.max(u32, rates.seconds) else 0;
        const at: At = .init(fading);
        for (rates.scores, 0..) |*score, place| score.* = rates.scoreAt(at, rates.starts[place + 1] - 1, rates.latest);
    }

    fn scoreAt(rates: *const Rates, at: At, event: u32, time: u32) f32 {
        return at.score(rates.shorts[event], rates.longs[event], daysBetween(rates.seconds[event], time));
    }

    /// The best rows as of the time of the request, among those that it admits.
    pub fn best(
        rates: *const Rates,
        arena: Allocator,
        seen: *const greenroom.Observation,
        fading: Fading,
    ) Allocator.Error!greenroom.Candidates {
        const now = roundedDown(seen.now) orelse return .empty;
        const rows = try arena.alloc(u32, rates.rows.len);
        var admitted = seen.ascending();
        if (now >= rates.latest) {
            const scores = try arena.alloc(f32, rows.len);
            var n: usize = 0;
            for (rates.rows, rates.scores) |row, score| if (admitted.admits(row)) {
                rows[n], scores[n] = .{ row, score };
                n += 1;
            };
            return .best(arena, rows[0..n], scores[0..n], seen.limit);
        }
        const events = try arena.alloc(u32, rates.rows.len);
        var latest: u32 = 0;
        var n: usize = 0;
        for (rates.rows, 0..) |row, place| {
            const event = rates.lastUntil(now, place) orelse continue;
            latest = @max(latest, rates.seconds[event]);
            if (!admitted.admits(row)) continue;
            rows[n], events[n] = .{ row, event };
            n += 1;
        }
        // As of the last event of all: what comes in late, or no more, is no reason for everything to be forgotten.
        const at: At = .init(fading);
        const scores = try arena.alloc(f32, n);
        for (scores, events[0..n]) |*score, event| {
            score.* = rates.scoreAt(at, event, latest);
        }
        return .best(arena, rows[0..n], scores, seen.limit);
    }

    /// The last event of a row that is not after `now`; null when there is none.
    fn lastUntil(rates: *const Rates, now: u32, place: usize) ?u32 {
        var low, var high = .{ rates.starts[place], rates.starts[place + 1] };
        const start = low;
        // Mostly all of them are in the past.
        if (rates.seconds[high - 1] <= now) return high - 1;
        while (low < high) {
            const middle = low + (high - low) / 2;
            if (rates.seconds[middle] <= now) low = middle + 1 else high = middle;
        }
        return if (low > start) low - 1 else null;
    }

    pub fn write(rates: *const Rates, writer: *greenroom.StateWriter) Allocator.Error!void {
        try writer.column(u32, rates.rows);
        try writer.column(u32, rates.starts);
        try writer.column(u32, rates.seconds);
    }

    /// Reads what was written. `isWhole` says whether it makes sense, and `fade` works out the rest.
    pub fn read(reader: *greenroom.StateReader) greenroom.Error!Rates {
        var rates: Rates = .{};
        errdefer rates.deinit(reader.call.kept);
        rates.rows = try reader.column(u32, reader.call.kept);
        rates.starts = try reader.column(u32, reader.call.kept);
        rates.seconds = try reader.column(u32, reader.call.kept);
        return rates;
    }

    /// Whether rows ascend, each has events, and those ascend.
    pub fn isWhole(rates: *const Rates) bool {
        if (rates.starts.len == 0) return rates.rows.len == 0 and rates.seconds.len == 0;
        if (rates.starts.len != rates.rows.len + 1 or rates.starts[0] != 0) return false;
        if (rates.starts[rates.rows.len] != rates.seconds.len or !ascends(rates.rows)) return false;
        if (!ascends(rates.starts)) return false;
        for (0..rates.rows.len) |place| if (!std.sort.isSorted(u32, rates.of(place), {}, std.sort.asc(u32))) return false;
        return true;
    }

    fn ascends(all: []const u32) bool {
        for (all, 0..) |one, i| if (i > 0 and all[i - 1] >= one) return false;
        return true;
    }

    pub fn deinit(rates: *Rates, gpa: Allocator) void {
        inline for (.{ "rows", "starts", "seconds", "shorts", "longs", "scores" }) |name| gpa.free(@field(rates, name));
        rates.* = .{};
    }
};

/// The score of an item as of some time after its last event.
const At = struct {
    shorts_a_day: f32,
    longs_a_day: f32,
    short_days: f32,
    long_days: f32,
    lift: f32,
    prior: f32,

    fn init(fading: Rates.Fading) At {
        // Of a steady rate of one event a day the sum is the half-life over ln 2.
        return .{
            .shorts_a_day = @floatCast(@log2(std.math.ln2 / fading.short_days)),
            .longs_a_day = @floatCast(std.math.ln2 / fading.long_days),
            .short_days = @floatCast(fading.short_days),
            .long_days = @floatCast(fading.long_days),
            .lift = @floatCast(fading.lift),
            .prior = @floatCast(fading.prior),
        };
    }

    /// Logarithms all along, so that what was long ago is small, and never nothing.
    fn score(at: At, short: f32, long: f32, days: f32) f32 {
        const volume = short - days / at.short_days + at.shorts_a_day;
        if (at.lift == 0) return volume;
        const used_to = long * @exp2(-days / at.long_days) * at.longs_a_day;
        return volume - at.lift * @log2(used_to + at.prior);
    }
};

fn daysBetween(earlier: u32, later: u32) f32 {
    return @as(f32, @floatFromInt(later - earlier)) / seconds_a_day;
}

fn roundedUp(ms: i64) u32 {
    return std.math.lossyCast(u32, @divFloor(ms, 1000) + @intFromBool(@mod(ms, 1000) != 0));
}

/// Null before 1970. The last second is never reached, so that what lies beyond it is never seen.
fn roundedDown(ms: i64) ?u32 {
    return if (ms < 0) null else @min(std.math.lossyCast(u32, @divFloor(ms, 1000)), std.math.maxInt(u32) - 1);
}

test "a steady rate of one event a day is one a day" {
    const gpa = std.testing.allocator;
    var liked: [400]Liked = undefined;
    for (&liked, 0..) |*one, day| {
        one.* = .{ .id = day, .subject = greenroom.none, .time = @as(i64, @intCast(day)) * 86_400_000, .row = 5 };
    }
    const fading: Rates.Fading = .{ .short_days = 20, .long_days = 50, .lift = 0, .prior = 0.001 };
    var rates: Rates = .{};
    defer rates.deinit(gpa);
    try rates.count(gpa, &liked, fading);
    try std.testing.expect(rates.isWhole());
    const at: At = .init(fading);
    // Half a day after the last event, which is the middle between two.
    try std.testing.expectApproxEqAbs(0, at.score(rates.shorts[399], rates.longs[399], 0.5), 0.01);
    const rising: At = .init(.{ .short_days = 20, .long_days = 50, .lift = 1, .prior = 0.001 });
    try std.testing.expectApproxEqAbs(0, rising.score(rates.shorts[399], rates.longs[399], 0.5), 0.02);
}

test "times round so that no request sees an event before it was" {
    try std.testing.expectEqual(2, roundedUp(1001));
    try std.testing.expectEqual(1, roundedUp(1000));
    try std.testing.expectEqual(1, roundedDown(1999));
    try std.testing.expectEqual(0, roundedUp(std.math.minInt(i64)));
    try std.testing.expectEqual(null, roundedDown(-1));
    try std.testing.expect(roundedDown(std.math.maxInt(i64)).? < roundedUp(std.math.maxInt(i64)));
}
