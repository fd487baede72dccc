//! Failures that travel as values.

use std::fmt;
use std::path::PathBuf;

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

/// A limit that a call reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrun {
    /// As in a graph file: `fuel`, `deadline_ms`, `memory_max` and so on.
    pub limit: String,
    /// How much there was.
    pub most: u64,
    /// How much was wanted: all that there was, where a guest is stopped at the limit itself.
    pub found: u64,
}

/// A function that was running when a guest trapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Its name, or its number where the component carries no names.
    pub function: String,
    /// File and line, where the component carries them.
    pub source: Option<String>,
    /// Where it is in its core module, in bytes.
    pub offset: Option<u64>,
}

/// What is known of a fault, for whoever looks for its cause. What comes from the guest is escaped and cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// Which limit ended the call.
    pub overrun: Option<Overrun>,
    /// Innermost first.
    pub backtrace: Vec<Frame>,
    /// The latest host calls, oldest first.
    pub host_calls: Vec<String>,
    /// The file by which the call can be run again.
    pub replay: Option<PathBuf>,
}

impl FaultReport {
    /// A report of which limit ended the call.
    #[must_use]
    pub fn overrun(limit: &str, most: u64, found: u64) -> Self {
        Self { overrun: Some(Overrun { limit: limit.to_owned(), most, found }), ..Self::default() }
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
    /// For whoever looks for its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<FaultReport>>,
}

impl Fault {
    /// The agent's.
    #[must_use]
    pub fn guest(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { source: FaultSource::Guest, kind, message: message.into(), retryable: false, report: None }
    }

    /// The host's.
    #[must_use]
    pub fn host(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { source: FaultSource::Host, kind, message: message.into(), retryable: true, report: None }
    }

    /// The caller's.
    #[must_use]
    pub fn caller(message: impl Into<String>) -> Self {
        let kind = FaultKind::InvalidObservation;
        Self { source: FaultSource::Caller, kind, message: message.into(), retryable: false, report: None }
    }

    /// With what is known of its cause.
    #[must_use]
    pub fn reported(self, report: FaultReport) -> Self {
        Self { report: Some(Box::new(report)), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

impl std::error::Error for Fault {}
