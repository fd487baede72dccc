//! What calls used.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a call, or several, used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Calls.
    pub calls: u64,
    /// Units of fuel.
    pub fuel: u64,
    /// Microseconds of wall time.
    pub wall_us: u64,
    /// The most bytes of memories and tables that an instance had.
    pub memory_peak: u64,
    /// The most elements of tables that an instance had.
    pub table_elements_peak: u64,
    /// The most namespaces that were open at once.
    pub handles_peak: u64,
    /// Calls of imports.
    pub host_calls: u64,
    /// Bytes through imports.
    pub host_bytes: u64,
    /// What was read and written, by namespace.
    pub namespaces: BTreeMap<Arc<str>, NamespaceUsage>,
    /// What was asked of memory and not granted, as a graph file writes it, and how often.
    pub denied: BTreeMap<String, u64>,
    /// Log lines that were kept.
    pub log_lines: u64,
    /// Bytes of log lines that were kept.
    pub log_bytes: u64,
    /// Log lines that were dropped.
    pub log_dropped: u64,
    /// Bytes of decisions.
    pub output_bytes: u64,
    /// Decisions that broke the rules.
    pub violations: u64,
    /// Rows that were dropped for it.
    pub rows_dropped: u64,
}

/// What was done in a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceUsage {
    /// Entries that were asked for or came with a scan.
    pub reads: u64,
    /// Entries that were put, swapped or deleted.
    pub writes: u64,
    /// Bytes of keys and values that were written.
    pub written_bytes: u64,
}

/// Different things of which it is told how often they were denied; of further ones it is told together.
const DENIED_MAX: usize = 16;
const OTHERS: &str = "others";

impl Usage {
    /// Something was asked that is not granted. Whether it is the first time that this is told of.
    pub fn deny(&mut self, asked: &str, times: u64) -> bool {
        if let Some(denied) = self.denied.get_mut(asked) {
            *denied += times;
            return false;
        }
        let room = self.denied.len() < DENIED_MAX + usize::from(self.denied.contains_key(OTHERS));
        let asked = if room { asked } else { OTHERS };
        let denied = self.denied.entry(asked.to_owned()).or_default();
        *denied += times;
        *denied == times
    }
}

impl Usage {
    /// Adds what others used, without what they were denied.
    pub fn add_all_but_denied(&mut self, other: &Self) {
        self.calls += other.calls;
        self.fuel += other.fuel;
        self.wall_us += other.wall_us;
        self.memory_peak = self.memory_peak.max(other.memory_peak);
        self.table_elements_peak = self.table_elements_peak.max(other.table_elements_peak);
        self.handles_peak = self.handles_peak.max(other.handles_peak);
        self.host_calls += other.host_calls;
        self.host_bytes += other.host_bytes;
        for (name, used) in &other.namespaces {
            let sum = self.namespaces.entry(Arc::clone(name)).or_default();
            sum.reads += used.reads;
            sum.writes += used.writes;
            sum.written_bytes += used.written_bytes;
        }
        self.log_lines += other.log_lines;
        self.log_bytes += other.log_bytes;
        self.log_dropped += other.log_dropped;
        self.output_bytes += other.output_bytes;
        self.violations += other.violations;
        self.rows_dropped += other.rows_dropped;
    }
}

impl AddAssign<&Self> for Usage {
    fn add_assign(&mut self, other: &Self) {
        self.add_all_but_denied(other);
        for (asked, times) in &other.denied {
            self.deny(asked, *times);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_everything_is_told_of_in_bounded_words() {
        let mut usage = Usage::default();
        assert!(usage.deny("space:read", 1) && !usage.deny("space:read", 1));
        for n in 0..100 {
            usage.deny(&format!("space-{n}:read"), 1);
        }
        assert_eq!(usage.denied.len(), DENIED_MAX + 1);
        assert_eq!((usage.denied["space:read"], usage.denied[OTHERS]), (2, 85));
        let mut sum = Usage::default();
        sum += &usage;
        sum += &usage;
        assert_eq!(sum.denied["space:read"], 4);
    }
}
