//! A plan that can serve: every agent's version prepared.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use greenroom_graph::Plan;
use greenroom_model::{Digest, Fault, FaultSource, Generation, State, Version};
use greenroom_sandbox::Memory;
use greenroom_telemetry::PlanSeries;
use thiserror::Error;
use tokio::sync::watch;

use crate::agent::{Agent, ParamsError};
use crate::guests::Guests;
use crate::load::Loaded;
use crate::plans::Tally;
use crate::replay::Replays;

/// Learned states by agent.
pub type StatesByAgent = BTreeMap<String, Arc<State>>;

/// A plan with its versions. Immutable: a change is another one.
pub struct ActivePlan {
    /// The wiring.
    pub plan: Plan,
    /// In the order of the plan's agents.
    pub agents: Vec<Arc<Agent>>,
    /// Of wiring and versions.
    pub digest: Digest,
    /// Its place in the order of activations.
    pub generation: Generation,
    pub(crate) memory: Arc<dyn Memory>,
    pub(crate) names: Vec<Arc<str>>,
    /// In the order of the agents.
    digests: Vec<(Arc<str>, Digest)>,
    pub(crate) sources: Arc<[Arc<str>]>,
    pub(crate) ports: Vec<Vec<Arc<str>>>,
    /// Where recordings of faults are kept, if anywhere.
    pub(crate) replays: Option<Arc<Replays>>,
    /// Where its calls are counted, if anywhere.
    pub(crate) series: Option<Arc<PlanSeries>>,
    /// Requests that are running now, on this plan and on those that it shares its threads with.
    pub(crate) running: Arc<AtomicUsize>,
    /// Requests that have it pinned.
    pins: AtomicUsize,
    /// Whether those that still have it are to end.
    stopped: watch::Sender<bool>,
    counts: Counts,
}

/// How requests on a plan ended.
#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    degraded: AtomicU64,
    failed: AtomicU64,
    faults: AtomicU64,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ended {
    pub(crate) degraded: bool,
    pub(crate) failed: bool,
    /// An agent faulted.
    pub(crate) faulted: bool,
}

/// Why a plan cannot serve.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// A parameter cannot be handed over.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// A component is missing.
    #[error("the component of agent `{0}` was not loaded")]
    Component(String),
    /// What the store has is something else than the graph says.
    #[error(transparent)]
    Memory(#[from] greenroom_memory::DeclareError),
    /// It was not tried.
    #[error("no instance could be made ready: there is no thread to do it on, or it did not come to its end")]
    Untried,
    /// An agent does not take the state that the graph file gives it.
    #[error(
        "agent `{agent}` cannot be prepared with its state in `{path}`: {fault}; give it a state that it takes with this code \
         and these parameters, or remove `state` and train"
    )]
    Given {
        /// Which.
        agent: String,
        /// The file, as the graph file names it.
        path: String,
        /// Why.
        fault: Fault,
    },
    /// An agent could not be configured or restored.
    #[error("agent `{agent}` could not be prepared: {fault}")]
    Agent {
        /// Which.
        agent: String,
        /// Why.
        fault: Fault,
    },
}

impl ActivePlan {
    /// Puts versions together. Nothing runs yet: see [`ActivePlan::warm`].
    ///
    /// # Errors
    /// When a component is missing, or parameters name unknown items.
    pub fn new(
        loaded: &Loaded,
        states: &StatesByAgent,
        memory: &Arc<dyn Memory>,
        row: &dyn Fn(&str) -> Option<u32>,
        generation: Generation,
    ) -> Result<Self, PrepareError> {
        Self::with(loaded, states, memory, row, generation, &[])
    }

