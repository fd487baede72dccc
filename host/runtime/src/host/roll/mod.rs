//! Changes while serving: a proposal goes in, the state machine of `rollout` says what is to be done, the files here do
//! it, one for each kind of effect, and tell it how that went.

mod admit;
mod compare;
mod drain;
mod record;
mod supervise;
mod warm;

pub use compare::{Differences, StateChange};
pub use supervise::Probation;
pub(super) use supervise::Watched;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use greenroom_graph::Severity;
use greenroom_model::{Digest, FaultSource, Generation};
use greenroom_telemetry as telemetry;
use thiserror::Error;

use super::{Host, HostError, now_ms};
use crate::active::{ActivePlan, PrepareError, StatesByAgent};
use crate::guests::give_way;
use crate::load::{GraphText, LoadGraphError, Loaded};
use crate::plans::{HistoryError, PlanRecord, RefusedRecord, Unfolding};
use crate::rollout::{Action, Event, Id, Kind, Refusal};

/// How often a proposal that follows whatever is active is tried again after another one was faster.
const ATTEMPTS: usize = 5;

/// A change that somebody wants.
#[derive(Clone)]
pub struct Proposal {
    /// The generation that it is meant to follow: when another one is active, it is a conflict. None: whichever is.
    pub parent: Option<Generation>,
    /// Who wants it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// What.
    pub change: Change,
}

/// What a proposal changes; all else stays as in the active plan.
#[derive(Clone)]
pub enum Change {
    /// Code, parameters or wiring.
    Graph {
        /// The graph's text, which names components by path.
        graph: GraphText,
        /// Components by path. What the text names and is not in here is as in the active plan.
        components: BTreeMap<String, Part>,
    },
    /// Learned states, by agent.
    States(BTreeMap<String, Digest>),
    /// States that agents of the active plan have just learned. Should other code or parameters serve by now, they are
    /// refused.
    Learned(BTreeMap<String, Learned>),
    /// What was active as this generation, as it was.
    Again(Generation),
}

impl Change {
    /// In a word, for those who count.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Graph { .. } => "graph",
            Self::States(_) => "states",
            Self::Learned(_) => "learned",
            Self::Again(_) => "again",
        }
    }
}

/// A state, and the version that learned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// The state.
    pub state: Digest,
    /// Of the code and the parameters that shape states.
    pub shape: Digest,
}

/// A component of a change.
#[derive(Debug, Clone)]
pub enum Part {
    /// Its bytes.
    Bytes(Arc<[u8]>),
    /// The digest of one that the host has.
    Kept(Digest),
    /// None: why it cannot be had.
    Absent(String),
}

/// What came of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Activated {
    /// What is active.
    pub generation: Generation,
    /// Its digest.
    pub plan: Digest,
    /// Whether that is new. Proposing what is active already changes nothing.
    pub changed: bool,
    /// For a person: states that were handed over, agents that learned anew.
    pub notes: Vec<String>,
    /// How long its steps took.
    pub took: Took,
}

/// How long the steps of a roll-out took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Took {
    /// Reading, checking, compiling and trying components, and learning anew.
    pub admit: Duration,
    /// Making instances ready.
    pub warm: Duration,
    /// Making the activation durable.
    pub record: Duration,
    /// The activation itself.
    pub store: Duration,
}

/// Why a proposal was not taken. What was active stays so.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum Refused {
    #[error("{}", conflict(*.parent, active.as_deref()))]
    Conflict { parent: Option<Generation>, active: Option<Box<PlanRecord>> },
    #[error("{}", wrong_graph(.0))]
    Graph(#[from] LoadGraphError),
    #[error(
        "the graph is named `{found}`, and this host serves `{expected}`: a name cannot change while it serves; serve \
         `{found}` with another data folder"
    )]
    Renamed { expected: String, found: String },
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error("agent `{agent}` has no learned state that it takes: {why}; {}", untrained(*.refuses))]
    Untrained { agent: String, why: String, refuses: bool },
    #[error("there is no generation {0} to go back to: see `greenroom plans`")]
    NoSuchPlan(Generation),
    #[error("generation {generation} cannot be had again: {why}")]
    Lost { generation: Generation, why: String },
    #[error("{0}; the plan that serves stays")]
    Unreadable(String),
    #[error("the graph has no agent `{0}`")]
    NoSuchAgent(String),
    #[error("no plan is active yet, so there is nothing to change")]
    Inactive,
    #[error("the activation could not be recorded: {0}")]
    Record(#[from] HistoryError),
    #[error("it could not be kept in the data folder: {0}")]
    Keep(std::io::Error),
    #[error("it could not be learned anew: {0}")]
    Learn(String),
    #[error("the host is about to end")]
    Gone,
}

