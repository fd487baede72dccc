//! Why the record of plans could not be read or written.

use greenroom_memory::{ReadError, Unavailable, WriteError, no_room};
use thiserror::Error;

/// The store could not be read or written, or holds what nobody can read.
#[derive(Debug, Clone, Error)]
#[error("{what}")]
pub struct HistoryError {
    what: String,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The disk has no room.
    NoRoom,
    /// The store does nothing any more, for whatever reason.
    Store,
    /// It is more than the store takes.
    TooLarge,
    Other,
}

impl HistoryError {
    /// Whether the disk said that it has no room.
    pub(crate) fn no_room(&self) -> bool {
        self.why == Why::NoRoom
    }

    /// Whether it was the store: the disk may be full since an earlier write.
    pub(crate) fn of_store(&self) -> bool {
        matches!(self.why, Why::NoRoom | Why::Store)
    }

    /// Whether it is more than the store takes.
    pub(crate) fn too_large(&self) -> bool {
        self.why == Why::TooLarge
    }
}

impl From<Unavailable> for HistoryError {
    fn from(error: Unavailable) -> Self {
        let why = match error.disk() {
            Some(disk) if no_room(disk) => Why::NoRoom,
            // A full queue passes.
            _ if error.is_full() => Why::Other,
            _ => Why::Store,
        };
        // What the store says leaves out what the disk said.
        let what = error.disk().map_or_else(|| error.to_string(), |disk| format!("{error}: {disk}"));
        Self { what, why }
    }
}

impl From<WriteError> for HistoryError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Unavailable(error) => error.into(),
            WriteError::TooLarge { .. } => Self { what: error.to_string(), why: Why::TooLarge },
            other => Self { what: other.to_string(), why: Why::Other },
        }
    }
}

impl From<ReadError> for HistoryError {
    fn from(error: ReadError) -> Self {
        WriteError::from(error).into()
    }
}

impl From<rmp_serde::encode::Error> for HistoryError {
    fn from(error: rmp_serde::encode::Error) -> Self {
        Self { what: error.to_string(), why: Why::Other }
    }
}

impl From<rmp_serde::decode::Error> for HistoryError {
    fn from(error: rmp_serde::decode::Error) -> Self {
        Self { what: error.to_string(), why: Why::Other }
    }
}
