//! Which namespaces there are, and how large each may grow, over any backend.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Pending;
use crate::kv::{Entry, KeyValue, Page, ReadError, Space, Write, WriteError, Written};

/// Only the namespaces that it was given exist. Each write carries its namespace's quota to the backend, which checks
/// it in the transaction of the write: writers at the same moment can't exceed it together, and a restart forgets
/// nothing.
pub struct Quotas {
    inner: Arc<dyn KeyValue>,
    spaces: BTreeMap<String, Option<u64>>,
}

impl Quotas {
    /// `spaces`: the namespaces, each with the bytes of keys and values that it may hold; none is without bound.
    #[must_use]
    pub fn new(inner: Arc<dyn KeyValue>, spaces: BTreeMap<String, Option<u64>>) -> Self {
        Self { inner, spaces }
    }

    fn quota(&self, namespace: &str) -> Option<Option<u64>> {
        self.spaces.get(namespace).copied()
    }

    fn known(&self, namespace: &str) -> Result<(), ReadError> {
        match self.quota(namespace) {
            Some(_) => Ok(()),
            None => Err(ReadError::NotFound { namespace: namespace.to_owned() }),
        }
    }
}

impl KeyValue for Quotas {
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

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        let Some(quota) = self.quota(namespace) else {
            return Pending::ready(Err(WriteError::NotFound { namespace: namespace.to_owned() }));
        };
        let bytes_max = match (quota, write.bytes_max) {
            (Some(quota), Some(asked)) => Some(quota.min(asked)),
            (quota, asked) => quota.or(asked),
        };
        self.inner.write(namespace, Write { bytes_max, ..write })
    }
}
