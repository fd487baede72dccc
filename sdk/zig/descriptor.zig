//! What an agent says of itself.

const Payload = @import("decision.zig").Payload;

/// What part an agent plays.
pub const Role = enum { recall, fusion, ranking, calibration, reranking, routing, evolution, infrastructure };

/// The layers of the agentic recommender.
pub const Layer = enum { decision, evolution, infrastructure };

/// What an agent learns from.
pub const RewardLevel = enum {
    /// Its own metric on its own decisions.
    inner,
    /// The system's objective.
    outer,
};

/// What an agent makes of its state when there is more to learn.
pub const Learning = enum {
    /// Nothing: it learns everything from the beginning.
    anew,
    /// It goes on from it. A promise that the host tries: a state that was restored and taught the rest is the same, byte for
    /// byte, as one that was taught all at once.
    onward,
};

/// The types of columns.
pub const ColumnKind = enum { f32s, s64s, u32s };

/// A column that is required or produced.
pub const ColumnSpec = struct {
    name: []const u8,
    kind: ColumnKind = .f32s,
};

/// An input.
pub const Port = struct {
    /// "*" stands for any number of ports of any name.
    name: []const u8,
    kind: Payload.Kind = .candidates,
    /// Whether a graph may leave it unconnected, and a request may leave it empty.
    optional: bool = false,
    /// What whoever is connected here has to produce.
    columns: []const ColumnSpec = &.{},
};

/// A port of candidates that has to be connected.
pub fn takes(comptime port: []const u8) Port {
    return .{ .name = port };
}

/// Columns of f32 by name.
pub fn columns(comptime names: []const []const u8) []const ColumnSpec {
    comptime var specs: [names.len]ColumnSpec = undefined;
    inline for (&specs, names) |*spec, name| spec.* = .{ .name = name };
    const constant = specs;
    return &constant;
}

pub const FloatRange = struct { low: f64, high: f64, default: f64, log: bool };
pub const IntegerRange = struct { low: i64, high: i64, default: i64, log: bool };
pub const Choices = struct { options: []const []const u8, default: []const u8 };

/// What values a parameter takes.
pub const Domain = union(enum) {
    float: FloatRange,
    integer: IntegerRange,
    choice: Choices,
    boolean: bool,
    items,
    numbers,
};

/// When a parameter matters: when another one has one of these values, written as in the graph file.
pub const Condition = struct {
    parameter: []const u8,
    values: []const []const u8,
};

/// A parameter of the decision space. `greenroom.parameters.of` makes them of a struct.
pub const Parameter = struct {
    name: []const u8,
    summary: []const u8,
    domain: Domain,
    condition: ?Condition = null,
    /// Whether `learn` and `fit` read it, so that a change needs a new state and not just a new `configure`.
    shapes_state: bool = false,
};

/// What an agent says of itself. It depends on nothing but the code: `describe` runs while the agent is compiled.
pub const Descriptor = struct {
    name: []const u8,
    version: []const u8,
    summary: []const u8,
    role: Role,
    layer: Layer = .decision,
    /// The metric that it optimises, for instance "recall@200"; empty for none.
    inner_metric: []const u8 = "",
    reward_level: RewardLevel = .inner,
    /// What it takes.
    inputs: []const Port = &.{},
    /// What it returns.
    output: Payload.Kind = .candidates,
    /// The columns that its candidates carry, beside those that it passes on.
    produces: []const ColumnSpec = &.{},
    /// How many of the subject's latest events it wants to see; 0 for none.
    history_max: u32 = 0,
    /// The item facts that it reads when there are any.
    facts: []const []const u8 = &.{},
    parameters: []const Parameter = &.{},
    /// Names the layout of `snapshot`; empty for an agent without state.
    snapshot_schema: []const u8 = "",
    /// Whether it goes on from its state.
    learning: Learning = .anew,
};
