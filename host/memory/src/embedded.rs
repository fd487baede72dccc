//! Keys and values in the store's file.

use std::ops::Bound;
use std::sync::Arc;

use crate::cache::{Cache, Reading};
use crate::change::{Before, Standing, check_key, check_write, judge, within};
use crate::clock::Clock;
use crate::engine::{Engine, NUMBERS, Pending, Snapshot, Table, Transaction, Unavailable, WhenFull};
use crate::expiry::{EXPIRIES, Sweeper};
use crate::feed::{self, CHANGES, Changes, Cursor, FeedError};
use crate::kv::{
    Entry, KeyValue, KeyedEntry, PAGE_BYTES_MAX, Page, READ_KEYS_MAX, ReadError, SCAN_LIMIT_MAX, Space, Write,
    WriteError, Written,
};
use crate::pinned::Pinned;

/// (namespace, key) to (revision, value). Where the highest bit of the revision is set, the value comes after 8 bytes that say when
/// it expires.
pub(crate) const ENTRIES: Table<(&str, &str), (u64, &[u8])> = Table::new(1, "kv");

/// Namespace to (entries, bytes).
pub(crate) const SPACES: Table<&str, (u64, u64)> = Table::of_sums(2, "kv_spaces");

/// The name of the store's revision among [`NUMBERS`].
pub(crate) const REVISION: &str = "revision";

/// When something was appended last, in milliseconds since 1970, among [`NUMBERS`].
const APPENDED: &str = "appended_ms";

/// In a revision: the value expires.
const EXPIRES: u64 = 1 << 63;

/// What stands in a row of [`ENTRIES`].
pub(crate) fn standing((told, bytes): (u64, &[u8])) -> Standing<'_> {
    let revision = told & !EXPIRES;
    match bytes.split_first_chunk() {
        Some((at, value)) if told != revision => {
            Standing { revision, value, expires_ms: Some(i64::from_le_bytes(*at)) }
        }
        _ => Standing { revision, value: bytes, expires_ms: None },
    }
}

/// Keys and values in the store's file, with those in memory that were read lately.
pub(crate) struct Embedded {
    shared: Arc<Shared>,
    sweeper: Sweeper,
}

/// What readers, pinned ones and the thread that removes what has expired share.
pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) clock: Clock,
}

impl Embedded {
    /// With so many bytes of entries in memory.
    pub(crate) fn new(engine: Arc<Engine>, cache_bytes: u64, clock: Clock) -> Result<Self, Unavailable> {
        let shared = Arc::new(Shared { engine, cache: Arc::new(Cache::new(cache_bytes)), clock });
        let sweeper = Sweeper::new(Arc::clone(&shared))?;
        Ok(Self { shared, sweeper })
    }
}

/// Reads keys from a snapshot.
pub(crate) fn read(snapshot: &Snapshot<'_>, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, redb::Error> {
    let read = |key: &&str| {
        let found = snapshot.get(&ENTRIES, (namespace, *key))?;
        Ok(found.map(|found| standing(found.value()).entry()))
    };
    keys.iter().map(read).collect()
}

/// Takes away what has expired.
pub(crate) fn there(clock: &Clock, mut entries: Vec<Option<Entry>>) -> Vec<Option<Entry>> {
    let mut now_ms = None;
    for place in &mut entries {
        if let Some(at) = place.as_ref().and_then(|entry| entry.expires_ms)
            && at <= *now_ms.get_or_insert_with(|| clock.now_ms())
        {
            *place = None;
        }
    }
    entries
}

pub(crate) fn check_read(namespace: &str, keys: &[&str]) -> Result<(), ReadError> {
    within("keys of one read", keys.len(), READ_KEYS_MAX)?;
    for key in keys {
        check_key(namespace, key)?;
    }
    Ok(())
}

