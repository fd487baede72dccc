//! Namespaces of keys and values: what every backend offers, and what other kinds are made of. A backend counts bytes in the same
//! transaction as the write, so a quota is a bound that the write carries and not a sum kept beside it.

use std::sync::Arc;
use std::time::Instant;

use greenroom_model::NamespaceKind;

use crate::feed::{Changes, Cursor, FeedError};
use crate::{Pending, Unavailable};

/// Bytes of a namespace's name.
pub const NAMESPACE_BYTES_MAX: usize = 128;

/// Bytes of a key, UTF-8.
pub const KEY_BYTES_MAX: usize = 512;

/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 1 << 20;

/// Entries of a page of a scan.
pub const SCAN_LIMIT_MAX: usize = 1000;

/// Keys of one `get_many`.
pub const READ_KEYS_MAX: usize = 1000;

/// Bytes that an append adds to the key that it was given: the time and the revision.
pub const PLACE_BYTES: usize = 12 + 1 + 16;

/// Bytes of keys and values after which a page ends, so that a page of the largest values still fits in memory.
pub const PAGE_BYTES_MAX: usize = 8 << 20;

/// A value and the revision at which it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Vec<u8>,
    /// When it was written, as a number of the whole store that only grows.
    pub revision: u64,
    /// When it is gone, in milliseconds since 1970; none for never.
    pub expires_ms: Option<i64>,
}

impl Entry {
    /// What a key of a [`Counter`](NamespaceKind::Counter) has come to; none when it is no number.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        number(&self.value)
    }
}

pub(crate) fn number(value: &[u8]) -> Option<i64> {
    value.try_into().ok().map(i64::from_le_bytes)
}

/// The key of a record of a [`Log`](NamespaceKind::Log): keys of one prefix are in the order in which records came.
#[must_use]
pub fn log_key(prefix: &str, time_ms: i64, revision: u64) -> String {
    format!("{prefix}{time_ms:012x}-{revision:016x}")
}

/// When a record of a log was written, in milliseconds since 1970, as its key says.
#[must_use]
pub fn log_time_ms(key: &str) -> Option<i64> {
    let place = key.get(key.len().checked_sub(PLACE_BYTES)?..)?;
    i64::from_str_radix(place.get(..12)?, 16).ok()
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedEntry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Vec<u8>,
    /// As in [`Entry`].
    pub revision: u64,
    /// As in [`Entry`].
    pub expires_ms: Option<i64>,
}

/// A page of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In byte order of their keys.
    pub entries: Vec<KeyedEntry>,
    /// Pass it as `after` to go on; absent at the end.
    pub next: Option<String>,
}

/// What a namespace holds, with what has expired and was not yet removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Space {
    /// Keys.
    pub entries: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

/// A change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Writes it, whatever was there.
    Put {
        /// What is there from now on.
        value: Vec<u8>,
    },
    /// Writes it if its revision is `expected`.
    Swap {
        /// None expects that there is no such key.
        expected: Option<u64>,
        /// What is there from now on.
        value: Vec<u8>,
    },
    /// Adds to the number that is there, 8 bytes little-endian; to 0 where there is none.
    Add {
        /// How much; may be negative.
        by: i64,
    },
    /// Writes a key that is new and comes after all that were appended before it: the given one with the time and the revision
    /// behind it, see [`log_key`].
    Append {
        /// What is there from now on.
        value: Vec<u8>,
    },
    /// Removes it.
    Delete,
}

impl Change {
    /// What was asked, in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Put { .. } => "put",
            Self::Swap { .. } => "compare-and-swap",
            Self::Add { .. } => "add",
            Self::Append { .. } => "append",
            Self::Delete => "delete",
        }
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which key.
    pub key: String,
    /// What to do with it.
    pub change: Change,
    /// The namespace may not grow beyond so many bytes of keys and values by this write. A write that makes it no
    /// larger is always taken.
    pub bytes_max: Option<u64>,
    /// The key is gone so many milliseconds later, unless it is written again; none for never.
    pub ttl_ms: Option<u64>,
}

