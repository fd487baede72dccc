//! What an instance's store holds: its capabilities, its meters and its limits.

use std::sync::Arc;
use std::time::Instant;

use greenroom_model::{Budget, Exceeded, NamespaceUsage, Usage};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;

use crate::Capabilities;
use crate::wasi::Wasi;

/// Bytes that a table element is counted as.
const ELEMENT_BYTES: usize = 8;

/// Namespaces that may be open whatever the budget says.
const HANDLES_MAX: usize = 1 << 20;

/// Why the host stopped a call, when it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stopped {
    Deadline,
    /// What it did too much of.
    Over(String),
}

/// Whether an import may go on: an outer error ends the call, an inner one is what the guest is told.
pub(crate) type Metered = wasmtime::Result<Result<(), String>>;

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
    elements: u64,
    handles: u64,
    pub(crate) memory_refused: Option<usize>,
    pub(crate) elements_refused: Option<u64>,
}

impl Context {
    pub(crate) fn new(capabilities: Capabilities, budget: Budget) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
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
            elements: 0,
            handles: 0,
            memory_refused: None,
            elements_refused: None,
        }
    }

    /// Begins a call under a budget: meters at zero, memory as it is.
    pub(crate) fn begin(&mut self, budget: &Budget, now: Instant) {
        self.budget = *budget;
        self.deadline = now + std::time::Duration::from_millis(budget.deadline_ms);
        self.usage = Usage {
            calls: 1,
            memory_peak: self.memory as u64,
            table_elements_peak: self.elements,
            handles_peak: self.handles,
            ..Usage::default()
        };
        self.stopped = None;
        self.last_words = None;
        self.memory_refused = None;
        self.elements_refused = None;
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
            self.stopped = Some(Stopped::Over(format!("made more than {} host calls", self.budget.host_calls_max)));
            self.deadline = Instant::now();
        }
    }

    /// The guest is over its budget: it is stopped, or told so and goes on.
    fn over(&mut self, what: String) -> Metered {
        match self.budget.exceeded {
            Exceeded::Reject => Ok(Err(what)),
            Exceeded::Trap => {
                let error = wasmtime::Error::msg(what.clone());
                self.stopped = Some(Stopped::Over(what));
                Err(error)
            }
        }
    }

    /// Meters a host call that moves `bytes`.
    pub(crate) fn meter(&mut self, bytes: usize) -> Metered {
        self.usage.host_calls += 1;
        if self.usage.host_calls > self.budget.host_calls_max {
            return self.over(format!("made more than {} host calls", self.budget.host_calls_max));
        }
        self.meter_bytes(bytes)
    }

    /// Meters bytes that a host call answers with.
    pub(crate) fn meter_bytes(&mut self, bytes: usize) -> Metered {
        self.usage.host_bytes += bytes as u64;
        if self.usage.host_bytes > self.budget.host_bytes_max {
            return self.over(format!("moved more than {} bytes by host calls", self.budget.host_bytes_max));
        }
        Ok(Ok(()))
    }

    /// Meters entries that are read of a namespace.
    pub(crate) fn meter_reads(&mut self, namespace: &Arc<str>, entries: usize) -> Metered {
        let reads = &mut self.namespace(namespace).reads;
        *reads += entries as u64;
        if *reads > self.budget.memory_reads_max {
            return self.over(format!("read more than {} entries of `{namespace}`", self.budget.memory_reads_max));
        }
        Ok(Ok(()))
    }

    /// Meters an entry that is written to a namespace.
    pub(crate) fn meter_write(&mut self, namespace: &Arc<str>, bytes: usize) -> Metered {
        let used = self.namespace(namespace);
        used.writes += 1;
        used.written_bytes += bytes as u64;
        if used.writes > self.budget.memory_writes_max {
            return self.over(format!("wrote more than {} entries of `{namespace}`", self.budget.memory_writes_max));
        }
        Ok(Ok(()))
    }

    fn namespace(&mut self, name: &Arc<str>) -> &mut NamespaceUsage {
        // Found without an allocation from the second time on.
        self.usage.namespaces.entry(Arc::clone(name)).or_default()
    }

    /// Meters a handle that is about to be given out.
    pub(crate) fn meter_handle(&mut self) -> Metered {
        if self.handles >= self.budget.handles_max {
            return self.over(format!("held more than {} namespaces open", self.budget.handles_max));
        }
        self.handles += 1;
        self.usage.handles_peak = self.usage.handles_peak.max(self.handles);
        Ok(Ok(()))
    }

    /// A handle was given back.
    pub(crate) fn handle_dropped(&mut self) {
        self.handles = self.handles.saturating_sub(1);
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
        let more = desired.saturating_sub(current);
        let elements = self.elements.saturating_add(more as u64);
        if elements > self.budget.table_elements_max {
            self.elements_refused = Some(elements);
            return Ok(false);
        }
        let grown = self.grow(more.saturating_mul(ELEMENT_BYTES));
        if grown {
            self.elements = elements;
            self.usage.table_elements_peak = self.usage.table_elements_peak.max(elements);
        }
        Ok(grown)
    }
}
