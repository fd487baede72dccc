//! Training: feedback replayed through the learners of a plan.
//!
//! Stacking is honest. Agents that take candidates from others learn from what those would have said before they knew:
//! sources first learn from the early part of each subject's events, the others learn on the next part from what the
//! sources say of it, and at last the sources learn from everything. Whatever was learned before from the same code,
//! parameters and data is taken from disk.
//!
//! What is written to namespaces meanwhile stays apart from the store: each learner has memory of its own over it, and so
//! have the plans that give it examples. So a state depends neither on which agents learned before nor on which of them
//! had to.

mod key;
mod round;
mod stack;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use greenroom_graph::Plan;
use greenroom_memory::Store;
use greenroom_model::{Budget, Digest, Fault, Feedback, FitReport, Generation, State, Usage};
use greenroom_sandbox::{Instance, Memory};
use thiserror::Error;

use crate::active::{ActivePlan, PrepareError, StatesByAgent};
use crate::agent::Agent;
use crate::evaluation::{Cut, Split, cut};
use crate::events::Columns;
use crate::examples::BATCH_ROWS;
use crate::execute::Outputs;
use crate::guests::{Gone, Guests};
use crate::load::Loaded;
use crate::memory::Layer;
use crate::past::organic;
use crate::states::{States, Training};

use round::{Ended, Round};

pub(crate) use key::{lessons, shape};
pub use round::Overspent;

/// The share of each subject's positives that the stacked agents learn on.
const NEXT_SHARE: f64 = 0.2;
/// Subjects with fewer positives are left to the early part.
const POSITIVES_MIN: usize = 5;

/// What is told while it goes on. Calls come from several threads.
pub trait Progress: Send + Sync {
    /// An agent begins to learn, in `steps` steps.
    fn begin(&self, agent: &str, steps: u64);
    /// It has done one.
    fn step(&self, agent: &str);
    /// It is done; `kept` when its state was on disk already.
    fn end(&self, agent: &str, kept: bool);
}

/// Says nothing.
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _agent: &str, _steps: u64) {}
    fn step(&self, _agent: &str) {}
    fn end(&self, _agent: &str, _kept: bool) {}
}

/// What is learned from. Subjects and items are numbered as in the store.
#[derive(Debug, Clone)]
pub struct Lessons {
    /// The events; their test part is not looked at.
    pub split: Arc<Split>,
    /// Of the facts that agents may gather.
    pub facts: Digest,
    /// For each node, what it saw, decided and earned while serving.
    pub served: BTreeMap<String, Arc<Vec<Feedback>>>,
    /// By subject: the time of its first decision that feedback was joined with. What it did from then on is not known
    /// to an agent that learns from its decisions.
    pub first_served: HashMap<u32, i64>,
}

/// How an agent's training went.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The agent.
    pub agent: String,
    /// Whether its state was on disk already.
    pub kept: bool,
    /// What `fit` said.
    pub report: FitReport,
    /// Units of fuel.
    pub fuel: u64,
    /// Seconds.
    pub seconds: f64,
    /// The state.
    pub state: Digest,
    /// Its size in bytes.
    pub state_bytes: usize,
}

