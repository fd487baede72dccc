//! __name__: takes a ranked list and moves newer items up.

const std = @import("std");
const greenroom = @import("greenroom");

/// What a graph file may set, and evolution may search.
const Parameters = struct {
    strength: greenroom.Float(.{
        .low = 0,
        .high = 1,
        .default = 0.1,
        .summary = "how much newer items are preferred",
    }),
};

pub const Agent = struct {
    // Every field needs a default: an instance begins with them, and keeps its fields from call to call.
    strength: f32 = 0.1,

    /// What this agent is and takes. Runs while the agent is compiled.
    pub fn describe() greenroom.Descriptor {
        return .{
            .name = "__name__",
            .version = "0.1.0",
            .summary = "prefers newer items",
            .role = .reranking,
            .inner_metric = "ndcg@10",
            .reward_level = .outer,
            .inputs = &.{greenroom.takes("ranked")},
            .facts = &.{"year"},
            .parameters = greenroom.parameters.of(Parameters),
        };
    }

    /// Takes the parameters, once, before the first decision.
    pub fn configure(agent: *Agent, _: *greenroom.Call, given: Parameters) !void {
        agent.strength = @floatCast(given.strength.value);
    }

    /// Answers one request: at most `seen.limit` rows.
    pub fn decide(agent: *Agent, call: *greenroom.Call, seen: greenroom.Observation) !greenroom.Decision {
        const ranked = try seen.takeCandidates(call, "ranked") orelse return .empty;
        // One number a row; NaN where the year is unknown. Without the grant or the field the list stays as it is.
        const facts = greenroom.memory.gather(call, ranked.rows, &.{"year"}) catch |e| switch (e) {
            error.NotFound, error.Denied => return .of(try ranked.first(call.arena, seen.limit)),
            else => return e,
        };
        // What is taken of `call.arena` is given back when the call ends.
        const scores = try call.arena.alloc(f32, ranked.rows.len);
        const n: f32 = @floatFromInt(scores.len);
        for (scores, facts[0].values.f32s, 0..) |*score, year, i| {
            const place = 1 - @as(f32, @floatFromInt(i)) / n;
            const newness = if (std.math.isNan(year)) 0 else std.math.clamp((year - 1950) / 100, 0, 1);
            score.* = (1 - agent.strength) * place + agent.strength * newness;
        }
        return .of(try .best(call.arena, ranked.rows, scores, seen.limit));
    }
};

// Makes a component of it: exports whatever of the contract `Agent` has.
comptime {
    greenroom.exportAgent(Agent);
}
