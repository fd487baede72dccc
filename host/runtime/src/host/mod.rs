//! The host: a graph over a data folder, kept running.

mod activate;
mod ask;
mod asked;
mod calendar;
mod feedback;
mod files;
mod import;
mod keep;
mod learn;
mod leftovers;
mod metrics;
mod pace;
mod roll;
mod room;
mod served;
mod sweep;
mod upload;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use greenroom_memory::{
    Counts, FILE, JetStream, JetStreamError, JetStreamSettings, KeyValue, OpenError, Store, Unavailable,
};
use greenroom_model::{Digest, Generation};
use greenroom_sandbox::{BuildError, Compiler, Sandbox};
use greenroom_telemetry::Telemetry;
use thiserror::Error;

use crate::active::{ActivePlan, PrepareError};
use crate::given::Given;
use crate::guests::{Gone, Guests};
use crate::load::{GraphText, LoadGraphError, Loaded, Offered, load, load_from};
use crate::plans::{Components, Content, History, HistoryError};
use crate::replay::Replays;
use crate::revoked::{Revocations, RevokedError};
use crate::rollout::{Id, Rollout};
use crate::states::States;
use crate::train::TrainError;
use crate::watch::Watch;

use roll::{Live, Work};

pub use ask::{AskError, AskMistake, Item, Reply};
pub use feedback::{FeedbackError, FeedbackMistake};
pub use import::{ImportError, Imported};
pub use keep::Cadence;
pub use roll::{Activated, Change, Differences, Learned, Part, Probation, Proposal, Refused, StateChange, Took};
pub use sweep::{EVOLUTION, Retention, SweepError, Swept, sweep_evolution};
pub use upload::KeepError;

/// How a host is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The graph file.
    pub graph: PathBuf,
    /// Where the catalog, the log, the namespaces and the learned states are.
    pub data_dir: PathBuf,
    /// Where compiled components are; nowhere when absent.
    pub cache_dir: Option<PathBuf>,
    /// Where interpreters of scripts are; there are none when absent.
    pub interpreters_dir: Option<PathBuf>,
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
    /// Where what graphs declare of the memory layer is, when other hosts share it; else in the data folder.
    pub shared: Option<JetStreamSettings>,
    /// How many recordings of faults are kept.
    pub replays_max: usize,
    /// How plans come and go.
    pub limits: Limits,
    /// How much of what was is kept.
    pub retention: Retention,
}

/// Where in a data folder recordings of faults are.
pub const REPLAYS: &str = "replays";

/// How plans come and go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Plans that served and are kept warm, so that going back to them takes no time.
    pub warm_max: usize,
    /// How long requests on a plan that serves no longer may take. Those that take longer fail.
    pub drain: Duration,
    /// When a new plan is taken back.
    pub probation: Probation,
}

