//! What an instance's store holds: its capabilities, its meters and its limits.

use std::sync::Arc;
use std::time::Instant;

use greenroom_model::{Budget, Usage};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;

use crate::Capabilities;
use crate::wasi::Wasi;

/// Bytes that a table element is counted as.
const ELEMENT_BYTES: usize = 8;

/// Why the host stopped a call, when it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    Deadline,
    HostCalls,
    HostBytes,
}

/// The state of one instance's store.
pub(crate) struct Context {
    pub(crate) capabilities: Capabilities,
    pub(crate) table: ResourceTable,
    pub(crate) budget: Budget,
    pub(crate) deadline: Instant,
    pub(crate) usage: Usage,
    pub(crate) stopped: Option<Stopped>,
    pub(crate) last_words: Option<Arc<str>>,
    /// Made when a guest that imports WASI is called.
    pub(crate) wasi: Option<Wasi>,
    memory: usize,
    pub(crate) memory_refused: Option<usize>,
}

impl Context {
    pub(crate) fn new(capabilities: Capabilities, budget: Budget) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(256);
        Self {
            capabilities,
            table,
            budget,
            deadline: Instant::now(),
            usage: Usage::default(),
            stopped: None,
            last_words: None,
            wasi: None,
            memory: 0,
            memory_refused: None,
        }
    }

    /// Begins a call under a budget: meters at zero, memory as it is.
    pub(crate) fn begin(&mut self, budget: &Budget, now: Instant) {
        self.budget = *budget;
        self.deadline = now + std::time::Duration::from_millis(budget.deadline_ms);
        self.usage = Usage { calls: 1, memory_peak: self.memory as u64, ..Usage::default() };
        self.stopped = None;
        self.last_words = None;
        self.memory_refused = None;
    }

    /// Sets the clock and the randomness that WASI shows for the next call.
    pub(crate) fn begin_wasi(&mut self, now_ms: i64, seed: u64) {
        match &mut self.wasi {
            Some(wasi) => wasi.begin(now_ms, seed),
            None => self.wasi = Some(Wasi::new(now_ms, seed)),
        }
    }

    /// Meters a call of WASI, which cannot fail here: a guest that is over its budget is stopped at the next tick.
    pub(crate) fn meter_wasi(&mut self) {
        self.usage.host_calls += 1;
        if self.usage.host_calls > self.budget.host_calls_max && self.stopped.is_none() {
            self.stopped = Some(Stopped::HostCalls);
            self.deadline = Instant::now();
        }
    }

    /// Meters a host call that moves `bytes`; an error stops the guest.
    pub(crate) fn meter(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.usage.host_calls += 1;
        if self.usage.host_calls > self.budget.host_calls_max {
            self.stopped = Some(Stopped::HostCalls);
            return Err(wasmtime::Error::msg("host calls ran out"));
        }
        self.meter_bytes(bytes)
    }

    /// Meters bytes that a host call answers with.
    pub(crate) fn meter_bytes(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.usage.host_bytes += bytes as u64;
        if self.usage.host_bytes > self.budget.host_bytes_max {
            self.stopped = Some(Stopped::HostBytes);
            return Err(wasmtime::Error::msg("bytes through host calls ran out"));
        }
        Ok(())
    }

    fn grow(&mut self, more: usize) -> bool {
        let wanted = self.memory.saturating_add(more);
        if wanted as u64 > self.budget.memory_max {
            self.memory_refused = Some(wanted);
            return false;
        }
        self.memory = wanted;
        self.usage.memory_peak = self.usage.memory_peak.max(wanted as u64);
        true
    }
}

/// Sums all memories and tables: the engine asks for each by itself.
impl ResourceLimiter for Context {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(ELEMENT_BYTES)))
    }
}
