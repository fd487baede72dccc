//! What calls used.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// What a call, or several, used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Calls.
    pub calls: u64,
    /// Units of fuel.
    pub fuel: u64,
    /// Microseconds of wall time.
    pub wall_us: u64,
    /// The most bytes of memories and tables that an instance had.
    pub memory_peak: u64,
    /// Calls of imports.
    pub host_calls: u64,
    /// Bytes through imports.
    pub host_bytes: u64,
    /// Bytes of log lines that were kept.
    pub log_bytes: u64,
    /// Log lines that were dropped.
    pub log_dropped: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.fuel += other.fuel;
        self.wall_us += other.wall_us;
        self.memory_peak = self.memory_peak.max(other.memory_peak);
        self.host_calls += other.host_calls;
        self.host_bytes += other.host_bytes;
        self.log_bytes += other.log_bytes;
        self.log_dropped += other.log_dropped;
    }
}
