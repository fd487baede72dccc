//! What flows along the edges of a graph, and what `decide` returns.

const Candidates = @import("candidates.zig").Candidates;

/// A branch that a router picks.
pub const Branch = struct {
    name: []const u8,
    /// With which probability the router picks it for a request like this one, in [0, 1].
    probability: f32,
};

/// Which of the branches behind a router run.
pub const Route = struct {
    branches: []const Branch,
};

/// A change of settings for the nodes that read them.
pub const Settings = struct {
    /// What the patch is for, for instance the name of a node.
    scope: []const u8,
    /// MessagePack.
    patch: []const u8,
};

/// What flows along an edge.
pub const Payload = union(enum) {
    candidates: Candidates,
    route: Route,
    settings: Settings,
    /// MessagePack.
    document: []const u8,

    pub const Kind = enum { candidates, route, settings, document };
};

/// How a policy draws.
pub const PolicyKind = enum {
    /// The same list every time.
    deterministic,
    /// Rows drawn one after the other without replacement (Plackett-Luce).
    plackett_luce,
    /// The greedy list, with some positions replaced uniformly.
    epsilon_greedy,
    /// Anything else with known propensities.
    other,
};

/// How a decision was drawn, for learning from it later without bias.
pub const PolicyRecord = struct {
    kind: PolicyKind,
    /// The marginal probability of each row at the position where it stands, in [0, 1]; empty when deterministic.
    propensities: []const f32 = &.{},
    /// Log probability of the whole list; 0 when deterministic.
    log_probability: f64 = 0,
    /// Whether this decision differs from the greedy one.
    explored: bool = false,
    /// The seed of the draw.
    sampler_seed: u64 = 0,
};

/// What `decide` returns. What it points to has to last until the call ends.
pub const Decision = struct {
    payload: Payload,
    /// Null for a deterministic policy.
    policy: ?PolicyRecord = null,

    /// No candidates.
    pub const empty: Decision = .{ .payload = .{ .candidates = .empty } };

    /// Candidates, by a deterministic policy.
    pub fn of(candidates: Candidates) Decision {
        return .{ .payload = .{ .candidates = candidates } };
    }
};
