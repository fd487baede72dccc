//! The engine: one for the process, with one pool of instances and one clock of epochs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use greenroom_model::Digest;
use greenroom_model::text::shown;
use thiserror::Error;
use tokio::sync::Semaphore;
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

use crate::artifact::{self, Artifacts, Lookups};
use crate::compile::Compiler;
use crate::component::Component;
use crate::context::Context;
use crate::inspect::{self, INSTANCES_OF_PLACE, Inspection, LoadError, TABLES_OF_PLACE};
use crate::limits::Limits;
use crate::link;
use crate::script::Interpreters;
use crate::wasi;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where compiled components are kept; nowhere when absent.
    pub cache_dir: Option<PathBuf>,
    /// How many instances may live at once. One of a component with several memories, more than 16 core instances or more
    /// than 4 tables counts as several. Address space only: 1,000 take 4 TiB of it and no memory.
    pub pool_instances: u32,
    /// How often running guests are looked at: the precision of deadlines, and how long one may run before others of
    /// its thread get a turn.
    pub tick: Duration,
    /// How large a component may be.
    pub limits: Limits,
    /// Whether faults name source lines, where a component carries them. Reading them takes what time and memory the component
    /// makes it take, under no budget: for who looks into a fault, not for who serves.
    pub source_lines: bool,
    /// The folder of interpreters of scripts, each named after the files that it runs: `js.wasm`. None when absent.
    pub interpreters_dir: Option<PathBuf>,
    /// The program that compiles components. When absent this process does it itself, without a limit on time or memory.
    pub compiler: Option<Compiler>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_dir: None,
            pool_instances: 1_000,
            tick: Duration::from_millis(1),
            limits: Limits::default(),
            source_lines: false,
            interpreters_dir: None,
            compiler: None,
        }
    }
}

/// Why the sandbox could not be set up.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The engine refused its configuration, or the machine lacks address space.
    #[error("the engine could not be set up with a pool of {pool_instances}: {message}; try a smaller pool")]
    Engine {
        /// As configured.
        pool_instances: u32,
        /// What the engine said.
        message: String,
    },
    /// The cache folder cannot be used.
    #[error("the cache folder {path} cannot be used: {source}")]
    Cache {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No thread could be started.
    #[error("the clock thread could not be started: {0}")]
    Thread(std::io::Error),
}

/// Loads components and owns what their instances share.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    linker: Linker<Context>,
    artifacts: Option<Artifacts>,
    slots: Arc<Semaphore>,
    pool_instances: u32,
    limits: Limits,
    source_lines: bool,
    compiler: Option<Compiler>,
    interpreters_dir: Option<PathBuf>,
    interpreters: Interpreters,
}

impl Config {
    /// Sets the sandbox up.
    ///
    /// # Errors
    /// When the engine, the cache folder or the clock thread cannot be had.
    pub fn build(self) -> Result<Sandbox, BuildError> {
        let wrong = |error: wasmtime::Error| BuildError::Engine {
            pool_instances: self.pool_instances,
            message: format!("{error:#}"),
        };
        let engine = Engine::new(&engine_config(self.pool_instances, self.source_lines)).map_err(wrong)?;
        let linker = linker(&engine).map_err(wrong)?;
        warn_of_mappings(self.pool_instances);
        let artifacts = match &self.cache_dir {
            Some(path) => {
                let opened = Artifacts::open(path, &engine);
                Some(opened.map_err(|source| BuildError::Cache { path: path.clone(), source })?)
            }
            None => None,
        };
        start_clock(&engine, self.tick).map_err(BuildError::Thread)?;
        let slots = Arc::new(Semaphore::new(self.pool_instances as usize));
        let Self { pool_instances, limits, source_lines, compiler, interpreters_dir, .. } = self;
        let interpreters = Interpreters::default();
        let inner = Inner {
            engine,
            linker,
            artifacts,
            slots,
            pool_instances,
            limits,
            source_lines,
            compiler,
            interpreters_dir,
            interpreters,
        };
        Ok(Sandbox { inner: Arc::new(inner) })
    }
}

impl Sandbox {
    /// Reads, checks and compiles a component, or takes what this host compiled of it before. Blocks: compiling takes
    /// about 0.1 s for a Rust agent of 100 KB.
    ///
    /// # Errors
    /// Why this host does not run it.
    pub fn load(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        let (code, script) = inspect::taken_apart(bytes)?;
        if let Some(script) = script {
            return self.load_script(code, script, bytes);
        }
        let inspection = self.inspect(bytes)?;
        let compiled = self.compile_or_cached(&inspection.digest, bytes)?;
        Component::new(inspection, bytes.into(), &compiled, None, Arc::default(), self.clone())
    }

