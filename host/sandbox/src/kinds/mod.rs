//! The imports of `greenroom:memory`: kinds of namespaces and their changes, permission checked and metered.

/// Goes on with what is there, or ends an import with what its guest is told.
macro_rules! ok {
    ($answer:expr) => {
        match $answer {
            Ok(there) => there,
            Err(error) => return Ok(Err(error)),
        }
    };
}

mod blob;
mod vector;

use std::sync::Arc;

use greenroom_model::{NamespaceKind, Verb};
use wasmtime::component::Resource;

use crate::bindings::shared::greenroom::memory::{changes, counter, kv, log, types};
use crate::capabilities::{Entry, KeyedEntry, Later, MemoryChange, MemoryError, MemoryWritten, Page};
use crate::context::{Context, Metered};
use crate::imports::{BATCH_MAX, BATCH_STEP, PAGE_MAX};
use crate::latest::About;
use crate::tape::Question;
#[expect(unreachable_pub, reason = "the generated bindings re-export them")]
pub use blob::{Blob, OpenUpload};
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub use vector::Vector;

/// Bytes that the host puts behind the key that is appended to: 12 digits of time, a hyphen and 16 of the revision.
const PLACE_BYTES: usize = 29;

/// A namespace of keys and values that a guest has open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Kv(Arc<str>);

/// One of counters.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Counter(Arc<str>);

/// One of records.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Log(Arc<str>);

/// A namespace that is open.
pub(crate) trait Named: Send + 'static {
    const KIND: NamespaceKind;
    fn of(name: Arc<str>) -> Self;
    fn name(&self) -> &Arc<str>;
}

macro_rules! named {
    ($($of:ident),+) => { $(
        impl Named for $of {
            const KIND: NamespaceKind = NamespaceKind::$of;
            fn of(name: Arc<str>) -> Self {
                Self(name)
            }
            fn name(&self) -> &Arc<str> {
                &self.0
            }
        }
    )+ };
}

named!(Kv, Counter, Log, Blob, Vector);

type Answer<T> = wasmtime::Result<Result<T, types::Error>>;

/// What becomes of a metered call.
fn within(metered: Metered) -> wasmtime::Result<Result<(), MemoryError>> {
    Ok(metered?.map_err(MemoryError::Quota))
}

pub(crate) fn told(error: MemoryError) -> types::Error {
    match error {
        MemoryError::Denied(text) => types::Error::Denied(text),
        MemoryError::Conflict(found) => types::Error::Conflict(found),
        MemoryError::TooLarge(text) => types::Error::TooLarge(text),
        MemoryError::Quota(text) => types::Error::Quota(text),
        MemoryError::NotFound(text) => types::Error::NotFound(text),
        MemoryError::Unavailable(text) => types::Error::Unavailable(text),
        MemoryError::Invalid(text) => types::Error::Invalid(text),
    }
}

/// An answer of the memory layer or of the host before it, on its way to the guest.
type Heard<T> = wasmtime::Result<Result<T, MemoryError>>;

fn answer<T>(heard: Heard<T>) -> Answer<T> {
    Ok(heard?.map_err(told))
}

impl types::Host for Context {}

impl Context {
    pub(crate) fn named<K: Named>(&self, handle: &Resource<K>) -> wasmtime::Result<Arc<str>> {
        Ok(Arc::clone(self.table.get(handle)?.name()))
    }

    fn open_kind<K: Named>(&mut self, name: String) -> Heard<Resource<K>> {
        ok!(within(self.asks("open", About::of(&name, ""), name.len()))?);
        if self.granted(&name).is_empty() {
            self.latest.answered("denied");
            return Ok(Err(MemoryError::Denied(self.denied(&name, "", Verb::Read))));
        }
        let kind = self.memory().kind(&name);
        self.tape.keep(&Question::Kind(&name), &kind);
        let wrong = match kind {
            Some(kind) if kind == K::KIND => None,
            Some(kind) => Some(format!("namespace `{name}` is of kind {}, not {}", kind.name(), K::KIND.name())),
            None => Some(format!("no namespace `{name}`")),
        };
        if let Some(wrong) = wrong {
            self.latest.answered("not found");
            return Ok(Err(MemoryError::NotFound(wrong)));
        }
        ok!(within(self.meter_handle())?);
        self.latest.answered("ok");
        Ok(Ok(self.table.push(K::of(name.into()))?))
    }

