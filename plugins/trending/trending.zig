//! What is rising: the recall agent of what is liked now more than it used to be.
//!
//! Each item has two rates of positive events, as of the time of the request: a short one, which fades by half in
//! `short_days`, and a long one, which fades by half in `long_days`. Its volume is the short rate; its rise is the short rate
//! over the long one, to which `prior` is added so that a few events of an obscure item are no rise. The score is the
//! logarithm of volume^(1 - lift) * rise^lift.
//!
//! A request is answered as of its own time, whenever that is: the state keeps when each event was, and no event after `now`
//! counts. A subject speaks for an item once, at the first time, so that nobody makes a trend alone, and so that what a subject
//! does later takes nothing back from what was known before.

const std = @import("std");
const greenroom = @import("greenroom");
const Events = @import("events.zig").Events;
const Rates = @import("rates.zig").Rates;

const schema = "trending/1";

const Parameters = struct {
    short_days: greenroom.Float(.{
        .low = 0.25,
        .high = 365,
        .default = 90,
        .log = true,
        .summary = "days after which an event counts half in what is liked now",
    }),
    long_days: greenroom.Float(.{
        .low = 7,
        .high = 3650,
        .default = 1000,
        .log = true,
        .summary = "days after which an event counts half in what an item is used to; at least `short_days`",
    }),
    lift: greenroom.Float(.{
        .low = 0,
        .high = 1,
        .default = 0.3,
        .summary = "what matters: 0 how much an item is liked now, 1 how much more than it is used to",
    }),
    prior: greenroom.Float(.{
        .low = 0.001,
        .high = 100,
        .default = 0.05,
        .log = true,
        .summary = "events a day that every item is taken to be used to",
    }),
};

pub const Agent = struct {
    fading: Rates.Fading = .{ .short_days = 90, .long_days = 1000, .lift = 0.3, .prior = 0.05 },
    events: Events = .{},
    rates: Rates = .{},

    pub fn describe() greenroom.Descriptor {
        return .{
            .name = "trending",
            .version = "0.1.0",
            .summary = "recommends what is liked now more than it used to be",
            .role = .recall,
            .inner_metric = "recall@200",
            .parameters = greenroom.parameters.of(Parameters),
            .snapshot_schema = schema,
            .learning = .onward,
        };
    }

    pub fn configure(agent: *Agent, _: *greenroom.Call, given: Parameters) !void {
        agent.fading = .{
            .short_days = given.short_days.value,
            .long_days = @max(given.long_days.value, given.short_days.value),
            .lift = given.lift.value,
            .prior = given.prior.value,
        };
    }

    pub fn decide(agent: *Agent, call: *greenroom.Call, seen: greenroom.Observation) !greenroom.Decision {
        return .of(try agent.rates.best(call.arena, &seen, agent.fading));
    }

    pub fn learn(agent: *Agent, call: *greenroom.Call, batch: greenroom.Feedback) !void {
        try batch.check(call);
        try agent.events.learn(call.kept, &batch);
    }

    pub fn fit(agent: *Agent, call: *greenroom.Call) !greenroom.FitReport {
        const liked = try agent.events.settle(call.kept, call.arena);
        try agent.rates.count(call.kept, liked, agent.fading);
        return .{ .examples = agent.rates.seconds.len };
    }

    pub fn snapshot(agent: *Agent, call: *greenroom.Call) !greenroom.State {
        var writer: greenroom.StateWriter = .init(call.arena);
        _ = try agent.events.settle(call.kept, call.arena);
        try agent.events.write(&writer);
        try agent.rates.write(&writer);
        return writer.finish(schema);
    }

    pub fn restore(agent: *Agent, call: *greenroom.Call, state: greenroom.State) !void {
        var reader: greenroom.StateReader = .init(call, state);
        var events: Events = try .read(&reader);
        errdefer events.deinit(call.kept);
        var rates: Rates = try .read(&reader);
        errdefer rates.deinit(call.kept);
        try reader.finish(rates.isWhole());
        try rates.fade(call.kept, agent.fading);
        agent.events.deinit(call.kept);
        agent.rates.deinit(call.kept);
        agent.events, agent.rates = .{ events, rates };
    }
};

comptime {
    greenroom.exportAgent(Agent);
}

test {
    _ = @import("events.zig");
    _ = @import("packed.zig");
    _ = @import("rates.zig");
    _ = @import("trending_test.zig");
}