    /// A sandbox in a process that compiles, for what has to run to be compiled: it has no pool, whose address space is
    /// larger than such a process may take, and keeps nothing.
    pub(crate) fn in_compiler(limits: Limits) -> wasmtime::Result<Self> {
        let engine = for_compiling(false)?;
        let linker = linker(&engine)?;
        start_clock(&engine, Config::default().tick)?;
        let pool_instances = u32::MAX >> 8;
        let slots = Arc::new(Semaphore::new(pool_instances as usize));
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                linker,
                artifacts: None,
                slots,
                pool_instances,
                limits,
                source_lines: false,
                compiler: None,
                interpreters_dir: None,
                interpreters: Interpreters::default(),
            }),
        })
    }

    /// The program that compiles, if there is one. It makes no images that can tell source lines.
    pub(crate) fn image_compiler(&self) -> Option<&Compiler> {
        self.inner.compiler.as_ref().filter(|_| !self.inner.source_lines)
    }

    pub(crate) fn compile(&self, bytes: &[u8]) -> Result<wasmtime::component::Component, LoadError> {
        let engine = &self.inner.engine;
        let wrong = |e: wasmtime::Error| LoadError::Compile(shown(&format!("{e:#}")));
        match &self.inner.compiler {
            Some(compiler) => self.compiled(&compiler.compile(bytes, self.inner.source_lines)?),
            None => wasmtime::component::Component::new(engine, bytes).map_err(wrong),
        }
    }

    /// What the program that compiles handed over.
    pub(crate) fn compiled(&self, compiled: &[u8]) -> Result<wasmtime::component::Component, LoadError> {
        let wrong = |e: wasmtime::Error| LoadError::Compile(shown(&format!("{e:#}")));
        artifact::load_compiled(&self.inner.engine, compiled).map_err(wrong)
    }

    /// What was compiled before and kept under `key`.
    pub(crate) fn cached(&self, key: &Digest) -> Option<wasmtime::component::Component> {
        self.inner.artifacts.as_ref()?.get(&self.inner.engine, key)
    }

    pub(crate) fn compile_or_cached(
        &self,
        key: &Digest,
        bytes: &[u8],
    ) -> Result<wasmtime::component::Component, LoadError> {
        let compiled = self.cached(key);
        compiled.map_or_else(|| self.compile(bytes).inspect(|compiled| self.keep(key, compiled)), Ok)
    }

    /// Keeps what was compiled under `key`, if there is a cache.
    pub(crate) fn keep(&self, key: &Digest, compiled: &wasmtime::component::Component) {
        if let Some(artifacts) = &self.inner.artifacts {
            artifacts.put(key, compiled);
        }
    }

    pub(crate) fn link(&self, compiled: &wasmtime::component::Component) -> Result<InstancePre<Context>, LoadError> {
        let wrong = |e| LoadError::WrongType { interface: "an import".to_owned(), message: shown(&format!("{e:#}")) };
        self.inner.linker.instantiate_pre(compiled).map_err(wrong)
    }

    pub(crate) fn interpreters_dir(&self) -> Option<&Path> {
        self.inner.interpreters_dir.as_deref()
    }

    pub(crate) fn interpreters(&self) -> &Interpreters {
        &self.inner.interpreters
    }

    pub(crate) fn slots(&self) -> Arc<Semaphore> {
        Arc::clone(&self.inner.slots)
    }

    /// How many slots the pool has.
    #[must_use]
    pub fn pool_instances(&self) -> u32 {
        self.inner.pool_instances
    }

    /// How often compiled components and verdicts about components were looked for in the cache; none without one.
    #[must_use]
    pub fn lookups(&self) -> Option<(Lookups, Lookups)> {
        self.inner.artifacts.as_ref().map(Artifacts::lookups)
    }

    /// The verdict about a component that this host reached before, if there is a cache. `asked` says what the component
    /// had to pass; the engine, its version and the limits of this sandbox are added to it.
    #[must_use]
    pub fn verdict(&self, component: &Digest, asked: &Digest) -> Option<Vec<u8>> {
        self.inner.artifacts.as_ref()?.verdict(component, &self.asked(asked))
    }

    /// Keeps a verdict for [`Sandbox::verdict`]. Without a cache nothing is kept.
    pub fn keep_verdict(&self, component: &Digest, asked: &Digest, verdict: &[u8]) {
        if let Some(artifacts) = &self.inner.artifacts {
            artifacts.keep_verdict(component, &self.asked(asked), verdict);
        }
    }

    /// Removes from the cache what no host used for so long, and what was not used for longest until the rest has so many
    /// bytes at most: how many files, and their bytes.
    ///
    /// # Errors
    /// When the cache cannot be read, or a file of it not be removed.
    pub fn sweep_cache(&self, unused: std::time::Duration, bytes_max: u64) -> std::io::Result<(usize, u64)> {
        self.inner.artifacts.as_ref().map_or(Ok((0, 0)), |artifacts| artifacts.sweep(unused, bytes_max))
    }

    fn asked(&self, asked: &Digest) -> Digest {
        let limits = self.inner.limits.0.each().map(|(_, limit, _)| limit.to_le_bytes());
        let compiler = self.inner.compiler.as_ref().map(|c| (c.wall.as_millis() as u64, c.memory_max));
        let (wall_ms, memory_max) = compiler.unwrap_or_default();
        let numbers = [wall_ms.to_le_bytes(), memory_max.to_le_bytes()];
        let parts = limits.iter().chain(&numbers).map(<[u8; 8]>::as_slice);
        Digest::of_parts(std::iter::once(asked.bytes().as_slice()).chain(parts))
    }

    /// Reads a component without compiling it, under this sandbox's limits.
    ///
    /// # Errors
    /// As for [`crate::inspect`].
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspection, LoadError> {
        let (code, script) = inspect::taken_apart(bytes)?;
        match script {
            Some(script) => self.inspect_script(code, &script, bytes),
            None => inspect::inspect_within(bytes, &self.inner.limits),
        }
    }

    /// How large a component may be.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// How many slots of the pool are free now.
    #[must_use]
    pub fn free_slots(&self) -> usize {
        self.inner.slots.available_permits()
    }

    /// The engine, for measuring what the host adds to it.
    #[doc(hidden)]
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }
}

