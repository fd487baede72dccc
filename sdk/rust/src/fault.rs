//! Making faults.

use crate::memory::Error;
use crate::{Fault, FaultKind};

impl Fault {
    fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retryable: matches!(kind, FaultKind::Unavailable) }
    }

    /// A parameter that cannot be taken.
    #[must_use]
    pub fn invalid_parameters(message: impl Into<String>) -> Self {
        Self::new(FaultKind::InvalidParameters, message)
    }

    /// An observation that cannot be decided on.
    #[must_use]
    pub fn invalid_observation(message: impl Into<String>) -> Self {
        Self::new(FaultKind::InvalidObservation, message)
    }

    /// A state that is not this agent's, or is broken.
    #[must_use]
    pub fn invalid_state(message: impl Into<String>) -> Self {
        Self::new(FaultKind::InvalidState, message)
    }

    /// Feedback that cannot be learned from.
    #[must_use]
    pub fn invalid_feedback(message: impl Into<String>) -> Self {
        Self::new(FaultKind::InvalidFeedback, message)
    }

    /// Something that is needed is not there now; retryable.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Unavailable, message)
    }

    /// Anything else.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Internal, message)
    }
}

/// So that `?` passes on what memory said: retryable when that is, and internal when it is not granted or not there.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(said) => Self::unavailable(format!("memory: {said}")),
            Error::Denied(said) | Error::TooLarge(said) | Error::Quota(said) | Error::NotFound(said) => {
                Self::internal(format!("memory: {said}"))
            }
            Error::Conflict(_) => Self::internal("memory: another revision of the key was written meanwhile"),
        }
    }
}
