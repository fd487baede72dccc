//! What an instance's store holds: its capabilities, its meters and its limits.

use std::sync::Arc;
use std::time::Instant;

use greenroom_model::text::shown;
use greenroom_model::{Budget, Exceeded, NamespaceUsage, Overrun, Usage, Verb};
use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;

use crate::grants::Held;
use crate::latest::Latest;
use crate::tape::Tape;
use crate::wasi::Wasi;
use crate::{Capabilities, Memory};

/// Bytes that a table element is counted as.
const ELEMENT_BYTES: usize = 8;

/// Characters that are told of a namespace that is not granted.
const NAME_MAX: usize = 64;

/// Namespaces that may be open whatever the budget says.
const HANDLES_MAX: usize = 1 << 20;

/// Why the host stopped a call, when it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stopped {
    Deadline,
    /// What it did too much of.
    Over(String, Overrun),
}

/// Whether an import may go on: an outer error ends the call, an inner one is what the guest is told.
pub(crate) type Metered = wasmtime::Result<Result<(), String>>;

/// The state of one instance's store.
pub(crate) struct Context {
    pub(crate) capabilities: Capabilities,
    /// The memory layer as it was when the request began, for the call of one.
    pub(crate) pinned: Option<Arc<dyn Memory>>,
    pub(crate) held: Held,
    pub(crate) table: ResourceTable,
    pub(crate) budget: Budget,
    pub(crate) deadline: Instant,
    pub(crate) usage: Usage,
    /// Of the namespaces in this call, until it is over.
    counted: Vec<(Arc<str>, NamespaceUsage)>,
    pub(crate) stopped: Option<Stopped>,
    pub(crate) last_words: Option<Arc<str>>,
    pub(crate) latest: Latest,
    /// What memory answered in this call.
    pub(crate) tape: Tape,
    /// Made when a guest that imports WASI is called.
    pub(crate) wasi: Option<Wasi>,
    memory: usize,
    elements: u64,
    handles: u64,
    /// Contents that are on their way.
    pub(crate) uploads: u32,
    pub(crate) memory_refused: Option<usize>,
    pub(crate) elements_refused: Option<u64>,
}

