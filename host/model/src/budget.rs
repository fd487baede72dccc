//! What a call may use.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// The exports of the contract, each with a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `lifecycle.describe`.
    Describe,
    /// `lifecycle.configure`.
    Configure,
    /// `lifecycle.restore`.
    Restore,
    /// `lifecycle.snapshot`.
    Snapshot,
    /// `learner.learn`, one batch.
    Learn,
    /// `learner.fit`.
    Fit,
    /// `policy.decide`.
    Decide,
}

impl Call {
    /// The name of the function in the contract.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::Configure => "configure",
            Self::Restore => "restore",
            Self::Snapshot => "snapshot",
            Self::Learn => "learn",
            Self::Fit => "fit",
            Self::Decide => "decide",
        }
    }
}

/// What an import does to a guest that asks it for more than the budget has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exceeded {
    /// The call ends there, with a fault.
    #[default]
    Trap,
    /// The guest is told `quota`, and may go on with what it has. An import that cannot tell traps all the same.
    Reject,
}

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Units of fuel; about one a wasm instruction.
    pub fuel: u64,
    /// Wall time in milliseconds.
    pub deadline_ms: u64,
    /// Bytes of all linear memories, and of all tables at 8 bytes an element, in sum.
    pub memory_max: u64,
    /// Elements of all tables in sum.
    pub table_elements_max: u64,
    /// Bytes that the guest hands over at a time: with one call of an import, or with its answer.
    pub lifted_bytes_max: u64,
    /// Namespaces that are open at once.
    pub handles_max: u64,
    /// Calls of imported functions.
    pub host_calls_max: u64,
    /// Bytes through imported functions, in and out.
    pub host_bytes_max: u64,
    /// Entries read, of each namespace. Rows of item facts count as those of the namespace `items`.
    pub memory_reads_max: u64,
    /// Entries written, of each namespace.
    pub memory_writes_max: u64,
    /// Log lines.
    pub log_lines_max: u64,
    /// Bytes of log lines.
    pub log_bytes_max: u64,
    /// Bytes of the decision.
    pub output_bytes_max: u64,
    /// What happens when host calls, their bytes, reads, writes or handles run out.
    pub exceeded: Exceeded,
}

impl Budget {
    /// The same until `by` at the latest; 1 ms at least, so that the guest is asked and stopped.
    #[must_use]
    pub fn until(&self, by: Instant) -> Self {
        let left = by.saturating_duration_since(Instant::now());
        let left_ms = u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        Self { deadline_ms: self.deadline_ms.min(left_ms).max(1), ..*self }
    }

    /// A decision: 500 million units of fuel, 1 s, 256 MiB, 10,000 host calls, 64 MiB through them, a million reads and a
    /// thousand writes of a namespace, 256 lines of log in 16 KiB, an answer of 16 MiB.
    pub const DECIDE: Self = Self {
        fuel: 500_000_000,
        deadline_ms: 1_000,
        memory_max: 256 << 20,
        table_elements_max: 200_000,
        lifted_bytes_max: 64 << 20,
        handles_max: 256,
        host_calls_max: 10_000,
        host_bytes_max: 64 << 20,
        memory_reads_max: 1_000_000,
        memory_writes_max: 1_000,
        log_lines_max: 256,
        log_bytes_max: 16 << 10,
        output_bytes_max: 16 << 20,
        exceeded: Exceeded::Trap,
    };

    /// Preparing an instance: as a decision, but with 10 s and four times the fuel.
    pub const PREPARE: Self = Self { fuel: 2_000_000_000, deadline_ms: 10_000, ..Self::DECIDE };

    /// Taking a state, or handing it over: it may be of 1 GiB.
    pub const RESTORE: Self = Self { lifted_bytes_max: 1 << 30, ..Self::PREPARE };

    /// Learning: ten minutes, 2 GiB, and fuel that only an endless loop uses up.
    pub const LEARN: Self = Self {
        fuel: 10_000_000_000_000,
        deadline_ms: 600_000,
        memory_max: 2 << 30,
        host_calls_max: 1_000_000,
        host_bytes_max: 8 << 30,
        memory_reads_max: 1_000_000_000,
        memory_writes_max: 1_000_000,
        log_lines_max: 1_024,
        log_bytes_max: 64 << 10,
        ..Self::DECIDE
    };
}

/// The budgets of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// For making an instance: start functions, and whatever memories and tables begin with.
    pub instantiate: Budget,
    /// For `describe` and `configure`.
    pub configure: Budget,
    /// For `restore` and `snapshot`.
    pub restore: Budget,
    /// For each batch of `learn`.
    pub learn: Budget,
    /// For `fit`.
    pub fit: Budget,
    /// For `decide`.
    pub decide: Budget,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            instantiate: Budget::PREPARE,
            configure: Budget::PREPARE,
            restore: Budget::RESTORE,
            learn: Budget::LEARN,
            fit: Budget::LEARN,
            decide: Budget::DECIDE,
        }
    }
}

impl Budgets {
    /// The budget of a call.
    #[must_use]
    pub fn of(&self, call: Call) -> &Budget {
        match call {
            Call::Describe | Call::Configure => &self.configure,
            Call::Restore | Call::Snapshot => &self.restore,
            Call::Learn => &self.learn,
            Call::Fit => &self.fit,
            Call::Decide => &self.decide,
        }
    }
}
