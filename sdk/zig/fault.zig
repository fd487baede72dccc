//! Failures that an agent reports in words, rather than by a trap.

/// What the host is told when a call fails. `Call.fail` makes one.
pub const Fault = struct {
    kind: Kind,
    /// For a person: what was expected, what was found, what to do.
    message: []const u8,
    /// Whether the same call may succeed later.
    retryable: bool = false,

    pub const Kind = enum {
        /// `configure` was given a parameter that it cannot take.
        invalid_parameters,
        /// `decide` was given an observation that it cannot decide on.
        invalid_observation,
        /// `restore` was given a state that is not its own, or is broken.
        invalid_state,
        /// `learn` was given feedback that it cannot learn from.
        invalid_feedback,
        /// Something that the agent needs was not there; it may be there later.
        unavailable,
        /// Anything else.
        internal,
    };
};
