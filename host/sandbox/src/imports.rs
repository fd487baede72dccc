//! The imports of the contract: memory, log and metric, permission checked and metered.

use std::sync::Arc;
use std::time::Instant;

use greenroom_model::text::{escaped, shown};
use greenroom_model::{Column, Values, Verb};
use serde::Serialize;
use wasmtime::component::Resource;

use crate::bindings::greenroom::agent::types::{ColumnResult, ValuesResult};
use crate::bindings::greenroom::agent::{log, memory, metric, types};
use crate::capabilities::{Later, MemoryError};
use crate::context::{Context, Metered, Stopped};
use crate::latest::About;
use crate::tape::{Gathered, Question};

/// A namespace that a guest has open. What may be done in it is looked up with each call, since grants may be taken back.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenNamespace {
    name: Arc<str>,
}

type Answer<T> = wasmtime::Result<Result<T, memory::Error>>;

/// Ends an import whose guest is over its budget with what it is told.
macro_rules! within {
    ($metered:expr) => {
        if let Err(over) = $metered? {
            return Ok(Err(memory::Error::Quota(over)));
        }
    };
}

/// Ends an import that is not granted with what the guest is told.
macro_rules! granted {
    ($context:expr, $namespace:expr, $key:expr, $verb:expr) => {
        if let Err(denied) = $context.permit($namespace, $key, $verb) {
            $context.latest.answered("denied");
            return Ok(Err(memory::Error::Denied(denied)));
        }
    };
}

/// The namespace that item facts are granted as.
const ITEMS: &str = "items";
/// The most keys that are read at once, and how many of them before their bytes are metered.
pub(crate) const BATCH_MAX: usize = 1_000;
pub(crate) const BATCH_STEP: usize = 8;
/// The most fields that are gathered at once.
const FIELDS_MAX: usize = 64;
/// The longest page of a scan.
pub(crate) const PAGE_MAX: u32 = 1_000;

impl types::Host for Context {}

impl Context {
    pub(crate) fn opened(&self, handle: &Resource<OpenNamespace>) -> wasmtime::Result<Arc<str>> {
        Ok(Arc::clone(&self.table.get(handle)?.name))
    }

    /// Begins an import: notes it, and meters what it is about.
    pub(crate) fn asks(&mut self, function: &'static str, about: About, bytes: usize) -> Metered {
        self.latest.asks(function, about);
        self.meter(bytes)
    }

    /// Keeps what memory answered.
    pub(crate) fn heard<T: Serialize>(&mut self, question: &Question<'_>, answer: &Result<T, MemoryError>) {
        self.tape.keep(question, answer);
        self.latest.answered(word(answer));
    }

    /// Waits for the memory layer, but not past the call's deadline.
    pub(crate) async fn wait<T>(&mut self, later: Later<T>) -> wasmtime::Result<Result<T, MemoryError>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, later).await {
            Ok(answer) => Ok(answer),
            Err(_) => {
                self.stopped = Some(Stopped::Deadline);
                Err(wasmtime::Error::msg("the deadline passed while the memory layer was writing"))
            }
        }
    }
}

/// How it went, in a word.
pub(crate) fn word<T>(answer: &Result<T, MemoryError>) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(MemoryError::Denied(_)) => "denied",
        Err(MemoryError::Conflict(_)) => "conflict",
        Err(MemoryError::TooLarge(_)) => "too large",
        Err(MemoryError::Quota(_)) => "quota",
        Err(MemoryError::NotFound(_)) => "not found",
        Err(MemoryError::Unavailable(_)) => "unavailable",
        Err(MemoryError::Invalid(_)) => "invalid",
    }
}

pub(crate) fn told(error: MemoryError) -> memory::Error {
    match error {
        MemoryError::Denied(text) => memory::Error::Denied(text),
        MemoryError::Conflict(found) => memory::Error::Conflict(found),
        MemoryError::TooLarge(text) => memory::Error::TooLarge(text),
        MemoryError::Quota(text) => memory::Error::Quota(text),
        MemoryError::NotFound(text) | MemoryError::Invalid(text) => memory::Error::NotFound(text),
        MemoryError::Unavailable(text) => memory::Error::Unavailable(text),
    }
}

pub(crate) fn entry(entry: crate::Entry) -> memory::Entry {
    memory::Entry { value: entry.value, revision: entry.revision }
}

fn column(column: Column) -> ColumnResult {
    let values = match column.values {
        Values::F32s(v) => ValuesResult::F32s(v),
        Values::S64s(v) => ValuesResult::S64s(v),
        Values::U32s(v) => ValuesResult::U32s(v),
    };
    ColumnResult { name: column.name, values }
}

