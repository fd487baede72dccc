//! Keeps an index as the rows are, whoever writes them.
//!
//! A row is always read while the index is held, so that what is read last is what was written last.

use std::collections::BTreeSet;

use super::VectorError;
use super::index::Index;
use crate::feed::{CHANGES_MAX, Cursor, FeedError};
use crate::kv::{Entry, KeyValue, READ_KEYS_MAX, SCAN_LIMIT_MAX};
use greenroom_model::VectorSpace;

/// Where rows come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) kv: &'s dyn KeyValue,
    pub(crate) namespace: &'s str,
}

/// An index and up to where it has taken in what was written.
pub(crate) struct Followed {
    pub(crate) index: Index,
    cursor: Cursor,
}

fn row(entry: &Entry) -> (u64, Option<i64>, &[u8]) {
    (entry.revision, entry.expires_ms, &entry.value)
}

impl Followed {
    /// Reads all rows.
    pub(crate) fn new(source: Source<'_>, space: VectorSpace) -> Result<Self, VectorError> {
        // Before the rows: what is written meanwhile is taken in again.
        let mut new = Self { index: Index::new(space), cursor: source.kv.cursor()? };
        new.scan(source)?;
        let unfit = new.index.indexed().unfit;
        if unfit > 0 {
            tracing::warn!(namespace = source.namespace, unfit, "rows are no vectors of this dimension: not found");
        }
        Ok(new)
    }

    /// Whether nothing was written since.
    pub(crate) fn is_at(&self, now: Cursor) -> bool {
        self.cursor.store == now.store && self.cursor.revision >= now.revision
    }

    /// Takes in all that was written up to now.
    pub(crate) fn catch_up(&mut self, source: Source<'_>) -> Result<(), VectorError> {
        let until = source.kv.cursor()?;
        while !self.is_at(until) {
            let told = match source.kv.changes(Some(self.cursor), CHANGES_MAX, &|name| name == source.namespace) {
                Ok(told) => told,
                Err(FeedError::Lost { .. } | FeedError::Foreign { .. }) => {
                    self.scan(source)?;
                    self.cursor = until;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            let keys: BTreeSet<&str> = told.changes.iter().map(|change| change.key.as_str()).collect();
            self.read(source, &keys.into_iter().collect::<Vec<_>>())?;
            self.cursor = told.cursor;
            if !told.more {
                break;
            }
        }
        Ok(())
    }

    /// Takes in what these keys are now.
    pub(crate) fn read(&mut self, source: Source<'_>, keys: &[&str]) -> Result<(), VectorError> {
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
        Ok(())
    }
}
