//! That an agent has the functions that go together, with the parameters that the host calls them with.

const std = @import("std");
const Call = @import("call.zig").Call;
const Decision = @import("decision.zig").Decision;
const Descriptor = @import("descriptor.zig").Descriptor;
const Feedback = @import("feedback.zig").Feedback;
const FitReport = @import("lifecycle.zig").FitReport;
const Observation = @import("observation.zig").Observation;
const State = @import("lifecycle.zig").State;

/// Reports, as a compile error, what of `Agent` the host could not call.
pub fn check(comptime Agent: type) void {
    for (@typeInfo(Agent).@"struct".field_names, @typeInfo(Agent).@"struct".field_attrs) |name, attrs| {
        if (attrs.default_value_ptr == null) @compileError("the field `" ++ name ++ "` of the agent needs a default, " ++
            "because every instance begins with one: `" ++ name ++ ": T = ...`");
    }
    if (!@hasDecl(Agent, "decide")) @compileError("the agent needs `pub fn decide(self: *Agent, call: *greenroom.Call, " ++
        "seen: greenroom.Observation) !greenroom.Decision`");
    method(Agent, "decide", &.{Observation}, "!greenroom.Decision", Decision);
    const has = struct {
        fn all(comptime names: []const []const u8) bool {
            for (names) |name| if (!@hasDecl(Agent, name)) return false;
            return true;
        }
    };
    for (.{ "configure", "snapshot", "restore", "learn", "fit" }) |name| {
        if (@hasDecl(Agent, name) and !@hasDecl(Agent, "describe"))
            @compileError("an agent with `" ++ name ++ "` needs `pub fn describe() greenroom.Descriptor`");
    }
    if (has.all(&.{"learn"}) != has.all(&.{"fit"})) @compileError("`learn` and `fit` go together: the agent has one of them");
    if (has.all(&.{"snapshot"}) != has.all(&.{"restore"}))
        @compileError("`snapshot` and `restore` go together: the agent has one of them");
    if (!has.all(&.{"describe"})) return;
    if (@TypeOf(Agent.describe) != fn () Descriptor) @compileError("`describe` is `fn () greenroom.Descriptor`, not `" ++
        @typeName(@TypeOf(Agent.describe)) ++ "`");
    const mine: Descriptor = Agent.describe();
    if (mine.parameters.len > 0 and !has.all(&.{"configure"}))
        @compileError("`describe` names parameters, so the agent needs `pub fn configure` to take them");
    if (has.all(&.{"snapshot"}) and mine.snapshot_schema.len == 0)
        @compileError("an agent with `snapshot` names the layout of its state: `.snapshot_schema = \"" ++ mine.name ++ "/1\"`");
    if (has.all(&.{"configure"})) {
        method(Agent, "configure", &.{Third(Agent, "configure")}, "!void", void);
    }
    if (has.all(&.{"snapshot"})) {
        method(Agent, "snapshot", &.{}, "!greenroom.State", State);
        method(Agent, "restore", &.{State}, "!void", void);
    }
    if (has.all(&.{"learn"})) {
        method(Agent, "learn", &.{Feedback}, "!void", void);
        method(Agent, "fit", &.{}, "!greenroom.FitReport", FitReport);
    }
}

/// The type of what a method takes beside the agent and the call.
pub fn Third(comptime Agent: type, comptime name: []const u8) type {
    const types = @typeInfo(@TypeOf(@field(Agent, name))).@"fn".param_types;
    if (types.len == 3) if (types[2]) |T| return T;
    @compileError("`" ++ name ++ "` takes the agent, a `*greenroom.Call` and one thing more");
}

fn method(
    comptime Agent: type,
    comptime name: []const u8,
    comptime more: []const type,
    comptime returns: []const u8,
    comptime Returned: type,
) void {
    const Function = @TypeOf(@field(Agent, name));
    const function = @typeInfo(Function).@"fn";
    var fits = function.param_types.len == 2 + more.len;
    if (fits) {
        const Self = function.param_types[0] orelse void;
        fits = (Self == *Agent or Self == *const Agent or Self == Agent) and function.param_types[1] == *Call;
        for (more, function.param_types[2..]) |Wanted, found| fits = fits and found == Wanted;
    }
    if (function.return_type) |Found| fits = fits and switch (@typeInfo(Found)) {
        .error_union => |result| result.payload == Returned,
        else => Found == Returned,
    };
    if (fits) return;
    var wanted: []const u8 = "`" ++ name ++ "` should be `fn (*Agent, *greenroom.Call";
    for (more) |T| wanted = wanted ++ ", " ++ @typeName(T);
    @compileError(wanted ++ ") " ++ returns ++ "`, and is `" ++ @typeName(Function) ++ "`");
}