impl memory::Host for Context {
    fn open(&mut self, name: String) -> Answer<Resource<OpenNamespace>> {
        within!(self.asks("open", About::of(&name, ""), name.len()));
        if self.granted(&name).is_empty() {
            self.latest.answered("denied");
            return Ok(Err(memory::Error::Denied(self.denied(&name, "", Verb::Read))));
        }
        let exists = self.memory().exists(&name);
        self.tape.keep(&Question::Exists(&name), &exists);
        if !exists {
            self.latest.answered("not found");
            return Ok(Err(memory::Error::NotFound(format!("no namespace `{name}` of keys and values"))));
        }
        within!(self.meter_handle());
        self.latest.answered("ok");
        Ok(Ok(self.table.push(OpenNamespace { name: name.into() })?))
    }

    fn row_count(&mut self) -> wasmtime::Result<u32> {
        self.asks("row-count", About::of("", ""), 4)?.map_err(wasmtime::Error::msg)?;
        let rows = self.memory().row_count();
        self.tape.keep(&Question::RowCount, &rows);
        Ok(rows)
    }

    fn gather(&mut self, rows: Vec<u32>, fields: Vec<String>) -> Answer<Vec<ColumnResult>> {
        // Before anything is made for the answer, so that no call makes more than its budget.
        let answer = rows.len().saturating_mul(fields.len()).saturating_mul(8);
        let names: usize = fields.iter().map(String::len).sum();
        let bytes = answer.saturating_add(rows.len() * 4).saturating_add(names);
        within!(self.asks("gather", About::of(ITEMS, fields.first().map_or("", String::as_str)), bytes));
        granted!(self, &ITEMS.into(), "", Verb::Read);
        if fields.len() > FIELDS_MAX {
            return Ok(Err(memory::Error::TooLarge(format!("{} fields, at most {FIELDS_MAX}", fields.len()))));
        }
        within!(self.meter_reads(&ITEMS.into(), rows.len()));
        let found = self.memory().gather(&rows, &fields);
        self.tape.keep(&Question::Gather(&rows, &fields), &Gathered::of(&found));
        self.latest.answered(word(&found));
        Ok(found.map(|columns| columns.into_iter().map(column).collect()).map_err(told))
    }

    fn labels(&mut self, field: String) -> Answer<Vec<String>> {
        within!(self.asks("labels", About::of(ITEMS, &field), field.len()));
        granted!(self, &ITEMS.into(), "", Verb::Read);
        let found = self.memory().labels(&field);
        self.heard(&Question::Labels(&field), &found);
        within!(self.meter_bytes(found.iter().flatten().map(String::len).sum()));
        Ok(found.map_err(told))
    }
}

impl memory::HostNamespace for Context {
    /// Never linked: there is a way that makes no copy of the key, see `fast`.
    fn get(&mut self, _handle: Resource<OpenNamespace>, _key: String) -> Answer<Option<memory::Entry>> {
        Err(wasmtime::Error::msg("the wrong get was linked"))
    }

    fn get_many(&mut self, handle: Resource<OpenNamespace>, keys: Vec<String>) -> Answer<Vec<Option<memory::Entry>>> {
        let name = self.opened(&handle)?;
        let about = About::of(&name, keys.first().map_or("", String::as_str));
        within!(self.asks("get-many", about, keys.iter().map(String::len).sum()));
        if keys.len() > BATCH_MAX {
            return Ok(Err(memory::Error::TooLarge(format!("{} keys, at most {BATCH_MAX}", keys.len()))));
        }
        for key in &keys {
            granted!(self, &name, key, Verb::Read);
        }
        within!(self.meter_reads(&name, keys.len()));
        let mut all = Vec::with_capacity(keys.len());
        // A value may be a MiB: a few keys at a time, so that the budget stops it in time.
        for keys in keys.chunks(BATCH_STEP) {
            let found = self.memory().get_many(&name, keys);
            self.heard(&Question::GetMany(&name, keys), &found);
            match found {
                Ok(entries) => {
                    within!(self.meter_bytes(entries.iter().flatten().map(|e| e.value.len()).sum()));
                    all.extend(entries.into_iter().map(|e| e.map(entry)));
                }
                Err(error) => return Ok(Err(told(error))),
            }
        }
        Ok(Ok(all))
    }

    async fn put(&mut self, handle: Resource<OpenNamespace>, key: String, value: Vec<u8>) -> Answer<u64> {
        let name = self.opened(&handle)?;
        within!(self.asks("put", About::of(&name, &key), key.len() + value.len()));
        // Who may only append writes what is not there yet.
        let adds = !self.permits(&name, &key, Verb::Write) && self.permits(&name, &key, Verb::Append);
        granted!(self, &name, &key, if adds { Verb::Append } else { Verb::Write });
        if adds { self.swap(name, key, None, value).await } else { self.write(name, key, value).await }
    }

