//! Keys and values over another backend's: what is written stays here and goes with it.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::change::{After, Before, Standing, check_write, judge};
use crate::engine::Pending;
use crate::feed::{self, Cursor, FeedError};
use crate::kv::{
    Change, Entry, KeyValue, KeyedEntry, PAGE_BYTES_MAX, Page, ReadError, Space, Write, WriteError, Written,
};

/// Reads go through to what is below wherever nothing was written here; it is never written to. As long as it stands
/// still, all answers are those that it would give itself, revisions and quotas among them. What is written is held in
/// memory.
pub struct Overlay {
    below: Arc<dyn KeyValue>,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    /// Of the last write here.
    revision: u64,
    /// The time of the last append here.
    appended_ms: i64,
    spaces: BTreeMap<String, Changed>,
}

/// What was changed in a namespace.
#[derive(Default)]
struct Changed {
    /// What stands in place of what is below; none for a key that was removed.
    keys: BTreeMap<String, Option<Entry>>,
    /// How many more entries there are than below.
    entries: i64,
    /// How many more bytes.
    bytes: i64,
}

impl Overlay {
    /// Nothing is written yet.
    #[must_use]
    pub fn over(below: Arc<dyn KeyValue>) -> Self {
        Self { below, changes: Mutex::default() }
    }

    fn written(&self, namespace: &str, write: &Write) -> Result<Written, WriteError> {
        check_write(namespace, write)?;
        let mut changes = self.changes.lock();
        let below = self.below.get(namespace, &write.key)?;
        let here = changes.spaces.get(namespace).and_then(|space| space.keys.get(&write.key));
        let key = here.unwrap_or(&below).as_ref();
        let key = key.map(|Entry { value, revision, expires_ms }| Standing {
            revision: *revision,
            value,
            expires_ms: *expires_ms,
        });
        let key = key.map(|key| key.known());
        let space = changes.usage(namespace, self.below.usage(namespace)?);
        let revision = changes.revision.max(self.below.revision()?);
        let (now_ms, appended_ms) = (self.below.now_ms(), changes.appended_ms);
        let (written, after) = judge(namespace, write, &Before { key, revision, space, now_ms, appended_ms })?;
        if let Some(After { key, value, expires_ms, space: after }) = after {
            let revision = written.revision;
            if let Change::Append { .. } = write.change {
                changes.appended_ms = written.number;
            }
            changes.revision = revision;
            let changed = changes.spaces.entry(namespace.to_owned()).or_default();
            changed.entries += after.entries.cast_signed() - space.entries.cast_signed();
            changed.bytes += after.bytes.cast_signed() - space.bytes.cast_signed();
            match value {
                // Else each key that ever was here would be remembered.
                None if below.is_none() => changed.keys.remove(&*key),
                value => {
                    let entry = value.map(|value| Entry { value: value.into_owned(), revision, expires_ms });
                    changed.keys.insert(key.into_owned(), entry)
                }
            };
        }
        Ok(written)
    }
}

impl Changes {
    fn usage(&self, namespace: &str, below: Space) -> Space {
        let (entries, bytes) = self.spaces.get(namespace).map_or((0, 0), |changed| (changed.entries, changed.bytes));
        Space { entries: below.entries.saturating_add_signed(entries), bytes: below.bytes.saturating_add_signed(bytes) }
    }
}

impl KeyValue for Overlay {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        let changes = self.changes.lock();
        let mut entries = self.below.get_many(namespace, keys)?;
        let now_ms = LazyCell::new(|| self.below.now_ms());
        if let Some(changed) = changes.spaces.get(namespace) {
            for (key, entry) in keys.iter().zip(&mut entries) {
                if let Some(here) = changed.keys.get(*key) {
                    *entry = here.clone().filter(|entry| entry.expires_ms.is_none_or(|at| at > *now_ms));
                }
            }
        }
        Ok(entries)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        let changes = self.changes.lock();
        let first = self.below.scan(namespace, prefix, after, limit)?;
        let Some(changed) = changes.spaces.get(namespace) else { return Ok(first) };
        let now_ms = self.below.now_ms();
        let (mut entries, mut more) = (first.entries.into_iter(), first.next);
        let mut below = std::iter::from_fn(|| {
            loop {
                match entries.next() {
                    Some(entry) if changed.keys.contains_key(&entry.key) => {}
                    Some(entry) => return Some(Ok(entry)),
                    None => match self.below.scan(namespace, prefix, Some(&more.take()?), limit) {
                        Ok(page) => (entries, more) = (page.entries.into_iter(), page.next),
                        Err(error) => return Some(Err(error)),
                    },
                }
            }
        })
        .peekable();
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut here = changed
            .keys
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter_map(|(key, entry)| {
                let entry = entry.as_ref().filter(|entry| entry.expires_ms.is_none_or(|at| at > now_ms))?;
                let Entry { value, revision, expires_ms } = entry.clone();
                Some(KeyedEntry { key: key.clone(), value, revision, expires_ms })
            })
            .peekable();
        let mut page = Page::default();
        let mut bytes = 0;
        loop {
            let from_here = match (here.peek(), below.peek()) {
                (Some(here), Some(Ok(below))) => here.key < below.key,
                (Some(_), None) => true,
                _ => false,
            };
            let Some(entry) = (if from_here { here.next() } else { below.next().transpose()? }) else { break };
            if page.entries.len() >= limit.max(1) || bytes >= PAGE_BYTES_MAX {
                page.next = page.entries.last().map(|last| last.key.clone());
                break;
            }
            bytes += entry.key.len() + entry.value.len();
            page.entries.push(entry);
        }
        Ok(page)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        let changes = self.changes.lock();
        Ok(changes.usage(namespace, self.below.usage(namespace)?))
    }

    fn revision(&self) -> Result<u64, ReadError> {
        let changes = self.changes.lock();
        Ok(changes.revision.max(self.below.revision()?))
    }

    /// What is below, whose changes alone are told.
    fn cursor(&self) -> Result<Cursor, FeedError> {
        self.below.cursor()
    }

    fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<feed::Changes, FeedError> {
        self.below.changes(after, limit, wanted)
    }

    fn now_ms(&self) -> i64 {
        self.below.now_ms()
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        Pending::ready(self.written(namespace, &write))
    }
}
