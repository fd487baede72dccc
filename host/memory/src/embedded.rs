//! Keys and values in the store's file.

use std::ops::Bound;
use std::sync::Arc;

use redb::{ReadableTable, TableDefinition, WriteTransaction};

use crate::engine::{Engine, NUMBERS};
use crate::kv::{
    Change, Entry, KEY_BYTES_MAX, KeyValue, KeyedEntry, NAMESPACE_BYTES_MAX, PAGE_BYTES_MAX, Page, READ_KEYS_MAX,
    ReadError, SCAN_LIMIT_MAX, Space, VALUE_BYTES_MAX, Write, WriteError, Written,
};
use crate::writer::{Pending, WhenFull};

/// (namespace, key) to (revision, value).
pub(crate) const ENTRIES: TableDefinition<(&str, &str), (u64, &[u8])> = TableDefinition::new("kv");

/// Namespace to (entries, bytes).
pub(crate) const SPACES: TableDefinition<&str, (u64, u64)> = TableDefinition::new("kv_spaces");

/// The name of the store's revision among [`NUMBERS`].
const REVISION: &str = "revision";

/// Keys and values in the store's file.
pub(crate) struct Embedded {
    engine: Arc<Engine>,
}

impl Embedded {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

/// What is too large: (what, found, max).
type Excess = (&'static str, usize, usize);

fn within(what: &'static str, found: usize, max: usize) -> Result<(), Excess> {
    if found > max { Err((what, found, max)) } else { Ok(()) }
}

fn check_key(namespace: &str, key: &str) -> Result<(), Excess> {
    within("bytes of a namespace's name", namespace.len(), NAMESPACE_BYTES_MAX)?;
    within("bytes of a key", key.len(), KEY_BYTES_MAX)
}

impl From<Excess> for ReadError {
    fn from((what, found, max): Excess) -> Self {
        Self::TooLarge { what, found, max }
    }
}

impl From<Excess> for WriteError {
    fn from((what, found, max): Excess) -> Self {
        Self::TooLarge { what, found, max }
    }
}

impl KeyValue for Embedded {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        within("keys of one read", keys.len(), READ_KEYS_MAX)?;
        for key in keys {
            check_key(namespace, key)?;
        }
        let entries = self.engine.read(|transaction| {
            let table = transaction.open_table(ENTRIES)?;
            keys.iter()
                .map(|key| {
                    Ok(table.get((namespace, *key))?.map(|found| {
                        let (revision, value) = found.value();
                        Entry { value: value.to_owned(), revision }
                    }))
                })
                .collect()
        })?;
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
        let page = self.engine.read(|transaction| {
            let table = transaction.open_table(ENTRIES)?;
            let mut page = Page::default();
            let mut bytes = 0;
            for entry in table.range::<(&str, &str)>((start, Bound::Unbounded))? {
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
        let space = self.engine.read(|transaction| {
            let table = transaction.open_table(SPACES)?;
            let (entries, bytes) = table.get(namespace)?.map(|space| space.value()).unwrap_or_default();
            Ok(Space { entries, bytes })
        })?;
        Ok(space)
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        let value_bytes = match &write.change {
            Change::Put { value } | Change::Swap { value, .. } => value.len(),
            Change::Delete => 0,
        };
        let checked =
            check_key(namespace, &write.key).and_then(|()| within("bytes of a value", value_bytes, VALUE_BYTES_MAX));
        if let Err(excess) = checked {
            return Pending::ready(Err(excess.into()));
        }
        let namespace = namespace.to_owned();
        let bytes = namespace.len() + write.key.len() + value_bytes;
        self.engine.writer().submit(
            WhenFull::Refuse,
            bytes,
            move |transaction| Ok(apply(transaction, &namespace, &write)?.map(|written| (written, ()))),
            |()| (),
        )
    }
}

/// Refuses before it writes anything.
fn apply(
    transaction: &WriteTransaction,
    namespace: &str,
    write: &Write,
) -> Result<Result<Written, WriteError>, redb::Error> {
    let mut entries = transaction.open_table(ENTRIES)?;
    let mut spaces = transaction.open_table(SPACES)?;
    let mut numbers = transaction.open_table(NUMBERS)?;
    let at = (namespace, write.key.as_str());
    let old = entries.get(at)?.map(|found| {
        let (revision, value) = found.value();
        (revision, value.len())
    });
    let last = numbers.get(REVISION)?.map_or(0, |number| number.value());
    let existed = old.is_some();
    let new = match &write.change {
        Change::Put { value } => Some(value),
        Change::Swap { expected, value } => {
            let found = old.map(|(revision, _)| revision);
            if found != *expected {
                return Ok(Err(WriteError::Conflict { found }));
            }
            Some(value)
        }
        Change::Delete if !existed => return Ok(Ok(Written { revision: last, existed })),
        Change::Delete => None,
    };
    let size = |value_bytes: usize| (write.key.len() + value_bytes) as u64;
    let (count, bytes) = spaces.get(namespace)?.map(|space| space.value()).unwrap_or_default();
    let bytes_before = old.map_or(0, |(_, value_bytes)| size(value_bytes));
    let bytes_after = new.map_or(0, |value| size(value.len()));
    let total = bytes.saturating_sub(bytes_before).saturating_add(bytes_after);
    if let Some(max) = write.bytes_max
        && bytes_after > bytes_before
        && total > max
    {
        return Ok(Err(WriteError::Quota { namespace: namespace.to_owned(), max }));
    }
    let revision = last + 1;
    let count = count.saturating_sub(u64::from(existed)) + u64::from(new.is_some());
    numbers.insert(REVISION, revision)?;
    spaces.insert(namespace, (count, total))?;
    match new {
        Some(value) => entries.insert(at, (revision, value.as_slice()))?,
        None => entries.remove(at)?,
    };
    Ok(Ok(Written { revision, existed }))
}
