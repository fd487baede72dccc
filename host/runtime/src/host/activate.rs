//! Training on the log, and activation: a record made durable, then one pointer store.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::{Digest, Generation};
use greenroom_sandbox::Memory;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Host, HostError, now_ms, served};
use crate::active::{ActivePlan, StatesByAgent};
use crate::memory::Layer;
use crate::train::{Lessons, Progress, Trained, Trainer};

/// Namespace of the host itself; no graph can declare a name with an `@`.
const SPACE: &str = "@plans";

/// Which state belongs to which version of an agent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Learned {
    agents: BTreeMap<String, LearnedAgent>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct LearnedAgent {
    /// Of code and of the parameters that shape the state.
    of: Digest,
    state: Digest,
}

/// What is active.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ActiveRecord {
    generation: Generation,
    plan: Digest,
    since_ms: i64,
}

impl Host {
    /// Has the graph's agents learn from all events of the log.
    ///
    /// # Errors
    /// When there are no events, or an agent failed or cannot take back what it learned; nothing is changed then.
    pub fn train(&self, progress: Arc<dyn Progress>) -> Result<Vec<Trained>, HostError> {
        let inner = &self.inner;
        let split = served::split(&inner.store)?;
        if split.train.is_empty() {
            return Err(HostError::NoEvents);
        }
        let (served, first_served) = served::feedback(&inner.store, &inner.loaded.plan)?;
        let facts = served::facts_digest(&inner.store);
        let lessons = Lessons { split: Arc::new(split), facts, served, first_served };
        let trainer = Trainer {
            guests: inner.guests.clone(),
            states: inner.states.clone(),
            store: inner.store.clone(),
            progress,
        };
        let (states, trained) = trainer.train(&inner.loaded, &lessons)?;
        // What cannot serve replaces nothing that can. Nor does trying it change what serves.
        let scratch = Layer::scratch(&inner.store, &inner.loaded.plan.namespaces);
        self.prepared(&states, scratch, Generation(0))?;
        let mut learned = Learned::default();
        for report in &trained {
            if let Some(spec) = inner.loaded.plan.agents.iter().find(|agent| agent.name == report.agent) {
                let of = crate::train::shape(spec);
                learned.agents.insert(report.agent.clone(), LearnedAgent { of, state: report.state });
            }
        }
        self.record("learned", &learned)?;
        Ok(trained)
    }

    /// Prepares the graph with what its agents learned last, and serves from then on with it. Activating what is active
    /// changes nothing.
    ///
    /// # Errors
    /// When an agent has not learned, or cannot be prepared, or the record cannot be made durable; what was active
    /// before stays active.
    pub fn activate(&self) -> Result<Generation, HostError> {
        let inner = &self.inner;
        let _turn = inner.activating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let states = self.learned_states()?;
        let before: Option<ActiveRecord> = self.recorded("active")?;
        let last = before.as_ref().map_or(Generation(0), |record| record.generation);
        let memory = Layer::new(&inner.store, &inner.loaded.plan.namespaces);
        let mut plan = self.prepared(&states, memory, last)?;
        let same = before.is_some_and(|record| record.plan == plan.digest);
        if !same {
            plan.generation = Generation(last.0 + 1);
        }
        plan.replays = Some(Arc::clone(&inner.replays));
        plan.series = Some(inner.series(&plan.plan));
        let plan = Arc::new(plan);
        if !same {
            let record = ActiveRecord { generation: plan.generation, plan: plan.digest, since_ms: now_ms() };
            self.record("active", &record)?;
        }
        let generation = plan.generation;
        inner.active.store(Some(plan));
        tracing::info!(generation = generation.0, graph = %inner.loaded.plan.name, "active");
        Ok(generation)
    }

    /// Makes warm images of what is active, beside serving: from when one is ready, each request has a copy of it.
    pub fn make_images(&self) {
        if let Some(plan) = self.active() {
            plan.make_images(&self.inner.guests);
        }
    }

    /// Takes grants back, and gives them again, as the data folder says from now on; see [`crate::Revocations`].
    ///
    /// # Errors
    /// When no thread can be had to look at it.
    pub fn watch_revocations(&self) -> std::io::Result<()> {
        let revoked = &self.inner.loaded.revoked;
        let (host, of) = (Arc::downgrade(&self.inner), Arc::downgrade(revoked));
        revoked.watch(move || {
            let (Some(inner), Some(revoked)) = (host.upgrade(), of.upgrade()) else { return };
            // An activation reads what was taken back before it stores its plan.
            let _turn = inner.activating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(plan) = inner.active.load_full() else { return };
            for agent in &plan.agents {
                let left = revoked.left(&agent.spec.name, &agent.spec.grants);
                let now = agent.grants().now();
                if *now == left {
                    continue;
                }
                for grant in now.iter().filter(|grant| !left.contains(grant)) {
                    tracing::warn!(agent = %agent.spec.name, %grant, "taken back");
                }
                for grant in left.iter().filter(|grant| !now.contains(grant)) {
                    tracing::warn!(agent = %agent.spec.name, %grant, "given again");
                }
                agent.grant(left);
            }
            plan.make_images(&inner.guests);
        })
    }

    /// The graph with these states, warm.
    fn prepared(&self, states: &StatesByAgent, memory: Layer, generation: Generation) -> Result<ActivePlan, HostError> {
        let inner = &self.inner;
        let memory: Arc<dyn Memory> = Arc::new(memory);
        let row = |item: &str| inner.store.items().row(item);
        let plan = ActivePlan::new(&inner.loaded, states, &memory, &row, generation)?;
        Ok(inner.guests.block_on(async move { plan.warm().await.map(|()| plan) })??)
    }

    fn learned_states(&self) -> Result<StatesByAgent, HostError> {
        let inner = &self.inner;
        let learned: Learned = self.recorded("learned")?.unwrap_or_default();
        let mut states = StatesByAgent::new();
        let mut agents = Vec::new();
        for spec in inner.loaded.plan.agents.iter().filter(|agent| agent.interfaces.learner) {
            let known = learned.agents.get(&spec.name).filter(|known| known.of == crate::train::shape(spec));
            match known.and_then(|known| inner.states.get(&known.state)) {
                Some(state) => {
                    states.insert(spec.name.clone(), state);
                }
                None => agents.push(spec.name.clone()),
            }
        }
        if agents.is_empty() { Ok(states) } else { Err(HostError::Untrained { agents }) }
    }

    fn key(&self, what: &str) -> String {
        format!("{}/{what}", self.inner.loaded.plan.name)
    }

    fn record<T: Serialize>(&self, what: &str, value: &T) -> Result<(), HostError> {
        let bytes = rmp_serde::to_vec_named(value).map_err(|e| HostError::Record(e.to_string()))?;
        let put = self.inner.store.kv().put(SPACE, &self.key(what), &bytes);
        put.wait().map(drop).map_err(|e| HostError::Record(e.to_string()))
    }

    fn recorded<T: DeserializeOwned>(&self, what: &str) -> Result<Option<T>, HostError> {
        let found = self.inner.store.kv().get(SPACE, &self.key(what));
        let found = found.map_err(|e| HostError::Record(e.to_string()))?;
        let read = |bytes: Vec<u8>| rmp_serde::from_slice(&bytes).map_err(|e| HostError::Record(e.to_string()));
        found.map(|entry| read(entry.value)).transpose()
    }
}
