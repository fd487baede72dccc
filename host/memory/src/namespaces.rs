//! Which namespaces there are, what each holds, how large it may grow and how long that stays, over any backend.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use greenroom_model::{NamespaceKind, VectorSpace};

use crate::blob::Blobs;
use crate::engine::Pending;
use crate::feed::{Changes, Cursor, FeedError};
use crate::kv::{Change, Entry, KeyValue, Page, ReadError, Space, Write, WriteError, Written};
use crate::vector::{Indexes, VectorError, Vectors};

/// What is declared of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// What it holds; other changes than those of its kind are refused.
    pub kind: NamespaceKind,
    /// Bytes of keys and values that it may hold; none is without bound.
    pub bytes_max: Option<u64>,
    /// Whatever is written is gone so many milliseconds later, or earlier where the write says so; none for never. It does not
    /// change when earlier writes expire.
    pub retention_ms: Option<u64>,
    /// Which version of what its values mean this is, see [`check_declared`](crate::check_declared).
    pub schema: u32,
    /// What its vectors are, for one of kind [`NamespaceKind::Vector`].
    pub space: Option<VectorSpace>,
}

impl Default for Declared {
    /// Keys and values, as many and for as long as anybody writes.
    fn default() -> Self {
        Self { kind: NamespaceKind::Kv, bytes_max: None, retention_ms: None, schema: 1, space: None }
    }
}

/// Only the namespaces that it was given exist. Each write carries its namespace's quota to the backend, which checks
/// it in the transaction of the write: writers at the same moment can't exceed it together, and a restart forgets
/// nothing.
pub struct Namespaces {
    inner: Arc<dyn KeyValue>,
    declared: Arc<BTreeMap<String, Declared>>,
    /// The kind whose rows may be written.
    rows: Option<NamespaceKind>,
}

impl Namespaces {
    /// These, and no others.
    #[must_use]
    pub fn new(inner: Arc<dyn KeyValue>, declared: BTreeMap<String, Declared>) -> Self {
        Self { inner, declared: Arc::new(declared), rows: None }
    }

    /// The same, for what such a kind is made of: [`Blobs`] and [`Vectors`] put, swap and delete rows in namespaces of theirs,
    /// which nobody else may, since what they hold would no longer be what they say. It takes nothing else.
    #[must_use]
    pub fn rows_of(&self, kind: NamespaceKind) -> Self {
        Self { inner: Arc::clone(&self.inner), declared: Arc::clone(&self.declared), rows: Some(kind) }
    }

    /// The blobs of those of kind [`NamespaceKind::Blob`].
    #[must_use]
    pub fn blobs(&self) -> Blobs {
        Blobs::new(Arc::new(self.rows_of(NamespaceKind::Blob)))
    }

    /// The vectors of those of kind [`NamespaceKind::Vector`]; see [`Vectors::new`] about indexes.
    ///
    /// # Errors
    /// [`VectorError::Space`].
    pub fn vectors(&self, indexes: &Indexes) -> Result<Vectors, VectorError> {
        let spaces = self.declared.iter().filter_map(|(name, declared)| Some((name.clone(), declared.space?)));
        Vectors::new(Arc::new(self.rows_of(NamespaceKind::Vector)), indexes, spaces)
    }

    /// What is declared of a namespace.
    #[must_use]
    pub fn declared(&self, namespace: &str) -> Option<Declared> {
        self.declared.get(namespace).copied()
    }

    fn known(&self, namespace: &str) -> Result<(), ReadError> {
        match self.declared.get(namespace) {
            Some(_) => Ok(()),
            None => Err(ReadError::NotFound { namespace: namespace.to_owned() }),
        }
    }

    fn judge(&self, namespace: &str, change: &Change) -> Result<Declared, WriteError> {
        let namespace = || namespace.to_owned();
        let declared =
            self.declared.get(&namespace()).ok_or_else(|| WriteError::NotFound { namespace: namespace() })?;
        let has_rows = matches!(declared.kind, NamespaceKind::Blob | NamespaceKind::Vector);
        let fits = match change {
            Change::Put { .. } | Change::Swap { .. } | Change::Delete if self.rows.is_some() => {
                has_rows && self.rows == Some(declared.kind)
            }
            _ if self.rows.is_some() => false,
            Change::Put { .. } | Change::Swap { .. } => declared.kind == NamespaceKind::Kv,
            Change::Add { .. } => declared.kind == NamespaceKind::Counter,
            Change::Append { .. } => declared.kind == NamespaceKind::Log,
            Change::Delete => !has_rows,
        };
        if fits {
            Ok(*declared)
        } else {
            Err(WriteError::Kind { namespace: namespace(), holds: declared.kind, asked: change.name() })
        }
    }
}

impl KeyValue for Namespaces {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        self.known(namespace)?;
        self.inner.get_many(namespace, keys)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        self.known(namespace)?;
        self.inner.scan(namespace, prefix, after, limit)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        self.known(namespace)?;
        self.inner.usage(namespace)
    }

    fn revision(&self) -> Result<u64, ReadError> {
        self.inner.revision()
    }

    fn cursor(&self) -> Result<Cursor, FeedError> {
        self.inner.cursor()
    }

    fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Changes, FeedError> {
        self.inner.changes(after, limit, &|namespace| self.declared.contains_key(namespace) && wanted(namespace))
    }

    fn now_ms(&self) -> i64 {
        self.inner.now_ms()
    }

    fn pinned(&self) -> Option<Arc<dyn KeyValue>> {
        let inner = self.inner.pinned()?;
        Some(Arc::new(Self { inner, declared: Arc::clone(&self.declared), rows: self.rows }))
    }

    fn until(&self, by: Instant) -> Option<Arc<dyn KeyValue>> {
        let inner = self.inner.until(by)?;
        Some(Arc::new(Self { inner, declared: Arc::clone(&self.declared), rows: self.rows }))
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        let declared = match self.judge(namespace, &write.change) {
            Ok(declared) => declared,
            Err(refusal) => return Pending::ready(Err(refusal)),
        };
        let least = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
        let bytes_max = least(declared.bytes_max, write.bytes_max);
        let ttl_ms = least(declared.retention_ms, write.ttl_ms);
        self.inner.write(namespace, Write { bytes_max, ttl_ms, ..write })
    }
}
