//! What an agent may reach, as the sandbox sees it: grants, and the memory layer behind a trait that this crate owns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use greenroom_model::{Column, NamespaceKind};
use serde::{Deserialize, Serialize};

use crate::contents::{Contents, NoContents};
use crate::grants::Grants;

/// A value, and the revision at which it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
    /// When it was written; grows.
    pub revision: u64,
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedEntry {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
    /// When it was written; grows.
    pub revision: u64,
}

/// A page of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// In byte order of the keys.
    pub entries: Vec<KeyedEntry>,
    /// The key to go on after; absent at the end.
    pub next: Option<String>,
}

/// Why an operation on memory failed, as the guest is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryError {
    /// Not granted.
    Denied(String),
    /// Compare-and-swap found another revision, or none.
    Conflict(Option<u64>),
    /// A key, a value or a batch is too large.
    TooLarge(String),
    /// The namespace is full.
    Quota(String),
    /// No such namespace or field.
    NotFound(String),
    /// It may work later.
    Unavailable(String),
    /// What was given cannot be taken as it is.
    Invalid(String),
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryChange {
    /// Writes it, whatever was there.
    Put(Vec<u8>),
    /// Writes it if its revision is this one; none expects that there is no such key.
    Swap(Option<u64>, Vec<u8>),
    /// Adds to its number.
    Add(i64),
    /// Writes a new key that begins with the given one and comes after all that were appended to it.
    Append(Vec<u8>),
    /// Removes it.
    Delete,
}

impl MemoryChange {
    /// Bytes that it brings.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Put(value) | Self::Swap(_, value) | Self::Append(value) => value.len(),
            Self::Add(_) => size_of::<i64>(),
            Self::Delete => 0,
        }
    }
}

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryWritten {
    /// The key that was changed; another than was given for [`MemoryChange::Append`].
    pub key: String,
    /// When, as in [`Entry`].
    pub revision: u64,
    /// Whether the key was there before.
    pub existed: bool,
}

/// A key that was written or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryChanged {
    /// The key.
    pub key: String,
    /// When, as in [`Entry`].
    pub revision: u64,
    /// Whether it was removed.
    pub removed: bool,
}

/// Some of what was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryChanges {
    /// In the order of their revisions.
    pub changes: Vec<MemoryChanged>,
    /// To go on after.
    pub cursor: String,
    /// Whether there are more.
    pub more: bool,
}

/// An answer that comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = Result<T, MemoryError>> + Send>>;

/// The shared memory layer as guests reach it. Permissions are checked before; quotas are the layer's.
pub trait Memory: Send + Sync {
    /// Whether there is such a namespace of keys and values.
    fn exists(&self, namespace: &str) -> bool;
    /// What a namespace holds; none when there is no such namespace.
    fn kind(&self, namespace: &str) -> Option<NamespaceKind> {
        self.exists(namespace).then_some(NamespaceKind::Kv)
    }
    /// The same for a request that ends then: as it is now, where it can be, and no read waits longer. None where it can do neither.
    fn of_request(&self, by: Instant) -> Option<Arc<dyn Memory>> {
        let _ = by;
        None
    }
    /// Changes a key; it is gone after so many milliseconds, if that is said. Answers once that is durable.
    fn write(&self, namespace: &str, key: String, change: MemoryChange, ttl_ms: Option<u64>) -> Later<MemoryWritten> {
        let _ = (namespace, key, change, ttl_ms);
        Box::pin(std::future::ready(unoffered()))
    }
    /// What was changed in a namespace after a cursor, or from the first change that is kept. Looks at `limit` changes of all
    /// namespaces.
    ///
    /// # Errors
    /// `Invalid` for a cursor that can't be gone on from.
    fn changes(&self, namespace: &str, after: Option<&str>, limit: u32) -> Result<MemoryChanges, MemoryError> {
        let _ = (namespace, after, limit);
        unoffered()
    }
    /// The cursor after all that was changed.
    ///
    /// # Errors
    /// As for `get`.
    fn cursor(&self) -> Result<String, MemoryError> {
        unoffered()
    }
    /// Its blobs and vectors.
    fn contents(&self) -> &dyn Contents {
        &NoContents
    }
    /// Reads a key.
    ///
    /// # Errors
    /// `Unavailable` when the layer cannot answer.
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, MemoryError>;
    /// Reads several keys, in their order.
    ///
    /// # Errors
    /// As for `get`.
    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError>;
    /// Writes a key; answers with the revision once it is durable.
    fn put(&self, namespace: &str, key: String, value: Vec<u8>) -> Later<u64>;
    /// Writes a key if its revision is `expected`.
    fn compare_and_swap(&self, namespace: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64>;
    /// Removes a key. Whether it was there.
    fn delete(&self, namespace: &str, key: String) -> Later<bool>;
    /// Reads keys with a prefix, after a key, at most `limit`.
    ///
    /// # Errors
    /// As for `get`.
    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, MemoryError>;
    /// How many items the catalog has.
    fn row_count(&self) -> u32;
    /// Item facts as columns.
    ///
    /// # Errors
    /// `NotFound` for an unknown field.
    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError>;
    /// The names behind the bits of a field of labels.
    ///
    /// # Errors
    /// `NotFound` for an unknown field.
    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError>;
}

pub(crate) fn unoffered<T>() -> Result<T, MemoryError> {
    Err(MemoryError::Unavailable("this memory layer does not offer it".to_owned()))
}

/// What one agent may reach. Deny by default.
#[derive(Clone)]
pub struct Capabilities {
    /// The agent's name, for log lines.
    pub agent: Arc<str>,
    /// What the graph file grants, less what was taken back.
    pub grants: Grants,
    /// The memory layer.
    pub memory: Arc<dyn Memory>,
}

impl Capabilities {
    /// Nothing at all: for `describe`.
    #[must_use]
    pub fn none(agent: &str) -> Self {
        Self { agent: agent.into(), grants: Grants::default(), memory: Arc::new(NoMemory) }
    }
}

/// A memory layer without anything in it.
#[derive(Debug, Clone, Copy)]
pub struct NoMemory;

fn nothing<T>(namespace: &str) -> Result<T, MemoryError> {
    Err(MemoryError::NotFound(format!("no namespace `{namespace}`")))
}

fn nothing_later<T: Send + 'static>(namespace: &str) -> Later<T> {
    Box::pin(std::future::ready(nothing(namespace)))
}

impl Memory for NoMemory {
    fn exists(&self, _namespace: &str) -> bool {
        false
    }
    fn get(&self, namespace: &str, _key: &str) -> Result<Option<Entry>, MemoryError> {
        nothing(namespace)
    }
    fn get_many(&self, namespace: &str, _keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        nothing(namespace)
    }
    fn put(&self, namespace: &str, _key: String, _value: Vec<u8>) -> Later<u64> {
        nothing_later(namespace)
    }
    fn compare_and_swap(&self, namespace: &str, _key: String, _expected: Option<u64>, _value: Vec<u8>) -> Later<u64> {
        nothing_later(namespace)
    }
    fn delete(&self, namespace: &str, _key: String) -> Later<bool> {
        nothing_later(namespace)
    }
    fn scan(&self, namespace: &str, _prefix: &str, _after: Option<&str>, _limit: u32) -> Result<Page, MemoryError> {
        nothing(namespace)
    }
    fn row_count(&self) -> u32 {
        0
    }
    fn gather(&self, _rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        nothing(fields.first().map_or("items", String::as_str))
    }
    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        nothing(field)
    }
}
