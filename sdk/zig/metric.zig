//! Numbers for the operator, bounded by the host.

const host = @import("host.zig").host;

/// Adds to a counter.
pub fn count(name: []const u8, value: f64) void {
    host.count(name, value);
}

/// Observes a value.
pub fn observe(name: []const u8, value: f64) void {
    host.observe(name, value);
}