    /// As [`new`](Self::new); agents of `others` that are the same in all that they are made of, over the same memory, are
    /// taken as they are, with the instances that they have.
    pub(crate) fn with(
        loaded: &Loaded,
        states: &StatesByAgent,
        memory: &Arc<dyn Memory>,
        row: &dyn Fn(&str) -> Option<u32>,
        generation: Generation,
        others: &[Arc<Self>],
    ) -> Result<Self, PrepareError> {
        let mut agents = Vec::with_capacity(loaded.plan.agents.len());
        let known = |spec: &greenroom_graph::Agent, version: &Version| {
            let others = others.iter().filter(|other| Arc::ptr_eq(&other.memory, memory));
            others.flat_map(|other| &other.agents).find(|a| a.version == *version && a.spec == *spec).cloned()
        };
        let digest = |state: &Arc<State>| Self::digest_of(state, others);
        for spec in &loaded.plan.agents {
            let state = states.get(&spec.name).cloned();
            let version =
                Version { component: spec.component, params: spec.params_digest(), state: state.as_ref().map(digest) };
            if let Some(agent) = known(spec, &version) {
                agents.push(agent);
                continue;
            }
            let admitted = loaded.components.get(&spec.component);
            let component = admitted.ok_or_else(|| PrepareError::Component(spec.name.clone()))?.component.clone();
            let agent = Agent::new(spec.clone(), component, version, state, Arc::clone(memory), row)?;
            agent.grants().set(loaded.revoked.left(&spec.name, &spec.grants));
            agents.push(Arc::new(agent));
        }
        Ok(Self::of(loaded.plan.clone(), agents, Arc::clone(memory), generation))
    }

    /// Of a state, which may have megabytes, and most of them serve already.
    pub(crate) fn digest_of(state: &Arc<State>, plans: &[Arc<Self>]) -> Digest {
        let mut agents = plans.iter().flat_map(|plan| &plan.agents);
        let same = agents.find(|agent| agent.state().is_some_and(|other| Arc::ptr_eq(other, state)));
        same.and_then(|agent| agent.version.state).unwrap_or_else(|| state.digest())
    }

    fn of(plan: Plan, agents: Vec<Arc<Agent>>, memory: Arc<dyn Memory>, generation: Generation) -> Self {
        let digests: Vec<(Arc<str>, Digest)> =
            agents.iter().map(|agent| (agent.spec.name.as_str().into(), agent.version.digest())).collect();
        let mut parts = vec![*plan.digest().bytes()];
        parts.extend(digests.iter().map(|(_, digest)| *digest.bytes()));
        let digest = Digest::of_parts(parts.iter().map(<[u8; 32]>::as_slice));
        let names: Vec<Arc<str>> = plan.nodes.iter().map(|node| node.name.as_str().into()).collect();
        let sources = plan.sources().iter().filter_map(|index| names.get(*index).cloned()).collect();
        let ports = |node: &greenroom_graph::Node| node.inputs.iter().map(|edge| edge.port.as_str().into()).collect();
        let ports = plan.nodes.iter().map(ports).collect();
        Self {
            plan,
            agents,
            digest,
            generation,
            memory,
            names,
            digests,
            sources,
            ports,
            replays: None,
            series: None,
            running: Arc::default(),
            pins: AtomicUsize::new(0),
            stopped: watch::Sender::new(false),
            counts: Counts::default(),
        }
    }

    /// The part of this plan of which `node` is the output, with the same versions.
    #[must_use]
    pub fn only(&self, node: &str) -> Option<Self> {
        let plan = self.plan.only(node)?;
        let by_name: HashMap<&str, &Arc<Agent>> = self.agents.iter().map(|a| (a.spec.name.as_str(), a)).collect();
        let agents: Option<Vec<_>> =
            plan.agents.iter().map(|a| by_name.get(a.name.as_str()).copied().cloned()).collect();
        Some(Self::of(plan, agents?, Arc::clone(&self.memory), self.generation))
    }

    /// The same versions in the same wiring, to serve another time.
    pub(crate) fn again(&self) -> Self {
        Self::of(self.plan.clone(), self.agents.clone(), Arc::clone(&self.memory), self.generation)
    }

    /// Makes images of the agents that have fresh instances, on a thread beside serving. Ends when nobody has the plan
    /// any more.
    pub fn make_images(self: &Arc<Self>, guests: &Guests) {
        if !self.agents.iter().any(|agent| agent.wants_image()) {
            return;
        }
        let Some(handle) = guests.handle() else { return };
        let (plan, count) = (Arc::downgrade(self), self.agents.len());
        let apart = guests.apart();
        let work = move || {
            let _apart = apart;
            for index in 0..count {
                let Some(agent) = plan.upgrade().and_then(|plan| plan.agents.get(index).cloned()) else { return };
                agent.make_image(&handle);
            }
        };
        let started = std::thread::Builder::new().name("greenroom-images".to_owned()).spawn(work);
        if let Err(error) = started {
            tracing::warn!(%error, "no thread to make images on: instances are made ready ahead of requests instead");
        }
    }