impl Default for Limits {
    /// Four plans, ten seconds; a minute of probation, within which five faults in more than a twentieth of all requests are
    /// too many.
    fn default() -> Self {
        Self {
            warm_max: 4,
            drain: Duration::from_secs(10),
            probation: Probation { time: Duration::from_secs(60), faults_min: 5, share_max: 0.05 },
        }
    }
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
    Shared(#[from] JetStreamError),
    #[error(transparent)]
    Load(#[from] LoadGraphError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    #[error("the plans in the data folder cannot be read or written: {0}")]
    History(#[from] HistoryError),
    #[error("the folder of components {path} cannot be used: {source}")]
    Components { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
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
    sandbox: Sandbox,
    components: Components,
    history: History,
    revoked: Arc<Revocations>,
    limits: Limits,
    retention: Retention,
    /// Whether images are made of what becomes active.
    images: AtomicBool,
    data_dir: PathBuf,
    /// What the disk said when it had no room: the store does nothing from then on.
    full: OnceLock<String>,
    /// The graph file.
    graph: PathBuf,
    watch: Mutex<Option<Watch>>,
    /// Of the agents that learn on a cadence.
    paces: Mutex<BTreeMap<String, pace::Pace>>,
    /// What is active, or what was loaded when nothing is yet.
    loaded: ArcSwap<Loaded>,
    active: ArcSwapOption<ActivePlan>,
    asked: asked::Asked,
    telemetry: Telemetry,
    replays: Arc<Replays>,
    /// Requests that are running, on whatever plan.
    running: Arc<AtomicUsize>,
    rollout: Mutex<Rollout>,
    /// Proposals on their way.
    work: Mutex<HashMap<Id, Work>>,
    next_id: AtomicU64,
    /// All that have instances.
    plans: Mutex<BTreeMap<Generation, Live>>,
    /// Of the record of what is active.
    revision: Mutex<Option<u64>>,
    /// The threads that learners run on while others serve.
    learners: Mutex<Option<Guests>>,
    /// Held by those who look for what a plan is made of, and alone by who throws away what none is made of.
    sweeping: RwLock<()>,
    calendar: Mutex<calendar::Calendar>,
    /// Held while it is written down how plans did, so that nothing older is written over what became of one.
    telling: Mutex<()>,
}

impl Inner {
    fn work(&self) -> MutexGuard<'_, HashMap<Id, Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plans(&self) -> MutexGuard<'_, BTreeMap<Generation, Live>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Config {
    /// What graphs declare of the memory layer, where it is shared; none where it is in the data folder.
    ///
    /// # Errors
    /// Why it can't be reached.
    pub fn memory(&self) -> Result<Option<Arc<dyn KeyValue>>, JetStreamError> {
        let Some(settings) = &self.shared else { return Ok(None) };
        Ok(Some(Arc::new(JetStream::connect(settings)?)))
    }

    /// Opens the data folder and loads the graph. Nothing serves yet: see [`Host::activate`].
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn open(&self) -> Result<Host, HostError> {
        self.open_with(|sandbox, guests| self.load(sandbox, guests))
    }

    /// The same, also while the graph file or a component is broken or gone, when the data folder knows what was active: a
    /// host that went down comes up again. Then [`Host::resume`] serves it.
    ///
    /// # Errors
    /// See [`HostError`].
    pub fn open_again(&self) -> Result<Host, HostError> {
        self.open_with(|sandbox, guests| {
            let loaded = self.load(sandbox, guests);
            if !self.data_dir.join(FILE).is_file() || matches!(&loaded, Err(error) if !matches!(error, HostError::Load(_))) {
                return loaded;
            }
            let store = Store::open(&self.data_dir)?;
            let graphs = History::graphs(&*store.kv())?;
            let [graph] = graphs.as_slice() else { return loaded };
            // A name that changed on disk is no other history.
            if loaded.as_ref().is_ok_and(|loaded| loaded.plan.name == *graph) {
                return loaded;
            }
            let content = History::of(store.kv(), graph).active()?.and_then(|(active, _)| active.content);
            let Some(content) = content else { return loaded };
            let components = self.components()?;
            match &loaded {
                Err(error) => {
                    let error = roll::told(error);
                    tracing::error!(%error, "the graph on disk cannot be used: serving what was active");
                }
                Ok(loaded) => {
                    let found = &loaded.plan.name;
                    tracing::error!(%found, expected = %graph, "the graph on disk has another name: serving what was active");
                }
            }
            let states = self.states()?;
            Ok(guests.block_on(reload(sandbox.clone(), content, components, states))??)
        })
    }

    fn states(&self) -> Result<States, HostError> {
        let path = self.data_dir.join("states");
        States::open(&path).map_err(|source| HostError::States { path, source })
    }

    fn components(&self) -> Result<Components, HostError> {
        let path = self.data_dir.join("components");
        Components::open(&path).map_err(|source| HostError::Components { path, source })
    }

    fn open_with(&self, load: impl FnOnce(&Sandbox, &Guests) -> Result<Loaded, HostError>) -> Result<Host, HostError> {
        let sandbox = greenroom_sandbox::Config {
            cache_dir: self.cache_dir.clone(),
            interpreters_dir: self.interpreters_dir.clone(),
            pool_instances: self.pool_instances,
            tick: self.tick,
            compiler: self.compiler.clone(),
            ..greenroom_sandbox::Config::default()
        }
        .build()?;
        let guests = Guests::start(self.guest_threads).map_err(HostError::Threads)?;
        let mut loaded = load(&sandbox, &guests)?;
        let revoked = Arc::new(Revocations::open(&self.data_dir)?);
        loaded.revoked = Arc::clone(&revoked);
        let settings = greenroom_memory::Settings {
            join_window_ms: i64::try_from(self.join_window.as_millis()).unwrap_or(i64::MAX),
            ..greenroom_memory::Settings::default()
        };
        let mut store = Store::open_with(&self.data_dir, &settings)?;
        if let Some(shared) = self.memory()? {
            store = store.sharing(shared);
        }
        let states = self.states()?;
        let path = self.data_dir.join(REPLAYS);
        let replays = Replays::open(&path, self.replays_max).map_err(|source| HostError::Replays { path, source })?;
        let components = self.components()?;
        let history = History::of(store.kv(), &loaded.plan.name);
        history.migrate()?;
        history.mend()?;
        let calendar = calendar::Calendar::new(history.swept()?, Instant::now());
        let active = history.active()?;
        let generation = active.as_ref().map(|(active, _)| active.generation);
        Ok(Host {
            inner: Arc::new(Inner {
                store,
                guests,
                states,
                sandbox,
                components,
                history,
                revoked,
                limits: self.limits,
                retention: self.retention,
                images: AtomicBool::new(false),
                data_dir: self.data_dir.clone(),
                full: OnceLock::new(),
                graph: self.graph.clone(),
                watch: Mutex::default(),
                paces: Mutex::default(),
                loaded: ArcSwap::from_pointee(loaded),
                active: ArcSwapOption::empty(),
                asked: asked::Asked::default(),
                telemetry: Telemetry::default(),
                replays: Arc::new(replays),
                running: Arc::default(),
                rollout: Mutex::new(Rollout::new(generation, self.limits.warm_max)),
                work: Mutex::default(),
                next_id: AtomicU64::new(0),
                plans: Mutex::default(),
                revision: Mutex::new(active.map(|(_, revision)| revision)),
                learners: Mutex::default(),
                sweeping: RwLock::default(),
                calendar: Mutex::new(calendar),
                telling: Mutex::default(),
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

    /// The graph that is active, or the one that was loaded when nothing is yet.
    #[must_use]
    pub fn loaded(&self) -> Arc<Loaded> {
        self.inner.loaded.load_full()
    }

    /// The folder of recordings of faults, once all are in it that were made.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.inner.replays.flush();
        self.inner.data_dir.join(REPLAYS)
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
        self.write_tallies();
        self.inner.store.log().flush_waiting().await
    }
}

/// A graph from what is written down of it.
async fn reload(
    sandbox: Sandbox,
    content: Content,
    kept: Components,
    states: States,
) -> Result<Loaded, LoadGraphError> {
    let source = GraphText { file_name: content.file_name, text: content.text };
    let parts = Kept { paths: content.components, kept, by_agent: content.states, states };
    load_from(&sandbox, source, &parts).await
}

/// Components and states of the data folder, as a content names them.
struct Kept {
    paths: BTreeMap<String, Digest>,
    kept: Components,
    by_agent: BTreeMap<String, Digest>,
    states: States,
}

impl crate::load::Components for Kept {
    fn at(&self, path: &str) -> Result<Offered, String> {
        let bytes = self.paths.get(path).and_then(|digest| self.kept.get(digest));
        bytes.map(|bytes| Offered::Bytes(bytes.into())).ok_or_else(|| format!("{path} is not kept any more"))
    }

    fn signature(&self, path: &str) -> Result<Arc<[u8]>, String> {
        let text = self.paths.get(path).and_then(|digest| self.kept.get(digest));
        text.map(Arc::from).ok_or_else(|| format!("{path} is not kept any more"))
    }

    fn state(&self, agent: &str, path: &str) -> Result<Given, String> {
        let kept = self.by_agent.get(agent).and_then(|digest| Some((*digest, self.states.get(digest)?)));
        let (digest, state) = kept.ok_or_else(|| format!("{path} is not kept any more"))?;
        Ok(Given::kept(path, digest, state))
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
