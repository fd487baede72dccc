//! The imports of the contract: memory, log and metric, permission checked and metered.

use std::sync::Arc;
use std::time::Instant;

use greenroom_model::text::{escaped, shown};
use greenroom_model::{Column, Values, Verb};
use wasmtime::component::Resource;

use crate::bindings::greenroom::agent::types::{ColumnResult, ValuesResult};
use crate::bindings::greenroom::agent::{log, memory, metric, types};
use crate::capabilities::{Later, MemoryError};
use crate::context::{Context, Stopped};

/// A namespace that a guest has open.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenNamespace {
    name: Arc<str>,
    write: bool,
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

/// The namespace that item facts are granted as.
const ITEMS: &str = "items";
/// The most keys that are read at once, and how many of them before their bytes are metered.
const BATCH_MAX: usize = 1_000;
const BATCH_STEP: usize = 8;
/// The most fields that are gathered at once.
const FIELDS_MAX: usize = 64;
/// The longest page of a scan.
const PAGE_MAX: u32 = 1_000;

impl types::Host for Context {}

impl Context {
    fn readable(&self, handle: &Resource<OpenNamespace>) -> wasmtime::Result<Arc<str>> {
        Ok(Arc::clone(&self.table.get(handle)?.name))
    }

    /// The namespace's name if it may be written.
    fn writable(&self, handle: &Resource<OpenNamespace>) -> Answer<Arc<str>> {
        let open = self.table.get(handle)?;
        if open.write {
            return Ok(Ok(Arc::clone(&open.name)));
        }
        let asked = format!("{0}:write is not granted to `{1}`; it has {0}:read", open.name, self.capabilities.agent);
        tracing::debug!(target: "greenroom::denied", agent = %self.capabilities.agent, "{asked}");
        Ok(Err(memory::Error::Denied(asked)))
    }

    fn items_granted(&self) -> Result<(), memory::Error> {
        if self.capabilities.allows(ITEMS, Verb::Read) {
            return Ok(());
        }
        let asked = format!("{ITEMS}:read is not granted to `{}`", self.capabilities.agent);
        tracing::debug!(target: "greenroom::denied", agent = %self.capabilities.agent, "{asked}");
        Err(memory::Error::Denied(asked))
    }

    /// Waits for the memory layer, but not past the call's deadline.
    async fn wait<T>(&mut self, later: Later<T>) -> Answer<T> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, later).await {
            Ok(answer) => Ok(answer.map_err(told)),
            Err(_) => {
                self.stopped = Some(Stopped::Deadline);
                Err(wasmtime::Error::msg("the deadline passed while the memory layer was writing"))
            }
        }
    }
}

fn told(error: MemoryError) -> memory::Error {
    match error {
        MemoryError::Denied(text) => memory::Error::Denied(text),
        MemoryError::Conflict(found) => memory::Error::Conflict(found),
        MemoryError::TooLarge(text) => memory::Error::TooLarge(text),
        MemoryError::Quota(text) => memory::Error::Quota(text),
        MemoryError::NotFound(text) => memory::Error::NotFound(text),
        MemoryError::Unavailable(text) => memory::Error::Unavailable(text),
    }
}

fn entry(entry: crate::Entry) -> memory::Entry {
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
        within!(self.meter(name.len()));
        let write = self.capabilities.allows(&name, Verb::Write);
        if !write && !self.capabilities.allows(&name, Verb::Read) {
            let asked = format!("{}:read is not granted to `{}`", shown(&name), self.capabilities.agent);
            tracing::debug!(target: "greenroom::denied", agent = %self.capabilities.agent, "{asked}");
            return Ok(Err(memory::Error::Denied(asked)));
        }
        if !self.capabilities.memory.exists(&name) {
            return Ok(Err(memory::Error::NotFound(format!("no namespace `{name}`"))));
        }
        within!(self.meter_handle());
        Ok(Ok(self.table.push(OpenNamespace { name: name.into(), write })?))
    }

    fn row_count(&mut self) -> wasmtime::Result<u32> {
        self.meter(4)?.map_err(wasmtime::Error::msg)?;
        Ok(self.capabilities.memory.row_count())
    }

    fn gather(&mut self, rows: Vec<u32>, fields: Vec<String>) -> Answer<Vec<ColumnResult>> {
        // Before anything is made for the answer, so that no call makes more than its budget.
        let answer = rows.len().saturating_mul(fields.len()).saturating_mul(8);
        let names: usize = fields.iter().map(String::len).sum();
        within!(self.meter(answer.saturating_add(rows.len() * 4).saturating_add(names)));
        if let Err(denied) = self.items_granted() {
            return Ok(Err(denied));
        }
        if fields.len() > FIELDS_MAX {
            return Ok(Err(memory::Error::TooLarge(format!("{} fields, at most {FIELDS_MAX}", fields.len()))));
        }
        within!(self.meter_reads(&ITEMS.into(), rows.len()));
        let found = match self.capabilities.memory.gather(&rows, &fields) {
            Ok(found) => found,
            Err(error) => return Ok(Err(told(error))),
        };
        Ok(Ok(found.into_iter().map(column).collect()))
    }

    fn labels(&mut self, field: String) -> Answer<Vec<String>> {
        within!(self.meter(field.len()));
        if let Err(denied) = self.items_granted() {
            return Ok(Err(denied));
        }
        let found = self.capabilities.memory.labels(&field).map_err(told);
        within!(self.meter_bytes(found.iter().flatten().map(String::len).sum()));
        Ok(found)
    }
}