    fn close<K: Named>(&mut self, handle: Resource<K>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        self.handle_dropped();
        Ok(())
    }

    /// Whether a key may be used so.
    fn may(&mut self, namespace: &Arc<str>, key: &str, verb: Verb) -> Result<(), MemoryError> {
        self.permit(namespace, key, verb).map_err(|denied| {
            self.latest.answered("denied");
            MemoryError::Denied(denied)
        })
    }

    fn read_many(&mut self, name: &Arc<str>, keys: &[String]) -> Heard<Vec<Option<Entry>>> {
        let about = About::of(name, keys.first().map_or("", String::as_str));
        ok!(within(self.asks("get-many", about, keys.iter().map(String::len).sum()))?);
        if keys.len() > BATCH_MAX {
            return Ok(Err(MemoryError::TooLarge(format!("{} keys, at most {BATCH_MAX}", keys.len()))));
        }
        for key in keys {
            ok!(self.may(name, key, Verb::Read));
        }
        ok!(within(self.meter_reads(name, keys.len()))?);
        let mut all = Vec::with_capacity(keys.len());
        // A value may be a MiB: a few keys at a time, so that the budget stops it in time.
        let moment = if self.pinned.is_none() { self.capabilities.memory.of_request(self.deadline) } else { None };
        for keys in keys.chunks(BATCH_STEP) {
            let found = moment.as_deref().unwrap_or_else(|| self.memory()).get_many(name, keys);
            self.heard(&Question::GetMany(name, keys), &found);
            let entries = ok!(found);
            ok!(within(self.meter_bytes(entries.iter().flatten().map(|entry| entry.value.len()).sum()))?);
            all.extend(entries);
        }
        Ok(Ok(all))
    }

    fn read_page(&mut self, name: &Arc<str>, prefix: &str, after: Option<&str>, limit: u32) -> Heard<Page> {
        let bytes = prefix.len() + after.map_or(0, str::len);
        ok!(within(self.asks("scan", About::of(name, prefix), bytes))?);
        // All that begins with it begins with what is granted.
        ok!(self.may(name, prefix, Verb::Read));
        let limit = limit.min(PAGE_MAX);
        let found = self.memory().scan(name, prefix, after, limit);
        self.heard(&Question::Scan(name, prefix, after, limit), &found);
        let page = ok!(found);
        ok!(within(self.meter_reads(name, page.entries.len()))?);
        ok!(within(self.meter_bytes(page.entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum()))?);
        Ok(Ok(page))
    }

    /// Sends a change on its way, if it is permitted and within the budget.
    fn begin_write(
        &mut self,
        name: &Arc<str>,
        key: &str,
        change: &mut MemoryChange,
        ttl_ms: Option<u64>,
    ) -> Heard<Later<MemoryWritten>> {
        let verb = match change {
            // Who may only append writes what is not there yet.
            MemoryChange::Put(value)
                if !self.permits(name, key, Verb::Write) && self.permits(name, key, Verb::Append) =>
            {
                *change = MemoryChange::Swap(None, std::mem::take(value));
                Verb::Append
            }
            MemoryChange::Swap(None, _) | MemoryChange::Add(_) | MemoryChange::Append(_) => Verb::Append,
            MemoryChange::Put(_) | MemoryChange::Swap(..) | MemoryChange::Delete => Verb::Write,
        };
        ok!(self.may(name, key, verb));
        ok!(within(self.meter_write(name, key.len() + change.bytes()))?);
        Ok(Ok(self.memory().write(name, key.to_owned(), change.clone(), ttl_ms)))
    }