impl Context {
    pub(crate) fn new(capabilities: Capabilities, budget: Budget) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        Self {
            capabilities,
            pinned: None,
            held: Held::default(),
            table,
            budget,
            deadline: Instant::now(),
            usage: Usage::default(),
            counted: Vec::new(),
            stopped: None,
            last_words: None,
            latest: Latest::default(),
            tape: Tape::default(),
            wasi: None,
            memory: 0,
            elements: 0,
            handles: 0,
            uploads: 0,
            memory_refused: None,
            elements_refused: None,
        }
    }

    /// The memory layer as this call sees it.
    pub(crate) fn memory(&self) -> &dyn Memory {
        self.pinned.as_deref().unwrap_or(&*self.capabilities.memory)
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
        self.counted.clear();
        self.stopped = None;
        self.last_words = None;
        self.latest.clear();
        self.tape.clear();
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
        let most = self.budget.host_calls_max;
        if self.usage.host_calls > most && self.stopped.is_none() {
            let overrun = Overrun { limit: "host_calls_max".to_owned(), most, found: self.usage.host_calls };
            self.stopped = Some(Stopped::Over(format!("made more than {most} host calls"), overrun));
            self.deadline = Instant::now();
        }
    }

    /// The guest is over its budget: it is stopped, or told so and goes on.
    fn over(&mut self, limit: &str, most: u64, found: u64, what: String) -> Metered {
        match self.budget.exceeded {
            Exceeded::Reject => Ok(Err(what)),
            Exceeded::Trap => {
                let error = wasmtime::Error::msg(what.clone());
                self.stopped = Some(Stopped::Over(what, Overrun { limit: limit.to_owned(), most, found }));
                Err(error)
            }
        }
    }

    /// Whether a key of a namespace may be used so, as the grants are now; else what the guest is told. Every denial is
    /// counted, and the first of its kind in a call is told the operator.
    pub(crate) fn permit(&mut self, namespace: &Arc<str>, key: &str, verb: Verb) -> Result<(), String> {
        if self.permits(namespace, key, verb) { Ok(()) } else { Err(self.denied(namespace, key, verb)) }
    }

    /// The same, as far as it is only asked.
    pub(crate) fn permits(&mut self, namespace: &Arc<str>, key: &str, verb: Verb) -> bool {
        self.held.permit(&self.capabilities.grants, namespace, key, verb)
    }

    /// The grants of a namespace as they are now, for a person; empty for none.
    pub(crate) fn granted(&mut self, namespace: &str) -> String {
        self.held.of(&self.capabilities.grants, namespace)
    }

    pub(crate) fn denied(&mut self, namespace: &str, key: &str, verb: Verb) -> String {
        let granted = self.granted(namespace);
        let agent = &self.capabilities.agent;
        // No longer than the name of a namespace that there could be.
        let name: String = namespace.chars().take(NAME_MAX).collect();
        let asked = format!("{}:{}", shown(&name), verb.name());
        let key = if key.is_empty() { String::new() } else { format!(" for the key `{}`", shown(key)) };
        let has = if granted.is_empty() { String::new() } else { format!("; it has {granted}") };
        let told = format!("{asked} is not granted to `{agent}`{key}{has}");
        if self.usage.deny(&asked, 1) {
            tracing::debug!(target: "greenroom::denied", %agent, "{told}");
        }
        told
    }

    /// Meters a host call that moves `bytes`.
    pub(crate) fn meter(&mut self, bytes: usize) -> Metered {
        self.usage.host_calls += 1;
        let (most, found) = (self.budget.host_calls_max, self.usage.host_calls);
        if found > most {
            return self.over("host_calls_max", most, found, format!("made more than {most} host calls"));
        }
        self.meter_bytes(bytes)
    }

    /// Meters bytes that a host call answers with.
    pub(crate) fn meter_bytes(&mut self, bytes: usize) -> Metered {
        self.usage.host_bytes += bytes as u64;
        let (most, found) = (self.budget.host_bytes_max, self.usage.host_bytes);
        if found > most {
            return self.over("host_bytes_max", most, found, format!("moved more than {most} bytes by host calls"));
        }
        Ok(Ok(()))
    }

    /// Meters entries that are read of a namespace.
    pub(crate) fn meter_reads(&mut self, namespace: &Arc<str>, entries: usize) -> Metered {
        let most = self.budget.memory_reads_max;
        let used = self.namespace(namespace);
        used.reads += entries as u64;
        let found = used.reads;
        if found > most {
            let what = format!("read more than {most} entries of `{namespace}`");
            return self.over("memory_reads_max", most, found, what);
        }
        Ok(Ok(()))
    }

    /// Meters an entry that is written to a namespace.
    pub(crate) fn meter_write(&mut self, namespace: &Arc<str>, bytes: usize) -> Metered {
        let most = self.budget.memory_writes_max;
        let used = self.namespace(namespace);
        used.writes += 1;
        used.written_bytes += bytes as u64;
        let found = used.writes;
        if found > most {
            let what = format!("wrote more than {most} entries of `{namespace}`");
            return self.over("memory_writes_max", most, found, what);
        }
        Ok(Ok(()))
    }

    #[expect(clippy::indexing_slicing, reason = "the place was found, or made, just before")]
    fn namespace(&mut self, name: &Arc<str>) -> &mut NamespaceUsage {
        let counted = &mut self.counted;
        let same = |(of, _): &(Arc<str>, NamespaceUsage)| Arc::ptr_eq(of, name);
        // By the name that the handle has, which takes no look at its letters, and else by its letters.
        let at = counted.iter().position(same).or_else(|| counted.iter().position(|(of, _)| of == name));
        let at = at.unwrap_or_else(|| {
            counted.push((Arc::clone(name), NamespaceUsage::default()));
            counted.len() - 1
        });
        let (of, used) = &mut counted[at];
        of.clone_from(name);
        used
    }

    /// Puts what was counted by namespace into the usage of the call, which is over.
    pub(crate) fn end(&mut self) {
        self.pinned = None;
        self.usage.namespaces.extend(self.counted.drain(..));
    }

    /// Meters a handle that is about to be given out.
    pub(crate) fn meter_handle(&mut self) -> Metered {
        let most = self.budget.handles_max;
        if self.handles >= most {
            let what = format!("held more than {most} namespaces open");
            return self.over("handles_max", most, self.handles.saturating_add(1), what);
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
