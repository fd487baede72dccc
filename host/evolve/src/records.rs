//! Records in namespaces of the host's own: MessagePack behind compare-and-swap.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use greenroom_memory::{KeyValue, Pending, ReadError, WriteError, Written};
use parking_lot::Mutex;
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
        self.queue(key, expected, value)?.wait()
    }

    /// The same without waiting for it. What is queued first is durable first.
    pub(crate) fn queue<T: Serialize>(
        &self,
        key: &str,
        expected: Option<u64>,
        value: &T,
    ) -> Result<Queued, RecordError> {
        let bytes = canonical(value).map_err(|error| self.unreadable(key, &error))?;
        Ok(self.queue_bytes(key, expected, &bytes))
    }

    pub(crate) fn queue_bytes(&self, key: &str, expected: Option<u64>, bytes: &[u8]) -> Queued {
        let by = Instant::now() + PATIENCE;
        loop {
            let mut pending = self.kv.compare_and_swap(self.namespace, key, expected, bytes);
            match Pin::new(&mut pending).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Err(WriteError::Unavailable(error))) if error.is_full() && Instant::now() < by => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Poll::Ready(done) => return Queued::new(key, Pending::ready(done)),
                Poll::Pending => return Queued::new(key, pending),
            }
        }
    }

    fn unreadable(&self, key: &str, error: &dyn std::fmt::Display) -> RecordError {
        RecordError::Unreadable { namespace: self.namespace, key: key.to_owned(), why: error.to_string() }
    }
}

/// A swap that has its place in the queue. Several may wait for it.
#[derive(Clone)]
pub(crate) struct Queued(Arc<Mutex<Swap>>);

struct Swap {
    key: String,
    pending: Option<Pending<Written, WriteError>>,
    done: Result<u64, RecordError>,
}

impl Queued {
    fn new(key: &str, pending: Pending<Written, WriteError>) -> Self {
        let done = Err(RecordError::Conflict { key: key.to_owned() });
        Self(Arc::new(Mutex::new(Swap { key: key.to_owned(), pending: Some(pending), done })))
    }

    /// One that was durable before.
    pub(crate) fn done(revision: u64) -> Self {
        Self(Arc::new(Mutex::new(Swap { key: String::new(), pending: None, done: Ok(revision) })))
    }

    /// The new revision, once it is durable.
    pub(crate) fn wait(&self) -> Result<u64, RecordError> {
        let mut swap = self.0.lock();
        if let Some(pending) = swap.pending.take() {
            swap.done = match pending.wait() {
                Ok(written) => Ok(written.revision),
                Err(WriteError::Conflict { .. }) => Err(RecordError::Conflict { key: swap.key.clone() }),
                Err(error) => Err(error.into()),
            };
        }
        swap.done.clone()
    }
}

/// The one way to write a value down: MessagePack with the names of fields in the order of their declaration, maps in the
/// order of their keys.
pub(crate) fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(value)
}
