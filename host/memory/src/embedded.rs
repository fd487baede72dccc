//! Keys and values in the store's file.

use std::ops::Bound;
use std::sync::Arc;

use crate::cache::{Cache, Reading};
use crate::change::{Before, check_key, check_write, judge, within};
use crate::engine::{Engine, NUMBERS, Pending, Table, Transaction, WhenFull};
use crate::feed::CHANGES;
use crate::kv::{
    Entry, KeyValue, KeyedEntry, PAGE_BYTES_MAX, Page, READ_KEYS_MAX, ReadError, SCAN_LIMIT_MAX, Space, Write,
    WriteError, Written,
};

/// (namespace, key) to (revision, value).
pub(crate) const ENTRIES: Table<(&str, &str), (u64, &[u8])> = Table::new(1, "kv");

/// Namespace to (entries, bytes).
pub(crate) const SPACES: Table<&str, (u64, u64)> = Table::of_sums(2, "kv_spaces");

/// The name of the store's revision among [`NUMBERS`].
pub(crate) const REVISION: &str = "revision";

/// Keys and values in the store's file, with those in memory that were read lately.
pub(crate) struct Embedded {
    engine: Arc<Engine>,
    cache: Arc<Cache>,
}

impl Embedded {
    /// With so many bytes of entries in memory.
    pub(crate) fn new(engine: Arc<Engine>, cache_bytes: u64) -> Self {
        Self { engine, cache: Arc::new(Cache::new(cache_bytes)) }
    }
}

impl KeyValue for Embedded {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        within("keys of one read", keys.len(), READ_KEYS_MAX)?;
        for key in keys {
            check_key(namespace, key)?;
        }
        if let Some(known) = self.cache.get_many(namespace, keys) {
            return Ok(known);
        }
        // All of them from the file, where they are as they were at one moment.
        let readings: Vec<Reading> = keys.iter().map(|key| self.cache.reading(namespace, key)).collect();
        let entries: Vec<Option<Entry>> = self.engine.read(|snapshot| {
            keys.iter()
                .map(|key| {
                    Ok(snapshot.get(&ENTRIES, (namespace, *key))?.map(|found| {
                        let (revision, value) = found.value();
                        Entry { value: value.to_owned(), revision }
                    }))
                })
                .collect()
        })?;
        for (reading, entry) in readings.into_iter().zip(&entries) {
            self.cache.keep(reading, entry);
        }
        Ok(entries)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        check_key(namespace, prefix)?;
        check_key(namespace, after.unwrap_or_default())?;
        within("entries of a page", limit, SCAN_LIMIT_MAX)?;
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded((namespace, after)),
            _ => Bound::Included((namespace, prefix)),
        };
        let page = self.engine.read(|snapshot| {
            let mut page = Page::default();
            let mut bytes = 0;
            for entry in snapshot.rows(&ENTRIES, start)? {
                let (at, found) = entry?;
                let (space, key) = at.value();
                if space != namespace || !key.starts_with(prefix) {
                    break;
                }
                if page.entries.len() >= limit.max(1) || bytes >= PAGE_BYTES_MAX {
                    page.next = page.entries.last().map(|last: &KeyedEntry| last.key.clone());
                    break;
                }
                let (revision, value) = found.value();
                bytes += key.len() + value.len();
                page.entries.push(KeyedEntry { key: key.to_owned(), value: value.to_owned(), revision });
            }
            Ok(page)
        })?;
        Ok(page)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        let space = self.engine.read(|snapshot| {
            let (entries, bytes) = snapshot.get(&SPACES, namespace)?.map(|space| space.value()).unwrap_or_default();
            Ok(Space { entries, bytes })
        })?;
        Ok(space)
    }

    fn revision(&self) -> Result<u64, ReadError> {
        Ok(self.engine.read(|snapshot| snapshot.number(&NUMBERS, REVISION))?)
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        if let Err(excess) = check_write(namespace, &write) {
            return Pending::ready(Err(excess.into()));
        }
        let namespace = namespace.to_owned();
        let bytes = namespace.len() + write.key.len() + write.change.value().map_or(0, Vec::len);
        // No graph can declare a name with an `@`: it is the host's own.
        let full = if namespace.starts_with('@') { WhenFull::Ahead } else { WhenFull::Refuse };
        let (cache, after) = (Arc::clone(&self.cache), Arc::clone(&self.cache));
        self.engine.writer().submit(
            full,
            bytes,
            move |transaction| {
                let applied = apply(transaction, &namespace, &write)?;
                Ok(applied.map(|(written, changed)| (written, changed.then(|| cache.begin(&namespace, &write.key)))))
            },
            move |writing| writing.into_iter().for_each(|writing| after.end(writing)),
        )
    }
}

/// Refuses before it writes anything. Whether it wrote anything is told too.
fn apply(
    transaction: &mut Transaction<'_>,
    namespace: &str,
    write: &Write,
) -> Result<Result<(Written, bool), WriteError>, redb::Error> {
    let at = (namespace, write.key.as_str());
    let key = transaction.get(&ENTRIES, at)?.map(|found| {
        let (revision, value) = found.value();
        (revision, value.len())
    });
    let revision = transaction.number(&NUMBERS, REVISION)?;
    let (held, bytes) = transaction.get(&SPACES, namespace)?.map(|space| space.value()).unwrap_or_default();
    let before = Before { key, revision, space: Space { entries: held, bytes } };
    let (written, space) = match judge(namespace, write, &before) {
        Ok((written, Some(space))) => (written, space),
        Ok((written, None)) => return Ok(Ok((written, false))),
        Err(refusal) => return Ok(Err(refusal)),
    };
    transaction.insert(&NUMBERS, REVISION, written.revision);
    transaction.insert(&SPACES, namespace, (space.entries, space.bytes));
    match write.change.value() {
        Some(value) => transaction.insert(&ENTRIES, at, (written.revision, value.as_slice())),
        None => transaction.remove(&ENTRIES, at),
    }
    let change = (namespace, write.key.as_str(), write.change.value().is_some());
    transaction.insert(CHANGES.table(), written.revision, change);
    Ok(Ok((written, true)))
}
