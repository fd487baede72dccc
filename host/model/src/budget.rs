//! What a call may use.

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

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Units of fuel; about one a wasm instruction.
    pub fuel: u64,
    /// Wall time in milliseconds.
    pub deadline_ms: u64,
    /// Bytes of all linear memories, and of all tables at 8 bytes an element, in sum.
    pub memory_max: u64,
    /// Calls of imported functions.
    pub host_calls_max: u64,
    /// Bytes through imported functions, in and out.
    pub host_bytes_max: u64,
    /// Bytes of log lines.
    pub log_bytes_max: u64,
}

impl Budget {
    /// A decision: 500 million units of fuel, 1 s, 256 MiB, 10,000 host calls, 64 MiB through them, 16 KiB of log.
    pub const DECIDE: Self = Self {
        fuel: 500_000_000,
        deadline_ms: 1_000,
        memory_max: 256 << 20,
        host_calls_max: 10_000,
        host_bytes_max: 64 << 20,
        log_bytes_max: 16 << 10,
    };

    /// Preparing an instance: as a decision, but with 10 s and four times the fuel.
    pub const PREPARE: Self = Self { fuel: 2_000_000_000, deadline_ms: 10_000, ..Self::DECIDE };

    /// Learning: ten minutes, 2 GiB, and fuel that only an endless loop uses up.
    pub const LEARN: Self = Self {
        fuel: 10_000_000_000_000,
        deadline_ms: 600_000,
        memory_max: 2 << 30,
        host_calls_max: 1_000_000,
        host_bytes_max: 8 << 30,
        log_bytes_max: 64 << 10,
    };
}

/// The budgets of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
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
            configure: Budget::PREPARE,
            restore: Budget::PREPARE,
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
