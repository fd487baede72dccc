//! Failures that travel as values.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultSource {
    /// The agent's.
    Guest,
    /// The host's, or its machine's.
    Host,
    /// Whoever sent the request.
    Caller,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The agent reported it: a parameter.
    InvalidParameters,
    /// The agent reported it: an observation, or the caller's request.
    InvalidObservation,
    /// The agent reported it: a state.
    InvalidState,
    /// The agent reported it: feedback.
    InvalidFeedback,
    /// Something needed was not there.
    Unavailable,
    /// The agent reported something else.
    Internal,
    /// The agent trapped.
    Trap,
    /// The fuel ran out.
    Fuel,
    /// The time ran out.
    Deadline,
    /// The memory ran out.
    Memory,
    /// Calls of imports, or bytes through them, ran out.
    HostCalls,
    /// The decision broke the rules: NaN, repeated or unknown rows, too many, columns of unequal length.
    InvalidOutput,
    /// No instance was free.
    Exhausted,
}

impl FaultKind {
    /// As in logs and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidParameters => "invalid-parameters",
            Self::InvalidObservation => "invalid-observation",
            Self::InvalidState => "invalid-state",
            Self::InvalidFeedback => "invalid-feedback",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::HostCalls => "host-calls",
            Self::InvalidOutput => "invalid-output",
            Self::Exhausted => "exhausted",
        }
    }
}

/// A failure of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Whose it is.
    pub source: FaultSource,
    /// What it is.
    pub kind: FaultKind,
    /// For a person.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl Fault {
    /// The agent's.
    #[must_use]
    pub fn guest(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { source: FaultSource::Guest, kind, message: message.into(), retryable: false }
    }

    /// The host's.
    #[must_use]
    pub fn host(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { source: FaultSource::Host, kind, message: message.into(), retryable: true }
    }

    /// The caller's.
    #[must_use]
    pub fn caller(message: impl Into<String>) -> Self {
        let kind = FaultKind::InvalidObservation;
        Self { source: FaultSource::Caller, kind, message: message.into(), retryable: false }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl std::error::Error for Fault {}