impl Refused {
    /// Whether the same may be taken later, without anybody changing it.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Record(_) | Self::Keep(_) | Self::Inactive | Self::Gone => true,
            Self::Prepare(PrepareError::Agent { fault, .. }) => fault.source == FaultSource::Host,
            Self::Prepare(PrepareError::Untried) => true,
            _ => false,
        }
    }

    /// In a word, for those who count.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::Graph(_) | Self::Renamed { .. } | Self::NoSuchAgent(_) | Self::Unreadable(_) => "invalid",
            Self::Prepare(_) => "not_prepared",
            Self::Untrained { .. } => "untrained",
            Self::NoSuchPlan(_) => "not_found",
            Self::Lost { .. } => "lost",
            Self::Inactive => "inactive",
            Self::Record(_) | Self::Keep(_) => "not_recorded",
            Self::Learn(_) => "not_learned",
            Self::Gone => "gone",
        }
    }
}

fn conflict(parent: Option<Generation>, active: Option<&PlanRecord>) -> String {
    let wanted = parent.map_or("nothing".to_owned(), |parent| format!("generation {parent}"));
    match active {
        Some(now) => format!(
            "it was to follow {wanted}, but generation {} is active: {} by {} ({}); look at what it changed, and propose \
             yours after it",
            now.generation,
            now.plan.short(),
            now.author,
            now.reason
        ),
        None => format!("it was to follow {wanted}, but nothing is active"),
    }
}

/// An error in words, with every mistake of a graph.
pub(super) fn told(error: &HostError) -> String {
    match error {
        HostError::Load(error) => wrong_graph(error),
        other => other.to_string(),
    }
}

