//! Kinds of namespaces, of this thread. Nothing expires: there is no clock.
#![expect(missing_docs, reason = "as in the WIT")]

use super::WORLD;
use super::memory::{Namespace, open};
use crate::bindings::memory as plain;
use crate::bindings::shared::{changes, counter, kv, log, types};
use types::Error;

pub(super) fn told(error: plain::Error) -> Error {
    match error {
        plain::Error::Denied(text) => Error::Denied(text),
        plain::Error::Conflict(found) => Error::Conflict(found),
        plain::Error::TooLarge(text) => Error::TooLarge(text),
        plain::Error::Quota(text) => Error::Quota(text),
        plain::Error::NotFound(text) => Error::NotFound(text),
        plain::Error::Unavailable(text) => Error::Unavailable(text),
    }
}

fn number(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_le_bytes)
}

/// One of keys and values.
pub struct Kv(Namespace);

impl Kv {
    pub fn open(name: &str) -> Result<Self, Error> {
        open(name).map(Self).map_err(told)
    }

    pub fn get(&self, key: &str) -> Result<Option<kv::Entry>, Error> {
        let entry = |plain::Entry { value, revision }| kv::Entry { value, revision };
        Ok(self.0.get(key).map_err(told)?.map(entry))
    }

    pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<kv::Entry>>, Error> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    pub fn put(&self, key: &str, value: &[u8], _ttl_ms: Option<u64>) -> Result<u64, Error> {
        self.0.put(key, value).map_err(told)
    }

    pub fn put_many(&self, entries: &[(String, Vec<u8>)], ttl_ms: Option<u64>) -> Vec<Result<u64, Error>> {
        entries.iter().map(|(key, value)| self.put(key, value, ttl_ms)).collect()
    }

    pub fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<u64>,
        value: &[u8],
        _ttl_ms: Option<u64>,
    ) -> Result<u64, Error> {
        self.0.compare_and_swap(key, expected, value).map_err(told)
    }

    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        self.0.delete(key).map_err(told)
    }

    pub fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<kv::Page, Error> {
        let plain::Page { entries, next } = self.0.scan(prefix, after, limit).map_err(told)?;
        let entry = |plain::KeyedEntry { key, value, revision }| kv::KeyedEntry { key, value, revision };
        Ok(kv::Page { entries: entries.into_iter().map(entry).collect(), next })
    }
}

/// One of counters.
pub struct Counter(Kv);

impl Counter {
    pub fn open(name: &str) -> Result<Self, Error> {
        Kv::open(name).map(Self)
    }

    pub fn add(&self, key: &str, by: i64) -> Result<(), Error> {
        let found = self.get(key)?;
        let sum = found.checked_add(by).ok_or_else(|| Error::TooLarge(format!("{found} and {by}")))?;
        self.0.put(key, &sum.to_le_bytes(), None).map(|_| ())
    }

    pub fn add_many(&self, numbers: &[(String, i64)]) -> Vec<Result<(), Error>> {
        numbers.iter().map(|(key, by)| self.add(key, *by)).collect()
    }

    pub fn get(&self, key: &str) -> Result<i64, Error> {
        Ok(self.0.get(key)?.map_or(0, |entry| number(&entry.value)))
    }

    pub fn get_many(&self, keys: &[String]) -> Result<Vec<i64>, Error> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        self.0.delete(key)
    }

    pub fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<counter::Page, Error> {
        let page = self.0.scan(prefix, after, limit)?;
        let numbers = page.entries.into_iter().map(|entry| (entry.key, number(&entry.value))).collect();
        Ok(counter::Page { numbers, next: page.next })
    }
}

/// One of records, all of the time 0.
pub struct Log(Kv);

impl Log {
    pub fn open(name: &str) -> Result<Self, Error> {
        Kv::open(name).map(Self)
    }

    pub fn append(&self, prefix: &str, value: &[u8]) -> Result<String, Error> {
        let next = WORLD.with_borrow(|world| world.revision) + 1;
        let key = format!("{prefix}{:012x}-{next:016x}", 0);
        self.0.put(&key, value, None).map(|_| key)
    }

    pub fn append_many(&self, prefix: &str, values: &[Vec<u8>]) -> Vec<Result<String, Error>> {
        values.iter().map(|value| self.append(prefix, value)).collect()
    }

    pub fn read(&self, prefix: &str, start: &log::Start, limit: u32) -> Result<log::Page, Error> {
        let after = match start {
            log::Start::Oldest => None,
            log::Start::After(key) => Some(key.clone()),
            log::Start::Since(time) => Some(format!("{prefix}{:012x}", (*time).max(0))),
        };
        let page = self.0.scan(prefix, after.as_deref(), limit)?;
        let entry = |kv::KeyedEntry { key, value, .. }: kv::KeyedEntry| {
            let is_own = key.len() == prefix.len() + 29;
            is_own.then_some(log::Entry { key, time: 0, value })
        };
        Ok(log::Page { entries: page.entries.into_iter().filter_map(entry).collect(), next: page.next })
    }

    pub fn delete(&self, key: &str) -> Result<bool, Error> {
        self.0.delete(key)
    }
}

/// What is there counts as written once; removals are not told.
pub fn read(namespace: &str, after: Option<&str>, limit: u32) -> Result<changes::Page, Error> {
    open(namespace).map_err(told)?;
    let after = after.map_or(Ok(0), |after| after.parse().map_err(|_| Error::Invalid(format!("{after:?}"))))?;
    WORLD.with_borrow(|world| {
        let all = world.spaces.get(namespace).into_iter().flatten();
        let change = |(key, (_, revision)): (&String, &(Vec<u8>, u64))| changes::Change {
            key: key.clone(),
            revision: *revision,
            removed: false,
        };
        let mut changes: Vec<changes::Change> = all.map(change).filter(|change| change.revision > after).collect();
        changes.sort_by_key(|change| change.revision);
        let more = changes.len() > limit as usize;
        changes.truncate(limit as usize);
        let last = changes.last().filter(|_| more).map_or(world.revision, |change| change.revision);
        Ok(changes::Page { changes, cursor: last.to_string(), more })
    })
}

pub fn now() -> Result<String, Error> {
    Ok(WORLD.with_borrow(|world| world.revision).to_string())
}
