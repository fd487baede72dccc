//! What travels as JSON. These types are for the wire alone: the host's own may change without the API changing.

pub(crate) mod decide;
pub(crate) mod feedback;
mod fields;
pub(crate) mod status;

use std::fmt;

use greenroom_model::FaultSource;
use greenroom_runtime::AskMistake;
use serde::Serialize;

/// Something that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Mistake {
    /// Where, such as `events[2].item`; empty for the body as a whole.
    pub(crate) field: String,
    pub(crate) message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(&self.message) } else { write!(f, "`{}`: {}", self.field, self.message) }
    }
}

impl From<AskMistake> for Mistake {
    fn from(mistake: AskMistake) -> Self {
        Self { field: mistake.field.to_owned(), message: mistake.message }
    }
}

/// The first, for a message.
pub(crate) fn first(mistakes: &[Mistake]) -> String {
    mistakes.first().map(ToString::to_string).unwrap_or_default()
}

/// A fault.
#[derive(Debug, Serialize)]
pub(crate) struct Fault<'f> {
    source: &'static str,
    kind: &'static str,
    message: &'f str,
}

impl<'f> From<&'f greenroom_model::Fault> for Fault<'f> {
    fn from(fault: &'f greenroom_model::Fault) -> Self {
        let source = match fault.source {
            FaultSource::Guest => "guest",
            FaultSource::Host => "host",
            FaultSource::Caller => "caller",
        };
        Self { source, kind: fault.kind.name(), message: &fault.message }
    }
}
