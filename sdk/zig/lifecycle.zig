//! Learned state, and what `fit` reports.

/// Learned state: what `snapshot` gives and `restore` takes. `StateWriter` and `StateReader` make and read the bytes.
pub const State = struct {
    /// Names the layout of `bytes`.
    schema: []const u8,
    bytes: []const u8,
};

/// What `fit` found.
pub const FitReport = struct {
    /// Events that it learned from.
    examples: u64,
    /// The loss that it reached, where it has one.
    loss: ?f64 = null,
    /// For a person: what was left out, what did not converge.
    notes: []const []const u8 = &.{},
};