impl memory::HostNamespace for Context {
    fn get(&mut self, handle: Resource<OpenNamespace>, key: String) -> Answer<Option<memory::Entry>> {
        within!(self.meter(key.len()));
        let name = self.readable(&handle)?;
        within!(self.meter_reads(&name, 1));
        let found = self.capabilities.memory.get(&name, &key).map_err(told);
        if let Ok(Some(entry)) = &found {
            within!(self.meter_bytes(entry.value.len()));
        }
        Ok(found.map(|found| found.map(entry)))
    }

    fn get_many(&mut self, handle: Resource<OpenNamespace>, keys: Vec<String>) -> Answer<Vec<Option<memory::Entry>>> {
        within!(self.meter(keys.iter().map(String::len).sum()));
        if keys.len() > BATCH_MAX {
            return Ok(Err(memory::Error::TooLarge(format!("{} keys, at most {BATCH_MAX}", keys.len()))));
        }
        let name = self.readable(&handle)?;
        within!(self.meter_reads(&name, keys.len()));
        let mut all = Vec::with_capacity(keys.len());
        // A value may be a MiB: a few keys at a time, so that the budget stops it in time.
        for keys in keys.chunks(BATCH_STEP) {
            match self.capabilities.memory.get_many(&name, keys) {
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
        within!(self.meter(key.len() + value.len()));
        let name = match self.writable(&handle)? {
            Ok(name) => name,
            Err(denied) => return Ok(Err(denied)),
        };
        within!(self.meter_write(&name, key.len() + value.len()));
        let later = self.capabilities.memory.put(&name, key, value);
        self.wait(later).await
    }

    async fn compare_and_swap(
        &mut self,
        handle: Resource<OpenNamespace>,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Answer<u64> {
        within!(self.meter(key.len() + value.len()));
        let name = match self.writable(&handle)? {
            Ok(name) => name,
            Err(denied) => return Ok(Err(denied)),
        };
        within!(self.meter_write(&name, key.len() + value.len()));
        let later = self.capabilities.memory.compare_and_swap(&name, key, expected, value);
        self.wait(later).await
    }

    async fn delete(&mut self, handle: Resource<OpenNamespace>, key: String) -> Answer<bool> {
        within!(self.meter(key.len()));
        let name = match self.writable(&handle)? {
            Ok(name) => name,
            Err(denied) => return Ok(Err(denied)),
        };
        within!(self.meter_write(&name, key.len()));
        let later = self.capabilities.memory.delete(&name, key);
        self.wait(later).await
    }

    fn scan(
        &mut self,
        handle: Resource<OpenNamespace>,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<memory::Page> {
        within!(self.meter(prefix.len() + after.as_ref().map_or(0, String::len)));
        let name = self.readable(&handle)?;
        let page = match self.capabilities.memory.scan(&name, &prefix, after.as_deref(), limit.min(PAGE_MAX)) {
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

impl log::Host for Context {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let metered = self.meter(message.len())?;
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
        if self.meter(name.len() + 8)?.is_err() {
            return Ok(());
        }
        tracing::debug!(target: "greenroom::metric", agent = %self.capabilities.agent, name = shown(&name), count = value);
        Ok(())
    }

    fn observe(&mut self, name: String, value: f64) -> wasmtime::Result<()> {
        if self.meter(name.len() + 8)?.is_err() {
            return Ok(());
        }
        tracing::debug!(target: "greenroom::metric", agent = %self.capabilities.agent, name = shown(&name), value);
        Ok(())
    }
}
