//! skeleton
use crate::*;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
/// s
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// An event later than so long after its decision is not credited; 24 h.
    pub join_window_ms: i64,
    /// Memory for pages; 256 MiB.
    pub cache_bytes: usize,
    /// Writes that wait before a writer blocks; 4096.
    pub queue_max: usize,
}
impl Default for Settings {
    fn default() -> Self {
        todo!()
    }
}
/// o
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// i
    #[error("{path} is in use by another process")]
    InUse {
        /// p
        path: PathBuf,
    },
    /// s
    #[error("schema {found}, expected {expected}")]
    Schema {
        /// p
        path: PathBuf,
        /// f
        found: u64,
        /// e
        expected: u64,
    },
    /// f
    #[error("folder {path}")]
    Folder {
        /// p
        path: PathBuf,
        /// s
        #[source]
        source: std::io::Error,
    },
    /// s
    #[error("store {path}")]
    Storage {
        /// p
        path: PathBuf,
        /// s
        #[source]
        source: Arc<redb::Error>,
    },
    /// d
    #[error("damaged {path}: {what}")]
    Damaged {
        /// p
        path: PathBuf,
        /// w
        what: String,
    },
}
/// One store. Cloning shares it; the last clone closes it.
#[derive(Clone)]
pub struct Store {}
impl Store {
    /// Opens or creates the store of a data folder.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, Settings::default())
    }
    /// o
    pub fn open_with(dir: &Path, settings: Settings) -> Result<Self, OpenError> {
        let _ = (dir, settings);
        todo!()
    }
    /// In memory: gone when dropped.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::in_memory_with(Settings::default())
    }
    /// i
    pub fn in_memory_with(settings: Settings) -> Result<Self, OpenError> {
        let _ = settings;
        todo!()
    }
    /// Keys and values, without quotas.
    #[must_use]
    pub fn kv(&self) -> Arc<dyn KeyValue> {
        todo!()
    }
    /// Items.
    #[must_use]
    pub fn items(&self) -> &Catalog {
        todo!()
    }
    /// Subjects.
    #[must_use]
    pub fn subjects(&self) -> &Numbering {
        todo!()
    }
    /// The facts of items as they are now.
    #[must_use]
    pub fn facts(&self) -> Arc<Facts> {
        todo!()
    }
    /// Sets facts; blocks until durable.
    pub fn set_facts(&self, update: FactsUpdate) -> Result<Vec<Note>, FactsError> {
        let _ = update;
        todo!()
    }
    /// l
    #[must_use]
    pub fn log(&self) -> &Log {
        todo!()
    }
}