/// Every mistake in a line, for a log or an answer; a terminal shows the place in the file too.
fn wrong_graph(error: &LoadGraphError) -> String {
    match error {
        LoadGraphError::Graph(diagnostics) => {
            let mistakes = diagnostics.iter().filter(|mistake| mistake.severity == Severity::Error);
            let line = |m: greenroom_graph::Diagnostic| {
                format!("{}:{}:{}: {}; {}", diagnostics.file_name(), m.line, m.column, m.message, m.label)
            };
            mistakes.map(line).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

fn untrained(refuses: bool) -> &'static str {
    if refuses { "the graph file says `untrained = \"refuse\"` for it" } else { "run `greenroom train` on this graph" }
}

/// A proposal on its way.
pub(super) struct Work {
    proposal: Arc<Proposal>,
    parent: Option<Generation>,
    proposed_ms: i64,
    loaded: Option<Arc<Loaded>>,
    states: StatesByAgent,
    /// Agents whose state another version learned: they may decline it.
    offered: BTreeMap<String, Digest>,
    plan: Option<ActivePlan>,
    record: Option<PlanRecord>,
    /// The record, where it stays when something else is active.
    unfolding: Option<Unfolding>,
    /// How many instances each agent is to have, when they are made ready afterwards.
    wanted: Option<BTreeMap<String, usize>>,
    notes: Vec<String>,
    took: Took,
    /// It is this that is active already.
    same: Option<(Generation, Digest)>,
    error: Option<Refused>,
    done: Sender<Told>,
}

/// What a proposer is told.
enum Told {
    /// What came of it.
    Done(Box<Result<Activated, Refused>>),
    /// What was to be served again is not warm any more: it has to be made ready first.
    Cold,
}

/// A plan that has instances: it serves, or it is draining, or it is kept for going back.
pub(super) struct Live {
    pub(super) plan: Arc<ActivePlan>,
    pub(super) loaded: Arc<Loaded>,
    pub(super) record: PlanRecord,
    /// How it is on probation, or was.
    pub(super) watched: Option<Watched>,
}

impl Live {
    /// Its record, as it is now.
    pub(super) fn now(&self) -> PlanRecord {
        PlanRecord { tally: self.plan.tally(), ..self.record.clone() }
    }
}

impl Host {
    /// Proposes a change, and blocks until it serves or was refused; the work is done beside serving. To be called from a
    /// thread that may block.
    ///
    /// # Errors
    /// See [`Refused`]. What was active stays so, and the refusal is kept: see [`Host::refusals`].
    pub fn propose(&self, proposal: Proposal) -> Result<Activated, Refused> {
        let proposal = Arc::new(proposal);
        let mut attempts = 0;
        let done = loop {
            attempts += 1;
            match self.roll(&proposal, None) {
                Err(Refused::Conflict { .. }) if proposal.parent.is_none() && attempts < ATTEMPTS => {}
                done => break done,
            }
        };
        if let Err(refused) = &done {
            self.refused(&proposal, refused);
        }
        done
    }

    /// The same for a plan that is ready already, and one attempt only.
    pub(super) fn roll(&self, proposal: &Arc<Proposal>, ready: Option<Ready>) -> Result<Activated, Refused> {
        self.roll_once(proposal, ready, true)
    }

    fn roll_once(&self, proposal: &Arc<Proposal>, ready: Option<Ready>, try_warm: bool) -> Result<Activated, Refused> {
        let inner = &self.inner;
        let id = inner.next_id.fetch_add(1, Ordering::Relaxed);
        let parent = proposal.parent.or_else(|| self.generation());
        let warm =
            |generation| self.warm_generations().contains(&generation) && inner.plans().contains_key(&generation);
        let again = match proposal.change {
            Change::Again(generation) if try_warm && warm(generation) => Some(generation),
            _ => None,
        };
        let kind = match proposal.change {
            Change::Again(_) => Kind::Back,
            Change::Learned(_) => Kind::Learned,
            Change::Graph { .. } | Change::States(_) => Kind::New,
        };
        let (done, told) = channel();
        let (loaded, plan) = ready.map_or((None, None), |ready| (Some(ready.loaded), Some(ready.plan)));
        let work = Work {
            proposal: Arc::clone(proposal),
            parent,
            proposed_ms: now_ms(),
            loaded,
            states: StatesByAgent::new(),
            offered: BTreeMap::new(),
            plan,
            record: None,
            unfolding: None,
            wanted: None,
            notes: Vec::new(),
            took: Took::default(),
            same: None,
            error: None,
            done,
        };
        inner.work().insert(id, work);
        self.feed(Event::Proposed { id, parent, again, kind });
        match told.recv() {
            Ok(Told::Done(done)) => *done,
            // What it goes back to was forgotten meanwhile. It takes the long way, on the proposer's own thread.
            Ok(Told::Cold) => self.roll_once(proposal, None, false),
            Err(_) => Err(Refused::Gone),
        }
    }

    /// What serves, or served last.
    pub(super) fn generation(&self) -> Option<Generation> {
        self.inner.rollout.lock().unwrap_or_else(PoisonError::into_inner).active()
    }

    /// Tells the state machine, does what it says, and tells it how that went.
    pub(super) fn feed(&self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let actions = {
                let mut rollout = self.inner.rollout.lock().unwrap_or_else(PoisonError::into_inner);
                let actions = rollout.on(event);
                // Before anybody else can have something activated.
                for action in &actions {
                    if let Action::Store { id, generation } = action {
                        self.serve(*id, *generation);
                    }
                }
                actions
            };
            for action in actions {
                events.extend(self.perform(action));
            }
        }
    }

    fn perform(&self, action: Action) -> Option<Event> {
        match action {
            Action::Admit(id) => Some(self.step_beside(id, Event::Admitted(id), Self::admit)),
            Action::Warm(id) => Some(self.step_beside(id, Event::Warmed(id), Self::warm)),
            Action::Record { id, generation } => {
                Some(self.step(id, Event::Recorded(id), |host, work| host.record(work, generation)))
            }
            Action::Store { id, generation } => {
                self.activated(id, generation);
                None
            }
            Action::Drain(generation) => self.drain(generation),
            Action::Stop(generation) => {
                self.stop(generation);
                None
            }
            Action::Retire { generation, rolled_back } => {
                self.retire(generation, rolled_back);
                None
            }
            Action::Forget(generation) => {
                self.forget(generation);
                None
            }
            Action::Watch(generation) => {
                self.supervise(generation);
                None
            }
            Action::RollBack { from, to } => self.roll_back(from, to),
            Action::Refuse { id, why } => {
                self.refuse(id, why);
                None
            }
        }
    }

    /// A step of a proposal, without a lock on the others.
    fn step(&self, id: Id, done: Event, work_on: impl FnOnce(&Self, &mut Work) -> Result<(), Refused>) -> Event {
        let Some(mut work) = self.inner.work().remove(&id) else { return Event::Failed(id) };
        // Whoever waits for it must hear of it, and others must have their turn, whatever happens.
        let result = catch_unwind(AssertUnwindSafe(|| work_on(self, &mut work))).unwrap_or(Err(Refused::Gone));
        let failed = result.is_err() || work.same.is_some();
        work.error = result.err();
        self.inner.work().insert(id, work);
        if failed { Event::Failed(id) } else { done }
    }

    /// The same with what serving leaves: reading and hashing megabytes takes a processor too.
    fn step_beside(
        &self,
        id: Id,
        done: Event,
        work_on: impl FnOnce(&Self, &mut Work) -> Result<(), Refused> + Send,
    ) -> Event {
        beside(|| self.step(id, done, work_on)).unwrap_or(Event::Failed(id))
    }

    /// From here on requests get this plan. Nothing can fail, and nothing takes long.
    fn serve(&self, id: Id, generation: Generation) {
        let mut all = self.inner.work();
        let Some(work) = all.get_mut(&id) else { return };
        let (Some(mut plan), Some(record), Some(loaded)) = (work.plan.take(), work.record.clone(), work.loaded.clone())
        else {
            return;
        };
        plan.generation = generation;
        // What was taken back while it was made ready.
        for agent in &plan.agents {
            let left = self.inner.revoked.left(&agent.spec.name, &agent.spec.grants);
            if *agent.grants().now() != left {
                agent.grant(left);
            }
        }
        let plan = Arc::new(plan);
        let live = Live { plan: Arc::clone(&plan), loaded: Arc::clone(&loaded), record, watched: None };
        self.inner.plans().insert(generation, live);
        let began = std::time::Instant::now();
        self.inner.active.store(Some(plan));
        work.took.store = began.elapsed();
        self.inner.loaded.store(loaded);
    }

    fn activated(&self, id: Id, generation: Generation) {
        let Some(work) = self.inner.work().remove(&id) else { return };
        let Some(record) = work.record else { return };
        tracing::info!(
            generation = generation.0,
            plan = %record.plan.short(),
            author = %record.author,
            reason = %record.reason,
            admit_ms = millis(work.took.admit),
            warm_ms = millis(work.took.warm),
            record_ms = millis(work.took.record),
            "active"
        );
        for note in &work.notes {
            tracing::info!(generation = generation.0, "{note}");
        }
        if let Some(wanted) = work.wanted {
            self.warm_beyond(wanted);
        }
        if let Some(Err(error)) = work.unfolding.map(Unfolding::wait) {
            tracing::warn!(%error, generation = generation.0, "active, but its record is not apart yet");
        }
        for (agent, shape, learned) in self.handed_over(&work.offered, work.loaded.as_deref()) {
            if let Err(error) = self.inner.history.learn(&agent, &shape, &learned) {
                tracing::warn!(%agent, %error, "it is not written down that this version has that state");
            }
        }
        self.inner.telemetry.change(telemetry::Change::Activated, work.proposal.change.kind());
        let (plan, notes, took) = (record.plan, work.notes, work.took);
        // Whoever proposed it may have gone away.
        let _ = work.done.send(Told::Done(Box::new(Ok(Activated { generation, plan, changed: true, notes, took }))));
        self.make_images_if_wanted();
        self.taken_back();
    }

    fn refuse(&self, id: Id, why: Refusal) {
        let Some(work) = self.inner.work().remove(&id) else { return };
        let answer = match (why, work.error) {
            (Refusal::Failed, Some(error)) => Err(error),
            (Refusal::Failed, None) => match work.same {
                Some((generation, plan)) => {
                    Ok(Activated { generation, plan, changed: false, notes: work.notes, took: work.took })
                }
                None => Err(Refused::Gone),
            },
            (Refusal::Conflict { active }, _) => {
                let now = active.and_then(|generation| self.plan_record(generation).ok().flatten());
                Err(Refused::Conflict { parent: work.parent, active: now.map(Box::new) })
            }
            (Refusal::Cold, _) => {
                let _ = work.done.send(Told::Cold);
                return;
            }
        };
        let _ = work.done.send(Told::Done(Box::new(answer)));
    }

    pub(super) fn refused(&self, proposal: &Proposal, refused: &Refused) {
        let why = refused.to_string();
        self.inner.telemetry.change(telemetry::Change::Refused, refused.kind());
        tracing::warn!(author = %proposal.author, reason = %proposal.reason, why = %why, "a change was refused");
        let record = RefusedRecord {
            time_ms: now_ms(),
            author: proposal.author.clone(),
            reason: proposal.reason.clone(),
            why,
            active: self.generation(),
        };
        if let Err(error) = self.inner.history.refuse(&record) {
            tracing::warn!(%error, "the refusal could not be written down");
        }
    }

    /// Every plan that was active, the oldest first, as far as they are kept; those that serve with what they did so far.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn plan_records(&self) -> Result<Vec<PlanRecord>, HistoryError> {
        let mut records = self.inner.history.records()?;
        for live in self.inner.plans().values() {
            let now = live.now();
            match records.binary_search_by_key(&now.generation, |record| record.generation) {
                Ok(at) => {
                    if let Some(record) = records.get_mut(at) {
                        *record = now;
                    }
                }
                // It is on its way to the store.
                Err(at) => records.insert(at, now),
            }
        }
        Ok(records)
    }

    /// One of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn plan_record(&self, generation: Generation) -> Result<Option<PlanRecord>, HistoryError> {
        let live = self.inner.plans().get(&generation).map(Live::now);
        live.map_or_else(|| self.inner.history.record(generation), |record| Ok(Some(record)))
    }

    /// What `rollback` goes back to when nobody says what: the plan that the active one, or the one that it repeats, took the
    /// place of; none that was faulty.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn previous(&self, generation: Generation) -> Result<Option<Generation>, HistoryError> {
        let mut at = generation;
        loop {
            let Some(record) = self.plan_record(at)? else { return Ok(None) };
            // What is served again is where it was. Its number is a smaller one, and so is a parent's.
            let next = record.again.or(record.parent).filter(|next| next.0 < at.0);
            let Some(next) = next else { return Ok(None) };
            let repeats = record.again.is_some();
            at = next;
            let faulty = self.plan_record(at)?.is_some_and(|record| record.rolled_back.is_some());
            if !repeats && !faulty {
                return Ok(Some(at));
            }
        }
    }

    /// The latest changes that were not taken, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refusals(&self) -> Result<Vec<RefusedRecord>, HistoryError> {
        self.inner.history.refusals()
    }

    /// Requests that are running now, on whatever plan.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.inner.running.load(Ordering::Relaxed)
    }

    /// Generations that can be gone back to without making anything ready.
    #[must_use]
    pub fn warm_generations(&self) -> Vec<Generation> {
        let rollout = self.inner.rollout.lock().unwrap_or_else(PoisonError::into_inner);
        rollout.kept().into_iter().collect()
    }
}

/// A plan that needs no more work.
pub(super) struct Ready {
    pub(super) loaded: Arc<Loaded>,
    pub(super) plan: ActivePlan,
}

pub(super) fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Runs work that may take long, on a thread that gets what serving leaves.
pub(super) fn beside<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let idle = move || {
            give_way();
            work()
        };
        let started = std::thread::Builder::new().name("greenroom-roll".to_owned()).spawn_scoped(scope, idle);
        started.ok()?.join().ok()
    })
}
