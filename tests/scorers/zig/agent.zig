//! The scorer that every language has: see docs/agents/costs.md.

const greenroom = @import("greenroom");

const Parameters = struct {
    freshness: greenroom.Float(.{ .low = 0, .high = 1, .default = 0.3, .summary = "what a new item gains" }),
    exploration: greenroom.Float(.{
        .low = 0,
        .high = 1,
        .default = 0.1,
        .summary = "what an item gains that was not shown yet",
    }),
};

pub const Agent = struct {
    freshness: f64 = 0.3,
    exploration: f64 = 0.1,

    pub fn describe() greenroom.Descriptor {
        return .{
            .name = "scorer",
            .version = "0.1.0",
            .summary = "scores candidates by what is known of them",
            .role = .ranking,
            .inner_metric = "ndcg@10",
            .inputs = &.{.{ .name = "ranked", .columns = &.{
                .{ .name = "relevance" },
                .{ .name = "age" },
                .{ .name = "shown", .kind = .s64s },
                .{ .name = "clicked", .kind = .u32s },
            } }},
            .parameters = greenroom.parameters.of(Parameters),
        };
    }

    pub fn configure(agent: *Agent, _: *greenroom.Call, given: Parameters) !void {
        agent.freshness = given.freshness.value;
        agent.exploration = given.exploration.value;
    }

    pub fn decide(agent: *Agent, call: *greenroom.Call, seen: greenroom.Observation) !greenroom.Decision {
        const ranked = try seen.takeCandidates(call, "ranked") orelse return .empty;
        const relevance = ranked.f32s("relevance") orelse return lacks(call, "relevance");
        const age = ranked.f32s("age") orelse return lacks(call, "age");
        const shown = ranked.s64s("shown") orelse return lacks(call, "shown");
        const clicked = ranked.u32s("clicked") orelse return lacks(call, "clicked");
        const scores = try call.arena.alloc(f32, ranked.rows.len);
        for (scores, relevance, age, shown, clicked) |*score, of_relevance, of_age, of_shown, of_clicked| {
            score.* = agent.scoreOf(of_relevance, of_age, @floatFromInt(of_shown), @floatFromInt(of_clicked));
        }
        return .of(try .best(call.arena, ranked.rows, scores, seen.limit));
    }

    fn scoreOf(agent: *const Agent, relevance: f64, given_age: f64, given_shown: f64, clicked: f64) f32 {
        const age = @max(given_age, 0);
        const shown = @max(given_shown, 0);
        const rate = (clicked + 1) / (shown + 20);
        const interest = relevance + agent.freshness / (1 + age / 30) + rate + agent.exploration / @sqrt(1 + shown);
        return @floatCast(interest / @sqrt(1 + interest * interest));
    }
};

fn lacks(call: *greenroom.Call, column: []const u8) greenroom.Error {
    return call.fail(.invalid_observation, "the candidates lack the column {s}", .{column});
}

comptime {
    greenroom.exportAgent(Agent);
}