    async fn compare_and_swap(
        &mut self,
        handle: Resource<OpenNamespace>,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Answer<u64> {
        let name = self.opened(&handle)?;
        within!(self.asks("compare-and-swap", About::of(&name, &key), key.len() + value.len()));
        granted!(self, &name, &key, if expected.is_none() { Verb::Append } else { Verb::Write });
        self.swap(name, key, expected, value).await
    }

    async fn delete(&mut self, handle: Resource<OpenNamespace>, key: String) -> Answer<bool> {
        let name = self.opened(&handle)?;
        within!(self.asks("delete", About::of(&name, &key), key.len()));
        granted!(self, &name, &key, Verb::Write);
        within!(self.meter_write(&name, key.len()));
        let later = self.memory().delete(&name, key.clone());
        let answer = self.wait(later).await?;
        self.heard(&Question::Delete(&name, &key), &answer);
        Ok(answer.map_err(told))
    }

    fn scan(
        &mut self,
        handle: Resource<OpenNamespace>,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<memory::Page> {
        let name = self.opened(&handle)?;
        let bytes = prefix.len() + after.as_ref().map_or(0, String::len);
        within!(self.asks("scan", About::of(&name, &prefix), bytes));
        // All that begins with it begins with what is granted.
        granted!(self, &name, &prefix, Verb::Read);
        let limit = limit.min(PAGE_MAX);
        let found = self.memory().scan(&name, &prefix, after.as_deref(), limit);
        self.heard(&Question::Scan(&name, &prefix, after.as_deref(), limit), &found);
        let page = match found {
            Ok(page) => page,
            Err(error) => return Ok(Err(told(error))),
        };
        within!(self.meter_reads(&name, page.entries.len()));
        within!(self.meter_bytes(page.entries.iter().map(|e| e.key.len() + e.value.len()).sum()));
        let keyed = |e: crate::KeyedEntry| memory::KeyedEntry { key: e.key, value: e.value, revision: e.revision };
        Ok(Ok(memory::Page { entries: page.entries.into_iter().map(keyed).collect(), next: page.next }))
    }

    fn drop(&mut self, handle: Resource<OpenNamespace>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        self.handle_dropped();
        Ok(())
    }
}

impl Context {
    async fn write(&mut self, name: Arc<str>, key: String, value: Vec<u8>) -> Answer<u64> {
        within!(self.meter_write(&name, key.len() + value.len()));
        let later = self.memory().put(&name, key.clone(), value.clone());
        let answer = self.wait(later).await?;
        self.heard(&Question::Put(&name, &key, &value), &answer);
        Ok(answer.map_err(told))
    }

    async fn swap(&mut self, name: Arc<str>, key: String, expected: Option<u64>, value: Vec<u8>) -> Answer<u64> {
        within!(self.meter_write(&name, key.len() + value.len()));
        let later = self.memory().compare_and_swap(&name, key.clone(), expected, value.clone());
        let answer = self.wait(later).await?;
        self.heard(&Question::Swap(&name, &key, expected, &value), &answer);
        Ok(answer.map_err(told))
    }
}

impl log::Host for Context {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let metered = self.asks("log", About::of("", &message), message.len())?;
        let left = match metered {
            Ok(()) if self.usage.log_lines < self.budget.log_lines_max => {
                self.budget.log_bytes_max.saturating_sub(self.usage.log_bytes)
            }
            _ => 0,
        };
        // Escaping makes a line up to six times as long: one that is too long as it is, is not escaped.
        let line = if message.len() as u64 > left { None } else { Some(escaped(&message)) };
        let Some(line) = line.filter(|line| left > 0 && line.len() as u64 <= left) else {
            self.usage.log_dropped += 1;
            return Ok(());
        };
        self.usage.log_lines += 1;
        self.usage.log_bytes += line.len() as u64;
        let agent = &*self.capabilities.agent;
        match level {
            log::Level::Debug => tracing::debug!(target: "greenroom::guest", agent, "{line}"),
            log::Level::Info => tracing::info!(target: "greenroom::guest", agent, "{line}"),
            log::Level::Warn => tracing::warn!(target: "greenroom::guest", agent, "{line}"),
            log::Level::Error => {
                tracing::error!(target: "greenroom::guest", agent, "{line}");
                // A panic's message comes this way, right before the trap that says nothing.
                self.last_words = Some(line.into());
            }
        }
        Ok(())
    }
}

impl metric::Host for Context {
    fn count(&mut self, name: String, value: f64) -> wasmtime::Result<()> {
        if self.asks("count", About::of("", &name), name.len() + 8)?.is_err() {
            return Ok(());
        }
        tracing::debug!(target: "greenroom::metric", agent = %self.capabilities.agent, name = shown(&name), count = value);
        Ok(())
    }

    fn observe(&mut self, name: String, value: f64) -> wasmtime::Result<()> {
        if self.asks("observe", About::of("", &name), name.len() + 8)?.is_err() {
            return Ok(());
        }
        tracing::debug!(target: "greenroom::metric", agent = %self.capabilities.agent, name = shown(&name), value);
        Ok(())
    }
}