    async fn change(
        &mut self,
        function: &'static str,
        name: Arc<str>,
        key: String,
        mut change: MemoryChange,
        ttl_ms: Option<u64>,
    ) -> Heard<MemoryWritten> {
        ok!(within(self.asks(function, About::of(&name, &key), key.len() + change.bytes()))?);
        let later = ok!(self.begin_write(&name, &key, &mut change, ttl_ms)?);
        let written = self.wait(later).await?;
        self.heard(&Question::Write(&name, &key, &change, ttl_ms), &written);
        Ok(written)
    }

    /// Several changes, all on their way before the first is waited for, so that they become durable together.
    async fn change_many(
        &mut self,
        function: &'static str,
        name: Arc<str>,
        changes: Vec<(String, MemoryChange)>,
        ttl_ms: Option<u64>,
    ) -> wasmtime::Result<Vec<Result<MemoryWritten, MemoryError>>> {
        let about = About::of(&name, changes.first().map_or("", |(key, _)| key.as_str()));
        let bytes = changes.iter().map(|(key, change)| key.len() + change.bytes()).sum();
        let refused = |error: MemoryError| vec![Err(error); changes.len()];
        if let Err(over) = self.asks(function, about, bytes)? {
            return Ok(refused(MemoryError::Quota(over)));
        }
        if changes.len() > BATCH_MAX {
            let message = format!("{} entries, at most {BATCH_MAX}", changes.len());
            return Ok(refused(MemoryError::TooLarge(message)));
        }
        let mut begun = Vec::with_capacity(changes.len());
        for (key, mut change) in changes {
            let later = self.begin_write(&name, &key, &mut change, ttl_ms)?;
            begun.push((key, change, later));
        }
        let mut written = Vec::with_capacity(begun.len());
        for (key, change, later) in begun {
            written.push(match later {
                Ok(later) => {
                    let answer = self.wait(later).await?;
                    self.heard(&Question::Write(&name, &key, &change, ttl_ms), &answer);
                    answer
                }
                Err(refused) => Err(refused),
            });
        }
        Ok(written)
    }
}

fn each<T, U>(
    answers: Vec<Result<T, MemoryError>>,
    of: impl Fn(T) -> U,
) -> wasmtime::Result<Vec<Result<U, types::Error>>> {
    Ok(answers.into_iter().map(|answer| answer.map(&of).map_err(told)).collect())
}

impl kv::Host for Context {}

impl kv::HostNamespace for Context {
    fn open(&mut self, name: String) -> Answer<Resource<Kv>> {
        answer(self.open_kind(name))
    }

    /// Never linked: there is a way that makes no copy of the key, see `fast`.
    fn get(&mut self, _handle: Resource<Kv>, _key: String) -> Answer<Option<kv::Entry>> {
        Err(wasmtime::Error::msg("the wrong get was linked"))
    }

    fn get_many(&mut self, handle: Resource<Kv>, keys: Vec<String>) -> Answer<Vec<Option<kv::Entry>>> {
        let name = self.named(&handle)?;
        let found = self.read_many(&name, &keys)?;
        let entry = |Entry { value, revision }| kv::Entry { value, revision };
        Ok(found.map(|all| all.into_iter().map(|found| found.map(entry)).collect()).map_err(told))
    }

