//! skeleton
use crate::{Pending, Unavailable};
/// Bytes of a namespace's name.
pub const NAMESPACE_BYTES_MAX: usize = 128;
/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 512;
/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Entries of a page.
pub const SCAN_LIMIT_MAX: usize = 1000;
/// Keys of one `get_many`.
pub const READ_KEYS_MAX: usize = 1000;
/// Bytes of keys and values after which a page ends early.
pub const PAGE_BYTES_MAX: usize = 8 << 20;

/// A value and the revision at which it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// v
    pub value: Vec<u8>,
    /// r
    pub revision: u64,
}
/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedEntry {
    /// k
    pub key: String,
    /// v
    pub value: Vec<u8>,
    /// r
    pub revision: u64,
}
/// A page of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// e
    pub entries: Vec<KeyedEntry>,
    /// pass as `after`
    pub next: Option<String>,
}
/// What a namespace holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Space {
    /// e
    pub entries: u64,
    /// keys and values
    pub bytes: u64,
}
/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// p
    Put {
        /// v
        value: Vec<u8>,
    },
    /// s
    Swap {
        /// none: no such key
        expected: Option<u64>,
        /// v
        value: Vec<u8>,
    },
    /// d
    Delete,
}
/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// k
    pub key: String,
    /// c
    pub change: Change,
    /// The namespace may not grow beyond so many bytes; set by [`crate::Quotas`].
    pub bytes_max: Option<u64>,
}
/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The revision of the entry, or of its deletion.
    pub revision: u64,
    /// Whether the key was there before.
    pub existed: bool,
}
/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// t
    #[error("{what} is {found}; at most {max}")]
    TooLarge {
        /// w
        what: &'static str,
        /// f
        found: usize,
        /// m
        max: usize,
    },
    /// n
    #[error("no namespace {namespace:?}")]
    NotFound {
        /// n
        namespace: String,
    },
    /// u
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
/// Why a write failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// c
    #[error("conflict")]
    Conflict {
        /// f
        found: Option<u64>,
    },
    /// t
    #[error("{what} is {found}; at most {max}")]
    TooLarge {
        /// w
        what: &'static str,
        /// f
        found: usize,
        /// m
        max: usize,
    },
    /// q
    #[error("quota of {namespace}")]
    Quota {
        /// n
        namespace: String,
        /// bytes
        max: u64,
    },
    /// n
    #[error("no namespace {namespace:?}")]
    NotFound {
        /// n
        namespace: String,
    },
    /// u
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Namespaces of keys and values. A revision is a number of the whole store that only grows.
pub trait KeyValue: Send + Sync {
    /// Reads several keys of one moment; the answer is in their order.
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError>;
    /// Reads keys that begin with `prefix`, in byte order, after the key `after`.
    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError>;
    /// What the namespace holds.
    fn usage(&self, namespace: &str) -> Result<Space, ReadError>;
    /// Changes a key.
    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError>;
    /// Reads a key.
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, ReadError> {
        Ok(self.get_many(namespace, &[key])?.into_iter().next().flatten())
    }
    /// Writes a key, whatever was there.
    fn put(&self, namespace: &str, key: &str, value: &[u8]) -> Pending<Written, WriteError> {
        self.write(
            namespace,
            Write { key: key.to_owned(), change: Change::Put { value: value.to_owned() }, bytes_max: None },
        )
    }
    /// Writes a key if its revision is `expected`; none expects that there is no such key.
    fn compare_and_swap(
        &self,
        namespace: &str,
        key: &str,
        expected: Option<u64>,
        value: &[u8],
    ) -> Pending<Written, WriteError> {
        self.write(
            namespace,
            Write { key: key.to_owned(), change: Change::Swap { expected, value: value.to_owned() }, bytes_max: None },
        )
    }
    /// Removes a key; `existed` says whether it was there.
    fn delete(&self, namespace: &str, key: &str) -> Pending<Written, WriteError> {
        self.write(namespace, Write { key: key.to_owned(), change: Change::Delete, bytes_max: None })
    }
}
