//! A plan that can serve: every agent's version prepared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use greenroom_graph::Plan;
use greenroom_model::{Digest, Fault, Generation, State};
use greenroom_sandbox::Memory;
use greenroom_telemetry::PlanSeries;
use thiserror::Error;

use crate::agent::{Agent, ParamsError};
use crate::guests::Guests;
use crate::load::Loaded;
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
    pub(crate) sources: Arc<[Arc<str>]>,
    pub(crate) ports: Vec<Vec<Arc<str>>>,
    /// Where recordings of faults are kept, if anywhere.
    pub(crate) replays: Option<Arc<Replays>>,
    /// Where its calls are counted, if anywhere.
    pub(crate) series: Option<Arc<PlanSeries>>,
    /// Requests that are running now.
    pub(crate) requests: AtomicUsize,
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
        let mut agents = Vec::with_capacity(loaded.plan.agents.len());
        for spec in &loaded.plan.agents {
            let component = loaded.components.get(&spec.component);
            let component = component.ok_or_else(|| PrepareError::Component(spec.name.clone()))?.clone();
            let state = states.get(&spec.name).cloned();
            let agent = Agent::new(spec.clone(), component, state, Arc::clone(memory), row)?;
            agent.grants().set(loaded.revoked.left(&spec.name, &spec.grants));
            agents.push(Arc::new(agent));
        }
        Ok(Self::of(loaded.plan.clone(), agents, Arc::clone(memory), generation))
    }

    fn of(plan: Plan, agents: Vec<Arc<Agent>>, memory: Arc<dyn Memory>, generation: Generation) -> Self {
        let mut parts = vec![*plan.digest().bytes()];
        parts.extend(agents.iter().map(|agent| *agent.version.digest().bytes()));
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
            sources,
            ports,
            replays: None,
            series: None,
            requests: AtomicUsize::new(0),
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

    /// Makes images of the agents that have fresh instances, on a thread beside serving. Ends when nobody has the plan
    /// any more.
    pub fn make_images(self: &Arc<Self>, guests: &Guests) {
        let Some(handle) = guests.handle() else { return };
        let (plan, count) = (Arc::downgrade(self), self.agents.len());
        let work = move || {
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

    /// Prepares an instance of every agent.
    ///
    /// # Errors
    /// The first agent that cannot be configured or restored.
    pub async fn warm(&self) -> Result<(), PrepareError> {
        for agent in &self.agents {
            agent.warm().await.map_err(|fault| PrepareError::Agent { agent: agent.spec.name.clone(), fault })?;
        }
        Ok(())
    }
}