    async fn put(&mut self, handle: Resource<Kv>, key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Answer<u64> {
        let name = self.named(&handle)?;
        let written = self.change("put", name, key, MemoryChange::Put(value), ttl_ms).await?;
        Ok(written.map(|written| written.revision).map_err(told))
    }

    async fn put_many(
        &mut self,
        handle: Resource<Kv>,
        entries: Vec<(String, Vec<u8>)>,
        ttl_ms: Option<u64>,
    ) -> wasmtime::Result<Vec<Result<u64, types::Error>>> {
        let name = self.named(&handle)?;
        let changes = entries.into_iter().map(|(key, value)| (key, MemoryChange::Put(value))).collect();
        each(self.change_many("put-many", name, changes, ttl_ms).await?, |written| written.revision)
    }

    async fn compare_and_swap(
        &mut self,
        handle: Resource<Kv>,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
    ) -> Answer<u64> {
        let name = self.named(&handle)?;
        let written = self.change("compare-and-swap", name, key, MemoryChange::Swap(expected, value), ttl_ms).await?;
        Ok(written.map(|written| written.revision).map_err(told))
    }

    async fn delete(&mut self, handle: Resource<Kv>, key: String) -> Answer<bool> {
        let name = self.named(&handle)?;
        let written = self.change("delete", name, key, MemoryChange::Delete, None).await?;
        Ok(written.map(|written| written.existed).map_err(told))
    }

    fn scan(&mut self, handle: Resource<Kv>, prefix: String, after: Option<String>, limit: u32) -> Answer<kv::Page> {
        let name = self.named(&handle)?;
        let page = self.read_page(&name, &prefix, after.as_deref(), limit)?;
        let entry = |KeyedEntry { key, value, revision }| kv::KeyedEntry { key, value, revision };
        let page =
            page.map(|Page { entries, next }| kv::Page { entries: entries.into_iter().map(entry).collect(), next });
        Ok(page.map_err(told))
    }

    fn drop(&mut self, handle: Resource<Kv>) -> wasmtime::Result<()> {
        self.close(handle)
    }
}

/// What a counter has come to; 0 for what is no number, which no counter's namespace holds.
fn number(value: &[u8]) -> i64 {
    value.try_into().map_or(0, i64::from_le_bytes)
}

impl counter::Host for Context {}

impl counter::HostNamespace for Context {
    fn open(&mut self, name: String) -> Answer<Resource<Counter>> {
        answer(self.open_kind(name))
    }

    async fn add(&mut self, handle: Resource<Counter>, key: String, by: i64) -> Answer<()> {
        let name = self.named(&handle)?;
        let written = self.change("add", name, key, MemoryChange::Add(by), None).await?;
        Ok(written.map(|_| ()).map_err(told))
    }

    async fn add_many(
        &mut self,
        handle: Resource<Counter>,
        numbers: Vec<(String, i64)>,
    ) -> wasmtime::Result<Vec<Result<(), types::Error>>> {
        let name = self.named(&handle)?;
        let changes = numbers.into_iter().map(|(key, by)| (key, MemoryChange::Add(by))).collect();
        each(self.change_many("add-many", name, changes, None).await?, |_| ())
    }

    fn get(&mut self, handle: Resource<Counter>, key: String) -> Answer<i64> {
        let name = self.named(&handle)?;
        let found = self.read_many(&name, &[key])?;
        Ok(found.map(|all| all.into_iter().flatten().next().map_or(0, |entry| number(&entry.value))).map_err(told))
    }

    fn get_many(&mut self, handle: Resource<Counter>, keys: Vec<String>) -> Answer<Vec<i64>> {
        let name = self.named(&handle)?;
        let found = self.read_many(&name, &keys)?;
        let number = |found: Option<Entry>| found.map_or(0, |entry| number(&entry.value));
        Ok(found.map(|all| all.into_iter().map(number).collect()).map_err(told))
    }

    async fn delete(&mut self, handle: Resource<Counter>, key: String) -> Answer<bool> {
        let name = self.named(&handle)?;
        let written = self.change("delete", name, key, MemoryChange::Delete, None).await?;
        Ok(written.map(|written| written.existed).map_err(told))
    }

    fn scan(
        &mut self,
        handle: Resource<Counter>,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<counter::Page> {
        let name = self.named(&handle)?;
        let page = self.read_page(&name, &prefix, after.as_deref(), limit)?;
        let page = page.map(|Page { entries, next }| {
            let numbers = entries.into_iter().map(|entry| (entry.key, number(&entry.value))).collect();
            counter::Page { numbers, next }
        });
        Ok(page.map_err(told))
    }

    fn drop(&mut self, handle: Resource<Counter>) -> wasmtime::Result<()> {
        self.close(handle)
    }
}

/// When a record was appended, as its key says; none for a key that is not of this prefix's sequence.
fn time_ms(prefix: &str, key: &str) -> Option<i64> {
    let place = key.strip_prefix(prefix).filter(|place| place.len() == PLACE_BYTES)?;
    i64::from_str_radix(place.get(..12)?, 16).ok()
}

impl log::Host for Context {}

impl log::HostNamespace for Context {
    fn open(&mut self, name: String) -> Answer<Resource<Log>> {
        answer(self.open_kind(name))
    }

