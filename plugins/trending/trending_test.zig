//! The agent as its host sees it.

const std = @import("std");
const greenroom = @import("greenroom");
const Agent = @import("trending.zig").Agent;
const World = greenroom.native.World;

const day = 86_400_000;

fn agentOf(world: World, lift: f64) !Agent {
    var agent: Agent = .{};
    agent.fading = .{ .short_days = 14, .long_days = 365, .lift = lift, .prior = 0.05 };
    try agent.learn(world.call(), try world.organic(0, &old_and_new));
    _ = try agent.fit(world.call());
    return agent;
}

/// Row 1 was liked often a year ago and still is now and then; row 2 is liked since a week; row 3 was liked long ago.
const old_and_new = blk: {
    var likes: [52]World.Like = undefined;
    for (0..30) |i| likes[i] = .{ .subject = i, .row = 1, .time = (i + 1) * day };
    for (30..38) |i| likes[i] = .{ .subject = i, .row = 1, .time = (365 + i % 6) * day };
    for (38..44) |i| likes[i] = .{ .subject = i, .row = 2, .time = (364 + i % 6) * day };
    for (44..52) |i| likes[i] = .{ .subject = i, .row = 3, .time = 2 * day };
    break :blk likes;
};

fn rowsOf(world: World, agent: *Agent, seen: greenroom.Observation) ![]const u32 {
    return (try agent.decide(world.call(), seen)).payload.candidates.rows;
}

fn at(time: i64) greenroom.Observation {
    return .{ .limit = 10, .now = time };
}

test "lift tells what is liked from what is rising" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    var volume = try agentOf(world, 0);
    try std.testing.expectEqualSlices(u32, &.{ 1, 2, 3 }, try rowsOf(world, &volume, at(371 * day)));
    var rise = try agentOf(world, 1);
    try std.testing.expectEqualSlices(u32, &.{ 2, 1, 3 }, try rowsOf(world, &rise, at(371 * day)));
}

test "no event after the request counts" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    for ([_]i64{ 0, day, 2 * day, 2 * day - 1, 40 * day, 366 * day }) |now| {
        var all = try agentOf(world, 0.5);
        var until: Agent = .{ .fading = all.fading };
        var likes: std.ArrayList(World.Like) = .empty;
        defer likes.deinit(std.testing.allocator);
        for (old_and_new) |like| if (like.time <= now) try likes.append(std.testing.allocator, like);
        try until.learn(world.call(), try world.organic(0, likes.items));
        _ = try until.fit(world.call());
        const answer = (try all.decide(world.call(), at(now))).payload.candidates;
        const expected = (try until.decide(world.call(), at(now))).payload.candidates;
        try std.testing.expectEqualSlices(u32, expected.rows, answer.rows);
        try std.testing.expectEqualSlices(f32, expected.scores, answer.scores);
    }
}

test "a subject speaks for an item once" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    var agent: Agent = .{};
    try agent.learn(world.call(), try world.organic(0, &.{
        .{ .subject = 1, .row = 7, .time = 0 },
        .{ .subject = 1, .row = 7, .time = 9 },
        .{ .subject = 1, .row = 7, .time = 5 },
        .{ .subject = 2, .row = 8, .time = 5 },
        .{ .row = 8, .time = 5 },
        .{ .row = 8, .time = 5 },
    }));
    try std.testing.expectEqual(4, (try agent.fit(world.call())).examples);
    try std.testing.expectEqualSlices(u32, &.{ 8, 7 }, try rowsOf(world, &agent, at(1000)));
}

test "excluded rows are left out and only allowed ones are in" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    var agent = try agentOf(world, 0);
    var seen = at(371 * day);
    seen.excluded = &.{1};
    try std.testing.expectEqualSlices(u32, &.{ 2, 3 }, try rowsOf(world, &agent, seen));
    seen.allowed = &.{ 1, 3, 9 };
    try std.testing.expectEqualSlices(u32, &.{3}, try rowsOf(world, &agent, seen));
    seen.limit = 0;
    try std.testing.expectEqual(0, (try rowsOf(world, &agent, seen)).len);
}

test "without feedback there is no answer" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    var agent: Agent = .{};
    try std.testing.expectEqual(0, (try rowsOf(world, &agent, at(day))).len);
    _ = try agent.fit(world.call());
    const state = try agent.snapshot(world.call());
    try agent.restore(world.call(), state);
    try std.testing.expectEqual(0, (try rowsOf(world, &agent, at(day))).len);
}

test "any log cut anywhere comes to the same state, byte for byte, and the same answers" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    var prng: std.Random.DefaultPrng = .init(1);
    const random = prng.random();
    for (0..200) |_| {
        var at_once: Agent = .{};
        var in_parts: Agent = .{};
        for (0..5) |_| {
            const batch = try anyBatch(world, random);
            try at_once.learn(world.call(), batch);
            try in_parts.learn(world.call(), batch);
            if (random.boolean()) _ = try in_parts.fit(world.call());
            if (random.boolean()) {
                _ = try in_parts.fit(world.call());
                const state = try in_parts.snapshot(world.call());
                in_parts = .{};
                try in_parts.restore(world.call(), state);
            }
        }
        const one = try at_once.fit(world.call());
        const other = try in_parts.fit(world.call());
        try std.testing.expectEqual(one.examples, other.examples);
        const state = try at_once.snapshot(world.call());
        try std.testing.expectEqualSlices(u8, state.bytes, (try in_parts.snapshot(world.call())).bytes);
        const now = random.uintLessThan(u16, 6000);
        try std.testing.expectEqualSlices(u32, try rowsOf(world, &at_once, at(now)), try rowsOf(world, &in_parts, at(now)));
    }
}

/// Events of few subjects, rows and times; some take back, some are no positives, some have no ids.
fn anyBatch(world: World, random: std.Random) !greenroom.Feedback {
    const likes = try world.arena.allocator().alloc(World.Like, random.uintLessThan(usize, 12));
    for (likes) |*like| like.* = .{
        .subject = if (random.uintLessThan(u8, 4) == 0) greenroom.none else random.uintLessThan(u32, 3),
        .row = random.uintLessThan(u32, 5),
        .time = @as(i64, random.uintLessThan(u16, 9000)) - 3000,
    };
    var batch = try world.organic(0, likes);
    const ids = try world.arena.allocator().alloc(u64, likes.len);
    for (ids) |*id| id.* = random.uintLessThan(u64, 20);
    batch.events = if (random.uintLessThan(u8, 4) == 0) &.{} else ids;
    const statuses = try world.arena.allocator().alloc(u8, likes.len);
    for (statuses) |*status| status.* = random.uintLessThan(u8, 3);
    batch.statuses = statuses;
    return batch;
}

test "every truncation of a state is refused, and the agent stays what it was" {
    const world: World = .init(std.testing.allocator);
    defer world.deinit();
    var agent = try agentOf(world, 0);
    const state = try agent.snapshot(world.call());
    for (0..state.bytes.len) |cut| {
        const short: greenroom.State = .{ .schema = state.schema, .bytes = state.bytes[0..cut] };
        const call = world.call();
        try std.testing.expectError(error.Fault, agent.restore(call, short));
        try std.testing.expectEqual(.invalid_state, call.fault.?.kind);
    }
    try std.testing.expectEqualSlices(u32, &.{ 1, 2, 3 }, try rowsOf(world, &agent, at(371 * day)));
}
