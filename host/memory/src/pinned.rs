//! Keys and values as they were at one moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::embedded::{REVISION, Shared, check_read, check_scan, page, read, usage};
use crate::engine::{NUMBERS, Pending, Unavailable, View};
use crate::expiry::Sweeper;
use crate::feed::{self, Changes, Cursor, FeedError};
use crate::kv::{Entry, KeyValue, Page, ReadError, Space, Write, WriteError, Written};

/// See [`KeyValue::pinned`].
pub(crate) struct Pinned {
    shared: Arc<Shared>,
    sweeper: Sweeper,
    view: Arc<View>,
    batch: u64,
    revision: u64,
    now_ms: i64,
    /// Namespaces that were written through it.
    written: Mutex<BTreeSet<String>>,
}

impl Pinned {
    pub(crate) fn new(shared: Arc<Shared>, sweeper: Sweeper) -> Result<Self, Unavailable> {
        let (view, batch) = shared.engine.now();
        let revision = view.at(batch).number(&NUMBERS, REVISION).map_err(Unavailable::reading)?;
        let now_ms = shared.clock.now_ms();
        Ok(Self { shared, sweeper, view, batch, revision, now_ms, written: Mutex::default() })
    }

    fn is_written(&self, namespace: &str) -> bool {
        self.written.lock().contains(namespace)
    }
}

impl KeyValue for Pinned {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        if self.is_written(namespace) {
            return self.shared.get_many(namespace, keys);
        }
        check_read(namespace, keys)?;
        let mut entries = match self.shared.cache.get_many_until(namespace, keys, self.revision) {
            Some(known) => known,
            None => {
                // What is there now is kept for the next, and mostly is what was there then.
                let (now, revision) = self.shared.now(namespace, keys)?;
                let since = |entry: &Option<Entry>| entry.as_ref().map_or(revision, |entry| entry.revision);
                if now.iter().all(|entry| since(entry) <= self.revision) {
                    now
                } else {
                    read(&self.view.at(self.batch), namespace, keys).map_err(Unavailable::reading)?
                }
            }
        };
        for place in &mut entries {
            if place.as_ref().and_then(|entry| entry.expires_ms).is_some_and(|at| at <= self.now_ms) {
                *place = None;
            }
        }
        Ok(entries)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        if self.is_written(namespace) {
            return self.shared.scan(namespace, prefix, after, limit);
        }
        check_scan(namespace, prefix, after, limit)?;
        let found = page(&self.view.at(self.batch), self.now_ms, namespace, prefix, after, limit);
        Ok(found.map_err(Unavailable::reading)?)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        Ok(usage(&self.view.at(self.batch), namespace).map_err(Unavailable::reading)?)
    }

    fn revision(&self) -> Result<u64, ReadError> {
        Ok(self.revision)
    }

    fn cursor(&self) -> Result<Cursor, FeedError> {
        Ok(feed::cursor(&self.view.at(self.batch)).map_err(Unavailable::reading)?)
    }

    fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Changes, FeedError> {
        let snapshot = self.view.at(self.batch);
        let now = self.cursor()?;
        feed::changes(&snapshot, after, limit, now, wanted).map_err(Unavailable::reading)?
    }

    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        self.written.lock().insert(namespace.to_owned());
        self.shared.write(namespace, write, &self.sweeper)
    }
}
