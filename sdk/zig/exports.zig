//! What the host calls. Exports exactly the interfaces whose functions an agent has.

const std = @import("std");
const builtin = @import("builtin");
const abi = @import("abi.zig");
const log = @import("log.zig");
const parameters = @import("parameters.zig");
const scratch = @import("scratch.zig");
const shape = @import("shape.zig");
const Call = @import("call.zig").Call;
const Decision = @import("decision.zig").Decision;
const Descriptor = @import("descriptor.zig").Descriptor;
const Fault = @import("fault.zig").Fault;
const Feedback = @import("feedback.zig").Feedback;
const FitReport = @import("lifecycle.zig").FitReport;
const Observation = @import("observation.zig").Observation;
const State = @import("lifecycle.zig").State;

/// Exports what `Agent` has, when the target is WebAssembly; otherwise it only checks what `Agent` has.
pub fn exportAgent(comptime Agent: type) void {
    comptime {
        shape.check(Agent);
        if (!builtin.target.cpu.arch.isWasm()) return;
        @export(&reallocate, .{ .name = "cabi_realloc" });
        const Exported = Interfaces(Agent);
        exportFunction("greenroom:agent/policy@0.2.0#decide", &Exported.decide);
        if (@hasDecl(Agent, "describe")) {
            exportFunction("greenroom:agent/lifecycle@0.2.0#describe", &Exported.describe);
            exportFunction("greenroom:agent/lifecycle@0.2.0#configure", &Exported.configure);
            exportFunction("greenroom:agent/lifecycle@0.2.0#snapshot", &Exported.snapshot);
            exportFunction("greenroom:agent/lifecycle@0.2.0#restore", &Exported.restore);
        }
        if (@hasDecl(Agent, "learn")) {
            exportFunction("greenroom:agent/learner@0.2.0#learn", &Exported.learn);
            exportFunction("greenroom:agent/learner@0.2.0#fit", &Exported.fit);
        }
    }
}

fn exportFunction(comptime name: []const u8, comptime function: anytype) void {
    @export(function, .{ .name = name });
    @export(&givenBack, .{ .name = "cabi_post_" ++ name });
}

/// The host has read an answer: the call is over.
fn givenBack(_: u32) callconv(.c) void {
    scratch.reset();
}

/// Where the host puts what it hands over. It lasts as long as the call.
pub fn reallocate(old: u32, old_len: u32, alignment: u32, len: u32) callconv(.c) u32 {
    if (len == 0) return alignment;
    const new = scratch.allocator.rawAlloc(len, .fromByteUnits(alignment), @returnAddress()) orelse abi.outOfMemory();
    if (old_len > 0) {
        const before = @as([*]const u8, @ptrFromInt(old))[0..@min(old_len, len)];
        @memcpy(new[0..before.len], before);
    }
    return abi.address(new);
}

fn Interfaces(comptime Agent: type) type {
    return struct {
        /// The one agent of an instance. An instance runs one call at a time, on one thread.
        var agent: Agent = .{};

        /// Calls a function of the agent, which keeps its name in a backtrace: it is not made part of what calls it.
        fn run(comptime name: []const u8, args: anytype) @typeInfo(@TypeOf(@field(Agent, name))).@"fn".return_type.? {
            const self = if (@typeInfo(@TypeOf(@field(Agent, name))).@"fn".param_types[0] == Agent) agent else &agent;
            return @call(.never_inline, @field(Agent, name), .{self} ++ args);
        }

        fn decide(seen: [*]const u8) callconv(.c) u32 {
            var call = begin();
            return answer(Decision, &call, run("decide", .{ &call, abi.lift(Observation, call.arena, seen) }));
        }

        fn describe() callconv(.c) u32 {
            const description = comptime Agent.describe();
            abi.lower(Descriptor, scratch.allocator, &description, &returned);
            return abi.address(&returned);
        }

        fn configure(params: u32, params_len: u32) callconv(.c) u32 {
            var call = begin();
            if (!@hasDecl(Agent, "configure")) return answer(void, &call, {});
            const Parameters = shape.Third(Agent, "configure");
            const given = parameters.decode(Parameters, &call, abi.liftSlice(u8, call.arena, params, params_len));
            return answer(void, &call, run("configure", .{ &call, given catch |e| return answer(void, &call, e) }));
        }

        fn snapshot() callconv(.c) u32 {
            var call = begin();
            const nothing: State = .{ .schema = comptime Agent.describe().snapshot_schema, .bytes = "" };
            return answer(State, &call, if (@hasDecl(Agent, "snapshot")) run("snapshot", .{&call}) else nothing);
        }

        fn restore(schema: u32, schema_len: u32, bytes: u32, bytes_len: u32) callconv(.c) u32 {
            var call = begin();
            const state: State = .{
                .schema = abi.liftSlice(u8, call.arena, schema, schema_len),
                .bytes = abi.liftSlice(u8, call.arena, bytes, bytes_len),
            };
            const mine = comptime Agent.describe();
            if (!std.mem.eql(u8, state.schema, mine.snapshot_schema)) return answer(void, &call, call.fail(
                .invalid_state,
                "{s} {s} restores states of schema \"{s}\", not \"{s}\": train this agent, or give it its own state",
                .{ mine.name, mine.version, mine.snapshot_schema, state.schema },
            ));
            return answer(void, &call, if (@hasDecl(Agent, "restore")) run("restore", .{ &call, state }) else {});
        }

        fn learn(batch: [*]const u8) callconv(.c) u32 {
            var call = begin();
            return answer(void, &call, run("learn", .{ &call, abi.lift(Feedback, call.arena, batch) }));
        }

        fn fit() callconv(.c) u32 {
            var call = begin();
            return answer(FitReport, &call, run("fit", .{&call}));
        }
    };
}

fn begin() Call {
    return .{ .arena = scratch.allocator, .kept = scratch.kept };
}

/// What the host reads of an answer: lists lie elsewhere.
var returned: [256]u8 align(8) = undefined;

fn answer(comptime Ok: type, call: *Call, outcome: anytype) u32 {
    const Answer = abi.Result(Ok, Fault);
    comptime std.debug.assert(abi.sizeOf(Answer) <= returned.len and abi.sizeOf(Descriptor) <= returned.len);
    const value: Answer = switch (@typeInfo(@TypeOf(outcome))) {
        .error_union => if (outcome) |ok| .{ .ok = ok } else |e| .{ .err = faultOf(call, e) },
        .error_set => .{ .err = faultOf(call, outcome) },
        else => .{ .ok = outcome },
    };
    abi.lower(Answer, call.arena, &value, &returned);
    return abi.address(&returned);
}

/// The fault that a call failed with. An error that is no `error.Fault` is told by its name.
fn faultOf(call: *Call, e: anyerror) Fault {
    if (e == error.Fault) if (call.fault) |fault| return fault;
    if (e == error.OutOfMemory) abi.outOfMemory();
    const words = std.fmt.allocPrint(call.arena, "the agent failed with error.{s}", .{@errorName(e)}) catch abi.outOfMemory();
    const message = if (call.refusal) |refusal| withRefusal(call, words, refusal) else words;
    return .{ .kind = .internal, .message = message };
}

/// The host's words of what it refused last, which is what most errors of an agent come from.
fn withRefusal(call: *Call, words: []const u8, refusal: anytype) []const u8 {
    return switch (refusal) {
        .conflict => words,
        inline else => |said| std.fmt.allocPrint(call.arena, "{s}: {s}", .{ words, said }) catch abi.outOfMemory(),
    };
}
