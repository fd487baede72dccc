//! Why a study is not run.

use thiserror::Error;

use super::Data;
use crate::records::RecordError;

/// Why a study is not opened, or goes on no further. What was told before is kept.
#[derive(Debug, Clone, Error)]
pub enum StudyError {
    /// It can't be run as it is.
    #[error("study `{study}` can't be run: {}", mistakes.join("; "))]
    Config {
        /// Which.
        study: String,
        /// All that is wrong.
        mistakes: Vec<String>,
    },
    /// Somebody else runs it.
    #[error(
        "study `{study}` is run by process {process}, which was last heard of {silent_ms} ms ago: end it, or wait until it is \
         silent for {lease_ms} ms"
    )]
    InUse {
        /// Which.
        study: String,
        /// Who.
        process: String,
        /// How long ago it said so.
        silent_ms: i64,
        /// How long it may be silent.
        lease_ms: i64,
    },
    /// Somebody else took it over.
    #[error("the study was taken over by another process, since this one (epoch {epoch}) was silent for too long")]
    Lost {
        /// Of the lease that was lost.
        epoch: u64,
    },
    /// It was begun on other data.
    #[error(
        "study `{study}` was begun on other data: it is of {its}; this is {found}. Give the study another name, or bring the data \
         that it was begun on"
    )]
    OtherData {
        /// Which.
        study: String,
        /// What it was begun on.
        its: Box<Data>,
        /// What it was opened with.
        found: Box<Data>,
    },
    /// It was begun in another way.
    #[error("study `{study}` was begun with other settings: {}. Give it another name, or the settings that it has", differ.join(", "))]
    OtherConfig {
        /// Which.
        study: String,
        /// What differs.
        differ: Vec<&'static str>,
    },
    /// There is none of this name.
    #[error("no study `{study}`")]
    NotFound {
        /// Which.
        study: String,
    },
    /// It is run with another sampler.
    #[error("study `{study}` is sampled by `{its}`, not by `{found}`")]
    OtherSampler {
        /// Which.
        study: String,
        /// Its own.
        its: String,
        /// What it was run with.
        found: String,
    },
    /// Its sampler has no point, or one that is not of its space.
    #[error(
        "study `{study}` cannot go on to trial {number}: {why}. What was tried is kept, and it goes on when it is run again"
    )]
    NoPoint {
        /// Which.
        study: String,
        /// The number of the trial that was to come.
        number: u64,
        /// Why.
        why: String,
    },
    /// What is written down of it contradicts itself.
    #[error("study `{study}` is damaged: {what}")]
    Damaged {
        /// Which.
        study: String,
        /// What is wrong.
        what: String,
    },
    /// Its records can't be read or written.
    #[error(transparent)]
    Records(#[from] RecordError),
}