    /// Prepares an instance of every agent that has none ready.
    ///
    /// # Errors
    /// The first agent that cannot be configured or restored.
    pub async fn warm(&self) -> Result<(), PrepareError> {
        self.warm_for(1).await
    }

    /// The same, for so many requests at once, as far as agents may have as many.
    pub(crate) async fn warm_for(&self, requests: usize) -> Result<(), PrepareError> {
        for agent in &self.agents {
            agent.warm(requests).await.map_err(|fault| {
                let name = agent.spec.name.clone();
                match agent.spec.state_path.clone().filter(|_| fault.source == FaultSource::Guest) {
                    Some(path) => PrepareError::Given { agent: name, path, fault },
                    None => PrepareError::Agent { agent: name, fault },
                }
            })?;
        }
        Ok(())
    }

    /// Prepares more instances of agents that have fewer than they are to have, as far as there is room.
    pub(crate) async fn warm_beyond(&self, wanted: &BTreeMap<String, usize>) {
        for agent in &self.agents {
            agent.warm_beyond(wanted.get(&agent.spec.name).copied().unwrap_or_default()).await;
        }
    }

    /// How many instances each agent has.
    pub(crate) fn instances(&self) -> BTreeMap<String, usize> {
        self.agents.iter().map(|agent| (agent.spec.name.clone(), agent.instances())).collect()
    }

    /// The versions of the agents of some nodes, by agent, none twice.
    pub(crate) fn versions_of(&self, asked: &[bool]) -> Vec<(Arc<str>, Digest)> {
        let nodes = self.plan.nodes.iter().zip(asked).filter(|(_, asked)| **asked);
        let agents: BTreeSet<usize> = nodes.map(|(node, _)| node.agent).collect();
        agents.into_iter().filter_map(|agent| self.digests.get(agent).cloned()).collect()
    }

    /// Which version each agent has.
    #[must_use]
    pub fn versions(&self) -> BTreeMap<String, Version> {
        self.agents.iter().map(|agent| (agent.spec.name.clone(), agent.version)).collect()
    }

    /// The learned state of each agent that has one.
    pub(crate) fn states(&self) -> StatesByAgent {
        let state = |agent: &Arc<Agent>| Some((agent.spec.name.clone(), Arc::clone(agent.state()?)));
        self.agents.iter().filter_map(state).collect()
    }

    /// How it did so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let Counts { requests, degraded, failed, faults } = &self.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally { requests: read(requests), degraded: read(degraded), failed: read(failed), faults: read(faults) }
    }

    /// Begins to count where it ended when it served before.
    pub(crate) fn did(&mut self, before: Tally) {
        let Tally { requests, degraded, failed, faults } = before;
        let [requests, degraded, failed, faults] = [requests, degraded, failed, faults].map(AtomicU64::new);
        self.counts = Counts { requests, degraded, failed, faults };
    }

    /// Counts how a request ended.
    pub(crate) fn count(&self, ended: Ended) {
        let Ended { degraded, failed, faulted } = ended;
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        self.counts.degraded.fetch_add(u64::from(degraded), Ordering::Relaxed);
        self.counts.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        self.counts.faults.fetch_add(u64::from(faulted), Ordering::Relaxed);
    }

    /// Requests that have it pinned.
    pub(crate) fn pinned(&self) -> usize {
        self.pins.load(Ordering::SeqCst)
    }

    /// Ends the requests that have it pinned.
    pub(crate) fn stop(&self) {
        self.stopped.send_replace(true);
    }
}

/// A plan that a request holds on to.
pub(crate) struct Pinned(Arc<ActivePlan>);

impl Pinned {
    /// The plan that serves now. When it is retired afterwards, this request is waited for.
    pub(crate) fn of(active: &ArcSwapOption<ActivePlan>) -> Option<Self> {
        loop {
            let plan = active.load_full()?;
            plan.pins.fetch_add(1, Ordering::SeqCst);
            let pinned = Self(plan);
            // Either whoever drains it sees the pin, or it is seen here that there is another plan by now.
            if active.load().as_ref().is_some_and(|now| Arc::ptr_eq(now, &pinned.0)) {
                return Some(pinned);
            }
        }
    }

    pub(crate) fn plan(&self) -> &Arc<ActivePlan> {
        &self.0
    }

    /// Returns once requests on the plan are to end.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.0.stopped.subscribe();
        // The sender lives as long as the plan, which is held here.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.0.pins.fetch_sub(1, Ordering::SeqCst);
    }
}