/// An engine that compiles for those that run, and runs nothing: it has no pool, whose address space is larger than what
/// a process that compiles may take.
pub(crate) fn for_compiling(source_lines: bool) -> wasmtime::Result<Engine> {
    Engine::new(&tunables(source_lines))
}

/// All that a component may import.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Context>> {
    let mut linker = Linker::new(engine);
    link::add(&mut linker)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasi::add_timers(&mut linker)?;
    Ok(linker)
}

fn engine_config(pool_instances: u32, source_lines: bool) -> wasmtime::Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(pool_instances)
        .total_core_instances(pool_instances.saturating_mul(INSTANCES_OF_PLACE))
        .total_memories(pool_instances)
        .total_tables(pool_instances.saturating_mul(TABLES_OF_PLACE))
        .total_stacks(pool_instances)
        .table_elements(100_000)
        // Stays mapped when a slot is given back, so that the next instance does not fault it in again.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = tunables(source_lines);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// All that compiled code depends on.
fn tunables(source_lines: bool) -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .memory_init_cow(true)
        .wasm_backtrace_details(if source_lines {
            WasmBacktraceDetails::Enable
        } else {
            WasmBacktraceDetails::Disable
        });
    config
}

/// Says when the kernel has fewer mappings for this process than a full pool takes: two for a place, three for an instance
/// that lives, and some thousands for the rest.
fn warn_of_mappings(pool_instances: u32) {
    let max = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().and_then(|max| max.trim().parse::<u64>().ok());
    let wanted = u64::from(pool_instances) * 5 + 10_000;
    if let Some(max) = max.filter(|max| *max < wanted) {
        tracing::warn!(
            max,
            "the kernel gives this process fewer mappings than a full pool of {pool_instances} takes: raise them with \
             `sysctl -w vm.max_map_count={wanted}`"
        );
    }
}

/// Epochs have a thread of their own: a guest that spins on every other thread is still stopped.
fn start_clock(engine: &Engine, tick: Duration) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("greenroom-clock".to_owned()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(tick);
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;

    #[test]
    fn what_is_compiled_without_a_pool_is_for_engines_with_one() {
        let hash = |engine: &Engine| {
            let mut hasher = DefaultHasher::new();
            engine.precompile_compatibility_hash().hash(&mut hasher);
            hasher.finish()
        };
        for lines in [false, true] {
            let with_a_pool = Engine::new(&engine_config(8, lines)).unwrap();
            assert_eq!(hash(&for_compiling(lines).unwrap()), hash(&with_a_pool));
        }
    }
}