/// Why training failed.
#[derive(Debug, Error)]
pub enum TrainError {
    /// An agent failed.
    #[error("agent `{agent}` could not learn: {fault}")]
    Agent {
        /// Which.
        agent: String,
        /// Why.
        fault: Fault,
    },
    /// An agent used up what it may use of a round.
    #[error(
        "agent `{agent}` used up its budget for a round of learning: {overspent}; nothing of it is published: give it more \
         with `budget.round`, or less to do"
    )]
    Round {
        /// Which.
        agent: String,
        /// What it had used.
        overspent: Overspent,
    },
    /// A plan could not be prepared.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A state could not be kept.
    #[error("a learned state could not be kept: {0}")]
    Keep(#[from] std::io::Error),
    /// The work was ended from outside.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// Has the agents of plans learn.
#[derive(Clone)]
pub struct Trainer {
    /// The threads that learners run on.
    pub guests: Guests,
    /// Where states are kept.
    pub states: States,
    /// Catalog, facts and namespaces, which are read only.
    pub store: Store,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// What nodes said before, so that examples for those after them cost no more calls; none where nothing is kept.
    pub outputs: Option<Arc<Outputs>>,
}

impl Trainer {
    /// Trains every learner of a plan but those that the graph file gives a state, which is theirs as it is. Blocks; to be
    /// called from a thread that may.
    ///
    /// # Errors
    /// The first agent that failed, or a state that could not be kept.
    pub fn train(&self, loaded: &Loaded, lessons: &Lessons) -> Result<(StatesByAgent, Vec<Trained>), TrainError> {
        self.train_roles(loaded, lessons, Roles::of(&loaded.plan))
    }

    /// As [`train`](Self::train), but only these agents: they come to the same states as if all had learned.
    pub(crate) fn train_only(
        &self,
        loaded: &Loaded,
        lessons: &Lessons,
        wanted: &BTreeSet<String>,
    ) -> Result<(StatesByAgent, Vec<Trained>), TrainError> {
        let (mut states, mut trained) = self.train_roles(loaded, lessons, Roles::of(&loaded.plan).only(wanted))?;
        states.retain(|agent, _| wanted.contains(agent));
        trained.retain(|report| wanted.contains(&report.agent));
        Ok((states, trained))
    }

    fn train_roles(
        &self,
        loaded: &Loaded,
        lessons: &Lessons,
        roles: Roles,
    ) -> Result<(StatesByAgent, Vec<Trained>), TrainError> {
        let (trainer, loaded, lessons) = (self.clone(), loaded.clone(), lessons.clone());
        self.guests.block_on(async move { trainer.run(&loaded, &lessons, roles).await })?
    }

    async fn run(
        &self,
        loaded: &Loaded,
        lessons: &Lessons,
        roles: Roles,
    ) -> Result<(StatesByAgent, Vec<Trained>), TrainError> {
        let split = &lessons.split;
        let mut trained = Vec::new();
        let mut states = loaded.given_states();
        if !roles.stacked.is_empty() {
            let parts = unserved(cut(split, NEXT_SHARE, POSITIVES_MIN), &lessons.first_served);
            let early = Part { columns: Arc::new(parts.early), facts: lessons.facts };
            let mut before = loaded.given_states();
            self.sources(loaded, &roles.sources, &early, split, &mut before, None).await?;
            let next = Part { columns: Arc::new(parts.next), ..early.clone() };
            for (node, agent) in &roles.stacked {
                let plan = self.plan(loaded, &before)?.only(node).map(Arc::new);
                let (Some(plan), Some(learner)) = (plan, self.learner(loaded, agent)?) else { continue };
                let served = lessons.served.get(node).cloned().unwrap_or_default();
                let done = self.stacked(&plan, node, &learner, split, &early, &next, &served).await?;
                before.insert(agent.clone(), done.at_cut);
                states.insert(agent.clone(), done.state);
                trained.push(done.report);
            }
        }
        let all = Part { columns: Arc::new(split.train.clone()), facts: lessons.facts };
        self.sources(loaded, &roles.wanted, &all, split, &mut states, Some(&mut trained)).await?;
        trained.sort_by(|a, b| a.agent.cmp(&b.agent));
        Ok((states, trained))
    }

    /// Has an agent go on from a state of its own: it learns what came after, the first of it as event number `events`.
    /// Blocks.
    ///
    /// # Errors
    /// When the agent failed, or its state could not be kept.
    pub(crate) fn go_on(
        &self,
        loaded: &Loaded,
        name: &str,
        state: Arc<State>,
        columns: &Columns,
        events: u64,
    ) -> Result<Option<(Arc<State>, Trained)>, TrainError> {
        let began = Instant::now();
        let plan = self.plan(loaded, &StatesByAgent::from([(name.to_owned(), state)]))?;
        let Some(agent) = plan.agents.into_iter().find(|agent| agent.spec.name == name) else { return Ok(None) };
        let batches = organic(columns, events, BATCH_ROWS);
        let (trainer, of) = (self.clone(), name.to_owned());
        let done = self.guests.block_on(async move {
            let failed = |fault| TrainError::Agent { agent: of.clone(), fault };
            let mut used = Usage::default();
            let learner = agent.prepare(None, &mut used).await.map_err(failed)?;
            trainer.taught(&agent, learner, used.fuel, batches, Vec::new()).await
        })??;
        let Taught { report, fuel, state, .. } = done;
        let training = Training { state: self.states.put(&state)?, at_cut: state.digest(), report, fuel };
        let trained = told(name, false, &training, began, &state);
        Ok(Some((state, trained)))
    }

    /// A plan with memory of its own.
    fn plan(&self, loaded: &Loaded, states: &StatesByAgent) -> Result<ActivePlan, PrepareError> {
        let memory: Arc<dyn Memory> = Arc::new(Layer::scratch(&self.store, &loaded.plan.namespaces));
        let row = |item: &str| self.store.items().row(item);
        ActivePlan::new(loaded, states, &memory, &row, Generation(0))
    }

    /// An agent that has learned nothing, with memory of its own.
    fn learner(&self, loaded: &Loaded, name: &str) -> Result<Option<Arc<Agent>>, PrepareError> {
        let plan = self.plan(loaded, &StatesByAgent::new())?;
        Ok(plan.agents.into_iter().find(|agent| agent.spec.name == name))
    }

    /// Trains the sources on a part, as many at once as there are threads.
    async fn sources(
        &self,
        loaded: &Loaded,
        names: &[String],
        part: &Part,
        split: &Split,
        states: &mut StatesByAgent,
        mut trained: Option<&mut Vec<Trained>>,
    ) -> Result<(), TrainError> {
        let data = part.columns.digest(&split.users, &split.items);
        let mut running = tokio::task::JoinSet::new();
        for name in names {
            let Some(agent) = self.learner(loaded, name)? else { continue };
            let (trainer, part) = (self.clone(), part.clone());
            running.spawn(async move {
                let key = key::source(&agent, &data, &part.facts);
                trainer.learn(&agent, &key, || Ok(organic(&part.columns, 0, BATCH_ROWS)), Vec::new).await
            });
        }
        while let Some(done) = running.join_next().await {
            let done = done.map_err(|_| Gone)??;
            states.insert(done.report.agent.clone(), done.state);
            if let Some(trained) = &mut trained {
                trained.push(done.report);
            }
        }
        Ok(())
    }

    /// One learner instance: `before` is learned and fitted, `after` is learned only. The states between the two and at
    /// the end are kept under `key`.
    async fn learn(
        &self,
        agent: &Agent,
        key: &Digest,
        before: impl FnOnce() -> Result<Vec<Feedback>, TrainError>,
        after: impl FnOnce() -> Vec<Feedback>,
    ) -> Result<Done, TrainError> {
        let name = &agent.spec.name;
        let began = Instant::now();
        if let Some((training, state)) = self.states.training(key)
            && let Some(at_cut) = self.states.get(&training.at_cut)
        {
            self.progress.end(name, true);
            return Ok(Done { report: told(name, true, &training, began, &state), state, at_cut });
        }
        let (before, after) = (before()?, after());
        self.progress.begin(name, (before.len() + after.len() + 1) as u64);
        let mut used = Usage::default();
        let blank = agent.blank(&mut used).await;
        let learner = blank.map_err(|fault| TrainError::Agent { agent: name.clone(), fault })?;
        let Taught { report, fuel, state, at_cut } = self.taught(agent, learner, used.fuel, before, after).await?;
        let training = Training { state: self.states.put(&state)?, at_cut: self.states.put(&at_cut)?, report, fuel };
        self.states.remember(key, &training)?;
        self.progress.end(name, false);
        Ok(Done { report: told(name, false, &training, began, &state), state, at_cut })
    }

    /// `before` is learned and fitted, `after` is learned only.
    async fn taught(
        &self,
        agent: &Agent,
        mut learner: Instance,
        mut fuel: u64,
        before: Vec<Feedback>,
        after: Vec<Feedback>,
    ) -> Result<Taught, TrainError> {
        let name = &agent.spec.name;
        let failed = |fault| TrainError::Agent { agent: name.clone(), fault };
        let ended = |ended| match ended {
            Ended::Fault(fault) => failed(fault),
            Ended::Round(overspent) => TrainError::Round { agent: name.clone(), overspent },
        };
        let budgets = &agent.spec.budgets;
        let mut round = Round::new(agent.spec.round, before.len() + 1 + after.len());
        for batch in before {
            let had = round.next(&budgets.learn).map_err(|overspent| ended(overspent.into()))?;
            let outcome = learner.learn(&batch, &had).await;
            round.ended(&budgets.learn, &had, learner.usage().fuel, outcome).map_err(ended)?;
            fuel += learner.usage().fuel;
            self.progress.step(name);
        }
        let had = round.next(&budgets.fit).map_err(|overspent| ended(overspent.into()))?;
        let outcome = learner.fit(&had).await;
        let report = round.ended(&budgets.fit, &had, learner.usage().fuel, outcome).map_err(ended)?;
        fuel += learner.usage().fuel;
        self.progress.step(name);
        // A learner that grew keeps what it has: taking its state out of it may need a little more.
        let budget = Budget { memory_max: budgets.fit.memory_max.max(budgets.restore.memory_max), ..budgets.restore };
        let mut state = Arc::new(learner.snapshot(&budget).await.map_err(failed)?);
        let at_cut = Arc::clone(&state);
        let more = !after.is_empty();
        for batch in after {
            let had = round.next(&budgets.learn).map_err(|overspent| ended(overspent.into()))?;
            let outcome = learner.learn(&batch, &had).await;
            round.ended(&budgets.learn, &had, learner.usage().fuel, outcome).map_err(ended)?;
            fuel += learner.usage().fuel;
            self.progress.step(name);
        }
        if more {
            state = Arc::new(learner.snapshot(&budget).await.map_err(failed)?);
        }
        Ok(Taught { report, fuel, state, at_cut })
    }
}

/// What a learner was taught.
struct Taught {
    report: FitReport,
    fuel: u64,
    state: Arc<State>,
    /// Before it was told what came after its lessons.
    at_cut: Arc<State>,
}

/// What a learner came to.
struct Done {
    report: Trained,
    /// For serving.
    state: Arc<State>,
    /// Before it was told what came after its lessons: for those who learn from what it says of them.
    at_cut: Arc<State>,
}

fn told(agent: &str, kept: bool, training: &Training, began: Instant, state: &State) -> Trained {
    Trained {
        agent: agent.to_owned(),
        kept,
        report: training.report.clone(),
        fuel: training.fuel,
        seconds: began.elapsed().as_secs_f64(),
        state: training.state,
        state_bytes: state.bytes.len(),
    }
}

/// What a subject did from its first served decision on is not early.
fn unserved(parts: Cut, first_served: &HashMap<u32, i64>) -> Cut {
    if first_served.is_empty() {
        return parts;
    }
    let Cut { early, next } = parts;
    let late = |row: &usize| {
        let first = early.users.get(*row).and_then(|user| first_served.get(user));
        first.is_some_and(|first| early.time(*row).is_some_and(|time| time >= *first))
    };
    let (late, kept): (Vec<usize>, Vec<usize>) = (0..early.len()).partition(|row| late(row));
    let moved = early.take(&late);
    let joined = |a: Option<Vec<f32>>, b: Option<Vec<f32>>| a.zip(b).map(|(a, b)| [a, b].concat());
    let next = Columns {
        users: [moved.users, next.users].concat(),
        items: [moved.items, next.items].concat(),
        ratings: joined(moved.ratings, next.ratings),
        times: moved.times.zip(next.times).map(|(a, b)| [a, b].concat()),
    };
    Cut { early: early.take(&kept), next }
}

/// Events that something is learned from.
#[derive(Clone)]
struct Part {
    columns: Arc<Columns>,
    facts: Digest,
}

/// Which agents learn from events alone, and which from what others say.
struct Roles {
    sources: Vec<String>,
    /// Those of them that are to learn from everything.
    wanted: Vec<String>,
    /// (node, agent), inputs before users. An agent with several nodes learns at the first.
    stacked: Vec<(String, String)>,
}

impl Roles {
    fn of(plan: &Plan) -> Self {
        let mut roles = Self { sources: Vec::new(), wanted: Vec::new(), stacked: Vec::new() };
        for node in &plan.nodes {
            let learns = |agent: &&greenroom_graph::Agent| agent.interfaces.learner && agent.state_path.is_none();
            let Some(agent) = plan.agent_of(node).filter(learns) else { continue };
            let known = roles.sources.contains(&agent.name) || roles.stacked.iter().any(|(_, a)| *a == agent.name);
            if known {
                continue;
            }
            if node.inputs.is_empty() {
                roles.sources.push(agent.name.clone());
            } else {
                roles.stacked.push((node.name.clone(), agent.name.clone()));
            }
        }
        roles.wanted.clone_from(&roles.sources);
        roles
    }

    /// What it takes to have the states of some: of those that learn from what others say, all up to the last of them.
    fn only(mut self, wanted: &BTreeSet<String>) -> Self {
        self.wanted.retain(|agent| wanted.contains(agent));
        let last = self.stacked.iter().rposition(|(_, agent)| wanted.contains(agent));
        self.stacked.truncate(last.map_or(0, |last| last + 1));
        self
    }
}
