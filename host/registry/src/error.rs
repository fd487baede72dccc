//! Why a component cannot be had, or brought.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why not.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// What is written names no place.
    #[error(
        "`{written}` names no component of a registry: {why}; expected oci:DIR:TAG, DIR, HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:..."
    )]
    Reference {
        /// As it was written.
        written: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such thing.
    #[error("{place} has no {what}")]
    Absent {
        /// Where it was looked for.
        place: String,
        /// What was.
        what: String,
    },
    /// What is there is not what it should be.
    #[error("what {place} has cannot be taken: {what}")]
    Wrong {
        /// Where it is.
        place: String,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// Nobody answers, or not to the end.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The registry.
        host: String,
        /// Why.
        why: String,
    },
    /// The registry says no.
    #[error("{host} refuses to {what} (status {status}){said}")]
    Refused {
        /// The registry.
        host: String,
        /// What it was asked.
        what: String,
        /// Its answer.
        status: u16,
        /// And what it says about it, after a colon.
        said: String,
    },
    /// A file of a layout cannot be read or written.
    #[error("{} cannot be {done}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        done: &'static str,
        /// Why not.
        error: std::io::Error,
    },
}

impl RegistryError {
    pub(crate) fn file(path: &Path, done: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), done, error }
    }

    pub(crate) fn wrong(place: &str, what: impl Into<String>) -> Self {
        Self::Wrong { place: place.to_owned(), what: what.into() }
    }
}
