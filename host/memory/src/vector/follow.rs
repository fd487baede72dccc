//! Keeps an index as the rows are, whoever writes them.
//!
//! A row is always read while the index is held, so that what is read last is what was written last.

use std::collections::BTreeSet;

use super::VectorError;
use super::index::Index;
use super::metric::VectorSpace;
use crate::engine::Unavailable;
use crate::feed::{CHANGES_MAX, Changes, Cursor, FeedError};
use crate::kv::{Entry, KeyValue, READ_KEYS_MAX, SCAN_LIMIT_MAX, Written};
use crate::store::Store;

/// What tells which keys were changed: a [`Store`], or what another backend has. Its revisions are those of the backend's
/// [`KeyValue`], each of them one write's.
pub trait Feed: Send + Sync {
    /// Where changes are now.
    ///
    /// # Errors
    /// When it can't be read.
    fn cursor(&self) -> Result<Cursor, Unavailable>;

    /// Some of what was changed in a namespace after a cursor, as [`Store::changes`] tells it.
    ///
    /// # Errors
    /// [`FeedError::Lost`] and [`FeedError::Foreign`] when all is to be read anew.
    fn changes(&self, namespace: &str, after: Cursor) -> Result<Changes, FeedError>;
}

impl Feed for Store {
    fn cursor(&self) -> Result<Cursor, Unavailable> {
        Self::cursor(self)
    }

    fn changes(&self, namespace: &str, after: Cursor) -> Result<Changes, FeedError> {
        Self::changes(self, Some(after), CHANGES_MAX, &|name| name == namespace)
    }
}

/// Where rows come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) kv: &'s dyn KeyValue,
    pub(crate) feed: Option<&'s dyn Feed>,
    pub(crate) namespace: &'s str,
}

/// An index and up to where it has taken in what was written.
pub(crate) struct Followed {
    pub(crate) index: Index,
    revision: u64,
    cursor: Option<Cursor>,
}

fn row(entry: &Entry) -> (u64, Option<i64>, &[u8]) {
    (entry.revision, entry.expires_ms, &entry.value)
}

impl Followed {
    /// Reads all rows.
    pub(crate) fn new(source: Source<'_>, space: VectorSpace) -> Result<Self, VectorError> {
        let mut new = Self { index: Index::new(space), revision: 0, cursor: None };
        new.scan(source)?;
        let unfit = new.index.indexed().unfit;
        if unfit > 0 {
            tracing::warn!(namespace = source.namespace, unfit, "rows are no vectors of this dimension: not found");
        }
        Ok(new)
    }

    /// Whether nothing was written since.
    pub(crate) fn is_at(&self, revision: u64) -> bool {
        self.revision >= revision
    }

    /// Takes in all that was written up to now.
    pub(crate) fn catch_up(&mut self, source: Source<'_>) -> Result<(), VectorError> {
        let until = source.kv.revision().map_err(VectorError::Read)?;
        if self.is_at(until) {
            return Ok(());
        }
        let Some((feed, mut cursor)) = source.feed.zip(self.cursor) else { return self.scan(source) };
        loop {
            let told = match feed.changes(source.namespace, cursor) {
                Ok(told) => told,
                Err(FeedError::Lost { .. } | FeedError::Foreign { .. }) => return self.scan(source),
                Err(error) => return Err(error.into()),
            };
            let keys: BTreeSet<&str> = told.changes.iter().map(|change| change.key.as_str()).collect();
            self.read(source, &keys.into_iter().collect::<Vec<_>>())?;
            cursor = told.cursor;
            (self.cursor, self.revision) = (Some(cursor), cursor.revision);
            if !told.more || cursor.revision >= until {
                return Ok(());
            }
        }
    }

    /// Takes in what was just written through this instance. Where nothing else was written meanwhile, all is taken in.
    pub(crate) fn touched(&mut self, source: Source<'_>, writes: &[(&str, Written)]) -> Result<(), VectorError> {
        let keys: Vec<&str> = writes.iter().map(|(key, _)| *key).collect();
        self.read(source, &keys)?;
        let mut revisions: Vec<u64> = writes.iter().map(|(_, written)| written.revision).collect();
        revisions.sort_unstable();
        for revision in revisions {
            if self.revision + 1 == revision {
                self.revision = revision;
            }
            if let Some(cursor) = self.cursor.as_mut().filter(|cursor| cursor.revision + 1 == revision) {
                cursor.revision = revision;
            }
        }
        Ok(())
    }

    /// Takes in what these keys are now.
    fn read(&mut self, source: Source<'_>, keys: &[&str]) -> Result<(), VectorError> {
        for some in keys.chunks(READ_KEYS_MAX) {
            let entries = source.kv.get_many(source.namespace, some)?;
            for (key, entry) in some.iter().zip(&entries) {
                self.index.apply(key, entry.as_ref().map(row));
            }
        }
        Ok(())
    }

    /// Takes in all rows as they are, and what is no longer there.
    fn scan(&mut self, source: Source<'_>) -> Result<(), VectorError> {
        // Before the rows: what is written meanwhile is taken in again.
        let cursor = source.feed.map(Feed::cursor).transpose().map_err(FeedError::from)?;
        let revision = source.kv.revision()?;
        let mut after: Option<String> = None;
        loop {
            let page = source.kv.scan(source.namespace, "", after.as_deref(), SCAN_LIMIT_MAX)?;
            let there: BTreeSet<&str> = page.entries.iter().map(|entry| entry.key.as_str()).collect();
            for gone in self.index.keys_between(after.as_deref(), page.next.as_deref()) {
                if !there.contains(gone.as_str()) {
                    self.index.apply(&gone, None);
                }
            }
            for entry in &page.entries {
                self.index.apply(&entry.key, Some((entry.revision, entry.expires_ms, &entry.value)));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        (self.revision, self.cursor) = (revision, cursor);
        Ok(())
    }
}
