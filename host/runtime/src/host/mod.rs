//! The host: a graph over a data folder, kept running.

mod activate;
mod ask;
mod asked;
mod feedback;
mod import;
mod metrics;
mod served;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use greenroom_memory::{Counts, OpenError, Store, Unavailable};
use greenroom_sandbox::{BuildError, Compiler, Sandbox};
use greenroom_telemetry::Telemetry;
use thiserror::Error;

use crate::active::{ActivePlan, PrepareError};
use crate::guests::{Gone, Guests};
use crate::load::{LoadGraphError, Loaded, load};
use crate::replay::Replays;
use crate::revoked::{Revocations, RevokedError};
use crate::states::States;
use crate::train::TrainError;

pub use ask::{AskError, AskMistake, Item, Reply};
pub use feedback::{FeedbackError, FeedbackMistake};
pub use import::{ImportError, Imported};

/// How a host is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The graph file.
    pub graph: PathBuf,
    /// Where the catalog, the log, the namespaces and the learned states are.
    pub data_dir: PathBuf,
    /// Where compiled components are; nowhere when absent.
    pub cache_dir: Option<PathBuf>,
    /// Threads for guests; 0 is one a core.
    pub guest_threads: usize,
    /// Core instances, memories and tables that may live at once.
    pub pool_instances: u32,
    /// The precision of deadlines.
    pub tick: Duration,
    /// What compiles components; when absent this process does it itself.
    pub compiler: Option<Compiler>,
    /// Feedback later than this after its decision is kept, but not credited to it.
    pub join_window: Duration,
    /// How many recordings of faults are kept.
    pub replays_max: usize,
}

/// Why a host could not be opened or changed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum HostError {
    #[error(transparent)]
    Sandbox(#[from] BuildError),
    #[error("no threads for guests: {0}")]
    Threads(std::io::Error),
    #[error("the states folder {path} cannot be used: {source}")]
    States { path: PathBuf, source: std::io::Error },
    #[error("the folder of recordings {path} cannot be used: {source}")]
    Replays { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Revoked(#[from] RevokedError),
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Load(#[from] LoadGraphError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("the activation could not be recorded: {0}")]
    Record(String),
    #[error(
        "agents without a learned state for this version: {}; run `greenroom train` on this graph",
        agents.join(", ")
    )]
    Untrained { agents: Vec<String> },
    #[error(
        "there is nothing to learn from: the log has no events; give some with `greenroom train GRAPH --events FILE`"
    )]
    NoEvents,
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// A graph over a data folder. Cloning shares it.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    guests: Guests,
    states: States,
    loaded: Loaded,
    active: ArcSwapOption<ActivePlan>,
    asked: asked::Asked,
    telemetry: Telemetry,
    sandbox: Sandbox,
    replays: Arc<Replays>,
    /// One activation at a time.
    activating: std::sync::Mutex<()>,
}

impl Config {
    /// Opens the data folder and loads the graph. Nothing serves yet: see [`Host::activate`].
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn open(&self) -> Result<Host, HostError> {
        let sandbox = greenroom_sandbox::Config {
            cache_dir: self.cache_dir.clone(),
            pool_instances: self.pool_instances,
            tick: self.tick,
            compiler: self.compiler.clone(),
            ..greenroom_sandbox::Config::default()
        }
        .build()?;
        let guests = Guests::start(self.guest_threads).map_err(HostError::Threads)?;
        let mut loaded = self.load(&sandbox, &guests)?;
        loaded.revoked = Arc::new(Revocations::open(&self.data_dir)?);
        let settings = greenroom_memory::Settings {
            join_window_ms: i64::try_from(self.join_window.as_millis()).unwrap_or(i64::MAX),
            ..greenroom_memory::Settings::default()
        };
        let store = Store::open_with(&self.data_dir, &settings)?;
        let path = self.data_dir.join("states");
        let states = States::open(&path).map_err(|source| HostError::States { path, source })?;
        let path = self.data_dir.join("replays");
        let replays = Replays::open(&path, self.replays_max).map_err(|source| HostError::Replays { path, source })?;
        Ok(Host {
            inner: Arc::new(Inner {
                store,
                guests,
                states,
                loaded,
                active: ArcSwapOption::empty(),
                asked: asked::Asked::default(),
                telemetry: Telemetry::default(),
                sandbox,
                replays: Arc::new(replays),
                activating: std::sync::Mutex::default(),
            }),
        })
    }

    fn load(&self, sandbox: &Sandbox, guests: &Guests) -> Result<Loaded, HostError> {
        let (sandbox, path) = (sandbox.clone(), self.graph.clone());
        Ok(guests.block_on(async move { load(&sandbox, &path).await })??)
    }
}

impl Host {
    /// The plan that serves; none before the first activation.
    #[must_use]
    pub fn active(&self) -> Option<Arc<ActivePlan>> {
        self.inner.active.load_full()
    }

    /// The graph as it was loaded.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.inner.loaded
    }

    /// Catalog, facts, namespaces and log.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// How many decisions and events of each kind the log has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn counts(&self) -> Result<Counts, Unavailable> {
        self.inner.store.log().counts()
    }

    /// Waits until everything that was decided so far is durable. Blocks its thread while the queue of writes is full: for
    /// when nothing else is served.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn flush(&self) -> Result<(), Unavailable> {
        self.inner.replays.flush();
        self.inner.store.log().flush_waiting().await
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
