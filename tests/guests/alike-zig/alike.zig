//! alike: puts first what is most like what the subject looked at. How alike things are says a library in C.

const std = @import("std");
const greenroom = @import("greenroom");

/// What the library exports, as the component model hands it over: a list is an address and a length, and one that is
/// returned is written to where the last parameter says. It lies in memory of this call.
const similarity = struct {
    const List = extern struct { at: [*]const f32, len: usize };

    extern "example:vectors/similarity@0.1.0" fn cosines(
        of: [*]const f32,
        of_len: usize,
        among: [*]const f32,
        among_len: usize,
        answer: *List,
    ) void;
};

const labels_max = 64;

pub const Agent = struct {
    pub fn describe() greenroom.Descriptor {
        return .{
            .name = "alike",
            .version = "0.1.0",
            .summary = "prefers what is like what was looked at",
            .role = .reranking,
            .inner_metric = "ndcg@10",
            .reward_level = .outer,
            .inputs = &.{greenroom.takes("ranked")},
            .history_max = 50,
            .facts = &.{"genres"},
        };
    }

    pub fn decide(_: *Agent, call: *greenroom.Call, seen: greenroom.Observation) !greenroom.Decision {
        const ranked = try seen.takeCandidates(call, "ranked") orelse return .empty;
        if (seen.history.rows.len == 0) return .of(try ranked.first(call.arena, seen.limit));
        const looked = vectors(call, seen.history.rows) catch |e| switch (e) {
            error.NotFound, error.Denied => return .of(try ranked.first(call.arena, seen.limit)),
            else => return e,
        };
        var liked: [labels_max]f32 = @splat(0);
        for (looked, 0..) |has, i| liked[i % labels_max] += has;
        const among = try vectors(call, ranked.rows);
        // The library gives up on what is no vector, which is this agent's fault.
        const length: usize = if (std.mem.eql(u8, seen.surface, "broken")) labels_max - 1 else labels_max;
        var answer: similarity.List = undefined;
        similarity.cosines(&liked, length, among.ptr, among.len, &answer);
        return .of(try .best(call.arena, ranked.rows, answer.at[0..answer.len], seen.limit));
    }

    /// What genres rows are of: 1 for each label that a row has, row by row.
    fn vectors(call: *greenroom.Call, rows: []const u32) ![]const f32 {
        const facts = try greenroom.memory.gather(call, rows, &.{"genres"});
        const all = try call.arena.alloc(f32, rows.len * labels_max);
        for (facts[0].values.s64s, 0..) |bits, row| {
            for (all[row * labels_max ..][0..labels_max], 0..) |*has, label| {
                has.* = @floatFromInt(bits >> @intCast(label) & 1);
            }
        }
        return all;
    }
};

comptime {
    greenroom.exportAgent(Agent);
}