    async fn append(&mut self, handle: Resource<Log>, prefix: String, value: Vec<u8>) -> Answer<String> {
        let name = self.named(&handle)?;
        let written = self.change("append", name, prefix, MemoryChange::Append(value), None).await?;
        Ok(written.map(|written| written.key).map_err(told))
    }

    async fn append_many(
        &mut self,
        handle: Resource<Log>,
        prefix: String,
        values: Vec<Vec<u8>>,
    ) -> wasmtime::Result<Vec<Result<String, types::Error>>> {
        let name = self.named(&handle)?;
        let changes = values.into_iter().map(|value| (prefix.clone(), MemoryChange::Append(value))).collect();
        each(self.change_many("append-many", name, changes, None).await?, |written| written.key)
    }

    fn read(&mut self, handle: Resource<Log>, prefix: String, start: log::Start, limit: u32) -> Answer<log::Page> {
        let name = self.named(&handle)?;
        let after = match start {
            log::Start::Oldest => None,
            log::Start::After(key) => Some(key),
            // The place of the first of that time comes behind this.
            log::Start::Since(time) => Some(format!("{prefix}{:012x}", time.max(0))),
        };
        let page = self.read_page(&name, &prefix, after.as_deref(), limit)?;
        let page = page.map(|Page { entries, next }| {
            let entry = |KeyedEntry { key, value, .. }: KeyedEntry| {
                Some(log::Entry { time: time_ms(&prefix, &key)?, key, value })
            };
            log::Page { entries: entries.into_iter().filter_map(entry).collect(), next }
        });
        Ok(page.map_err(told))
    }

    async fn delete(&mut self, handle: Resource<Log>, key: String) -> Answer<bool> {
        let name = self.named(&handle)?;
        let written = self.change("delete", name, key, MemoryChange::Delete, None).await?;
        Ok(written.map(|written| written.existed).map_err(told))
    }

    fn drop(&mut self, handle: Resource<Log>) -> wasmtime::Result<()> {
        self.close(handle)
    }
}

impl changes::Host for Context {
    fn read(&mut self, namespace: String, after: Option<String>, limit: u32) -> Answer<changes::Page> {
        answer(self.changes_of(&namespace.into(), after.as_deref(), limit))
    }

    fn now(&mut self) -> Answer<String> {
        answer(self.cursor())
    }
}

impl Context {
    fn changes_of(&mut self, name: &Arc<str>, after: Option<&str>, limit: u32) -> Heard<changes::Page> {
        ok!(within(self.asks("changes", About::of(name, ""), name.len() + after.map_or(0, str::len)))?);
        if self.granted(name).is_empty() {
            self.latest.answered("denied");
            return Ok(Err(MemoryError::Denied(self.denied(name, "", Verb::Read))));
        }
        let limit = limit.min(PAGE_MAX);
        let found = self.capabilities.memory.changes(name, after, limit);
        self.heard(&Question::Changes(name, after, limit), &found);
        let mut found = ok!(found);
        found.changes.retain(|change| self.permits(name, &change.key, Verb::Read));
        ok!(within(self.meter_reads(name, found.changes.len()))?);
        ok!(within(self.meter_bytes(found.changes.iter().map(|change| change.key.len()).sum()))?);
        let change = |change: crate::MemoryChanged| {
            let crate::MemoryChanged { key, revision, removed } = change;
            changes::Change { key, revision, removed }
        };
        let changes = found.changes.into_iter().map(change).collect();
        Ok(Ok(changes::Page { changes, cursor: found.cursor, more: found.more }))
    }

    fn cursor(&mut self) -> Heard<String> {
        ok!(within(self.asks("now", About::of("", ""), 0))?);
        let found = self.capabilities.memory.cursor();
        self.heard(&Question::Cursor, &found);
        Ok(found)
    }
}