pub(crate) fn check_scan(namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<(), ReadError> {
    check_key(namespace, prefix)?;
    check_key(namespace, after.unwrap_or_default())?;
    Ok(within("entries of a page", limit, SCAN_LIMIT_MAX)?)
}

/// A page of what a snapshot has.
pub(crate) fn page(
    snapshot: &Snapshot<'_>,
    now_ms: i64,
    namespace: &str,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page, redb::Error> {
    let start = match after {
        Some(after) if after >= prefix => Bound::Excluded((namespace, after)),
        _ => Bound::Included((namespace, prefix)),
    };
    let mut page = Page::default();
    let mut bytes = 0;
    for entry in snapshot.rows(&ENTRIES, start)? {
        let (at, found) = entry?;
        let (space, key) = at.value();
        if space != namespace || !key.starts_with(prefix) {
            break;
        }
        let Standing { revision, value, expires_ms } = standing(found.value());
        if expires_ms.is_some_and(|at| at <= now_ms) {
            continue;
        }
        if page.entries.len() >= limit.max(1) || bytes >= PAGE_BYTES_MAX {
            page.next = page.entries.last().map(|last: &KeyedEntry| last.key.clone());
            break;
        }
        bytes += key.len() + value.len();
        page.entries.push(KeyedEntry { key: key.to_owned(), value: value.to_owned(), revision, expires_ms });
    }
    Ok(page)
}

pub(crate) fn usage(snapshot: &Snapshot<'_>, namespace: &str) -> Result<Space, redb::Error> {
    let (entries, bytes) = snapshot.get(&SPACES, namespace)?.map(|space| space.value()).unwrap_or_default();
    Ok(Space { entries, bytes })
}

impl KeyValue for Embedded {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        self.shared.get_many(namespace, keys)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        self.shared.scan(namespace, prefix, after, limit)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        Ok(self.shared.engine.read(|snapshot| usage(snapshot, namespace))?)
    }

    fn revision(&self) -> Result<u64, ReadError> {
        Ok(self.shared.engine.read(|snapshot| snapshot.number(&NUMBERS, REVISION))?)
    }

    fn cursor(&self) -> Result<Cursor, FeedError> {
        Ok(self.shared.engine.read(feed::cursor)?)
    }

    fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Changes, FeedError> {
        self.shared.engine.read(|snapshot| feed::changes(snapshot, after, limit, feed::cursor(snapshot)?, wanted))?
    }

    fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    fn pinned(&self) -> Option<Arc<dyn KeyValue>> {
        Some(Arc::new(Pinned::new(Arc::clone(&self.shared), self.sweeper.clone()).ok()?))
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        self.shared.write(namespace, write, &self.sweeper)
    }
}

impl Shared {
    pub(crate) fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        check_read(namespace, keys)?;
        if let Some(known) = self.cache.get_many(namespace, keys) {
            return Ok(there(&self.clock, known));
        }
        Ok(there(&self.clock, self.now(namespace, keys)?.0))
    }

    /// All of them from the file, where they are as they were at one moment, and the store's revision then. What has expired is
    /// among them.
    pub(crate) fn now(&self, namespace: &str, keys: &[&str]) -> Result<(Vec<Option<Entry>>, u64), Unavailable> {
        let readings: Vec<Reading> = keys.iter().map(|key| self.cache.reading(namespace, key)).collect();
        let read =
            |snapshot: &Snapshot<'_>| Ok((read(snapshot, namespace, keys)?, snapshot.number(&NUMBERS, REVISION)?));
        let (entries, revision) = self.engine.read(read)?;
        for (reading, entry) in readings.into_iter().zip(&entries) {
            self.cache.keep(reading, entry, revision);
        }
        Ok((entries, revision))
    }

    pub(crate) fn scan(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        check_scan(namespace, prefix, after, limit)?;
        let now_ms = self.clock.now_ms();
        Ok(self.engine.read(|snapshot| page(snapshot, now_ms, namespace, prefix, after, limit))?)
    }

    pub(crate) fn write(&self, namespace: &str, write: Write, sweeper: &Sweeper) -> Pending<Written, WriteError> {
        if let Err(excess) = check_write(namespace, &write) {
            return Pending::ready(Err(excess.into()));
        }
        if write.ttl_ms.is_some() {
            sweeper.begin();
        }
        let namespace = namespace.to_owned();
        let bytes = namespace.len() + write.key.len() + write.change.bytes();
        // No graph can declare a name with an `@`: it is the host's own.
        let full = if namespace.starts_with('@') { WhenFull::Ahead } else { WhenFull::Refuse };
        let (cache, after) = (Arc::clone(&self.cache), Arc::clone(&self.cache));
        let clock = self.clock.clone();
        self.engine.writer().submit(
            full,
            bytes,
            move |transaction| {
                let applied = apply(transaction, clock.now_ms(), &namespace, &write)?;
                Ok(applied.map(|(written, changed)| (written, changed.map(|key| cache.begin(&namespace, &key)))))
            },
            move |writing| writing.into_iter().for_each(|writing| after.end(writing)),
        )
    }
}

/// Refuses before it writes anything. The key that it changed is told too.
fn apply(
    transaction: &mut Transaction<'_>,
    now_ms: i64,
    namespace: &str,
    write: &Write,
) -> Result<Result<(Written, Option<String>), WriteError>, redb::Error> {
    let appends = matches!(write.change, crate::Change::Append { .. });
    let found = transaction.get(&ENTRIES, (namespace, write.key.as_str()))?;
    let key = found.as_ref().map(|found| standing(found.value()).known());
    let before = Before {
        key,
        revision: transaction.number(&NUMBERS, REVISION)?,
        space: {
            let held = transaction.get(&SPACES, namespace)?.map(|space| space.value());
            let (entries, bytes) = held.unwrap_or_default();
            Space { entries, bytes }
        },
        now_ms,
        appended_ms: if appends { transaction.number(&NUMBERS, APPENDED)?.cast_signed() } else { 0 },
    };
    let (written, after) = match judge(namespace, write, &before) {
        Ok((written, Some(after))) => (written, after),
        Ok((written, None)) => return Ok(Ok((written, None))),
        Err(refusal) => return Ok(Err(refusal)),
    };
    if appends {
        transaction.insert(&NUMBERS, APPENDED, written.number.cast_unsigned());
    } else if let Some(at) = key.and_then(|key| key.expires_ms) {
        transaction.remove(&EXPIRIES, (at, namespace, write.key.as_str()));
    }
    transaction.insert(&NUMBERS, REVISION, written.revision);
    transaction.insert(&SPACES, namespace, (after.space.entries, after.space.bytes));
    let at = (namespace, &*after.key);
    match (&after.value, after.expires_ms) {
        (Some(value), None) => transaction.insert(&ENTRIES, at, (written.revision, value)),
        (Some(value), Some(expires_ms)) => {
            let value = [&expires_ms.to_le_bytes(), &**value].concat();
            transaction.insert(&ENTRIES, at, (written.revision | EXPIRES, value.as_slice()));
            transaction.insert(&EXPIRIES, (expires_ms, at.0, at.1), ());
        }
        (None, _) => transaction.remove(&ENTRIES, at),
    }
    transaction.insert(CHANGES.table(), written.revision, (at.0, at.1, after.value.is_some()));
    Ok(Ok((written, Some(after.key.into_owned()))))
}
