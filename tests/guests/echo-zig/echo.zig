//! Answers what it sees, for the conformance suite: the echoes of all languages come to the same, byte for byte.

const std = @import("std");
const greenroom = @import("greenroom");
const Fnv = @import("fnv.zig").Fnv;
const remembering = @import("remembering.zig");

const schema = "echo/1";

const Parameters = struct {
    f: greenroom.Float(.{ .low = -1, .high = 1, .default = 0.5, .summary = "p" }),
    g: greenroom.Float(.{
        .low = 0.001,
        .high = 1000,
        .default = 1,
        .summary = "p",
        .log = true,
        .when = .{ .parameter = "c", .values = &.{"y"} },
    }),
    i: greenroom.Integer(.{ .low = -5, .high = 5, .default = 0, .summary = "p", .shapes_state = true }),
    c: greenroom.Choice(enum { x, y, @"ü" }, .x, .{ .summary = "p" }),
    b: greenroom.Boolean(true, .{ .summary = "p" }),
    rows: greenroom.Items(.{ .summary = "p" }),
    weights: greenroom.Numbers(.{ .summary = "p" }),
};

pub const Agent = struct {
    total: Fnv = .{},
    count: u64 = 0,
    setup: Fnv = .{ .state = 0 },

    pub fn describe() greenroom.Descriptor {
        return .{
            .name = "echo",
            .version = "1.0.0",
            .summary = "answers what it sees: ü€𝄞",
            .role = .infrastructure,
            .layer = .infrastructure,
            .inner_metric = "ndcg@10",
            .reward_level = .outer,
            .inputs = &.{.{ .name = "*", .optional = true }},
            .history_max = 1000,
            .facts = &.{"year"},
            .parameters = greenroom.parameters.of(Parameters),
            .snapshot_schema = schema,
            .learning = .onward,
        };
    }

    pub fn configure(agent: *Agent, call: *greenroom.Call, given: Parameters) !void {
        if (given.i.value == 5) return call.fail(.invalid_parameters, "i is 5", .{});
        agent.setup = .{};
        agent.setup.add(given.f.value);
        agent.setup.add(given.g.value);
        agent.setup.add(given.i.value);
        agent.setup.add(@as([]const u8, @tagName(given.c.value)));
        agent.setup.add(given.b.value);
        agent.setup.add(given.rows.value);
        agent.setup.add(given.weights.value);
    }

    pub fn decide(_: *Agent, call: *greenroom.Call, seen: greenroom.Observation) !greenroom.Decision {
        if (std.mem.eql(u8, seen.surface, "fault")) {
            return call.failWith(.{ .kind = .unavailable, .message = "asked to: ü", .retryable = true });
        }
        if (std.mem.eql(u8, seen.surface, "trap")) @panic("asked to");
        if (std.mem.eql(u8, seen.surface, "memory")) {
            greenroom.log.info("memory {s}", .{remembering.round(call).hex()});
        }
        var hash: Fnv = .{};
        hash.add(seen);
        greenroom.log.info("seen {s}", .{hash.hex()});
        greenroom.metric.count("echo.calls", 1);
        greenroom.metric.observe("echo.limit", @floatFromInt(seen.limit));
        if (seen.inputs.len == 0) return .of(try past(call, seen.history));
        const payload = seen.inputs[0].payload;
        return .{ .payload = payload, .policy = switch (payload) {
            .candidates => |all| try record(call, all.rows.len, seen.seed),
            else => null,
        } };
    }

    fn past(call: *greenroom.Call, history: greenroom.History) !greenroom.Candidates {
        const kinds = try call.arena.alloc(u32, history.kinds.len);
        for (kinds, history.kinds) |*wide, kind| wide.* = kind;
        return .{
            .rows = history.rows,
            .scores = history.values,
            .columns = try call.arena.dupe(greenroom.Column, &.{
                .{ .name = "time", .values = .{ .s64s = history.times } },
                .{ .name = "kind", .values = .{ .u32s = kinds } },
            }),
        };
    }

    fn record(call: *greenroom.Call, n: usize, seed: u64) !greenroom.PolicyRecord {
        const propensities = try call.arena.alloc(f32, n);
        for (propensities, 1..) |*propensity, place| propensity.* = 1 / @as(f32, @floatFromInt(place));
        return .{
            .kind = @fromBackingInt(@intCast(n % 4)),
            .propensities = propensities,
            .log_probability = -0.5 * @as(f64, @floatFromInt(n)),
            .explored = n % 2 == 1,
            .sampler_seed = seed,
        };
    }

    pub fn snapshot(agent: *Agent, call: *greenroom.Call) !greenroom.State {
        const bytes = try call.arena.alloc(u8, 16);
        std.mem.writeInt(u64, bytes[0..8], agent.total.state, .little);
        std.mem.writeInt(u64, bytes[8..16], agent.count, .little);
        return .{ .schema = schema, .bytes = bytes };
    }

    pub fn restore(agent: *Agent, call: *greenroom.Call, state: greenroom.State) !void {
        if (state.bytes.len != 16) return call.fail(.invalid_state, "a state of {d} bytes", .{state.bytes.len});
        agent.total.state = std.mem.readInt(u64, state.bytes[0..8], .little);
        agent.count = std.mem.readInt(u64, state.bytes[8..16], .little);
    }

    pub fn learn(agent: *Agent, call: *greenroom.Call, batch: greenroom.Feedback) !void {
        if (batch.events.len > 0 and batch.events[0] == 13) return call.fail(.invalid_feedback, "unlucky", .{});
        agent.total.add(batch);
        agent.count +%= batch.rows.len;
    }

    pub fn fit(agent: *Agent, call: *greenroom.Call) !greenroom.FitReport {
        const notes = try call.arena.alloc([]const u8, 2);
        notes[0] = try call.arena.dupe(u8, &agent.total.hex());
        notes[1] = try call.arena.dupe(u8, &agent.setup.hex());
        return .{
            .examples = agent.count,
            .loss = if (agent.count > 0) 0.5 * @as(f64, @floatFromInt(agent.count)) else null,
            .notes = notes,
        };
    }
};

comptime {
    greenroom.exportAgent(Agent);
}

test {
    _ = @import("fnv.zig");
}
