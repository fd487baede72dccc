//! Records in namespaces of the host's own: MessagePack behind compare-and-swap.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_memory::{KeyValue, ReadError, WriteError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Records that are read at once.
const PAGE: usize = 500;
/// How long a write waits for room in the store's queue.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a record was not read or written.
#[derive(Debug, Clone, Error)]
pub enum RecordError {
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store can't be written. Whether it was, nobody knows: open again.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Somebody else wrote it.
    #[error("{key} was written by somebody else meanwhile")]
    Conflict {
        /// Which record.
        key: String,
    },
    /// It is no such record.
    #[error("{key} in {namespace} can't be read: {why}")]
    Unreadable {
        /// Where.
        namespace: &'static str,
        /// Which record.
        key: String,
        /// What was found.
        why: String,
    },
}

/// The records of a namespace.
#[derive(Clone)]
pub(crate) struct Records {
    kv: Arc<dyn KeyValue>,
    namespace: &'static str,
}

impl Records {
    pub(crate) fn new(kv: Arc<dyn KeyValue>, namespace: &'static str) -> Self {
        Self { kv, namespace }
    }

    /// A record and its revision.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<(T, u64)>, RecordError> {
        let found = self.kv.get(self.namespace, key)?;
        found.map(|entry| Ok((self.read(key, &entry.value)?, entry.revision))).transpose()
    }

    /// A record, unread.
    pub(crate) fn bytes(&self, key: &str) -> Result<Option<Vec<u8>>, RecordError> {
        Ok(self.kv.get(self.namespace, key)?.map(|entry| entry.value))
    }

    /// All records behind a prefix with their keys and revisions, in order of their keys, unread.
    pub(crate) fn scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>, u64)>, RecordError> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.kv.scan(self.namespace, prefix, after.as_deref(), PAGE)?;
            all.extend(page.entries.into_iter().map(|entry| (entry.key, entry.value, entry.revision)));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, key: &str, bytes: &[u8]) -> Result<T, RecordError> {
        rmp_serde::from_slice(bytes).map_err(|error| self.unreadable(key, &error))
    }

    /// Writes a record whose revision is `expected`, none when there is none, and returns its new one. Then it is durable.
    pub(crate) fn swap<T: Serialize>(&self, key: &str, expected: Option<u64>, value: &T) -> Result<u64, RecordError> {
        let bytes = canonical(value).map_err(|error| self.unreadable(key, &error))?;
        self.swap_bytes(key, expected, &bytes)
    }

    pub(crate) fn swap_bytes(&self, key: &str, expected: Option<u64>, bytes: &[u8]) -> Result<u64, RecordError> {
        let by = Instant::now() + PATIENCE;
        loop {
            match self.kv.compare_and_swap(self.namespace, key, expected, bytes).wait() {
                Ok(written) => return Ok(written.revision),
                Err(WriteError::Conflict { .. }) => return Err(RecordError::Conflict { key: key.to_owned() }),
                Err(WriteError::Unavailable(error)) if error.is_full() && Instant::now() < by => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn unreadable(&self, key: &str, error: &dyn std::fmt::Display) -> RecordError {
        RecordError::Unreadable { namespace: self.namespace, key: key.to_owned(), why: error.to_string() }
    }
}

/// The one way to write a value down: MessagePack with the names of fields in the order of their declaration, maps in the
/// order of their keys.
pub(crate) fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(value)
}