impl Write {
    /// Without a bound and for ever.
    #[must_use]
    pub fn new(key: impl Into<String>, change: Change) -> Self {
        Self { key: key.into(), change, bytes_max: None, ttl_ms: None }
    }
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The revision of the entry, or of its removal. For the removal of a key that is not there: the store's last.
    pub revision: u64,
    /// Whether the key was there before.
    pub existed: bool,
    /// What an [`Add`](Change::Add) came to, or the time of an [`Append`](Change::Append) in milliseconds since 1970; else 0.
    pub number: i64,
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// Something is larger than the store takes.
    #[error("{what}: {found}, at most {max} are taken")]
    TooLarge {
        /// What, with its unit.
        what: &'static str,
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// There is no such namespace.
    #[error("no namespace {namespace:?}; declare it in the graph file")]
    NotFound {
        /// Its name.
        namespace: String,
    },
    /// The store could not be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a write was refused. Then nothing has changed, except that after [`Unavailable`] nobody knows.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// Another revision than the expected one is there.
    #[error("conflict: {}", match found { Some(at) => format!("the key is at revision {at}; read it and try again"), None => "there is no such key".to_owned() })]
    Conflict {
        /// The revision that is there; none when there is no such key.
        found: Option<u64>,
    },
    /// Something is larger than the store takes.
    #[error("{what}: {found}, at most {max} are taken")]
    TooLarge {
        /// What, with its unit.
        what: &'static str,
        /// How large it is.
        found: usize,
        /// How large it may be.
        max: usize,
    },
    /// The namespace would grow beyond its quota.
    #[error("namespace {namespace:?} is full: its quota is {max} bytes of keys and values; delete some or raise it")]
    Quota {
        /// Its name.
        namespace: String,
        /// Bytes that it may hold.
        max: u64,
    },
    /// There is no such namespace.
    #[error("no namespace {namespace:?}; declare it in the graph file")]
    NotFound {
        /// Its name.
        namespace: String,
    },
    /// It holds something else.
    #[error("namespace {namespace:?} is of kind {}: {asked} is not for it", holds.name())]
    Kind {
        /// The namespace.
        namespace: String,
        /// What it holds.
        holds: NamespaceKind,
        /// What was asked.
        asked: &'static str,
    },
    /// The sum would not fit into 64 bits.
    #[error("{found} and {by} are more than 64 bits hold")]
    Overflow {
        /// What is there.
        found: i64,
        /// What was to be added.
        by: i64,
    },
    /// The store could not be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge { what, found, max } => Self::TooLarge { what, found, max },
            ReadError::NotFound { namespace } => Self::NotFound { namespace },
            ReadError::Unavailable(error) => Self::Unavailable(error),
        }
    }
}

/// Namespaces of keys and values. Reads see what was committed last; a write is durable once its [`Pending`] answers.
pub trait KeyValue: Send + Sync {
    /// Reads several keys as they were at one moment; the answer is in their order.
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] for more than [`READ_KEYS_MAX`] keys or a key over [`KEY_BYTES_MAX`].
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError>;

    /// Reads keys that begin with `prefix`, in byte order, after the key `after`. A page ends after `limit` entries
    /// (0 reads as 1) or [`PAGE_BYTES_MAX`].
    ///
    /// # Errors
    /// [`ReadError::TooLarge`] for a limit over [`SCAN_LIMIT_MAX`], or a prefix or `after` over [`KEY_BYTES_MAX`].
    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError>;

    /// What the namespace holds.
    ///
    /// # Errors
    /// When the store can't be read, or has no such namespace.
    fn usage(&self, namespace: &str) -> Result<Space, ReadError>;

    /// The revision of the last write, in whichever namespace; 0 before the first.
    ///
    /// # Errors
    /// When the store can't be read.
    fn revision(&self) -> Result<u64, ReadError>;

    /// Where its changes are now.
    ///
    /// # Errors
    /// When the backend can't be read, or tells no changes.
    fn cursor(&self) -> Result<Cursor, FeedError> {
        Err(Unavailable::of("this backend tells no changes").into())
    }

    /// What was written and removed after a cursor, or from the first change that is kept, in the order of revisions, of those
    /// namespaces that are wanted. Looks at `limit` changes, and at no more than [`CHANGES_MAX`](crate::CHANGES_MAX). Who was killed goes
    /// on from the cursor that was kept last, and may hear of some again. Of several changes of a key the earlier ones may be left out.
    ///
    /// # Errors
    /// [`FeedError`]: when changes between are no longer kept, or the cursor is not this store's.
    fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Changes, FeedError> {
        let _ = (after, limit, wanted);
        Err(Unavailable::of("this backend tells no changes").into())
    }

    /// The time that expiry is held against, in milliseconds since 1970.
    fn now_ms(&self) -> i64;

    /// The same as it is now: reads of it do not see what is written later, except in namespaces that were written through it, so
    /// that who writes sees that, and a compare-and-swap that was refused can be tried again. None where the backend can't.
    fn pinned(&self) -> Option<Arc<dyn KeyValue>> {
        None
    }

    /// The same, of which no read waits longer than until then. None where none waits for anybody.
    fn until(&self, by: Instant) -> Option<Arc<dyn KeyValue>> {
        let _ = by;
        None
    }

    /// Changes a key; [`WriteError`] says why not. A backend whose queue of writes is full refuses at once.
    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError>;

    /// Reads a key.
    ///
    /// # Errors
    /// As [`get_many`](Self::get_many).
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, ReadError> {
        Ok(self.get_many(namespace, &[key])?.into_iter().next().flatten())
    }

    /// Writes a key, whatever was there.
    fn put(&self, namespace: &str, key: &str, value: &[u8]) -> Pending<Written, WriteError> {
        self.write(namespace, Write::new(key, Change::Put { value: value.to_owned() }))
    }

    /// Writes a key if its revision is `expected`; none expects that there is no such key.
    fn compare_and_swap(
        &self,
        namespace: &str,
        key: &str,
        expected: Option<u64>,
        value: &[u8],
    ) -> Pending<Written, WriteError> {
        self.write(namespace, Write::new(key, Change::Swap { expected, value: value.to_owned() }))
    }

    /// Removes a key; [`Written::existed`] says whether it was there.
    fn delete(&self, namespace: &str, key: &str) -> Pending<Written, WriteError> {
        self.write(namespace, Write::new(key, Change::Delete))
    }
}
